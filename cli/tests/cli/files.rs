//! Files and folders of several dialects, scripts, and answers in JSON.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::sqm::{root, sqm};

const SAMPLE: &str = "--schema infra/sample/schema.sql --schema-dialect postgres infra/sample/queries";

#[test]
fn every_sample_query_is_read_in_its_own_dialect() {
    let queries = fs::read_dir(root().join("infra/sample/queries")).unwrap().count();
    // One of the sample queries has what lint calls an error, NOT IN over a column that may be NULL.
    for (command, code) in [("lineage", 0), ("lint", 1), ("optimize --no-measure --databases 2", 0)] {
        let run = sqm(&format!("{command} --format json {SAMPLE}"), "");
        assert_eq!((run.code, run.err.as_str()), (code, ""), "{command}");
        let documents = run.lines();
        assert_eq!(documents.len(), queries, "{command}");
        let names: Vec<&str> = documents.iter().map(|document| document["id"].as_str().unwrap()).collect();
        assert!(names.is_sorted(), "{names:?}");
        assert!(documents.iter().all(|document| !document.to_string().contains("SQM000")), "{command}");
    }
}

#[test]
fn a_script_is_optimized_statement_by_statement() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("script.sql");
    let text = "-- two reports\r\n\
        CREATE TEMP TABLE seen AS SELECT order_id FROM returns;\r\n\
        SELECT o.order_id FROM orders o WHERE (SELECT COUNT(*) FROM returns r WHERE r.order_id = o.order_id) > 0;\r\n\
        SELECT s.name FROM stores s WHERE s.city = 'a' OR s.city = 'b' OR s.city = 'c';\r\n";
    fs::write(&path, format!("\u{feff}{text}")).unwrap();
    let args = format!(
        "optimize --format json --no-measure --databases 20 --timeout 60 -d postgres --schema infra/sample/schema.sql {}",
        path.display()
    );
    let run = sqm(&args, "");
    assert_eq!(run.code, 0, "{}", run.err);
    let answer = run.lines().remove(0);
    let rewrites = answer["rewrites"].as_array().unwrap();
    let tested: Vec<&Value> =
        rewrites.iter().filter(|it| it["verdict"] == "tested" || it["verdict"] == "proved").collect();
    assert!(tested.iter().any(|rewrite| rewrite["sql"].as_str().unwrap().contains("EXISTS")), "{answer}");
    for rewrite in tested {
        let sql = rewrite["sql"].as_str().unwrap();
        assert!(sql.starts_with("-- two reports\r\nCREATE TEMP TABLE seen AS"), "{sql}");
        assert!(sql.ends_with(";\r\n"), "{sql}");
        let lines = sql.lines().count();
        assert!(lines >= text.lines().count(), "{sql}");
    }
    let lineage = sqm(&format!("lineage --format json -d postgres {}", path.display()), "").lines().remove(0);
    assert_eq!(lineage["statements"].as_array().unwrap().len(), 3);
    assert_eq!(lineage["statements"][1]["span"]["start"], json!({"line": 3, "column": 1}));
}

#[test]
fn views_can_be_looked_through() {
    let folder = TempDir::new().unwrap();
    let schema = folder.path().join("schema.sql");
    fs::write(&schema, "CREATE TABLE t (a INT, b INT); CREATE VIEW v AS SELECT a + b AS s FROM t").unwrap();
    let trace = |views: &str| {
        let args =
            format!("lineage --format json -d postgres --views {views} --schema {} -", schema.display());
        sqm(&args, "SELECT s FROM v").lines().remove(0)
    };
    assert_eq!(trace("stop")["columns"][0]["source"], json!({"table": "v", "column": "s"}));
    assert_eq!(trace("follow")["columns"][0]["source"], json!({"table": "t", "column": "a"}));
}

#[test]
fn a_schema_that_is_not_whole_is_said_once() {
    let folder = TempDir::new().unwrap();
    let schema = folder.path().join("schema.sql");
    fs::write(&schema, "CREATE TABLE t (a INT, PRIMARY KEY (nowhere));\nGRANT SELECT ON t TO x;").unwrap();
    let args =
        format!("lineage --format json -d postgres --schema {} infra/sample/queries", schema.display());
    let run = sqm(&args, "");
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    assert!(run.err.contains("schema.sql: line 1, column"), "{}", run.err);
}

#[test]
fn a_text_cannot_move_the_cursor() {
    let sql = "SELECT a AS \"\x1b[2J\u{202e}x\" FROM t WHERE a = NULL -- \x1b[31m";
    for command in ["lint", "lineage", "optimize"] {
        let run = sqm(&format!("{command} -d postgres"), sql);
        assert!(!run.out.contains('\x1b') && !run.out.contains('\u{202e}'), "{}", run.out);
    }
    let coloured = sqm("lint -d postgres --color always", sql);
    assert!(coloured.out.contains("\x1b[1m") && !coloured.out.contains("\x1b[2J"), "{}", coloured.out);
}

#[test]
fn complexity_is_said_where_it_is_asked_for() {
    let file = "--schema infra/sample/schema.sql infra/sample/queries/orders-above-own-average.sql";
    let run = sqm(&format!("lint --complexity {file}"), "");
    assert!(run.out.contains(": complexity ") && run.out.contains("1 subquery, 1 correlated"), "{}", run.out);
    let document = sqm(&format!("lint --complexity --format json {file}"), "").lines().remove(0);
    assert_eq!(document["complexity"]["correlated"], 1, "{document}");
    let silent = sqm(&format!("lint --format json {file}"), "").lines().remove(0);
    assert!(silent.get("complexity").is_none(), "{silent}");
}

#[test]
fn what_changes_the_result_is_said_to() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("page.sql");
    fs::write(&file, "SELECT name FROM stores ORDER BY store_id LIMIT 20 OFFSET 4000").unwrap();
    let args =
        format!("optimize --no-measure -d postgres --schema infra/sample/schema.sql {}", file.display());
    let run = sqm(&args, "");
    assert!(run.out.contains("another query, not the same"), "{} {}", run.out, run.err);
    assert!(run.out.contains("+SELECT name FROM stores WHERE store_id > $1 ORDER BY"), "{}", run.out);
    assert!(run.out.contains("differs: it is the page after the last row seen, not the n-th"), "{}", run.out);
}

#[test]
fn statistics_are_held_against_the_tables() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let schema = file("schema.sql", "CREATE TABLE t (id INT PRIMARY KEY, k INT NOT NULL, v INT)");
    let sql = file("q.sql", "SELECT DISTINCT id, v FROM t WHERE k = 3");
    let run = |statistics: &str| {
        sqm(&format!("optimize -d postgres --schema {schema} --statistics {statistics} {sql}"), "")
    };
    let good = file(
        "good.json",
        r#"{"t": {"rows": 100000, "columns": {"k": {"distinct": 4}, "v": {"null_fraction": 0.5}}}}"#,
    );
    let found = run(&good);
    assert!(found.code == 0 && found.out.contains("generated data"), "{} {}", found.out, found.err);
    let bad = file("bad.json", r#"{"t": {"rows": 5, "columns": {"k": {"distinct": 6}}}}"#);
    let refused = run(&bad);
    assert!(refused.code == 2, "{} {}", refused.out, refused.err);
    assert!(
        refused.err.contains("bad.json: t.columns.k.distinct: 6 different values in 5 rows"),
        "{}",
        refused.err
    );
    let broken = run(&file("broken.json", "{"));
    assert!(broken.code == 2 && broken.err.contains("broken.json"), "{}", broken.err);
    let missing = run(&folder.path().join("none.json").display().to_string());
    assert_eq!(missing.code, 2, "{}", missing.err);
}
