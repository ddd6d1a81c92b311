//! SQM410 typographic-quotes

use sqlparser::ast::{ColumnOption, Expr, Statement};

use crate::lint::shape::string;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds typographic quotes at both ends of a text literal or a default: `'“”'`, `'‘new’'`.
///
/// ## Why
/// They come from a word processor or a chat and became a part of the value, where plain quotes were meant.
///
/// ## Bad
/// ```sql expects SQM410
/// SELECT id FROM orders WHERE status = '“open”'
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM orders WHERE status = 'open'
/// ```
///
/// ## Limits
/// Texts that only contain such quotes are left alone.
pub struct TypographicQuotes;

impl Rule for TypographicQuotes {
    const META: Meta = Meta {
        code: "SQM410",
        name: "typographic-quotes",
        group: Group::Clarity,
        severity: Severity::Warning,
        on: On::STATEMENT.and(On::BINARY),
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let mut report = |expr: &Expr| {
            if string(expr).is_some_and(is_wrapped) {
                out.add(cx.place(expr), "the typographic quotes are a part of this value; plain ones were meant");
            }
        };
        match cx.node {
            Node::Expr(Expr::BinaryOp { left, right, .. }) => {
                report(left);
                report(right);
            }
            Node::Statement(Statement::CreateTable(table)) => {
                for option in table.columns.iter().flat_map(|column| &column.options) {
                    if let ColumnOption::Default(value) = &option.option {
                        report(value);
                    }
                }
            }
            _ => {}
        }
    }
}

fn is_wrapped(text: &str) -> bool {
    let is_quote = |c: char| matches!(c, '“' | '”' | '„' | '‘' | '’' | '«' | '»' | '＂' | '＇');
    text.chars().count() > 1 && text.starts_with(is_quote) && text.ends_with(is_quote)
}
