//! SQM015 ambiguous-column

use sqlparser::ast::{JoinConstraint, JoinOperator};

use crate::lint::known::sources;
use crate::lint::shape::{columns, conjuncts, item_expr};
use crate::lint::walk::constraint;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds columns without a qualifier that more than one table of the FROM clause has.
///
/// ## Why
/// Most databases refuse the query; it breaks on the day on which the second table gets a column of that name. With a
/// qualifier it says what it means.
///
/// ## Bad
/// ```sql schema
/// CREATE TABLE customer (id INT PRIMARY KEY, name TEXT);
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, amount INT);
/// ```
/// ```sql expects SQM015
/// SELECT name FROM customer JOIN sale ON customer_id = customer.id WHERE id > 7
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT name FROM customer JOIN sale ON customer_id = customer.id WHERE sale.id > 7
/// ```
///
/// ## Limits
/// Needs a catalog. Blocks with USING or NATURAL are left alone, since these merge columns.
pub struct AmbiguousColumn;

impl Rule for AmbiguousColumn {
    const META: Meta = Meta {
        code: "SQM015",
        name: "ambiguous-column",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        if cx.catalog.is_empty() {
            return;
        }
        let merges = select.from.iter().flat_map(|from| &from.joins).any(|join| {
            !matches!(constraint(&join.join_operator), Some(JoinConstraint::On(_) | JoinConstraint::None))
                || matches!(
                    join.join_operator,
                    JoinOperator::LeftSemi(_)
                        | JoinOperator::LeftAnti(_)
                        | JoinOperator::Semi(_)
                        | JoinOperator::Anti(_)
                )
        });
        let sources = sources(cx, select);
        if merges || sources.len() < 2 {
            return;
        }
        let items = select.projection.iter().filter_map(item_expr);
        let tests = select.selection.iter().flat_map(conjuncts);
        for name in items.chain(tests).flat_map(columns).filter(|name| name.qualifier.is_none()) {
            let having: Vec<&str> = sources
                .iter()
                .filter(|source| source.table.is_some_and(|table| table.column(&name.name.value).is_some()))
                .map(|source| source.name)
                .collect();
            if let [one, two, ..] = having.as_slice() {
                let message = format!("both {one} and {two} have a column {}", name.name.value);
                out.add(cx.places().of_ident(name.name), message);
            }
        }
    }
}
