//! A counterexample is worth what it shows when it is run: here in an engine that the verifier's search
//! does not use for it.

use std::fs;

use rusqlite::Connection;
use tempfile::TempDir;

use crate::sqm::sqm;

const SCHEMA: &str = "CREATE TABLE p (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL);\n\
    CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p (id), n INTEGER);";
const FIRST: &str = "SELECT p.name FROM p WHERE p.id NOT IN (SELECT c.p_id FROM c)";
const SECOND: &str = "SELECT p.name FROM p WHERE NOT EXISTS (SELECT 1 FROM c WHERE c.p_id = p.id)";

#[test]
fn what_is_printed_can_be_run_and_shows_the_difference() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (first, second, schema) = (path("1.sql", FIRST), path("2.sql", SECOND), path("s.sql", SCHEMA));
    let run = sqm(&format!("verify -d postgres --schema {schema} {first} {second}"), "");
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.starts_with("refuted: "), "{}", run.out);
    for part in ["the first query returns", "the second query returns", "confirmed by DataFusion"] {
        assert!(run.out.contains(part), "{}", run.out);
    }
    let inserts: Vec<&str> =
        run.out.lines().map(str::trim).filter(|line| line.starts_with("INSERT INTO ")).collect();
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    database.execute_batch(SCHEMA).unwrap();
    database.execute_batch(&inserts.join("\n")).unwrap();
    let rows = |sql: &str| -> Vec<String> {
        let mut statement = database.prepare(sql).unwrap();
        let mut rows: Vec<String> =
            statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        rows.sort();
        rows
    };
    assert_ne!(rows(FIRST), rows(SECOND), "{}", run.out);
}
