//! Why something is not verified, and where it stands.

use std::ops::ControlFlow;

use datafusion::common::{DataFusionError, Diagnostic, Result};
use datafusion::logical_expr::Expr;
use datafusion::sql::sqlparser::ast::Spanned;
use datafusion::sql::sqlparser::tokenizer::Span;
use sqm_sql::text::Position;

/// A reason and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is not verified, in words, with the remedy where there is one.
    pub reason: String,
    /// Where it stands in the text, as far as that is known.
    pub position: Option<Position>,
}

/// Where a stretch of text begins; `None` of what was put in.
pub fn start(span: Span) -> Option<Position> {
    let (line, column) = (u32::try_from(span.start.line).ok()?, u32::try_from(span.start.column).ok()?);
    (line > 0).then_some(Position { line, column })
}

/// Gives a refusal the place of a node, or else one nearby.
pub fn at<R: Into<String>>(
    flow: ControlFlow<R>,
    node: &impl Spanned,
    nearby: Option<Position>,
) -> ControlFlow<Refusal> {
    // A span is looked for in the whole node, so only where somebody asks.
    flow.map_break(|reason| Refusal { reason: reason.into(), position: start(node.span()).or(nearby) })
}

/// An error that has the place of the first column of an expression.
///
/// # Errors
/// Always.
pub fn refused_at<T>(expr: &Expr, reason: String) -> Result<T> {
    let span = expr.column_refs().into_iter().find_map(|column| column.spans().first());
    let error = DataFusionError::Plan(reason.clone());
    Err(match span {
        Some(_) => error.with_diagnostic(Diagnostic::new_error(reason, span)),
        None => error,
    })
}
