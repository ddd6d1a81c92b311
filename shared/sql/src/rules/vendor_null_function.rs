//! SQM407 vendor-null-function

use sqlparser::ast::Expr;
use sqm_domain::Dialect;

use crate::lint::shape::{arguments, function_name, is_named};

use crate::lint::{Edit, Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds NVL, IFNULL and the two-argument ISNULL.
///
/// ## Why
/// Each database knows one of them, with rules of its own for the type of the result (SQL Server's ISNULL cuts
/// the second value to the length of the first). COALESCE is standard and takes any number of values.
///
/// ## Bad
/// ```sql expects SQM407 dialect=mysql
/// SELECT id, IFNULL(phone, 'none') AS phone FROM customer
/// ```
///
/// ## Good
/// ```sql expects none dialect=mysql
/// SELECT id, COALESCE(phone, 'none') AS phone FROM customer
/// ```
///
/// ## Limits
/// In Oracle NVL is what everybody writes, and it is left alone there.
pub struct VendorNullFunction;

impl Rule for VendorNullFunction {
    const META: Meta = Meta {
        code: "SQM407",
        name: "vendor-null-function",
        group: Group::Clarity,
        severity: Severity::Info,
        on: On::CALL,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::Function(function)) = cx.node else { return };
        let is_meant = is_named(function, &["ifnull", "nvl", "isnull"]) && arguments(function).len() == 2;
        if !is_meant || cx.dialect == Dialect::Oracle || function.name.0.len() != 1 {
            return;
        }
        let span = cx.places().of_name(&function.name);
        let message = format!("{} is this database's own; COALESCE is standard", function_name(function));
        let edit = Edit { span, text: "COALESCE".to_owned() };
        let _ = expr;
        out.add_with_fix(span, message, "Write COALESCE", edit);
    }
}
