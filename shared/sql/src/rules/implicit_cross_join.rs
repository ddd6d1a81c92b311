//! SQM005 implicit-cross-join

use std::collections::BTreeSet;

use sqlparser::ast::{Select, TableFactor};

use crate::lint::known::{Source, relation_of, sources};
use crate::lint::shape::{block, columns, conjuncts, gives_one_row, has_subquery, is_limited_to_one};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds tables that are listed with commas and that no condition ties to the others.
///
/// ## Why
/// Every row of the one is paired with every row of the others: a forgotten condition, and a result that grows with the
/// product. Where it is meant, CROSS JOIN says so.
///
/// ## Bad
/// ```sql expects SQM005 SQM402
/// SELECT c.name, o.total FROM customer c, orders o WHERE c.city = 'Bern'
/// ```
///
/// ## Good
/// ```sql expects SQM402
/// SELECT c.name, o.total FROM customer c, orders o WHERE c.id = o.customer_id AND c.city = 'Bern'
/// ```
/// ```sql expects none
/// SELECT c.name, d.day FROM customer c CROSS JOIN calendar d
/// ```
///
/// ## Limits
/// Only blocks are looked at in which every condition names its columns with a qualifier. Subqueries of one row, functions
/// and lateral relations may stand alone.
pub struct ImplicitCrossJoin;

impl Rule for ImplicitCrossJoin {
    const META: Meta = Meta {
        code: "SQM005",
        name: "implicit-cross-join",
        group: Group::Correctness,
        severity: Severity::Warning,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        let Some(condition) = &select.selection else { return };
        if select.from.len() < 2 || has_subquery(condition) {
            return;
        }
        let sources = sources(cx, select);
        let twice =
            |at: usize| sources[..at].iter().any(|other| other.name.eq_ignore_ascii_case(sources[at].name));
        if !sources.iter().all(stands_for_rows) || (0..sources.len()).any(twice) {
            return;
        }
        // Relations of one comma-separated item belong together; each condition ties those that it names.
        let mut group: Vec<usize> = Vec::new();
        for (item, from) in select.from.iter().enumerate() {
            group.extend(std::iter::repeat_n(item, from.joins.len() + 1));
        }
        if group.len() != sources.len() {
            return;
        }
        for condition in conjuncts(condition) {
            let mut named = BTreeSet::new();
            for name in columns(condition) {
                match relation_of(&sources, &name) {
                    Some(relation) => {
                        named.insert(relation);
                    }
                    None => return,
                }
            }
            let tied: Vec<usize> = named.into_iter().map(|relation| group[relation]).collect();
            if let Some(&first) = tied.iter().min() {
                group.iter_mut().filter(|own| tied.contains(own)).for_each(|own| *own = first);
            }
        }
        let first = group[0];
        if let Some(alone) = group.iter().position(|own| *own != first) {
            let name = sources[alone].name;
            let place = cx.places().of_relation(sources[alone].factor);
            out.add(
                place,
                format!(
                    "no condition ties {name} to the others: each of its rows is paired with all of theirs"
                ),
            );
        }
    }
}

/// Whether the relation is a table or a subquery of many rows.
fn stands_for_rows(source: &Source<'_>) -> bool {
    let single = |select: &Select| gives_one_row(select);
    match source.factor {
        TableFactor::Table { args: None, .. } => !source.name.is_empty(),
        TableFactor::Derived { lateral: false, subquery, .. } => {
            !block(subquery).is_some_and(single) && !is_limited_to_one(subquery) && !source.name.is_empty()
        }
        _ => false,
    }
}
