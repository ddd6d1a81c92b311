//! What holds for every rewrite: its documentation is true.

use std::collections::BTreeSet;

use sqm_domain::Dialect;

use super::{Candidate, REWRITES, SOURCES, examples, propose};
use crate::catalog::Catalog;
use crate::guard::GuardError;

#[test]
fn the_examples_hold() {
    let mut wrong = Vec::new();
    let (mut good, mut kept) = (BTreeSet::new(), BTreeSet::new());
    for example in examples() {
        let (catalog, problems) = Catalog::from_ddl(&example.tables, Dialect::Postgres).unwrap();
        assert!(problems.is_empty(), "{}: {problems:?}", example.rewrite);
        let candidates: Vec<Candidate> = propose(&example.sql, example.dialect, &catalog)
            .unwrap()
            .into_iter()
            .filter(|candidate| candidate.rule == example.rewrite)
            .collect();
        let came = || candidates.iter().map(|c| c.sql.as_str()).collect::<Vec<_>>().join("\n--\n");
        match &example.becomes {
            Some(wanted) => {
                good.insert(example.rewrite);
                if !candidates.iter().any(|candidate| candidate.sql == *wanted) {
                    wrong.push(format!("{}: wanted\n{wanted}\ncame\n{}", example.rewrite, came()));
                }
            }
            None => {
                kept.insert(example.rewrite);
                if !candidates.is_empty() {
                    wrong.push(format!("{}: kept\n{}\ncame\n{}", example.rewrite, example.sql, came()));
                }
            }
        }
    }
    for rewrite in REWRITES {
        if !good.contains(rewrite.name) || !kept.contains(rewrite.name) {
            wrong.push(format!("{} has no good or no kept example", rewrite.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_rewrite_says_what_it_rests_on() {
    for (name, source) in SOURCES {
        for section in ["## What it does", "## Why", "## When it is the same", "## Source", "## Tables"] {
            assert!(source.contains(section), "{name}: {section}");
        }
    }
}

#[test]
fn a_text_over_the_limits_is_refused() {
    let long = " ".repeat(sqm_domain::limits::MAX_SCRIPT_BYTES + 1);
    let refused = propose(&long, Dialect::Generic, &Catalog::default());
    assert_eq!(refused, Err(GuardError::ScriptTooLong { bytes: long.len() }));
}

#[test]
fn an_output_that_loses_its_made_up_name_is_said() {
    let (catalog, _) = Catalog::from_ddl(
        "CREATE TABLE c (id INT PRIMARY KEY); CREATE TABLE o (c_id INT, amount INT)",
        Dialect::Postgres,
    )
    .unwrap();
    let says = |item: &str| {
        let sql = format!("SELECT c.id, {item} FROM c");
        let candidates = propose(&sql, Dialect::Postgres, &catalog).unwrap();
        assert!(!candidates.is_empty(), "{sql}");
        candidates.iter().all(|c| c.conditions.iter().any(|condition| condition == super::names::CONDITION))
    };
    let count = "(SELECT COUNT(*) FROM o WHERE o.c_id = c.id)";
    assert!(says(count));
    assert!(!says(&format!("{count} AS n")));
}
