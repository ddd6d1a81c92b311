//! SQM405 ors-for-in

use sqlparser::ast::{BinaryOperator, Expr};

use crate::lint::shape::{column, disjuncts, literal};

use crate::lint::{Edit, Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds three or more equalities of one column joined by OR.
///
/// ## Why
/// IN says the same in one glance, and some planners estimate it better.
///
/// ## Bad
/// ```sql expects SQM405
/// SELECT id FROM orders WHERE status = 'open' OR status = 'paid' OR status = 'sent'
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM orders WHERE status IN ('open', 'paid', 'sent')
/// ```
///
/// ## Limits
/// Two equalities (and more than a hundred) are left alone, and so is an OR with any other condition in it.
pub struct OrsForIn;

impl Rule for OrsForIn {
    const META: Meta = Meta {
        code: "SQM405",
        name: "ors-for-in",
        group: Group::Clarity,
        severity: Severity::Info,
        on: On::BINARY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::BinaryOp { op: BinaryOperator::Or, .. }) = cx.node else { return };
        if matches!(cx.site.parent, Some(Expr::BinaryOp { op: BinaryOperator::Or, .. })) {
            return;
        }
        let parts = disjuncts(expr);
        let tested: Option<Vec<_>> = parts
            .iter()
            .map(|part| match part {
                Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
                    literal(right).filter(|value| !matches!(value, sqlparser::ast::Value::Null))?;
                    column(left).map(|column| (column, &**left, &**right))
                }
                _ => None,
            })
            .collect();
        let Some(tested) = tested else { return };
        let [(first, left, _), rest @ ..] = &tested[..] else { return };
        if (3..=100).contains(&tested.len()) && rest.iter().all(|(column, ..)| column.is_like(first)) {
            let span = cx.place(expr);
            let values: Vec<_> = tested.iter().map(|(_, _, value)| cx.places().text_of(value)).collect();
            let text = format!("{} IN ({})", cx.places().text_of(left), values.join(", "));
            out.add_with_fix(span, "say it with IN", "Write IN", Edit { span, text });
        }
    }
}
