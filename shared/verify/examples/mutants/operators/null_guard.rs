//! A guard against NULL that is turned round or forgotten.

use datafusion::sql::sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Value};

use super::{Operator, each_expr};

pub const OPERATOR: Operator = Operator {
    name: "null_guard",
    apply: |query, site, _| {
        each_expr(query, |expr| match expr {
            Expr::IsNull(of) if site.is_here() => *expr = Expr::IsNotNull(of.clone()),
            Expr::IsNotNull(of) => {
                if site.is_here() {
                    *expr = Expr::IsNull(of.clone());
                } else if site.is_here() {
                    *expr = Expr::value(Value::Boolean(true));
                }
            }
            Expr::Function(call) => {
                let name = call.name.to_string().to_lowercase();
                let FunctionArguments::List(list) = &call.args else { return };
                if let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(first))) = list.args.first()
                    && matches!(name.as_str(), "coalesce" | "nullif" | "ifnull" | "nvl")
                    && site.is_here()
                {
                    *expr = Expr::Nested(Box::new(first.clone()));
                }
            }
            _ => {}
        });
    },
};
