//! SQM019 order-by-constant

use sqlparser::ast::{Expr, OrderByKind, Value};

use crate::lint::shape::{column, conjuncts, is_constant, literal};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds ORDER BY of something that is the same in every row: a text, a constant expression, or a column that
/// WHERE fixes to one value.
///
/// ## Why
/// It orders nothing. `ORDER BY 'name'` sorts by the text `name`, not by the column.
///
/// ## Bad
/// ```sql expects SQM019
/// SELECT id, name FROM customer ORDER BY 'name'
/// ```
/// ```sql expects SQM019
/// SELECT id, name FROM customer WHERE country = 'DE' ORDER BY country
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id, name FROM customer ORDER BY name
/// ```
/// ```sql expects none
/// SELECT id, name FROM customer WHERE country = 'DE' ORDER BY country, name
/// ```
///
/// ## Limits
/// A fixed column among others is not reported: it often stands there for an index. `ORDER BY NULL` and
/// `ORDER BY (SELECT NULL)` say that no order is wanted.
pub struct OrderByConstant;

impl Rule for OrderByConstant {
    const META: Meta = Meta {
        code: "SQM019",
        name: "order-by-constant",
        group: Group::Correctness,
        severity: Severity::Warning,
        on: On::QUERY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Query(query) = cx.node else { return };
        let Some(OrderByKind::Expressions(keys)) = query.order_by.as_ref().map(|order| &order.kind) else { return };
        for key in keys {
            let is_text = matches!(literal(&key.expr), Some(Value::SingleQuotedString(_)));
            let is_computed = matches!(key.expr, Expr::BinaryOp { .. }) && is_constant(&key.expr);
            if is_text || is_computed {
                out.add(cx.place(&key.expr), "this is the same in every row and orders nothing; name a column");
            }
        }
        let [key] = &keys[..] else { return };
        let Some(select) = crate::lint::shape::block(query) else { return };
        let (Some(by), Some(selection)) = (column(&key.expr), &select.selection) else { return };
        let fixed = conjuncts(selection).into_iter().any(|condition| match condition {
            Expr::BinaryOp { left, op: sqlparser::ast::BinaryOperator::Eq, right } => {
                let is_it = |expr: &Expr| column(expr).is_some_and(|column| column.is_like(&by));
                is_it(left) && literal(right).is_some() || is_it(right) && literal(left).is_some()
            }
            _ => false,
        });
        if fixed {
            out.add(cx.place(&key.expr), "WHERE fixes this column to one value, so it orders nothing; name another");
        }
    }
}
