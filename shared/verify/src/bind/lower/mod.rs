//! Brings a parsed query of any dialect to the form that DataFusion binds, on the tree.
//!
//! What a dialect means differently (division, NULL order, concatenation) is modelled here where a tree
//! can say it; where it cannot, the assumption is recorded and becomes part of the verdict.

mod build;
mod calls;
mod dates;
mod names;
mod operators;
mod shapes;
mod types;

pub(crate) use dates::single_name;

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Query, Select, Statement, TableFactor, ValueWithSpan, VisitMut, VisitorMut,
};
use sqm_domain::Dialect;

/// Expressions nested deeper than this, and statements of more SELECTs, are not verified: planning them
/// costs more than any budget.
const MOST_DEPTH: usize = 1_500;
const MOST_SELECTS: usize = 400;

/// What was noticed on the way.
#[derive(Debug, Default)]
pub struct Lowered {
    /// What the verdict rests on, in words.
    pub assumptions: BTreeSet<&'static str>,
}

/// Rewrites the statement in place.
///
/// # Errors
/// What cannot be verified, in words.
pub fn lower(statement: &mut Statement, dialect: Dialect) -> Result<Lowered, String> {
    let mut pass = Pass { dialect, lowered: Lowered::default(), depth: 0, selects: 0, aliases: 0 };
    match statement.visit(&mut pass) {
        ControlFlow::Continue(()) => Ok(pass.lowered),
        ControlFlow::Break(reason) => Err(reason),
    }
}

struct Pass {
    dialect: Dialect,
    lowered: Lowered,
    depth: usize,
    selects: usize,
    /// Names given to derived tables that had none.
    aliases: usize,
}

impl VisitorMut for Pass {
    type Break = String;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<String> {
        names::fold_query(query);
        shapes::lower_query(query)
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<String> {
        self.selects += 1;
        if self.selects > MOST_SELECTS {
            return ControlFlow::Break(format!("the query has more than {MOST_SELECTS} SELECTs"));
        }
        names::fold_select(select);
        shapes::lower_select(select)
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<String> {
        names::fold_factor(factor, &mut self.aliases);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return ControlFlow::Break(format!("an expression is nested deeper than {MOST_DEPTH} levels"));
        }
        names::fold_expr(expr);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        self.depth -= 1;
        types::lower(expr);
        operators::lower(expr, self.dialect, &mut self.lowered);
        dates::lower(expr, self.dialect);
        calls::lower(expr, self.dialect, &mut self.lowered)
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<String> {
        operators::lower_value(value, self.dialect)
    }
}
