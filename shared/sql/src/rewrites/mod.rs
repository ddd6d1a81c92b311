//! Rewrites: other ways to say the same, proposed as edits of the user's text.
//!
//! A rewrite proposes only what its documented condition makes sound under the catalog's constraints.
//! A candidate is a proposal all the same: whether it is the same query is for the verifier to say, and
//! whether it pays for whoever measures. Nothing here knows either of them.

mod aggregate;
mod alternative;
mod block;
mod calendar;
mod clauses;
mod conditional;
mod conditions;
mod context;
mod determined;
mod docs;
mod edit;
mod expression;
mod keyset;
mod names;
mod negation;
mod placeholder;
mod predicate;
mod removal;
mod same;
mod semi_join;
mod source;
mod types;
mod windowed;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::Serialize;
use sqlparser::ast::Statement;
use sqm_domain::Dialect;

use crate::catalog::Catalog;
use crate::guard::{self, GuardError};
use crate::parse::{self, ParsedStatement, Script, Tree};
use crate::text::Span;
pub use alternative::{Alternative, alternatives};
use block::Blocks;
use context::Context;
pub use docs::{Example, examples};
use edit::Edits;
use source::{Source, Tokens};

/// Longest statement that rewrites are sought for, in bytes. Longer ones are written by machines, and
/// nobody reads what a rewrite of them says.
const MAX_BYTES: usize = 64 * 1024;

/// Most rewrites made one after the other in a combined candidate.
const MAX_STEPS: usize = 8;

/// Most candidates for one statement.
const MAX_CANDIDATES: usize = 32;

/// Another way to say the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The whole text with the rewrite made; everything that it does not touch is as it was.
    pub sql: String,
    /// The rewrite that made it, or `combined`.
    pub rule: &'static str,
    /// What was done, in a few words.
    pub title: String,
    /// What was done and why it may pay, in one or two sentences.
    pub explanation: String,
    /// What its being the same rests on: keys, NOT NULL, types.
    pub conditions: Vec<String>,
    /// The part of the original text that it is about.
    pub span: Span,
}

/// One kind of rewrite.
struct Rewrite {
    /// Its name, in lower case with hyphens.
    name: &'static str,
    /// What it does, in a few words.
    title: &'static str,
    /// Whether it leads somewhere that no other rewrite leads back from, so that it may be combined.
    combines: bool,
    /// Whether all places of a statement make one candidate, since each by itself says too little.
    merges: bool,
    propose: fn(&Context<'_>, &mut Vec<Draft>),
}

/// A rewrite of one place, not made yet.
struct Draft {
    edits: Edits,
    explanation: String,
    conditions: Vec<String>,
    tokens: Tokens,
}

/// Declares each rewrite's module, and makes the registry of them.
macro_rules! rewrites {
    ($($module:ident,)*) => {
        $(mod $module;)*

        static REWRITES: &[Rewrite] = &[$($module::REWRITE,)*];

        /// Apart from the registry, so that a binary that prints no documentation doesn't carry it.
        static SOURCES: &[(&str, &str)] =
            &[$(($module::REWRITE.name, include_str!(concat!(stringify!($module), ".rs"))),)*];
    };
}

// The ones that pay most first.
rewrites! {
    subqueries_to_one,
    derived_to_one_pass,
    groups_to_one_pass,
    greatest_per_group,
    correlated_aggregate,
    subquery_to_window,
    lookup_to_join,
    eager_aggregation,
    aggregate_join_to_window,
    repeated_derived,
    filter_cte,
    count_to_exists,
    factor_or,
    or_to_union,
    or_in_left_join,
    exists_or,
    not_in_to_not_exists,
    not_in_with_nulls,
    left_join_null_to_not_exists,
    distinct_to_exists,
    redundant_distinct,
    redundant_group_by,
    self_join,
    foreign_key_join,
    union_to_union_all,
    same_table_union,
    idle_order_by,
    unused_left_join,
    outer_to_inner,
    having_to_where,
    transitive_predicates,
    push_filter,
    function_to_range,
    or_to_in,
    in_to_exists,
    semi_join_to_join,
    exists_to_in,
    not_exists_to_left_join,
    set_to_exists,
    inline_cte,
}

/// The names of all rewrites, and what each does.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    REWRITES.iter().map(|rewrite| (rewrite.name, rewrite.title))
}

/// Other ways to say the queries of this text. Each rewrite by itself first, in the order in which they
/// usually pay, then all that go together made one after the other. Empty for a text that does not parse.
///
/// # Errors
/// A text over the limits.
pub fn propose(sql: &str, dialect: Dialect, catalog: &Catalog) -> Result<Vec<Candidate>, GuardError> {
    guard::on_large_stack(|| propose_here(sql, dialect, catalog))?
}

fn propose_here(sql: &str, dialect: Dialect, catalog: &Catalog) -> Result<Vec<Candidate>, GuardError> {
    let mut candidates = singles(sql, dialect, catalog, false)?;
    let seen: BTreeSet<&str> = candidates.iter().map(|candidate| candidate.sql.as_str()).collect();
    let together = combined(sql, dialect, catalog, &candidates)?
        .filter(|candidate| candidate.sql != sql && !seen.contains(candidate.sql.as_str()));
    candidates.extend(together);
    // ClickHouse fills up a row without a partner with default values: there no rewrite of an outer join, or
    // into one, keeps what the others rest on.
    if dialect == Dialect::ClickHouse {
        candidates.retain(|candidate| !joins_outer(sql) && !joins_outer(&candidate.sql));
    }
    Ok(candidates)
}

/// Whether the words of an outer join stand in a text.
fn joins_outer(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is = |word: &str, any: &[&str]| any.iter().any(|other| word.eq_ignore_ascii_case(other));
    words
        .windows(2)
        .any(|two| is(two[0], &["LEFT", "RIGHT", "FULL"]) && is(two[1], &["JOIN", "OUTER", "ANY", "ALL"]))
}

/// Each rewrite of each place by itself.
fn singles(
    sql: &str,
    dialect: Dialect,
    catalog: &Catalog,
    combining: bool,
) -> Result<Vec<Candidate>, GuardError> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut outputs = Vec::new();
    guard::with_script(sql, dialect, |script| {
        outputs = names::outputs(script);
        let mut seen = BTreeSet::new();
        for statement in &script.statements {
            for (rewrite, draft) in drafts(script, statement, catalog, combining) {
                let Some(text) = draft.1.edits.apply(sql) else { continue };
                if candidates.len() >= MAX_CANDIDATES || text == sql || !seen.insert(text.clone()) {
                    continue;
                }
                candidates.push(Candidate {
                    sql: text,
                    rule: rewrite.name,
                    title: rewrite.title.to_owned(),
                    explanation: draft.1.explanation,
                    conditions: draft.1.conditions,
                    span: draft.0,
                });
            }
        }
    })?;
    candidates.retain_mut(|candidate| {
        let Some(rewritten) = outputs_of(&candidate.sql, dialect) else { return false };
        if rewritten != outputs {
            candidate.conditions.push(names::CONDITION.to_owned());
        }
        true
    });
    Ok(candidates)
}

type Found = (&'static Rewrite, (Span, Draft));

fn drafts(
    script: &Script<'_>,
    statement: &ParsedStatement,
    catalog: &Catalog,
    combining: bool,
) -> Vec<Found> {
    let found = in_context(script, statement, catalog, |cx| {
        let mut found = Vec::new();
        for rewrite in REWRITES.iter().filter(|rewrite| rewrite.combines || !combining) {
            let mut drafts = Vec::new();
            (rewrite.propose)(cx, &mut drafts);
            if rewrite.merges {
                drafts = merged(drafts);
            }
            found.extend(drafts.into_iter().map(|draft| (rewrite, (cx.source.span(&draft.tokens), draft))));
        }
        found
    });
    found.unwrap_or_default()
}

/// Looks at a statement that is not too long and whose text and tree agree.
fn in_context<T>(
    script: &Script<'_>,
    statement: &ParsedStatement,
    catalog: &Catalog,
    look: impl FnOnce(&Context<'_>) -> T,
) -> Option<T> {
    let text = script.text_of(statement);
    let Ok(Tree::Sql(tree)) = &statement.tree else { return None };
    if text.len() > MAX_BYTES {
        return None;
    }
    let tokens = parse::tokenize(statement.grammar.parser(), text, statement.span.start).ok()?;
    let source = Source::new(script.text, &tokens)?;
    let blocks = Blocks::read(tree, &source, catalog)?;
    let query = match &**tree {
        Statement::Query(query) => Some(query.as_ref()),
        _ => None,
    };
    Some(look(&Context::new(&source, &blocks, script.dialect, query)))
}

/// One draft of all.
fn merged(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut drafts = drafts.into_iter();
    let Some(mut whole) = drafts.next() else { return Vec::new() };
    for draft in drafts {
        if !whole.edits.join(&draft.edits) {
            continue;
        }
        for condition in draft.conditions {
            if !whole.conditions.contains(&condition) {
                whole.conditions.push(condition);
            }
        }
    }
    vec![whole]
}

/// All that go together, one after the other: after each step the text is read anew, so that a later
/// step builds on what an earlier one made.
fn combined(
    sql: &str,
    dialect: Dialect,
    catalog: &Catalog,
    singles_of_sql: &[Candidate],
) -> Result<Option<Candidate>, GuardError> {
    let combines = |name: &str| REWRITES.iter().any(|rewrite| rewrite.name == name && rewrite.combines);
    let mut steps: Vec<Candidate> = Vec::new();
    let mut seen = BTreeSet::from([sql.to_owned()]);
    let mut next = singles_of_sql.iter().find(|candidate| combines(candidate.rule)).cloned();
    while let Some(step) = next.take() {
        if steps.len() >= MAX_STEPS || !seen.insert(step.sql.clone()) {
            break;
        }
        next = singles(&step.sql, dialect, catalog, true)?.into_iter().find(|c| !seen.contains(&c.sql));
        steps.push(step);
    }
    Ok((steps.len() > 1).then(|| Candidate {
        sql: steps.last().map(|step| step.sql.clone()).unwrap_or_default(),
        rule: "combined",
        title: "Several rewrites together".to_owned(),
        explanation: told(&steps),
        conditions: steps
            .iter()
            .flat_map(|step| step.conditions.iter().cloned())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        span: steps[0].span,
    }))
}

/// The steps in words, each title once.
fn told(steps: &[Candidate]) -> String {
    let mut titles: Vec<&str> = Vec::new();
    for step in steps {
        if !titles.contains(&step.title.as_str()) {
            titles.push(&step.title);
        }
    }
    titles.join("; then: ")
}

/// The outputs of a text that is within the limits, and of which every statement parses.
fn outputs_of(sql: &str, dialect: Dialect) -> Option<Vec<String>> {
    guard::with_script(sql, dialect, |script| {
        let parses =
            !script.statements.is_empty() && script.statements.iter().all(|statement| statement.tree.is_ok());
        parses.then(|| names::outputs(script))
    })
    .ok()
    .flatten()
}
