//! Where in a text something stands of which only the name is known.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Spanned, Statement, visit_expressions};
use sqm_sql::text::Position;

use super::refusal::start;

/// The place of the first column or call that a message names in quotes, or else where the statement begins.
pub fn of_message(message: &str, tree: &Statement) -> Option<Position> {
    let quoted = message.split(['\'', '"', '`']).skip(1).step_by(2);
    let names: Vec<String> =
        quoted.filter_map(|name| name.rsplit('.').next()).map(str::to_lowercase).collect();
    let mut found = None;
    for name in names.iter().filter(|name| !name.is_empty()) {
        let _ = visit_expressions(tree, |expr| match of_name(expr, name) {
            Some(place) => {
                found = Some(place);
                ControlFlow::Break(())
            }
            None => ControlFlow::Continue(()),
        });
        if found.is_some() {
            return found;
        }
    }
    start(tree.span())
}

/// The place of an expression that is a column or a call of this name.
fn of_name(expr: &Expr, name: &str) -> Option<Position> {
    let ident = match expr {
        Expr::Identifier(ident) => ident,
        Expr::CompoundIdentifier(parts) => parts.last()?,
        Expr::Function(function) => function.name.0.last()?.as_ident()?,
        _ => return None,
    };
    ident.value.eq_ignore_ascii_case(name).then(|| start(ident.span)).flatten()
}
