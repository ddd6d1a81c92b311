//! A key of GROUP BY that is forgotten; where it is selected, its least value is.

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, GroupByExpr,
    Ident, ObjectName, SelectItem,
};

use super::{Operator, each_select};

pub const OPERATOR: Operator = Operator {
    name: "group_key",
    apply: |query, site, _| {
        each_select(query, |select| {
            let GroupByExpr::Expressions(keys, _) = &mut select.group_by else { return };
            let Some(at) = (0..keys.len()).find(|_| site.is_here()) else { return };
            let key = keys.remove(at);
            for item in &mut select.projection {
                match item {
                    SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }
                        if *expr == key =>
                    {
                        *expr = least(key.clone());
                    }
                    _ => {}
                }
            }
        });
    },
};

fn least(of: Expr) -> Expr {
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new("MIN")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(of))],
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
