//! `sqm indexes`: a workload over files.

use std::fs;

use tempfile::TempDir;

use crate::sqm::sqm;

const SCHEMA: &str = "CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT, status TEXT, placed DATE);";

/// A folder with a schema and these queries, and the arguments that name it.
fn folder(queries: &[(&str, &str)]) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_owned();
    fs::write(path.join("schema.ddl"), SCHEMA).unwrap();
    queries.iter().for_each(|(name, sql)| fs::write(path.join(name), sql).unwrap());
    let schema = path.join("schema.ddl");
    (folder, format!("--schema {} {}", schema.display(), path.display()))
}

#[test]
fn one_index_serves_what_begins_alike_in_several_files() {
    let (_folder, args) = folder(&[
        ("a.sql", "SELECT id FROM orders WHERE customer_id = 1"),
        ("b.sql", "SELECT id FROM orders\nWHERE status = 'new' AND customer_id = 2"),
    ]);
    let run = sqm(&format!("indexes -d postgres {args}"), "");
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let lines: Vec<&str> = run.out.lines().map(str::trim).collect();
    assert_eq!(lines[0], "CREATE INDEX orders_customer_id_status_idx ON orders (customer_id, status);");
    assert!(lines[2].ends_with("a.sql: line 1, column 29"), "{}", run.out);
    let document = sqm(&format!("indexes -d postgres --format json {args}"), "").lines().remove(0);
    assert_eq!(document["texts"].as_array().unwrap().len(), 2);
    assert_eq!(document["indexes"][0]["serves"][0]["query"], 0);
    assert_eq!(document["indexes"].as_array().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_looked_at_is_said() {
    let (_folder, args) = folder(&[
        ("a.sql", "SELECT id FROM orders WHERE status = 'new'"),
        ("b.sql", "-- dialect: mysql\nSELECT id FROM orders WHERE status = 'new'"),
        ("c.sql", "SELECT FROM WHERE"),
    ]);
    let run = sqm(&format!("indexes {args}"), "");
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("b.sql: left out: it is mysql, the texts before it are generic"), "{}", run.err);
    assert!(run.out.contains("note: no index was sought for 1 statements"), "{}", run.out);
    let run = sqm(&format!("indexes -d snowflake {args}"), "");
    assert!(run.out.starts_with("no index\nnote: no index is advised: snowflake"), "{}", run.out);
    assert_eq!(sqm("indexes nowhere.sql", "").code, 2);
}
