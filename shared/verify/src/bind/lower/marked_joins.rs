//! Oracle's outer joins in WHERE: `a.id = b.id (+)` keeps the rows of `a` that have no partner in `b`. Every
//! condition with a mark belongs to the join of the table that it marks; those without are asked afterwards.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, TableWithJoins, Value, VisitMut, VisitorMut, visit_expressions,
};

use super::build::binary;
use super::columns::{Relation, Scopes};
use super::operators::take_out;

const BESIDE: &str = "(+) beside JOIN is not verified: write all joins with JOIN";

/// Brings them to joins.
pub fn lower(select: &mut Select, scopes: &mut Scopes<'_>) -> ControlFlow<String> {
    let is_marked = |expr: &Expr| {
        visit_expressions(expr, |part| match part {
            Expr::OuterJoin(_) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })
        .is_break()
    };
    if !select.selection.as_ref().is_some_and(is_marked) {
        return ControlFlow::Continue(());
    }
    if select.from.iter().any(|from| !from.joins.is_empty()) {
        return ControlFlow::Break(BESIDE.to_owned());
    }
    let Some(relations) = scopes.of_from(&select.from) else {
        return ControlFlow::Break("(+) beside columns without names is not verified".to_owned());
    };
    let mut rest = Vec::new();
    let mut joins: Vec<Option<(BTreeSet<usize>, Vec<Expr>)>> = vec![None; relations.len()];
    let Some(condition) = select.selection.take() else { return ControlFlow::Continue(()) };
    for mut part in conjuncts(condition) {
        if !is_marked(&part) {
            rest.push(part);
            continue;
        }
        let mut found = Columns {
            relations: &relations,
            marked: BTreeSet::new(),
            others: BTreeSet::new(),
            is_inside: false,
        };
        part.visit(&mut found)?;
        let Columns { marked, others, .. } = found;
        let mut marked = marked.into_iter();
        let (Some(optional), None) = (marked.next(), marked.next()) else {
            return ControlFlow::Break(
                "a condition that marks two tables with (+) is not verified".to_owned(),
            );
        };
        if others.contains(&optional) {
            return ControlFlow::Break(
                "a condition in which only some columns of a table have (+) is not verified".to_owned(),
            );
        }
        let (needs, on) = joins[optional].get_or_insert_with(Default::default);
        needs.extend(others);
        on.push(part);
    }
    let from = std::mem::take(&mut select.from);
    let (order, from) = arranged(from, joins)?;
    let is_moved = order.windows(2).any(|pair| pair[0] > pair[1]);
    if is_moved {
        let all = relations.iter().map(|relation| {
            let name = ObjectName::from(vec![Ident::new(relation.alias.clone())]);
            SelectItem::QualifiedWildcard(
                SelectItemQualifiedWildcardKind::ObjectName(name),
                Default::default(),
            )
        });
        let all: Vec<SelectItem> = all.collect();
        let items = std::mem::take(&mut select.projection);
        for item in items {
            match item {
                SelectItem::Wildcard(_) => select.projection.extend(all.iter().cloned()),
                other => select.projection.push(other),
            }
        }
    }
    select.from = from;
    select.selection = rest.into_iter().reduce(|a, b| binary(a, BinaryOperator::And, b));
    ControlFlow::Continue(())
}

/// The parts of a condition that AND holds together.
pub fn conjuncts(condition: Expr) -> Vec<Expr> {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let mut all = conjuncts(*left);
            all.extend(conjuncts(*right));
            all
        }
        Expr::Nested(inner)
            if matches!(*inner, Expr::BinaryOp { op: BinaryOperator::And, .. } | Expr::Nested(_)) =>
        {
            conjuncts(*inner)
        }
        other => vec![other],
    }
}

type Arranged = (Vec<usize>, Vec<TableWithJoins>);

/// The tables that are always there, and behind each what is joined to it.
fn arranged(
    from: Vec<TableWithJoins>,
    mut joins: Vec<Option<(BTreeSet<usize>, Vec<Expr>)>>,
) -> ControlFlow<String, Arranged> {
    let mut factors: Vec<_> = from.into_iter().map(|from| Some(from.relation)).collect();
    let mut order: Vec<usize> = (0..factors.len()).filter(|&at| joins[at].is_none()).collect();
    let mut made: Option<TableWithJoins> = None;
    for &at in &order {
        let Some(relation) = factors[at].take() else { continue };
        match &mut made {
            None => made = Some(TableWithJoins { relation, joins: Vec::new() }),
            Some(made) => made.joins.push(Join {
                relation,
                global: false,
                join_operator: JoinOperator::CrossJoin(JoinConstraint::None),
            }),
        }
    }
    let Some(mut made) = made else {
        return ControlFlow::Break("every table has a (+), so that none is kept whole".to_owned());
    };
    loop {
        let ready = (0..joins.len()).find(|&at| {
            joins[at].as_ref().is_some_and(|(needs, _)| needs.iter().all(|need| order.contains(need)))
        });
        let Some(at) = ready else { break };
        let (Some((_, on)), Some(relation)) = (joins[at].take(), factors[at].take()) else { break };
        let on = on.into_iter().reduce(|a, b| binary(a, BinaryOperator::And, b));
        let on = JoinConstraint::On(on.unwrap_or_else(|| Expr::value(Value::Boolean(true))));
        made.joins.push(Join { relation, global: false, join_operator: JoinOperator::LeftOuter(on) });
        order.push(at);
    }
    if order.len() < factors.len() {
        return ControlFlow::Break("tables are joined with (+) in a circle".to_owned());
    }
    ControlFlow::Continue((order, vec![made]))
}

/// Takes the marks off and says which tables have one.
struct Columns<'r> {
    relations: &'r [Relation],
    marked: BTreeSet<usize>,
    others: BTreeSet<usize>,
    /// Whether the column comes next that a mark stands behind.
    is_inside: bool,
}

impl Columns<'_> {
    fn relation(&self, column: &Expr) -> ControlFlow<String, usize> {
        let found = match column {
            Expr::CompoundIdentifier(parts) => parts.len().checked_sub(2).and_then(|at| {
                let alias = parts[at].value.to_lowercase();
                self.relations.iter().position(|relation| relation.alias == alias)
            }),
            Expr::Identifier(name) => {
                let name = name.value.to_lowercase();
                let mut all =
                    (0..self.relations.len()).filter(|&at| self.relations[at].columns.contains(&name));
                all.next().filter(|_| all.next().is_none())
            }
            _ => None,
        };
        match found {
            Some(at) => ControlFlow::Continue(at),
            None => ControlFlow::Break(format!(
                "beside (+), {column} is not verified: write the table before each column, and no expression in front of (+)"
            )),
        }
    }
}

impl VisitorMut for Columns<'_> {
    type Break = String;

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<String> {
        ControlFlow::Break("a subquery in a condition with (+) is not verified".to_owned())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        match expr {
            Expr::OuterJoin(column) => {
                let at = self.relation(column)?;
                self.marked.insert(at);
                self.is_inside = true;
            }
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) if !self.is_inside => {
                let at = self.relation(expr)?;
                self.others.insert(at);
            }
            Expr::BinaryOp { op: BinaryOperator::Or, .. } => {
                return ControlFlow::Break("OR in a condition with (+) is not verified".to_owned());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        if let Expr::OuterJoin(column) = expr {
            self.is_inside = false;
            *expr = take_out(column);
        }
        ControlFlow::Continue(())
    }
}
