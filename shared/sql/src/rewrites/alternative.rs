//! Other queries for the same purpose, whose results differ. They are no rewrites: nothing verifies them, and
//! nothing may offer them as the same query.

use serde::Serialize;
use sqm_domain::Dialect;

use super::{Draft, in_context, keyset};
use crate::catalog::Catalog;
use crate::guard::{self, GuardError};
use crate::text::Span;

/// Another query, which may do for what this one is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// The whole text. What has to be filled in stands in it as `:last_…`.
    pub sql: String,
    /// What it is, in lower case with hyphens.
    pub name: &'static str,
    /// What is done, in a few words.
    pub title: String,
    /// Why it may pay.
    pub explanation: String,
    /// How its result differs.
    pub changes: Vec<String>,
    /// The part of the original text that it is about.
    pub span: Span,
}

/// Other queries for the purposes of the queries of this text. Empty for a text that does not parse.
///
/// # Errors
/// A text over the limits.
pub fn alternatives(sql: &str, dialect: Dialect, catalog: &Catalog) -> Result<Vec<Alternative>, GuardError> {
    guard::with_script(sql, dialect, |script| {
        let drafts = script.statements.iter().filter_map(|statement| {
            let draft = |cx: &super::Context<'_>| {
                keyset::propose(cx).map(|draft| (cx.source.span(&draft.tokens), draft))
            };
            in_context(script, statement, catalog, draft).flatten()
        });
        let alternative = |(span, Draft { edits, explanation, conditions, .. }): (Span, Draft)| {
            let (name, title) = (keyset::NAME, keyset::TITLE.to_owned());
            Some(Alternative { sql: edits.apply(sql)?, name, title, explanation, changes: conditions, span })
        };
        drafts.filter_map(alternative).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::super::docs::of_source;
    use super::*;

    #[test]
    fn the_examples_hold() {
        let examples = of_source(keyset::NAME, include_str!("keyset.rs"));
        assert!(examples.iter().any(|example| example.becomes.is_none()) && examples.len() > 8);
        for example in examples {
            let (catalog, problems) = Catalog::from_ddl(&example.tables, Dialect::Postgres).unwrap();
            assert!(problems.is_empty(), "{problems:?}");
            let found = alternatives(&example.sql, example.dialect, &catalog).unwrap();
            let found: Vec<&str> = found.iter().map(|found| found.sql.as_str()).collect();
            assert_eq!(found, example.becomes.as_deref().into_iter().collect::<Vec<_>>(), "{}", example.sql);
        }
    }

    #[test]
    fn they_are_never_proposed_as_the_same() {
        let tables = "CREATE TABLE t (id INT PRIMARY KEY, a INT)";
        let (catalog, _) = Catalog::from_ddl(tables, Dialect::Postgres).unwrap();
        let sql = "SELECT a FROM t ORDER BY id LIMIT 5 OFFSET 10";
        let found = alternatives(sql, Dialect::Postgres, &catalog).unwrap();
        assert_eq!(found.len(), 1);
        let proposed = super::super::propose(sql, Dialect::Postgres, &catalog).unwrap();
        assert!(proposed.iter().all(|candidate| !candidate.sql.contains("last_id")));
        assert!(found[0].changes[0].contains("not the n-th"), "{:?}", found[0].changes);
    }
}
