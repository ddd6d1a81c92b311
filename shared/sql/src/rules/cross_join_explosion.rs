//! SQM304 cross-join-explosion

use sqlparser::ast::{Expr, JoinConstraint, TableFactor};

use crate::lint::shape::{column, columns, conjuncts, is_warehouse};
use crate::lint::walk::constraint;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds joins on inequalities alone in dialects of warehouses: `ON a.day <= b.day`.
///
/// ## Why
/// Such a join is done by neither hash nor merge: every pair of rows is compared, and billed. An equality beside it (a
/// customer, a month, a bucket) bounds the work.
///
/// ## Bad
/// ```sql expects SQM304 dialect=bigquery
/// SELECT a.id, b.id AS later FROM visit a JOIN visit b ON b.day > a.day
/// ```
///
/// ## Good
/// ```sql expects none dialect=bigquery
/// SELECT a.id, b.id AS later FROM visit a JOIN visit b ON b.person_id = a.person_id AND b.day > a.day
/// ```
///
/// ## Limits
/// Joins with small tables, of exchange rates for instance, are fine; sizes are not known here.
pub struct CrossJoinExplosion;

impl Rule for CrossJoinExplosion {
    const META: Meta = Meta {
        code: "SQM304",
        name: "cross-join-explosion",
        group: Group::Cost,
        severity: Severity::Warning,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        if !is_warehouse(cx.dialect) {
            return;
        }
        for join in select.from.iter().flat_map(|from| &from.joins) {
            let Some(JoinConstraint::On(condition)) = constraint(&join.join_operator) else { continue };
            let tests = conjuncts(condition);
            let compares = |expr: &&Expr| {
                matches!(expr, Expr::BinaryOp { left, op, right }
                    if column(left).is_some() && column(right).is_some()
                        && crate::lint::shape::is_comparison(op) && *op != sqlparser::ast::BinaryOperator::Eq)
            };
            let is_table = matches!(join.relation, TableFactor::Table { args: None, .. });
            let of_two =
                tests.iter().flat_map(|test| columns(test)).filter_map(|name| name.qualifier).count() >= 2;
            if is_table && of_two && !tests.is_empty() && tests.iter().all(compares) {
                out.add(
                    cx.place(condition),
                    "no equality bounds this join: every pair of rows is compared and paid for",
                );
            }
        }
    }
}
