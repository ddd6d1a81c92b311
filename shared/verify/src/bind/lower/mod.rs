//! Brings a parsed query of any dialect to the form that DataFusion binds, on the tree.
//!
//! What a dialect means differently (division, NULL order, concatenation) is modelled here where a tree
//! can say it; where it cannot, the assumption is recorded and becomes part of the verdict.

mod arrows;
mod bags;
mod bare;
mod build;
mod calls;
mod columns;
mod conditions;
mod dates;
mod earlier;
mod first_rows;
mod formats;
mod lateral;
mod marked_joins;
mod membership;
mod mend;
mod names;
mod operators;
mod oracle;
mod outputs;
mod placeholders;
mod precedence;
mod select;
mod series;
mod shapes;
mod symmetric;
mod tuples;
mod types;
mod unlike;
mod using;

pub(crate) use conditions::TRUTH;
pub(crate) use dates::single_name;
pub use mend::{Names, mend};
pub use outputs::AGAIN;
pub use placeholders::Placeholder;

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Query, Select, SetExpr, Statement, TableFactor, ValueWithSpan, VisitMut, VisitorMut,
};
use sqm_domain::Dialect;
use sqm_sql::text::Position;

use super::refusal::{Refusal, at, start};
use crate::dialects::{dates_have_time, empty_is_null, is_mysql, is_postgres, orders_by_alias_alone};
use columns::Scopes;

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
    /// Outputs that go by another name than they have.
    pub renamed: outputs::Renamed,
    /// The values that are given later, in order.
    pub placeholders: Vec<Placeholder>,
    /// The first function that no engine here executes, and where it stands.
    pub opaque: Option<(String, Option<Position>)>,
}

/// Rewrites the statement in place.
///
/// `text` is the statement, printed; a BETWEEN behind each of the places `symmetric` is one that says SYMMETRIC.
///
/// # Errors
/// What cannot be verified, in words, and where it stands.
pub fn lower(
    statement: &mut Statement,
    text: &str,
    dialect: Dialect,
    names: &dyn Names,
    symmetric: &[Position],
) -> Result<Lowered, Refusal> {
    symmetric::lower(statement, symmetric);
    let numbered = text.to_ascii_lowercase().contains(shapes::NUMBERED);
    let placeholders = placeholders::of(statement, dialect);
    let mut pass = Pass {
        dialect,
        names,
        scopes: Scopes::new(names),
        lowered: Lowered { placeholders, ..Lowered::default() },
        place: None,
        depth: 0,
        queries: 0,
        selects: 0,
        aliases: 0,
        sets: 0,
        numbered,
    };
    match statement.visit(&mut pass) {
        ControlFlow::Continue(()) => Ok(pass.lowered),
        ControlFlow::Break(refusal) => Err(refusal),
    }
}

struct Pass<'n> {
    dialect: Dialect,
    names: &'n dyn Names,
    scopes: Scopes<'n>,
    lowered: Lowered,
    /// The place of the last name or literal.
    place: Option<Position>,
    depth: usize,
    /// How many queries are open.
    queries: usize,
    selects: usize,
    /// Names given to derived tables that had none.
    aliases: usize,
    /// Subqueries that come next and are sets beside ANY or ALL.
    sets: usize,
    /// Whether outputs without a name are called by their number.
    numbered: bool,
}

/// The SELECTs of a query that are not inside another one.
fn selects(body: &mut SetExpr) -> Vec<&mut Select> {
    match body {
        SetExpr::Select(select) => vec![select],
        SetExpr::SetOperation { left, right, .. } => {
            let mut all = selects(left);
            all.extend(selects(right));
            all
        }
        _ => Vec::new(),
    }
}

impl Pass<'_> {
    fn query(&mut self, query: &mut Query) -> ControlFlow<String> {
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
        outputs::ambiguous(query)?;
        if is_postgres(self.dialect) {
            outputs::named_by_cast(query)?;
        }
        bags::call_minus_except(&mut query.body);
        bags::lower(&mut query.body, &mut self.aliases)?;
        let is_aggregate = super::context::is_aggregate;
        for select in selects(&mut query.body) {
            marked_joins::lower(select, &mut self.scopes)?;
            lateral::lower_apply(select);
            lateral::lower(select, &mut self.scopes, &mut self.aliases, &is_aggregate)?;
            earlier::lower(select, self.dialect, &mut self.scopes)?;
        }
        match query.body.as_mut() {
            SetExpr::Select(select) => {
                using::lower(select, query.order_by.as_mut(), &mut self.scopes, self.dialect)?;
            }
            body => {
                for select in selects(body) {
                    using::lower(select, None, &mut self.scopes, self.dialect)?;
                }
            }
        }
        if self.dialect == Dialect::Oracle {
            first_rows::lower_rownum(query, &is_aggregate)?;
        }
        first_rows::lower_ties(query)?;
        shapes::lower_query(query)
    }

    fn select(&mut self, select: &mut Select) -> ControlFlow<String> {
        self.selects += 1;
        if self.selects > MOST_SELECTS {
            return ControlFlow::Break(format!("the query has more than {MOST_SELECTS} SELECTs"));
        }
        outputs::having(select, self.dialect, &mut self.scopes, &super::context::is_aggregate)?;
        names::fold_select(select);
        outputs::name_apart(select, self.queries == 1, &mut self.lowered.renamed);
        conditions::lower_select(select, self.dialect);
        for condition in select.selection.iter_mut().chain(&mut select.having) {
            membership::lower(condition, &mut self.aliases);
        }
        if self.numbered {
            shapes::number_outputs(select);
        }
        if is_mysql(self.dialect) && shapes::rolls_up(select) {
            self.lowered.assumptions.insert(shapes::ROWS_TO_GROUP);
        }
        shapes::lower_select(select)
    }

    fn expr_before(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        arrows::lower(expr, self.dialect);
        if let Some(reason) = precedence::doubt(expr, self.dialect) {
            return ControlFlow::Break(reason.to_owned());
        }
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return ControlFlow::Break(format!("an expression is nested deeper than {MOST_DEPTH} levels"));
        }
        placeholders::lower(expr, self.dialect, &self.lowered.placeholders);
        names::fold_expr(expr);
        membership::lower_value(expr, &mut self.aliases);
        shapes::exists_of_one_row(expr, &super::context::is_aggregate)?;
        tuples::lower(expr, self.dialect, self.names)?;
        conditions::lower(expr, self.dialect, self.names);
        match expr {
            Expr::AnyOp { right, .. } | Expr::AllOp { right, .. } if matches!(**right, Expr::Subquery(_)) => {
                self.sets += 1;
            }
            Expr::Subquery(_) if self.sets > 0 => self.sets -= 1,
            Expr::Subquery(query) => shapes::demand_one_row(query, &super::context::is_aggregate),
            Expr::Array(_) => {
                return ControlFlow::Break(
                    "an array is verified only in ANY, ALL and UNNEST: write its elements as rows or columns"
                        .to_owned(),
                );
            }
            Expr::BinaryOp { op: BinaryOperator::Overlaps, .. } => {
                return ControlFlow::Break("OVERLAPS is not verified: compare the ends".to_owned());
            }
            Expr::OuterJoin(_) => return ControlFlow::Break("(+) is verified in WHERE alone".to_owned()),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn expr_behind(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        self.depth -= 1;
        if let Some(reason) = unlike::reason(expr, self.dialect) {
            return ControlFlow::Break(reason);
        }
        dates::write_out_days(expr, self.names);
        let mut reads_clock = dates_have_time(self.dialect) && oracle::lower_date(expr, self.names);
        types::lower(expr, self.dialect, &mut self.lowered);
        operators::lower(expr, self.dialect, &mut self.lowered, self.names);
        reads_clock |= dates::lower(expr, self.dialect);
        if reads_clock {
            self.lowered.assumptions.insert(dates::WHEN);
        }
        calls::lower(expr, self.dialect, &mut self.lowered, self.names)?;
        if empty_is_null(self.dialect) {
            oracle::lower_text(expr);
        }
        if self.lowered.opaque.is_none()
            && let Some(name) = super::opaque::named_in(expr)
        {
            self.lowered.opaque = Some((name, first_name(expr).or(self.place)));
        }
        ControlFlow::Continue(())
    }
}

impl VisitorMut for Pass<'_> {
    type Break = Refusal;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Refusal> {
        self.queries += 1;
        self.scopes.open(query);
        let flow = self.query(query);
        at(flow, query, self.place)
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Refusal> {
        self.queries -= 1;
        self.scopes.close();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Refusal> {
        let flow = self.select(select);
        at(flow, select, self.place)
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Refusal> {
        let flow = series::lower(factor, self.dialect, self.names);
        at(flow, factor, self.place)?;
        names::fold_factor(factor, &mut self.aliases);
        if self.numbered {
            shapes::number_values(factor);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Refusal> {
        match expr {
            Expr::Identifier(name) => self.place = start(name.span).or(self.place),
            Expr::Value(value) => self.place = start(value.span).or(self.place),
            Expr::CompoundIdentifier(_) | Expr::Function(_) => self.place = first_name(expr).or(self.place),
            _ => {}
        }
        let flow = self.expr_before(expr);
        at(flow, expr, self.place)
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Refusal> {
        let flow = self.expr_behind(expr);
        at(flow, expr, self.place)
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Refusal> {
        operators::lower_value(value, self.dialect);
        ControlFlow::Continue(())
    }
}

/// The place of the first part of a name.
fn first_name(expr: &Expr) -> Option<Position> {
    let name = match expr {
        Expr::CompoundIdentifier(parts) => parts.first(),
        Expr::Function(function) => function.name.0.first().and_then(|part| part.as_ident()),
        _ => None,
    };
    name.and_then(|name| start(name.span))
}
