//! COUNT of rows for COUNT of values, and the other way round.

use datafusion::sql::sqlparser::ast::{
    DuplicateTreatment, Expr, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Query,
};

use super::{Operator, Site, each_expr};

pub const OPERATOR: Operator = Operator {
    name: "count_form",
    apply: |query, site, _| {
        let columns = columns(query);
        each_expr(query, |expr| {
            let Expr::Function(call) = expr else { return };
            if let FunctionArguments::List(list) = &mut call.args
                && call.name.to_string().eq_ignore_ascii_case("count")
                && list.args.len() == 1
            {
                change(list, &columns, site);
            }
        });
    },
};

fn change(list: &mut FunctionArgumentList, columns: &[Expr], site: &mut Site) {
    let FunctionArg::Unnamed(of) = &mut list.args[0] else { return };
    if *of == FunctionArgExpr::Wildcard {
        for column in columns {
            if site.is_here() {
                *of = FunctionArgExpr::Expr(column.clone());
            }
        }
    } else if list.duplicate_treatment.is_none() {
        if site.is_here() {
            list.duplicate_treatment = Some(DuplicateTreatment::Distinct);
        }
        if site.is_here() {
            list.args[0] = FunctionArg::Unnamed(FunctionArgExpr::Wildcard);
        }
    }
}

/// A few columns that the query names.
fn columns(query: &mut Query) -> Vec<Expr> {
    let mut found = Vec::new();
    each_expr(query, |expr| {
        let is_column = matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
        if is_column && found.len() < 3 && !found.contains(expr) {
            found.push(expr.clone());
        }
    });
    found
}
