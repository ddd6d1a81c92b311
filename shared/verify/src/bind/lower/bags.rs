//! `INTERSECT ALL` and `EXCEPT ALL`, which DataFusion takes for joins that lose the numbers of repeated
//! rows. Each row is numbered among its equals; then the rows are different, and the operation is one of
//! sets: the n-th of its equals is in both, or in the first alone.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, OrderByExpr, OrderByOptions, Select, SelectItem, SetExpr, SetOperator, SetQuantifier, Value,
    Values, WindowSpec, WindowType,
};

use super::build::call;
use super::select::{column, derived, query, select};

/// Calls MINUS what others call EXCEPT.
pub fn call_minus_except(body: &mut SetExpr) {
    if let SetExpr::SetOperation { op, left, right, .. } = body {
        if *op == SetOperator::Minus {
            *op = SetOperator::Except;
        }
        call_minus_except(left);
        call_minus_except(right);
    }
}

/// Rewrites them in the body of a query.
pub fn lower(body: &mut SetExpr, names: &mut usize) -> ControlFlow<String> {
    let SetExpr::SetOperation { op, set_quantifier, left, right } = body else {
        return ControlFlow::Continue(());
    };
    lower(left, names)?;
    lower(right, names)?;
    let is_all = matches!(set_quantifier, SetQuantifier::All | SetQuantifier::AllByName);
    if !is_all || *op == SetOperator::Union {
        return ControlFlow::Continue(());
    }
    let Some(columns) = outputs(left) else {
        return ControlFlow::Break(format!("{op} ALL of a wildcard is not verified"));
    };
    let empty = || Box::new(SetExpr::Values(empty_values()));
    let operation = SetExpr::SetOperation {
        op: *op,
        set_quantifier: SetQuantifier::None,
        left: Box::new(numbered(std::mem::replace(left, empty()), &columns, names)),
        right: Box::new(numbered(std::mem::replace(right, empty()), &columns, names)),
    };
    *names += 1;
    let name = format!("__bag_{names}");
    let kept = columns.iter().map(|own| SelectItem::UnnamedExpr(column(&name, own))).collect();
    *body = select(kept, derived(query(operation), &name, &[]), None);
    ControlFlow::Continue(())
}

fn empty_values() -> Values {
    Values { explicit_row: false, value_keyword: false, rows: Vec::new() }
}

/// The rows with their number among their equals behind them.
fn numbered(side: Box<SetExpr>, columns: &[String], names: &mut usize) -> SetExpr {
    *names += 1;
    let name = format!("__bag_{names}");
    let all: Vec<Expr> = columns.iter().map(|own| column(&name, own)).collect();
    let order = all.iter().map(|expr| OrderByExpr {
        expr: expr.clone(),
        options: OrderByOptions { asc: None, nulls_first: None },
        with_fill: None,
    });
    let mut number = call("row_number", Vec::new());
    if let Expr::Function(function) = &mut number {
        function.over = Some(WindowType::WindowSpec(WindowSpec {
            window_name: None,
            order_by: order.collect(),
            partition_by: all.clone(),
            window_frame: None,
        }));
    }
    let mut items: Vec<SelectItem> = all.into_iter().map(SelectItem::UnnamedExpr).collect();
    items.push(SelectItem::ExprWithAlias { expr: number, alias: Ident::new("__nth") });
    select(items, derived(query(*side), &name, columns), None)
}

/// Different names for the outputs, where how many there are can be told.
fn outputs(body: &SetExpr) -> Option<Vec<String>> {
    let named = |at: usize, name: Option<String>| name.unwrap_or_else(|| format!("__output_{at}"));
    let mut names: Vec<String> = match body {
        SetExpr::Select(select) => outputs_of(select)?,
        SetExpr::SetOperation { left, .. } => return outputs(left),
        SetExpr::Query(query) => return outputs(&query.body),
        SetExpr::Values(values) => {
            (0..values.rows.first()?.content.len()).map(|at| named(at, None)).collect()
        }
        _ => return None,
    };
    let mut seen = BTreeSet::new();
    for (at, name) in names.iter_mut().enumerate() {
        if !seen.insert(name.clone()) {
            *name = named(at, None);
        }
    }
    Some(names)
}

fn outputs_of(select: &Select) -> Option<Vec<String>> {
    select
        .projection
        .iter()
        .enumerate()
        .map(|(at, item)| match item {
            SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.to_lowercase()),
            SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value.to_lowercase()),
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => {
                parts.last().map(|name| name.value.to_lowercase())
            }
            SelectItem::UnnamedExpr(Expr::Value(value)) if matches!(value.value, Value::Null) => None,
            SelectItem::UnnamedExpr(_) => Some(format!("__output_{at}")),
            _ => None,
        })
        .collect()
}
