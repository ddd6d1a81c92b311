//! SQM017 case-when-null

use sqlparser::ast::Expr;

use crate::lint::shape::is_null;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `CASE x WHEN NULL THEN …`.
///
/// ## Why
/// `CASE x WHEN v` compares with `=`, and nothing equals NULL: the branch is never taken.
///
/// ## Bad
/// ```sql expects SQM017
/// SELECT CASE email WHEN NULL THEN 'post' ELSE 'mail' END AS way FROM customer
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT CASE WHEN email IS NULL THEN 'post' ELSE 'mail' END AS way FROM customer
/// ```
///
/// ## Limits
/// DECODE, where NULL does equal NULL, is not meant.
pub struct CaseWhenNull;

impl Rule for CaseWhenNull {
    const META: Meta = Meta {
        code: "SQM017",
        name: "case-when-null",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::CASE,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(Expr::Case { operand: Some(_), conditions, .. }) = cx.node else { return };
        for when in conditions.iter().filter(|when| is_null(&when.condition)) {
            let message = "nothing equals NULL, so this branch is never taken; write CASE WHEN … IS NULL";
            out.add(cx.place(&when.condition), message);
        }
    }
}
