//! Brings a parsed query of any dialect to the form that DataFusion binds, on the tree.
//!
//! What a dialect means differently (division, NULL order, concatenation) is modelled here where a tree
//! can say it; where it cannot, the assumption is recorded and becomes part of the verdict.

mod bags;
mod bare;
mod build;
mod calls;
mod dates;
mod formats;
mod membership;
mod mend;
mod names;
mod operators;
mod oracle;
mod precedence;
mod select;
mod shapes;
mod types;
mod unlike;

pub(crate) use dates::single_name;
pub use mend::{Names, mend};

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Query, Select, Statement, TableFactor, ValueWithSpan, VisitMut, VisitorMut,
};
use sqm_domain::Dialect;

use crate::dialects::{dates_have_time, empty_is_null, orders_by_alias_alone};

/// Expressions nested deeper than this, and statements of more SELECTs, are not verified: planning them
/// costs more than any budget.
const MOST_DEPTH: usize = 1_500;
const MOST_SELECTS: usize = 400;

/// What was noticed on the way.
#[derive(Debug, Default)]
pub struct Lowered {
    /// What the verdict rests on, in words.
    pub assumptions: BTreeSet<&'static str>,
    /// Whether it asks for an approximation, which each engine makes in its own way.
    pub approximates: bool,
}

/// Rewrites the statement in place.
///
/// `text` is the statement, printed.
///
/// # Errors
/// What cannot be verified, in words.
pub fn lower(
    statement: &mut Statement,
    text: &str,
    dialect: Dialect,
    names: &dyn Names,
) -> Result<Lowered, String> {
    let numbered = text.to_ascii_lowercase().contains(shapes::NUMBERED);
    let lowered = Lowered::default();
    let mut pass = Pass { dialect, names, lowered, depth: 0, selects: 0, aliases: 0, sets: 0, numbered };
    match statement.visit(&mut pass) {
        ControlFlow::Continue(()) => Ok(pass.lowered),
        ControlFlow::Break(reason) => Err(reason),
    }
}

struct Pass<'n> {
    dialect: Dialect,
    names: &'n dyn Names,
    lowered: Lowered,
    depth: usize,
    selects: usize,
    /// Names given to derived tables that had none.
    aliases: usize,
    /// Subqueries that come next and are sets beside ANY or ALL.
    sets: usize,
    /// Whether outputs without a name are called by their number.
    numbered: bool,
}

impl VisitorMut for Pass<'_> {
    type Break = String;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<String> {
        if let Some(reason) = precedence::doubt_of_set(&query.body, self.dialect) {
            return ControlFlow::Break(reason.to_owned());
        }
        names::fold_query(query);
        if orders_by_alias_alone(self.dialect) && shapes::orders_by_part_of_alias(query) {
            return ControlFlow::Break(
                "a key of ORDER BY that is an expression with the name of an output is not verified: it may mean a column of that name"
                    .to_owned(),
            );
        }
        bags::lower(&mut query.body, &mut self.aliases)?;
        shapes::lower_query(query)
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<String> {
        self.selects += 1;
        if self.selects > MOST_SELECTS {
            return ControlFlow::Break(format!("the query has more than {MOST_SELECTS} SELECTs"));
        }
        names::fold_select(select);
        for condition in select.selection.iter_mut().chain(&mut select.having) {
            membership::lower(condition, &mut self.aliases);
        }
        if self.numbered {
            shapes::number_outputs(select);
        }
        shapes::lower_select(select)
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<String> {
        names::fold_factor(factor, &mut self.aliases);
        if self.numbered {
            shapes::number_values(factor);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        if let Some(reason) = precedence::doubt(expr, self.dialect) {
            return ControlFlow::Break(reason.to_owned());
        }
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return ControlFlow::Break(format!("an expression is nested deeper than {MOST_DEPTH} levels"));
        }
        names::fold_expr(expr);
        membership::lower_value(expr, &mut self.aliases);
        match expr {
            Expr::AnyOp { right, .. } | Expr::AllOp { right, .. } if matches!(**right, Expr::Subquery(_)) => {
                self.sets += 1;
            }
            Expr::Subquery(_) if self.sets > 0 => self.sets -= 1,
            Expr::Subquery(query) => shapes::demand_one_row(query, &super::context::is_aggregate),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        self.depth -= 1;
        if let Some(reason) = unlike::reason(expr, self.dialect) {
            return ControlFlow::Break(reason);
        }
        dates::write_out_days(expr, self.names);
        let mut reads_clock = dates_have_time(self.dialect) && oracle::lower_date(expr, self.names);
        types::lower(expr, self.dialect, &mut self.lowered);
        operators::lower(expr, self.dialect, &mut self.lowered);
        reads_clock |= dates::lower(expr, self.dialect);
        if reads_clock {
            self.lowered.assumptions.insert(dates::WHEN);
        }
        calls::lower(expr, self.dialect, &mut self.lowered)?;
        if empty_is_null(self.dialect) {
            oracle::lower_text(expr);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<String> {
        operators::lower_value(value, self.dialect)
    }
}
