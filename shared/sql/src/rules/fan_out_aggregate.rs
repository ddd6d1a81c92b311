//! SQM007 fan-out-aggregate

use sqlparser::ast::{BinaryOperator, Expr, JoinConstraint};

use crate::lint::known::{known, sources};
use crate::lint::shape::{
    any, arguments, bare, column, columns, conjuncts, is_distinct, is_named, item_expr,
};
use crate::lint::walk::constraint;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds sums, averages and counts of a table's columns in a join that repeats its rows.
///
/// ## Why
/// Each order is joined with all of its lines, so `SUM(orders.total)` adds the total once per line. Aggregate before the
/// join, or over the table that is not repeated.
///
/// ## Bad
/// ```sql schema
/// CREATE TABLE orders (id INT PRIMARY KEY, total INT);
/// CREATE TABLE line (id INT PRIMARY KEY, order_id INT NOT NULL, price INT);
/// ```
/// ```sql expects SQM007
/// SELECT SUM(o.total) AS total FROM orders o JOIN line l ON l.order_id = o.id
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT SUM(l.price) AS total FROM orders o JOIN line l ON l.order_id = o.id
/// ```
/// ```sql expects none
/// SELECT COUNT(DISTINCT o.id) AS orders FROM orders o JOIN line l ON l.order_id = o.id
/// ```
///
/// ## Limits
/// Needs a catalog with keys. Only joins by one equality between a key and a column that is none are seen, and aggregates
/// that are grouped by the key of the other table may be meant.
pub struct FanOutAggregate;

impl Rule for FanOutAggregate {
    const META: Meta = Meta {
        code: "SQM007",
        name: "fan-out-aggregate",
        group: Group::Correctness,
        severity: Severity::Warning,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        if cx.catalog.is_empty() || select.from.len() != 1 {
            return;
        }
        let sources = sources(cx, select);
        // Relations whose rows a join repeats.
        let mut repeated: Vec<usize> = Vec::new();
        for join in &select.from[0].joins {
            let Some(JoinConstraint::On(condition)) = constraint(&join.join_operator) else { continue };
            let tests = conjuncts(condition);
            let [Expr::BinaryOp { left, op: BinaryOperator::Eq, right }] = &tests[..] else { continue };
            let of = |expr: &Expr| column(bare(expr)).and_then(|name| known(&sources, &name));
            let (Some(a), Some(b)) = (of(left), of(right)) else { continue };
            for (one, many) in [(a, b), (b, a)] {
                if one.source != many.source && one.is_unique() && !many.is_unique() && !is_of_key(&many) {
                    repeated.push(one.source);
                }
            }
        }
        for item in select.projection.iter().filter_map(item_expr) {
            any(item, |node| {
                if let Expr::Function(function) = node
                    && function.over.is_none()
                    && is_named(function, &["sum", "avg", "count"])
                    && !is_distinct(function)
                    && let [argument] = arguments(function)[..]
                {
                    let names = columns(argument);
                    let of: Vec<_> = names
                        .iter()
                        .filter_map(|name| known(&sources, name))
                        .map(|known| known.source)
                        .collect();
                    if !of.is_empty()
                        && of.len() == names.len()
                        && of.iter().all(|source| repeated.contains(source))
                    {
                        let name = sources.get(of[0]).map_or("", |source| source.name);
                        out.add(
                            cx.place(node),
                            format!("the join repeats each row of {name}, so this counts it more than once"),
                        );
                    }
                }
                false
            });
        }
    }
}

/// Whether the column is part of a key: with the others of it the rows may still be single.
fn is_of_key(known: &crate::lint::known::Known<'_>) -> bool {
    known
        .table
        .keys()
        .any(|key| key.len() > 1 && key.contains(&u32::try_from(known.column).unwrap_or(u32::MAX)))
        && known.table.foreign_keys.is_empty()
}
