//! What share of the statements of each corpus gets a tree. Runs where `../shared/corpora` exists.
//!
//! `SQM_SHOW=<part of a file name>` prints the statements that have none.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use sqm_domain::Dialect;
use sqm_sql::guard;

fn corpora() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let found = root.is_dir();
    if !found {
        println!("skipped: {} does not exist", root.display());
    }
    found.then_some(root)
}

/// (statements, statements without a tree) of the fields of a file.
fn count(path: &PathBuf, fields: &[&str], fallback: Dialect) -> (usize, usize) {
    let show = std::env::var("SQM_SHOW").is_ok_and(|part| path.to_string_lossy().contains(&part));
    let text = fs::read_to_string(path).unwrap();
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen = guard::on_large_stack(|| {
        let (mut statements, mut failed) = (0, 0);
        for case in &cases {
            let dialect = case["dialect"].as_str().and_then(|name| name.parse().ok()).unwrap_or(fallback);
            for sql in fields.iter().filter_map(|field| case[*field].as_str()) {
                let result = guard::with_script(sql, dialect, |script| {
                    statements += script.statements.len();
                    for statement in &script.statements {
                        if let Err(error) = &statement.tree {
                            failed += 1;
                            if show {
                                let text = script.text_of(statement);
                                let text: String = text.chars().take(600).collect();
                                println!("--- {} [{}] {error}\n{text}", case["id"], dialect.name());
                            }
                        }
                    }
                });
                result.unwrap_or_else(|error| panic!("{}: {error}", case["id"]));
            }
        }
        (statements, failed)
    });
    seen.unwrap()
}

/// Checks that at most this share of the statements (in per mille) has no tree.
fn check(file: &str, fields: &[&str], fallback: Dialect, most_per_mille: usize) {
    let Some(root) = corpora() else { return };
    let (statements, failed) = count(&root.join(file), fields, fallback);
    println!("{file}: {failed} of {statements} statements without a tree");
    assert!(failed * 1000 <= most_per_mille * statements, "{file}: {failed} of {statements}");
}

#[test]
fn lineage_corpora() {
    for (name, most_per_mille) in [
        ("tpch", 0),
        ("tpcds", 0),
        ("probes", 40),
        ("sqllineage", 1000),
        ("openlineage", 1000),
        ("sqlglot", 1000),
        ("flowscope", 1000),
        ("polyglot", 1000),
    ] {
        check(&format!("lineage/{name}.jsonl"), &["sql"], Dialect::Generic, most_per_mille);
    }
}

#[test]
fn equivalence_corpora() {
    for (name, most_per_mille) in [
        ("cosette_examples", 1000),
        ("mutants", 1000),
        ("sqlglot_optimizer", 1000),
        ("sqlglot_tpcds", 1000),
        ("sqlglot_tpch", 1000),
        ("sqlsolver_calcite", 1000),
        ("sqlsolver_job", 1000),
        ("sqlsolver_spark", 1000),
        ("sqlsolver_tpcc", 1000),
        ("sqlsolver_tpcds", 1000),
        ("sqlsolver_tpch", 1000),
    ] {
        check(&format!("equivalence/{name}.jsonl"), &["q1", "q2"], Dialect::Generic, most_per_mille);
    }
}

#[test]
fn antipattern_corpora() {
    for (name, most_per_mille) in [("soar", 1000), ("sqlcheck", 1000), ("sqlfluff", 1000)] {
        let fields = ["bad_sql", "good_sql", "pass_sql", "sql"];
        check(&format!("antipatterns/{name}.jsonl"), &fields, Dialect::Ansi, most_per_mille);
    }
}
