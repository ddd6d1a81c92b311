//! The rules on SQL that others wrote: where `../shared/corpora` exists, and said so where it does not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;

use super::*;

/// A case of another tool's rules.
#[derive(Debug, Deserialize)]
struct Case {
    rule_id: String,
    dialect: Option<String>,
    bad_sql: Option<String>,
    good_sql: Option<String>,
    pass_sql: Option<String>,
}

fn cases(file: &str) -> Option<Vec<Case>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/antipatterns");
    let Ok(text) = std::fs::read_to_string(folder.join(file)) else {
        println!("skipped: there is no {file} under ../shared/corpora");
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// What another tool's rules let pass is hardly ever called wrong, slow or dangerous.
#[test]
fn false_alarms_are_rare() {
    let Some(cases) = cases("sqlfluff.jsonl") else { return };
    let mut alarms: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let (mut read, mut alarmed) = (0, 0);
    for case in &cases {
        let dialect = case.dialect.as_deref().unwrap_or("").parse().unwrap_or(Dialect::Generic);
        // Templates are not SQL yet.
        let texts = [&case.pass_sql, &case.good_sql].into_iter().flatten();
        for sql in texts.filter(|sql| !sql.contains("{{") && !sql.contains("{%")) {
            let found = lint(sql, dialect, &Catalog::default(), &Config::default());
            if found.iter().any(|finding| finding.code == NOT_CHECKED.code) {
                continue;
            }
            read += 1;
            let codes: BTreeSet<_> = found.iter().map(|finding| finding.code).collect();
            for &code in &codes {
                alarms.entry(code).or_default().push(format!("{}: {sql}", case.rule_id));
            }
            alarmed += usize::from(codes.iter().any(|code| code.as_bytes()[3] <= b'2'));
        }
    }
    for (code, texts) in &alarms {
        println!("{code} {}", texts.len());
        if std::env::var_os("SQM_SHOW").is_some() {
            texts.iter().for_each(|text| println!("    {}", text.replace('\n', "\n    ")));
        }
    }
    println!("{alarmed} of {read} texts with a finding of correctness, performance or safety");
    assert!(alarmed * 50 <= read, "{alarmed} of {read}: more than 2 %");
}

/// What SOAR calls bad: the rule that finds it. The others are listed in `docs/rules/soar-coverage.md`.
#[test]
fn soar_is_covered() {
    let Some(cases) = cases("soar.jsonl") else { return };
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules/soar-coverage.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut missing = Vec::new();
    for case in &cases {
        let sql = case.bad_sql.as_deref().unwrap();
        let found = lint(sql, Dialect::MySql, &Catalog::default(), &Config::default());
        let codes: BTreeSet<_> = found.iter().map(|finding| finding.code).collect();
        println!("{} {codes:?}", case.rule_id);
        let row = page.lines().find(|line| line.starts_with(&format!("| {} |", case.rule_id)));
        match row {
            Some(row) if row.contains("out of scope") => {}
            Some(row) if codes.iter().any(|code| row.contains(code)) => {}
            row => missing.push(format!("{}: {codes:?}, {row:?}", case.rule_id)),
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
