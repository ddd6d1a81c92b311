//! USING and NATURAL, where DataFusion reads them otherwise than the standard does. The column that a right join
//! leaves is that of the right side, and the one of a full join that of either side: such joins are written out
//! with ON, and every mention of the column as what it holds. `*` begins with the columns that are joined.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Distinct, Expr, GroupByExpr, Ident, Join, JoinConstraint, JoinOperator, OrderBy,
    OrderByKind, Query, Select, SelectItem, TableFactor, TableWithJoins, Value, VisitMut, VisitorMut,
};
use sqm_domain::Dialect;

use super::build::{binary, call};
use super::columns::{Relation, Scopes, merges};
use super::operators::take_out;
use crate::dialects::puts_joined_columns_first;

/// Writes out the joins of a SELECT that ask for it.
pub fn lower(
    select: &mut Select,
    order: Option<&mut OrderBy>,
    scopes: &mut Scopes<'_>,
    dialect: Dialect,
) -> ControlFlow<String> {
    let joins = || select.from.iter().flat_map(|from| &from.joins);
    if select.from.iter().any(has_nested) {
        return refuse("a right or full join with USING inside brackets is not verified: write it with ON");
    }
    if !joins().any(|join| merges(&join.join_operator)) {
        return ControlFlow::Continue(());
    }
    let is_one_sided =
        joins().any(|join| merges(&join.join_operator) && is_right_or_full(&join.join_operator));
    let has_star = select.projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_)));
    let is_expanded = has_star && (is_one_sided || puts_joined_columns_first(dialect));
    let Some(relations) = scopes.of_from(&select.from) else {
        if !is_one_sided && !is_expanded {
            return ControlFlow::Continue(());
        }
        let what = if is_one_sided { "a right or full join" } else { "* over a join" };
        return refuse(&format!(
            "{what} with USING or NATURAL over what has columns without names is not verified: write it with ON, or name the columns"
        ));
    };
    let mut relations = relations.into_iter();
    let mut merged = BTreeMap::new();
    let mut visible = Vec::new();
    for from in &mut select.from {
        let Some(first) = relations.next() else { break };
        let mut own: Vec<(String, Expr)> = first.values().collect();
        for join in &mut from.joins {
            let Some(relation) = relations.next() else { break };
            own = joined(own, &relation, join, &mut merged, is_one_sided, dialect)?;
        }
        visible.extend(own);
    }
    if is_expanded {
        let is_other = |item: &SelectItem| matches!(item, SelectItem::Wildcard(options) if !options.to_string().is_empty());
        if select.projection.iter().any(is_other) {
            return refuse(
                "* with EXCEPT or REPLACE over a join with USING is not verified: name the columns",
            );
        }
        expand(&mut select.projection, &visible);
    }
    merged.retain(|name, _| visible.iter().filter(|(other, _)| other == name).count() == 1);
    write_out(select, order, &merged, Some(scopes), is_one_sided)
}

fn refuse(reason: &str) -> ControlFlow<String> {
    ControlFlow::Break(reason.to_owned())
}

fn is_right_or_full(operator: &JoinOperator) -> bool {
    matches!(operator, JoinOperator::Right(_) | JoinOperator::RightOuter(_) | JoinOperator::FullOuter(_))
}

fn has_nested(from: &TableWithJoins) -> bool {
    let inside = |factor: &TableFactor| match factor {
        TableFactor::NestedJoin { table_with_joins, .. } => {
            let own = |join: &Join| merges(&join.join_operator) && is_right_or_full(&join.join_operator);
            table_with_joins.joins.iter().any(own) || has_nested(table_with_joins)
        }
        _ => false,
    };
    inside(&from.relation) || from.joins.iter().any(|join| inside(&join.relation))
}

/// The columns that are in sight behind a join, which gets its condition.
fn joined(
    left: Vec<(String, Expr)>,
    right: &Relation,
    join: &mut Join,
    merged: &mut BTreeMap<String, Expr>,
    is_written_out: bool,
    dialect: Dialect,
) -> ControlFlow<String, Vec<(String, Expr)>> {
    let has = |name: &str| right.columns.iter().any(|column| column == name);
    let on = match super::columns::constraint(&join.join_operator) {
        Some(JoinConstraint::Using(columns)) => {
            let names =
                columns.iter().filter_map(|name| Some(name.0.last()?.as_ident()?.value.to_lowercase()));
            names.collect()
        }
        Some(JoinConstraint::Natural) => {
            let mut names: Vec<String> = left.iter().map(|(name, _)| name.clone()).collect();
            names.retain(|name| has(name));
            names
        }
        _ => {
            if let Some(JoinConstraint::On(condition)) = constraint_of(&mut join.join_operator)
                && !merged.is_empty()
                && is_written_out
            {
                // Behind a full join, a column in the condition of the next may be the one that it left.
                let mut names = Replace { merged, scopes: None, must: true, inside: Vec::new() };
                condition.visit(&mut names)?;
            }
            return ControlFlow::Continue(left.into_iter().chain(right.values()).collect());
        }
    };
    let mut equal = Vec::new();
    let mut common: Vec<(String, Expr)> = Vec::new();
    for name in &on {
        let mut candidates = left.iter().filter(|(own, _)| own == name);
        let (Some((_, one)), None) = (candidates.next(), candidates.next()) else {
            return ControlFlow::Break(format!(
                "USING ({name}) means no column of the left side, or several"
            ));
        };
        if !has(name) {
            return ControlFlow::Break(format!("USING ({name}) means no column of the right side"));
        }
        let other = super::select::column(&right.alias, name);
        equal.push(binary(one.clone(), BinaryOperator::Eq, other.clone()));
        let value = match &join.join_operator {
            JoinOperator::Right(_) | JoinOperator::RightOuter(_) => other,
            JoinOperator::FullOuter(_) => call("coalesce", vec![one.clone(), other]),
            _ => one.clone(),
        };
        merged.insert(name.clone(), value.clone());
        common.push((name.clone(), value));
    }
    if is_written_out && let Some(constraint) = constraint_of(&mut join.join_operator) {
        let all = equal.into_iter().reduce(|a, b| binary(a, BinaryOperator::And, b));
        *constraint = JoinConstraint::On(all.unwrap_or_else(|| Expr::value(Value::Boolean(true))));
    }
    let is_rest = |(name, _): &(String, Expr)| !on.contains(name);
    let visible = if puts_joined_columns_first(dialect) {
        let rest = left.into_iter().filter(is_rest).chain(right.values().filter(is_rest));
        common.into_iter().chain(rest).collect()
    } else {
        let own = left.into_iter().map(|(name, value)| {
            let joined = common.iter().find(|(other, _)| *other == name);
            joined.cloned().unwrap_or((name, value))
        });
        own.chain(right.values().filter(is_rest)).collect()
    };
    ControlFlow::Continue(visible)
}

fn constraint_of(operator: &mut JoinOperator) -> Option<&mut JoinConstraint> {
    match operator {
        JoinOperator::Join(on)
        | JoinOperator::Inner(on)
        | JoinOperator::Left(on)
        | JoinOperator::LeftOuter(on)
        | JoinOperator::Right(on)
        | JoinOperator::RightOuter(on)
        | JoinOperator::FullOuter(on) => Some(on),
        _ => None,
    }
}

/// `*` as the columns that are in sight.
fn expand(projection: &mut Vec<SelectItem>, visible: &[(String, Expr)]) {
    let items = std::mem::take(projection);
    for item in items {
        if !matches!(item, SelectItem::Wildcard(_)) {
            projection.push(item);
            continue;
        }
        projection.extend(visible.iter().map(|(name, value)| output(name, value.clone())));
    }
}

fn output(name: &str, value: Expr) -> SelectItem {
    if matches!(value, Expr::CompoundIdentifier(_)) {
        SelectItem::UnnamedExpr(value)
    } else {
        SelectItem::ExprWithAlias { expr: value, alias: Ident::new(name) }
    }
}

/// Every mention of a joined column as what it holds. Where a subquery hides which are meant, DataFusion's reading
/// will do as long as none of them has to be another column.
fn write_out(
    select: &mut Select,
    order: Option<&mut OrderBy>,
    merged: &BTreeMap<String, Expr>,
    scopes: Option<&mut Scopes<'_>>,
    must: bool,
) -> ControlFlow<String> {
    let mut names = Replace { merged, scopes, must, inside: Vec::new() };
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(Expr::Identifier(name)) = item
            && let Some(value) = merged.get(&name.value.to_lowercase())
        {
            *item = output(&name.value, value.clone());
            continue;
        }
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
            expr.visit(&mut names)?;
        }
    }
    if let Some(Distinct::On(keys)) = &mut select.distinct {
        keys.iter_mut().try_for_each(|key| key.visit(&mut names))?;
    }
    if let GroupByExpr::Expressions(keys, _) = &mut select.group_by {
        keys.iter_mut().try_for_each(|key| key.visit(&mut names))?;
    }
    for condition in select.selection.iter_mut().chain(&mut select.having).chain(&mut select.qualify) {
        condition.visit(&mut names)?;
    }
    select.named_window.iter_mut().try_for_each(|window| window.visit(&mut names))?;
    if let Some(OrderBy { kind: OrderByKind::Expressions(keys), .. }) = order {
        let is_output = |name: &Ident| {
            select.projection.iter().any(|item| match item {
                SelectItem::ExprWithAlias { alias, .. } => alias.value.eq_ignore_ascii_case(&name.value),
                _ => false,
            })
        };
        for key in keys {
            if !matches!(&key.expr, Expr::Identifier(name) if is_output(name)) {
                key.expr.visit(&mut names)?;
            }
        }
    }
    ControlFlow::Continue(())
}

struct Replace<'r, 's, 'n> {
    merged: &'r BTreeMap<String, Expr>,
    scopes: Option<&'s mut Scopes<'n>>,
    /// Whether a mention that is left as it is would mean another column.
    must: bool,
    /// For each subquery around, the names that mean something of its own.
    inside: Vec<BTreeSet<String>>,
}

impl VisitorMut for Replace<'_, '_, '_> {
    type Break = String;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<String> {
        let own = self.scopes.as_deref_mut().and_then(|scopes| {
            let own = scopes.within(query);
            scopes.open(query);
            own
        });
        let own = match own {
            Some(own) => own,
            // All of them are taken for its own.
            None if !self.must => self.merged.keys().cloned().collect(),
            None => {
                return refuse(
                    "a subquery beside a right or full join with USING is not verified: write the join with ON",
                );
            }
        };
        self.inside.push(own);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<String> {
        self.inside.pop();
        if let Some(scopes) = self.scopes.as_deref_mut() {
            scopes.close();
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        if let Expr::Identifier(name) = expr {
            let name = name.value.to_lowercase();
            let is_own = self.inside.iter().any(|own| own.contains(&name));
            if let (Some(value), false) = (self.merged.get(&name), is_own) {
                let _ = take_out(expr);
                *expr = value.clone();
            }
        }
        ControlFlow::Continue(())
    }
}
