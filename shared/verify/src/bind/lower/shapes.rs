//! The shape of queries and SELECTs: TOP, FETCH, repeated output names, what has no meaning here.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Distinct, Expr, GroupByExpr, GroupByWithModifier, Ident, JoinConstraint, JoinOperator,
    LimitClause, OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr, TableAliasColumnDef, TableFactor,
    TableWithJoins, TopQuantity, Value, visit_expressions,
};

use super::build::{self, number};

/// Brings FETCH and TOP to LIMIT.
pub fn lower_query(query: &mut Query) -> ControlFlow<String> {
    query.locks.clear();
    if !query.pipe_operators.is_empty() {
        return ControlFlow::Break("pipe syntax is not verified".into());
    }
    let quantity = match query.fetch.take() {
        Some(fetch) if fetch.percent || fetch.with_ties => {
            return ControlFlow::Break("FETCH with PERCENT or TIES is not verified".into());
        }
        Some(fetch) => Some(fetch.quantity.unwrap_or_else(|| number(1))),
        None => match top(&mut query.body) {
            Ok(quantity) => quantity,
            Err(reason) => return ControlFlow::Break(reason),
        },
    };
    if let Some(quantity) = quantity {
        match &mut query.limit_clause {
            Some(LimitClause::LimitOffset { limit, .. }) if limit.is_none() => *limit = Some(quantity),
            Some(_) => return ControlFlow::Break("two limits on one query".into()),
            none => {
                *none = Some(LimitClause::LimitOffset {
                    limit: Some(quantity),
                    offset: None,
                    limit_by: Vec::new(),
                });
            }
        }
    }
    if let Some(LimitClause::OffsetCommaLimit { offset, limit }) = &mut query.limit_clause {
        use datafusion::sql::sqlparser::ast::{Offset, OffsetRows};
        let offset = Offset { value: super::operators::take_out(offset), rows: OffsetRows::None };
        let limit = super::operators::take_out(limit);
        query.limit_clause =
            Some(LimitClause::LimitOffset { limit: Some(limit), offset: Some(offset), limit_by: Vec::new() });
    }
    ControlFlow::Continue(())
}

/// How Calcite calls outputs without a name, in lower case; their number follows.
pub const NUMBERED: &str = "expr$";

/// Gives outputs without a name the one that Calcite gives them.
pub fn number_outputs(select: &mut Select) {
    for (at, item) in select.projection.iter_mut().enumerate() {
        if let SelectItem::UnnamedExpr(expr) = item
            && !matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
        {
            let alias = Ident::new(format!("{NUMBERED}{at}"));
            *item = SelectItem::ExprWithAlias { expr: super::operators::take_out(expr), alias };
        }
    }
}

/// The same for the columns of VALUES.
pub fn number_values(factor: &mut TableFactor) {
    if let TableFactor::Derived { subquery, alias: Some(alias), .. } = factor
        && let SetExpr::Values(values) = subquery.body.as_ref()
        && let (Some(row), true) = (values.rows.first(), alias.columns.is_empty())
    {
        let names = (0..row.content.len()).map(|at| format!("{NUMBERED}{at}"));
        alias.columns = names.map(TableAliasColumnDef::from_name).collect();
    }
}

/// Takes the TOP of a query that is one SELECT.
fn top(body: &mut SetExpr) -> Result<Option<Expr>, String> {
    let SetExpr::Select(select) = body else { return Ok(None) };
    match select.top.take() {
        None => Ok(None),
        Some(top) if top.percent || top.with_ties => Err("TOP with PERCENT or TIES is not verified".into()),
        Some(top) => Ok(Some(match top.quantity {
            Some(TopQuantity::Constant(n)) => Expr::value(Value::Number(n.to_string(), false)),
            Some(TopQuantity::Expr(expr)) => expr,
            None => number(1),
        })),
    }
}

/// A scalar subquery that may have several rows says so: DataFusion joins it, and would repeat the outer row
/// where the standard has an error. Left as it is where it aggregates, groups or cuts.
pub fn demand_one_row(query: &mut Query, is_aggregate: &dyn Fn(&str) -> bool) {
    if query.limit_clause.is_some() || query.fetch.is_some() || query.with.is_some() {
        return;
    }
    let SetExpr::Select(select) = query.body.as_mut() else { return };
    let is_grouped = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    if is_grouped || select.distinct.is_some() || select.having.is_some() || select.top.is_some() {
        return;
    }
    let [SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }] =
        select.projection.as_mut_slice()
    else {
        return;
    };
    if select.from.is_empty() || super::bare::aggregates(expr, is_aggregate) {
        return;
    }
    super::operators::take(expr, |expr| build::call("single_value", vec![expr]));
    query.order_by = None;
}

/// EXISTS of a query that always has one row, an aggregate of all rows, is true; DataFusion loses the row where there
/// is nothing to aggregate.
pub fn exists_of_one_row(expr: &mut Expr, is_aggregate: &dyn Fn(&str) -> bool) -> ControlFlow<String> {
    let Expr::Exists { subquery, negated } = &*expr else { return ControlFlow::Continue(()) };
    let SetExpr::Select(select) = subquery.body.as_ref() else { return ControlFlow::Continue(()) };
    let is_grouped = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    let is_total = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(Expr::Function(function))
        | SelectItem::ExprWithAlias { expr: Expr::Function(function), .. } => {
            function.over.is_none() && super::single_name(function).is_some_and(is_aggregate)
        }
        _ => false,
    };
    if is_grouped || subquery.limit_clause.is_some() || subquery.fetch.is_some() || select.top.is_some() {
        return ControlFlow::Continue(());
    }
    if select.having.is_some() {
        return ControlFlow::Break(
            "EXISTS of a query with HAVING and no GROUP BY is not verified: compare the aggregate itself"
                .into(),
        );
    }
    if select.projection.iter().any(is_total) {
        *expr = Expr::value(Value::Boolean(!*negated));
    }
    ControlFlow::Continue(())
}

/// What a verdict rests on where MySQL may give no total of no rows.
pub const ROWS_TO_GROUP: &str = "WITH ROLLUP has rows to group";

/// Whether groups are added up in several ways.
pub fn rolls_up(select: &Select) -> bool {
    let GroupByExpr::Expressions(keys, modifiers) = &select.group_by else { return false };
    modifiers.iter().any(|modifier| matches!(modifier, GroupByWithModifier::Rollup))
        || keys.iter().any(|key| matches!(key, Expr::Rollup(_)))
}

/// Gives repeated outputs names of their own and drops what changes no result.
pub fn lower_select(select: &mut Select) -> ControlFlow<String> {
    if select.into.is_some() {
        return ControlFlow::Break("SELECT INTO writes a table".into());
    }
    if !select.connect_by.is_empty() || !select.lateral_views.is_empty() || select.prewhere.is_some() {
        return ControlFlow::Break(
            "CONNECT BY, LATERAL VIEW and PREWHERE are not verified: write a join, or WITH RECURSIVE".into(),
        );
    }
    if matches!(select.distinct, Some(Distinct::All)) {
        select.distinct = None;
    }
    select.optimizer_hints.clear();
    select.from.iter_mut().for_each(lower_joins);
    if let GroupByExpr::Expressions(keys, modifiers) = &mut select.group_by {
        let sets = |keys: &mut Vec<Expr>| std::mem::take(keys).into_iter().map(|key| vec![key]).collect();
        match modifiers.pop() {
            Some(GroupByWithModifier::Rollup) => *keys = vec![Expr::Rollup(sets(keys))],
            Some(GroupByWithModifier::Cube) => *keys = vec![Expr::Cube(sets(keys))],
            Some(GroupByWithModifier::Totals | GroupByWithModifier::GroupingSets(_)) => {
                return ControlFlow::Break("GROUP BY … WITH is not verified".into());
            }
            None => {}
        }
        keys.iter_mut().for_each(grouping_sets);
        group_by_nothing(keys, &select.projection, &mut select.having);
        let outputs = select.projection.len();
        for key in keys.iter_mut().filter(|key| is_beyond(key, outputs)) {
            super::operators::take(key, |key| build::binary(key, BinaryOperator::Plus, number(0)));
        }
    }
    let mut seen = BTreeSet::new();
    for (at, item) in select.projection.iter_mut().enumerate() {
        if let SelectItem::UnnamedExpr(expr) = item {
            let name = expr.to_string();
            if !seen.insert(name) {
                let expr = super::operators::take_out(expr);
                *item = SelectItem::ExprWithAlias { expr, alias: Ident::new(format!("__again_{at}")) };
            }
        }
    }
    ControlFlow::Continue(())
}

/// `GROUP BY ()` makes one group of all rows, also of none, as an aggregate without GROUP BY does.
fn group_by_nothing(keys: &mut Vec<Expr>, outputs: &[SelectItem], having: &mut Option<Expr>) {
    let all = keys.len();
    keys.retain(|key| !matches!(key, Expr::Tuple(columns) if columns.is_empty()));
    if keys.len() == all || !keys.is_empty() {
        return;
    }
    let aggregates = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
            super::bare::aggregates(expr, &crate::bind::context::is_aggregate)
        }
        _ => false,
    };
    if having.is_none() && !outputs.iter().any(aggregates) {
        let count = build::call("count", vec![number(1)]);
        *having = Some(build::binary(count, BinaryOperator::GtEq, number(0)));
    }
}

/// ROLLUP and CUBE, where the grammar takes them for functions.
fn grouping_sets(key: &mut Expr) {
    let Expr::Function(function) = key else { return };
    let name = super::dates::single_name(function).unwrap_or_default().to_ascii_lowercase();
    let sets = |keys: Vec<Expr>| keys.into_iter().map(|key| vec![key]).collect();
    let made = match name.as_str() {
        "rollup" => super::dates::positional(function).map(|keys| Expr::Rollup(sets(keys))),
        "cube" => super::dates::positional(function).map(|keys| Expr::Cube(sets(keys))),
        _ => None,
    };
    if let Some(made) = made {
        *key = made;
    }
}

/// An outer join without a condition joins everything.
fn lower_joins(from: &mut TableWithJoins) {
    for join in &mut from.joins {
        // It says in which order the tables are read.
        if let JoinOperator::StraightJoin(on) = &join.join_operator {
            join.join_operator = JoinOperator::Inner(on.clone());
        }
        if let JoinOperator::Left(on)
        | JoinOperator::LeftOuter(on)
        | JoinOperator::Right(on)
        | JoinOperator::RightOuter(on)
        | JoinOperator::FullOuter(on) = &mut join.join_operator
            && matches!(on, JoinConstraint::None)
        {
            *on = JoinConstraint::On(Expr::value(Value::Boolean(true)));
        }
    }
}

/// An ordinal that names no output is a constant in the engines that take it at all.
fn is_beyond(key: &Expr, outputs: usize) -> bool {
    matches!(key, Expr::Value(_))
        && super::build::as_number(key).is_some_and(|n| n > i64::try_from(outputs).unwrap_or(0))
}

/// Whether a key of ORDER BY is an expression that has the name of an output in it, where that output is not
/// the column of the same name.
pub fn orders_by_part_of_alias(query: &Query) -> bool {
    let SetExpr::Select(select) = &*query.body else { return false };
    let Some(OrderBy { kind: OrderByKind::Expressions(keys), .. }) = &query.order_by else { return false };
    let aliases = select.projection.iter().filter_map(|item| match item {
        SelectItem::ExprWithAlias { expr, alias } => {
            let own = match expr {
                Expr::Identifier(ident) => Some(ident),
                Expr::CompoundIdentifier(idents) => idents.last(),
                _ => None,
            };
            own.is_none_or(|own| !own.value.eq_ignore_ascii_case(&alias.value)).then_some(&alias.value)
        }
        _ => None,
    });
    let aliases: Vec<&String> = aliases.collect();
    let names_one = |expr: &Expr| {
        visit_expressions(expr, |part| match part {
            Expr::Identifier(ident)
                if aliases.iter().any(|alias| alias.eq_ignore_ascii_case(&ident.value)) =>
            {
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        })
        .is_break()
    };
    !aliases.is_empty()
        && keys.iter().any(|key| !matches!(key.expr, Expr::Identifier(_)) && names_one(&key.expr))
}
