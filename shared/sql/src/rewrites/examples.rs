//! The examples in the documentation of each rewrite, executed.
//!
//! A section `## Tables` holds DDL. Each `## Bad` is followed by the `## Good` that must be among its
//! candidates; each SQL block under `## Kept` must have no candidate of that rewrite.

use sqm_domain::Dialect;

use super::{Candidate, REWRITES, propose};
use crate::catalog::Catalog;

/// The source of each rewrite, which holds its documentation.
macro_rules! sources {
    ($($module:ident),* $(,)?) => {
        &[$((super::$module::REWRITE.name, include_str!(concat!(stringify!($module), ".rs")))),*]
    };
}

const SOURCES: &[(&str, &str)] = sources![
    correlated_aggregate,
    subqueries_to_one,
    subquery_to_window,
    count_to_exists,
    factor_or,
    or_to_union,
    exists_or,
    not_in_to_not_exists,
    left_join_null_to_not_exists,
    distinct_to_exists,
    redundant_distinct,
    unused_left_join,
    outer_to_inner,
    having_to_where,
    function_to_range,
    or_to_in,
    in_to_exists
];

/// The documentation's SQL blocks, each with its section and dialect.
fn blocks(source: &str) -> Vec<(String, Dialect, String)> {
    let mut found = Vec::new();
    let mut section = String::new();
    let mut open: Option<(Dialect, Vec<&str>)> = None;
    for line in source.lines() {
        let Some(line) = line.strip_prefix("///") else { continue };
        let line = line.strip_prefix(' ').unwrap_or(line);
        if let Some((dialect, body)) = open.as_mut() {
            if line.trim() == "```" {
                found.push((section.clone(), *dialect, body.join("\n")));
                open = None;
            } else {
                body.push(line);
            }
        } else if let Some(name) = line.strip_prefix("## ") {
            section = name.trim().to_owned();
        } else if let Some(rest) = line.strip_prefix("```sql") {
            let dialect = match rest.trim() {
                "" => Dialect::Postgres,
                name => name.parse().expect("a dialect"),
            };
            open = Some((dialect, Vec::new()));
        }
    }
    found
}

#[test]
fn the_examples_hold() {
    let mut wrong = Vec::new();
    for rewrite in REWRITES {
        let (_, source) = SOURCES
            .iter()
            .find(|(name, _)| *name == rewrite.name)
            .unwrap_or_else(|| panic!("{} has no examples", rewrite.name));
        let blocks = blocks(source);
        let ddl: Vec<&str> =
            blocks.iter().filter(|(section, ..)| section == "Tables").map(|(.., sql)| sql.as_str()).collect();
        let (catalog, _) = Catalog::from_ddl(&ddl.join("\n"), Dialect::Postgres).expect("the tables read");
        let (mut bad, mut kept) = (None, 0);
        let mut good = 0;
        for (section, dialect, sql) in &blocks {
            let of_this = |sql: &str| -> Vec<Candidate> {
                propose(sql, *dialect, &catalog).into_iter().filter(|c| c.rule == rewrite.name).collect()
            };
            match section.as_str() {
                "Bad" => bad = Some(of_this(sql)),
                "Good" => {
                    good += 1;
                    let candidates = bad.take().expect("a Bad before the Good");
                    if !candidates.iter().any(|candidate| candidate.sql == *sql) {
                        let came =
                            candidates.iter().map(|c| c.sql.as_str()).collect::<Vec<_>>().join("\n--\n");
                        wrong.push(format!("{}: wanted\n{sql}\ncame\n{came}", rewrite.name));
                    }
                }
                "Kept" => {
                    kept += 1;
                    for candidate in of_this(sql) {
                        wrong.push(format!("{}: kept\n{sql}\ncame\n{}", rewrite.name, candidate.sql));
                    }
                }
                _ => {}
            }
        }
        if good == 0 || kept == 0 {
            wrong.push(format!("{}: {good} good and {kept} kept examples", rewrite.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
