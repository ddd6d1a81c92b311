//! SQM117 expression-on-join-key

use sqlparser::ast::{BinaryOperator, Expr, JoinConstraint};

use crate::lint::shape::{bare, column, columns, conjuncts, function_name, uncast};
use crate::lint::walk::constraint;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds joins on a function or computation over a column: `ON lower(a.email) = lower(b.email)`.
///
/// ## Why
/// No index on the column serves it, statistics on the column do not apply, and the function is called for every
/// row of both tables. Storing the normalized form (or an index on the expression) mends it.
///
/// ## Bad
/// ```sql expects SQM117
/// SELECT c.id FROM customer c JOIN prospect p ON lower(c.email) = lower(p.email)
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT c.id FROM customer c JOIN prospect p ON c.email = p.email
/// ```
///
/// ## Limits
/// Casts are another rule's matter. An index on the expression makes the remark pointless; it is not known here.
pub struct ExpressionOnJoinKey;

impl Rule for ExpressionOnJoinKey {
    const META: Meta = Meta {
        code: "SQM117",
        name: "expression-on-join-key",
        group: Group::Performance,
        severity: Severity::Info,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        for join in select.from.iter().flat_map(|from| &from.joins) {
            let Some(JoinConstraint::On(condition)) = constraint(&join.join_operator) else { continue };
            for condition in conjuncts(condition) {
                let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition else { continue };
                let of = |expr: &Expr| columns(expr).first().and_then(|column| column.qualifier.map(|q| q.value.clone()));
                let (Some(a), Some(b)) = (of(left), of(right)) else { continue };
                if a.eq_ignore_ascii_case(&b) {
                    continue;
                }
                if let Some(side) = [left, right].into_iter().find(|side| is_computed(side)) {
                    let message = match bare(side) {
                        Expr::Function(function) => {
                            format!("no index on the column serves a join on {}(…)", function_name(function))
                        }
                        _ => "no index on the column serves a join on a computation".to_owned(),
                    };
                    out.add(cx.place(side), message);
                }
            }
        }
    }
}

fn is_computed(expr: &Expr) -> bool {
    let expr = uncast(expr);
    column(expr).is_none()
        && matches!(
            expr,
            Expr::Function(_) | Expr::BinaryOp { .. } | Expr::Substring { .. } | Expr::Trim { .. } | Expr::Extract { .. }
        )
}
