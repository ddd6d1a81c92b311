//! BETWEEN SYMMETRIC, whose word the grammar does not know: the tree has a BETWEEN without it, and the parser says
//! where it stood.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Spanned, Statement, UnaryOperator, VisitMut, VisitorMut, visit_expressions,
};
use sqm_sql::text::Position;

use super::build::binary;
use super::operators::take_out;
use crate::bind::refusal::start;

/// Lets either bound of the BETWEEN behind each of these places be the lower one.
pub fn lower(statement: &mut Statement, places: &[Position]) {
    if places.is_empty() {
        return;
    }
    let mut bounds = Vec::new();
    let _ = visit_expressions(statement, |expr| {
        if let Expr::Between { low, .. } = expr {
            bounds.extend(start(low.span()));
        }
        ControlFlow::<()>::Continue(())
    });
    let first = |place: &Position| bounds.iter().filter(|bound| *bound > place).min().copied();
    let meant: Vec<Position> = places.iter().filter_map(first).collect();
    let _ = statement.visit(&mut Pass { meant });
}

struct Pass {
    /// Where the first bounds begin of those that say it.
    meant: Vec<Position>,
}

impl VisitorMut for Pass {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let Expr::Between { expr: value, negated, low, high } = expr else {
            return ControlFlow::Continue(());
        };
        if !start(low.span()).is_some_and(|place| self.meant.contains(&place)) {
            return ControlFlow::Continue(());
        }
        let negated = *negated;
        let (value, low, high) = (take_out(value), take_out(low), take_out(high));
        let between = |low: &Expr, high: &Expr| Expr::Between {
            expr: Box::new(value.clone()),
            negated: false,
            low: Box::new(low.clone()),
            high: Box::new(high.clone()),
        };
        let either = binary(between(&low, &high), BinaryOperator::Or, between(&high, &low));
        *expr = if negated {
            Expr::Nested(Box::new(Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(either) }))
        } else {
            either
        };
        ControlFlow::Continue(())
    }
}
