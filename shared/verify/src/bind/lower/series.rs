//! Relations that no table holds and whose rows can be told: DUAL, and series and arrays that are written out.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, Parens, Query, SelectItem, SetExpr, TableAlias,
    TableAliasColumnDef, TableFactor, Values,
};
use sqm_domain::Dialect;

use super::Names;
use super::build::{as_number, number, text};
use super::dates::{positional, single_name};
use super::select::query;
use super::tuples::elements;
use crate::dialects::has_dual;

/// Most rows that are written out.
const MOST_ROWS: i64 = 200;

/// Writes one relation out.
pub fn lower(factor: &mut TableFactor, dialect: Dialect, names: &dyn Names) -> ControlFlow<String> {
    let made = match factor {
        TableFactor::Table { name, alias, args: None, .. } if has_dual(dialect) => {
            let parts: Vec<String> = name
                .0
                .iter()
                .filter_map(|part| part.as_ident())
                .map(|ident| ident.value.to_lowercase())
                .collect();
            let is_dual = matches!(
                parts.iter().map(String::as_str).collect::<Vec<_>>().as_slice(),
                ["dual"] | ["sys", "dual"] | ["sysibm", "sysdummy1"]
            );
            if !is_dual || names.columns(&parts).is_some() {
                return ControlFlow::Continue(());
            }
            dual(alias.take())
        }
        TableFactor::Table { name, alias, args: Some(arguments), .. } => {
            let name = name.to_string().to_lowercase();
            let Some(arguments) = plain(&arguments.args) else { return refuse(&name) };
            let Some(rows) = series(&name, &arguments) else { return refuse(&name) };
            of_rows(rows, alias.take(), &name, false)
        }
        TableFactor::Function { name, args, alias, with_ordinality: false, .. } => {
            let name = name.to_string().to_lowercase();
            let Some(arguments) = plain(args) else { return refuse(&name) };
            let Some(rows) = series(&name, &arguments) else { return refuse(&name) };
            of_rows(rows, alias.take(), &name, false)
        }
        TableFactor::UNNEST { alias, array_exprs, with_offset: false, with_ordinality: false, .. } => {
            let [array] = array_exprs.as_slice() else { return refuse("unnest") };
            let rows = match array {
                Expr::Function(function) => {
                    let name = single_name(function).unwrap_or_default().to_lowercase();
                    positional(function).and_then(|arguments| series(&name, &arguments))
                }
                array => elements(array, false),
            };
            let Some(rows) = rows else { return refuse("unnest") };
            of_rows(rows, alias.take(), "unnest", dialect == Dialect::BigQuery)
        }
        TableFactor::Function { name, .. } => return refuse(&name.to_string().to_lowercase()),
        _ => return ControlFlow::Continue(()),
    };
    let Some(made) = made else { return refuse("an empty series") };
    *factor = made;
    ControlFlow::Continue(())
}

fn refuse(name: &str) -> ControlFlow<String> {
    ControlFlow::Break(format!(
        "{name} as a table is verified only with constants and at most {MOST_ROWS} rows: write the rows with VALUES"
    ))
}

fn plain(arguments: &[FunctionArg]) -> Option<Vec<Expr>> {
    let one = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    };
    arguments.iter().map(one).collect()
}

/// The rows of a series of integers, or of an array.
fn series(name: &str, arguments: &[Expr]) -> Option<Vec<Expr>> {
    if let ("unnest", [array]) = (name, arguments) {
        return elements(array, false);
    }
    // DuckDB's RANGE leaves its end out.
    let is_open = match name {
        "generate_series" | "generate_array" | "sequence" => false,
        "range" => true,
        _ => return None,
    };
    let whole = |expr: &Expr| match expr {
        Expr::Value(value) if !matches!(value.value, datafusion::sql::sqlparser::ast::Value::Number(..)) => {
            None
        }
        expr => as_number(expr),
    };
    let (from, to, step) = match arguments {
        [from, to] => (whole(from)?, whole(to)?, 1),
        [from, to, step] => (whole(from)?, whole(to)?, whole(step)?),
        _ => return None,
    };
    let (from, to, step) = (i128::from(from), i128::from(to), i128::from(step));
    if step == 0 {
        return None;
    }
    let steps = (to - from) / step;
    if steps < 0 || (to - from).signum() * step.signum() < 0 {
        return Some(Vec::new());
    }
    if steps >= i128::from(MOST_ROWS) {
        return None;
    }
    let rows = (0..=steps).map(|n| from + n * step).filter(|&n| !(is_open && n == to));
    rows.map(|n| i64::try_from(n).ok().map(number)).collect()
}

/// `(VALUES (…), …) AS name (column)`; `None` of no rows.
fn of_rows(rows: Vec<Expr>, alias: Option<TableAlias>, name: &str, is_value: bool) -> Option<TableFactor> {
    if rows.is_empty() || i64::try_from(rows.len()).ok()? > MOST_ROWS {
        return None;
    }
    let name = name.rsplit('.').next().unwrap_or(name);
    let mut alias = alias.unwrap_or_else(|| TableAlias {
        explicit: true,
        name: Ident::new(name),
        columns: Vec::new(),
        at: None,
    });
    // An alias without columns is that of the column as well.
    if alias.columns.is_empty() || is_value {
        alias.columns = vec![TableAliasColumnDef::from_name(alias.name.value.clone())];
    }
    let rows = rows.into_iter().map(|row| Parens::with_empty_span(vec![row]));
    let values = Values { explicit_row: false, value_keyword: false, rows: rows.collect() };
    Some(TableFactor::Derived {
        lateral: false,
        subquery: Box::new(query(SetExpr::Values(values))),
        alias: Some(alias),
        sample: None,
    })
}

/// One row.
fn dual(alias: Option<TableAlias>) -> Option<TableFactor> {
    let dummy = SelectItem::ExprWithAlias { expr: text("X"), alias: Ident::new("dummy") };
    let rows: Query = query(super::select::row(vec![dummy]));
    let own = || TableAlias { explicit: true, name: Ident::new("dual"), columns: Vec::new(), at: None };
    Some(TableFactor::Derived {
        lateral: false,
        subquery: Box::new(rows),
        alias: Some(alias.unwrap_or_else(own)),
        sample: None,
    })
}
