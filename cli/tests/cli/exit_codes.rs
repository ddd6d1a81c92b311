//! How it ends, and what it says then.

use std::fs;

use tempfile::TempDir;

use crate::sqm::{command, sqm};

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn check(args: &str, input: &str, code: i32, said: &str) {
    let run = sqm(args, input);
    assert_eq!(run.code, code, "{args}: {}{}", run.out, run.err);
    let all = format!("{}{}", run.out, run.err);
    assert!(all.contains(said), "{args}: {all}");
}

#[test]
fn lint_stops_where_it_is_told_to() {
    let null = "SELECT a FROM t WHERE a = NULL";
    check("lint", "SELECT a FROM t", 0, "no findings in 1 text");
    let own = sqm("lint --only equals-null --format json", null);
    assert!(own.out.contains("equals-null"), "{}", own.out);
    check("lint --only equals-null --level equals-null=error", null, 1, "stdin:1:");
    check("lint --only equals-null --level equals-null=warning", null, 0, "1 warning in 1 text");
    check("lint --only equals-null --level equals-null=warning --deny warning", null, 1, "warning");
    check("lint --only equals-null --level equals-null=info --deny info", null, 1, "1 info");
    check("lint --only equals-null --level equals-null=error --deny nothing", null, 0, "1 error");
    check("lint --ignore equals-null --only equals-null --deny info", null, 0, "no findings");
    check("lint --ndjson", "{\"id\": 1, \"sql\": \"SELECT a FROM t WHERE a = NULL\"}", 0, "equals-null");
}

#[test]
fn a_configuration_is_read_and_checked() {
    let folder = folder(&[
        ("good.toml", "[rules]\nonly = [\"equals-null\"]\nlevels = { equals-null = \"error\" }"),
        ("bad.toml", "[rules]\nonyl = []"),
    ]);
    let path = |name: &str| folder.path().join(name).display().to_string();
    check(
        &format!("lint --config {}", path("good.toml")),
        "SELECT a FROM t WHERE a = NULL",
        1,
        "1 error in 1 text",
    );
    check(&format!("lint --config {}", path("bad.toml")), "SELECT 1", 2, "unknown field `onyl`");
    check("lint --config nowhere.toml", "SELECT 1", 2, "sqm: nowhere.toml: no such file or directory");
    check("lint --ignore SQM999", "SELECT 1", 2, "no rule is called SQM999");
    check("lint --level equals-null=loud", "SELECT 1", 2, "no level is called loud");
    check("lint --explain equals-null", "", 0, "## Why");
    check("lint --explain all", "", 0, "equals-null");
    check("lint --explain nothing", "", 2, "no rule is called nothing");
}

#[test]
fn the_configuration_of_the_folder_holds_unless_another_is_named() {
    let folder = folder(&[
        ("sqm.toml", "[rules]\nlevels = { equals-null = \"warning\" }"),
        ("other.toml", "[rules]\nlevels = { equals-null = \"error\" }"),
        ("a.sql", "SELECT a FROM t WHERE a = NULL"),
    ]);
    let run = |args: &str| command(args).current_dir(folder.path()).output().unwrap().status.code();
    assert_eq!(run("lint a.sql"), Some(0));
    assert_eq!(run("lint a.sql --config other.toml"), Some(1));
    fs::write(folder.path().join("sqm.toml"), "[rules]\nonyl = []").unwrap();
    assert_eq!(run("lint a.sql"), Some(2));
    fs::remove_file(folder.path().join("sqm.toml")).unwrap();
    assert_eq!(run("lint a.sql"), Some(1));
}

#[test]
fn what_cannot_be_read_is_two_and_the_others_are_done() {
    let folder = folder(&[("a.sql", "SELECT a FROM t"), ("b.sql", "SELECT b FROM u"), ("c.txt", "no SQL")]);
    fs::write(folder.path().join("latin.sql"), b"SELECT 'gr\xfc\xdfe'").unwrap();
    let path = folder.path().display().to_string();
    let run = sqm(&format!("lineage {path}/a.sql {path}/nowhere.sql {path}/b.sql --format json"), "");
    assert_eq!((run.code, run.out.lines().count()), (2, 2));
    assert_eq!(run.err, format!("sqm: {path}/nowhere.sql: no such file or directory\n"));
    let run = sqm(&format!("lint {path}"), "");
    assert_eq!(run.code, 2);
    assert!(run.err.contains("latin.sql: not UTF-8: byte 0xfc at line 1, column 11"), "{}", run.err);
    assert!(run.out.ends_with("in 2 texts\n"), "{}", run.out);
    check(&format!("lineage {path}/a.sql --schema {path}/latin.sql"), "", 2, "latin.sql: not UTF-8");
    fs::remove_file(folder.path().join("latin.sql")).unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    check(&format!("lineage {path}/empty"), "", 2, "no .sql file in this folder");
    fs::write(folder.path().join("long.sql"), "x".repeat((1 << 20) + 1)).unwrap();
    check(&format!("lineage {path}/long.sql"), "", 2, "longer than 1048576 bytes");
    check("lineage --ndjson --schema nowhere.sql", "", 2, "nowhere.sql: no such file");
}

#[test]
fn a_wrong_argument_is_two_and_says_what_there_is() {
    check("", "", 2, "Usage: sqm");
    check("lineage --dialect klingon", "", 2, "known are generic, ansi, postgres");
    check("lineage --ndjson a.sql", "", 2, "cannot be used with");
    check("lineage --jobs 2", "", 2, "--ndjson");
    check("lineage --ndjson --jobs 0", "", 2, "--jobs");
    check("verify infra/sample/schema.sql", "", 2, "<B>");
    check("lint --help", "", 0, "Exit codes:");
    check("--version", "", 0, "sqm ");
}

#[test]
fn lineage_and_optimize_stop_at_what_cannot_be_read() {
    check("lineage", "SELECT 1; SELEKT 2", 1, "stdin:1:11: error:");
    check("lineage", "SELECT 1", 0, "SELECT  line 1");
    check("lineage -", "", 0, "no statement");
    check("optimize", "SELEKT 2", 1, "no rewrite");
    check("optimize", "SELECT 1", 0, "no rewrite");
    let long = format!("SELECT '{}'", "x".repeat(256 * 1024));
    check("lineage", &long, 1, "stdin:1:1: error: statement 1");
}

#[test]
fn verdicts_have_codes() {
    let folder = folder(&[
        ("t.sql", "CREATE TABLE t (a INT NOT NULL, b INT)"),
        ("t.json", r#"{"t": {"cols": {"a": "INT", "b": "INT"}, "not_null": ["a"]}}"#),
        ("one.sql", "SELECT COUNT(a) FROM t"),
        ("two.sql", "SELECT COUNT(*) FROM t"),
        ("three.sql", "SELECT COUNT(b) FROM t"),
        ("four.sql", "SELECT COUNT(c) FROM t"),
        ("five.sql", "SELECT b AS n FROM t"),
        ("six.sql", "SELECT b AS m FROM t"),
    ]);
    let path = |name: &str| folder.path().join(name).display().to_string();
    for schema in ["t.sql", "t.json"] {
        let verify = |a: &str, b: &str, code: i32, said: &str| {
            let (b, more) = b.split_once(' ').unwrap_or((b, ""));
            let args = format!("verify {} {} --schema {} -d postgres {more}", path(a), path(b), path(schema));
            check(&args, "", code, said);
        };
        verify("one.sql", "one.sql", 0, "proved");
        verify("one.sql", "two.sql", 0, "");
        verify("one.sql", "three.sql", 1, "INSERT INTO t (a, b) VALUES (");
        verify("one.sql", "four.sql", 3, "unknown");
        verify("five.sql", "six.sql", 0, "proved");
        verify("five.sql", "six.sql --names", 1, "the second query returns m");
    }
    check(&format!("verify - {}", path("one.sql")), "SELECT COUNT(b) FROM t", 3, "--schema");
    check(
        &format!("verify - {} --format json", path("one.sql")),
        "SELECT COUNT(a) FROM t",
        3,
        "\"id\":[\"stdin\",",
    );
}

#[test]
fn plans_that_cannot_be_read_are_two() {
    let good = "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)";
    check("plan -", good, 0, "no findings");
    check("plan - --engine postgres --format json", good, 0, "\"findings\":[]");
    check("plan - --engine mysql", good, 2, "stdin: this is no plan of mysql");
    check("plan - --engine oracle", good, 2, "known are postgres, mysql, duckdb, sqlite, snowflake");
    check("plan", "", 2, "<FILE>");
    check("plan nowhere.txt", "", 2, "nowhere.txt: no such file");
    check("plan - --sql nowhere.sql", good, 2, "nowhere.sql: no such file");
    check("plan -", &"x".repeat(10 << 20), 2, "stdin: longer than 2097152 bytes");
    check("plan -", &"[".repeat(10_000), 2, "starts as JSON and is none");
    let spilled = format!("{good}\n  Sort Method: external merge  Disk: 9kB\n");
    check("plan -", &spilled, 0, "sort-spill");
    check("plan - --deny warning", &spilled, 1, "9 kB on disk");
}
