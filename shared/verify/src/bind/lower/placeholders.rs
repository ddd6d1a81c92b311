//! Values that are given later: `$1`, `?`, `:name`, `@name`. One name is one value in both queries, and the n-th `?`
//! of the one is the n-th of the other. Nothing is known of it but what a proof does not need to know.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Statement, Value, ValueWithSpan, Visit, Visitor};
use sqm_domain::Dialect;
use sqm_sql::text::Position;

use crate::bind::refusal::start;
use crate::dialects::is_transact;

/// A value that is given later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// As it is written.
    pub written: String,
    /// Where.
    pub position: Option<Position>,
}

/// Those of a statement, in the order of the text.
pub fn of(statement: &Statement, dialect: Dialect) -> Vec<Placeholder> {
    let mut seen = Seen { dialect, found: Vec::new() };
    let _ = statement.visit(&mut seen);
    seen.found.sort_by_key(|found| found.position.map(|place| (place.line, place.column)));
    seen.found
}

struct Seen {
    dialect: Dialect,
    found: Vec<Placeholder>,
}

impl Visitor for Seen {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Some(written) = written(expr, self.dialect) {
            let span = match expr {
                Expr::Identifier(name) => name.span,
                Expr::Value(value) => value.span,
                _ => return ControlFlow::Continue(()),
            };
            self.found.push(Placeholder { written, position: start(span) });
        }
        ControlFlow::Continue(())
    }
}

fn written(expr: &Expr, dialect: Dialect) -> Option<String> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::Placeholder(name), .. }) => Some(name.clone()),
        Expr::Identifier(name)
            if is_transact(dialect)
                && name.quote_style.is_none()
                && name.value.starts_with('@')
                && !name.value.starts_with("@@") =>
        {
            Some(name.value.clone())
        }
        _ => None,
    }
}

/// Gives it the name by which DataFusion knows it.
pub fn lower(expr: &mut Expr, dialect: Dialect, all: &[Placeholder]) {
    let Some(name) = written(expr, dialect) else { return };
    let position = match &*expr {
        Expr::Value(value) => start(value.span),
        _ => None,
    };
    let is_unnamed = |found: &&Placeholder| found.written == "?";
    let name = if name == "?" {
        let at = all.iter().filter(is_unnamed).position(|found| found.position == position);
        format!("$?{}", at.unwrap_or(all.len()) + 1)
    } else {
        format!("${}", name.trim_start_matches(['$', ':', '@', '?']).to_lowercase())
    };
    *expr = Expr::value(Value::Placeholder(name));
}
