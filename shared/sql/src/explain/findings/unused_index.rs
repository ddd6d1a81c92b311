//! `unused-index`: a table is read from end to end though there is an index that the condition could use: one that
//! the plan itself names, or that of a key in the catalog.

use super::super::Engine;
use super::super::predicate::{Around, Term, terms};
use super::super::tree::Operation;
use super::figures::rows;
use super::scan::Scan;
use super::{Code, Context, Finding};
use crate::catalog::Table;
use crate::lint::Severity;

/// A table of fewer rows is read as fast as its index.
const LEAST_READ: f64 = 1_000.0;

/// The same where a plan of PostgreSQL has a cost and no rows.
const LEAST_COST: f64 = 100.0;

/// What asks for more of a table than this is no work for an index.
const MOST_KEPT: f64 = 0.1;

/// Types that PostgreSQL compares as text, so that a cast to text changes nothing.
const TEXTS: [&str; 3] = ["varchar", "text", "character varying"];

pub(super) fn check(cx: &Context<'_>, at: usize) -> Option<Finding> {
    let node = cx.node(at);
    // The keys of the others are not enforced, or serve single rows alone.
    if !matches!(cx.engine, Engine::Postgres | Engine::MySql | Engine::Sqlite)
        || node.operation != Operation::SequentialScan
    {
        return None;
    }
    let scan = Scan::of(cx, at)?;
    if scan
        .read
        .is_some_and(|read| read < LEAST_READ || scan.kept.is_some_and(|kept| kept > read * MOST_KEPT))
        || scan.read.is_none() && scan.cost.is_some_and(|cost| cost < LEAST_COST)
    {
        return None;
    }
    let relation = scan.about.relation?;
    let name = &relation.name;
    let read = scan.read.map_or_else(|| "the whole".to_owned(), rows);
    if !node.possible_indexes.is_empty() && node.index.is_none() {
        let message = format!(
            "{read} of {name} are read though the plan itself names {} as possible: a type that differs, or statistics that are old, keep it from being used",
            node.possible_indexes.join(", "),
        );
        return Some(cx.finding(at, (Code::UnusedIndex, Severity::Warning), scan.about, message));
    }
    let table = cx.table(relation, &scan.about.predicates)?;
    let in_plan = scan.about.predicates.iter().flat_map(|text| terms(text, cx.dialect));
    let mut asked: Vec<(Term, Option<_>)> = in_plan.map(|term| (term, None)).collect();
    // SQLite says nothing of conditions.
    if asked.is_empty() && cx.engine == Engine::Sqlite {
        let words = cx.words(&scan.about.predicates);
        let relation = cx.source.relation(relation, &words)?;
        asked = cx.source.terms(relation).map(|(term, span)| (term.clone(), Some(span))).collect();
    }
    let (why, span) = asked.iter().find_map(|(term, span)| Some((unused(table, term)?, *span)))?;
    let message = format!("{read} of {name} is read though there is a key: {why}");
    let mut finding = cx.finding(at, (Code::UnusedIndex, Severity::Warning), scan.about, message);
    finding.predicate_at = finding.predicate_at.or(span);
    Some(finding)
}

/// Why the key that a term asks for is not used; `None` where it asks for none.
fn unused(table: &Table, term: &Term) -> Option<String> {
    let column = table.column(&term.column)?;
    let key = table.keys().find(|key| key.first().is_some_and(|first| *first as usize == column))?;
    let names: Vec<&str> = key
        .iter()
        .filter_map(|at| table.columns.get(*at as usize))
        .map(|column| column.name.as_str())
        .collect();
    let key = names.join(", ");
    let name = &table.columns[column].name;
    match &term.around {
        Some(Around::Cast(to)) => {
            let own = table.columns[column].data_type.as_deref().unwrap_or("text").to_lowercase();
            let is_text = |name: &str| TEXTS.iter().any(|text| name.starts_with(text));
            if is_text(&own) && is_text(to) {
                return None;
            }
            Some(format!(
                "the condition casts {name} to {to}, so that the index of ({key}) does not serve: compare {name} with a value of its own type ({own})"
            ))
        }
        Some(Around::Function(function)) => Some(format!(
            "the condition calls {function} on {name}, so that the index of ({key}) does not serve: compare {name} as it is"
        )),
        Some(Around::Expression) => Some(format!(
            "the condition computes something of {name}, so that the index of ({key}) does not serve: compare {name} as it is"
        )),
        None if term.is_equality => Some(format!(
            "the condition compares {name}, and the index of ({key}) is not used: see whether it is there, and renew the statistics"
        )),
        None => None,
    }
}
