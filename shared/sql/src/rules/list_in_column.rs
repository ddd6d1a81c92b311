//! SQM123 list-in-column

use sqlparser::ast::Expr;

use crate::lint::shape::{arguments, column, is_named, string};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds searches for one value in a column that holds a list: FIND_IN_SET, patterns like `'%,7,%'`, and regular
/// expressions with word boundaries around a value.
///
/// ## Why
/// No index serves it, no foreign key holds the values, and 7 is found in 17 sooner or later. A table with one
/// row a value has none of these troubles.
///
/// ## Bad
/// ```sql expects SQM123 dialect=mysql
/// SELECT id FROM product WHERE FIND_IN_SET('blue', colours)
/// ```
/// ```sql expects SQM102 SQM123
/// SELECT id FROM product WHERE colour_ids LIKE '%,7,%'
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT p.id FROM product p JOIN product_colour c ON c.product_id = p.id WHERE c.colour = 'blue'
/// ```
///
/// ## Limits
/// Only these forms are recognized.
pub struct ListInColumn;

impl Rule for ListInColumn {
    const META: Meta = Meta {
        code: "SQM123",
        name: "list-in-column",
        group: Group::Performance,
        severity: Severity::Warning,
        on: On::PREDICATE.and(On::CALL),
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr) = cx.node else { return };
        let is_list = match expr {
            Expr::Function(function) => {
                is_named(function, &["find_in_set"]) && arguments(function).iter().any(|arg| column(arg).is_some())
            }
            Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } => {
                column(expr).is_some()
                    && string(pattern).is_some_and(|text| {
                        let inner = text.trim_matches('%');
                        text.starts_with('%')
                            && text.ends_with('%')
                            && inner.len() > 2
                            && [',', ';', '|'].iter().any(|mark| inner.starts_with(*mark) && inner.ends_with(*mark))
                    })
            }
            Expr::RLike { expr, pattern, .. } => {
                column(expr).is_some()
                    && string(pattern).is_some_and(|text| {
                        text.starts_with("[[:<:]]") && text.ends_with("[[:>:]]")
                            || text.starts_with("\\b") && text.ends_with("\\b")
                    })
            }
            _ => false,
        };
        if is_list {
            out.add(cx.place(expr), "the column holds a list of values; keep them in a table of their own, one a row");
        }
    }
}
