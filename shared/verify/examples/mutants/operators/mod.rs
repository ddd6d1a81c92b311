//! The mutation operators, one a file: each changes one place of a query as people and programs get it wrong.

mod aggregate;
mod boundary;
mod conjunct;
mod connective;
mod constant;
mod correlation;
mod count_form;
mod distinct;
mod group_key;
mod having_where;
mod join_kind;
mod null_guard;
mod on_where;
mod order;
mod set_operation;
mod window_frame;

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Query, Select, VisitMut, VisitorMut, visit_expressions_mut,
};
use sqm_sql::catalog::Catalog;

/// A way to change a query.
pub struct Operator {
    /// Its name.
    pub name: &'static str,
    /// Changes the place that is wanted, of all to which it applies.
    apply: fn(&mut Query, &mut Site, &Catalog),
}

/// All of them.
pub const OPERATORS: &[Operator] = &[
    aggregate::OPERATOR,
    boundary::OPERATOR,
    conjunct::OPERATOR,
    connective::OPERATOR,
    constant::OPERATOR,
    correlation::OPERATOR,
    count_form::OPERATOR,
    distinct::OPERATOR,
    group_key::OPERATOR,
    having_where::OPERATOR,
    join_kind::OPERATOR,
    null_guard::OPERATOR,
    on_where::OPERATOR,
    order::OPERATOR,
    set_operation::OPERATOR,
    window_frame::OPERATOR,
];

/// Counts the places to which an operator applies, one of which is to be changed.
pub struct Site {
    wanted: usize,
    seen: usize,
}

impl Site {
    /// Whether this is the place.
    fn is_here(&mut self) -> bool {
        self.seen += 1;
        self.seen == self.wanted + 1
    }
}

impl Operator {
    /// What it makes of the query, one for each place.
    pub fn mutants(&self, query: &Query, catalog: &Catalog) -> Vec<String> {
        let mut mutants = Vec::new();
        loop {
            let mut site = Site { wanted: mutants.len(), seen: 0 };
            let mut changed = query.clone();
            (self.apply)(&mut changed, &mut site, catalog);
            if site.seen <= site.wanted {
                return mutants;
            }
            mutants.push(changed.to_string());
        }
    }
}

/// Every SELECT, those of subqueries first.
fn each_select(query: &mut Query, change: impl FnMut(&mut Select)) {
    struct Selects<F>(F);
    impl<F: FnMut(&mut Select)> VisitorMut for Selects<F> {
        type Break = ();
        fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
            (self.0)(select);
            ControlFlow::Continue(())
        }
    }
    let _ = query.visit(&mut Selects(change));
}

/// Every query, those inside first.
fn each_query(query: &mut Query, change: impl FnMut(&mut Query)) {
    struct Queries<F>(F);
    impl<F: FnMut(&mut Query)> VisitorMut for Queries<F> {
        type Break = ();
        fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
            (self.0)(query);
            ControlFlow::Continue(())
        }
    }
    let _ = query.visit(&mut Queries(change));
}

/// Every expression, those inside first.
fn each_expr(query: &mut Query, mut change: impl FnMut(&mut Expr)) {
    let _ = visit_expressions_mut(query, |expr| {
        change(expr);
        ControlFlow::<()>::Continue(())
    });
}

/// The parts of a condition between AND.
fn conjuncts(condition: Expr) -> Vec<Expr> {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let mut parts = conjuncts(*left);
            parts.extend(conjuncts(*right));
            parts
        }
        Expr::Nested(inner) if matches!(*inner, Expr::BinaryOp { op: BinaryOperator::And, .. }) => {
            conjuncts(*inner)
        }
        other => vec![other],
    }
}

/// The condition of these parts.
fn all_of(parts: Vec<Expr>) -> Option<Expr> {
    parts.into_iter().reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::And,
        right: Box::new(right),
    })
}

/// Takes the part that is wanted out of a condition.
fn take_conjunct(
    condition: &mut Option<Expr>,
    site: &mut Site,
    fits: impl Fn(&Expr) -> bool,
) -> Option<Expr> {
    let mut parts = conjuncts(condition.clone()?);
    let at = (0..parts.len()).find(|&at| fits(&parts[at]) && site.is_here())?;
    let taken = parts.remove(at);
    *condition = all_of(parts);
    Some(taken)
}
