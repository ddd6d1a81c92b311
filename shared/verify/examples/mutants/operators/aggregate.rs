//! Another aggregate of the same column.

use datafusion::sql::sqlparser::ast::{Expr, Ident, ObjectName};

use super::{Operator, each_expr};

const OTHERS: &[(&str, &str)] = &[("sum", "MAX"), ("min", "MAX"), ("max", "MIN"), ("avg", "SUM")];

pub const OPERATOR: Operator = Operator {
    name: "aggregate",
    apply: |query, site, _| {
        each_expr(query, |expr| {
            let Expr::Function(call) = expr else { return };
            let name = call.name.to_string().to_lowercase();
            if let Some((_, other)) = OTHERS.iter().find(|(from, _)| *from == name)
                && site.is_here()
            {
                call.name = ObjectName::from(vec![Ident::new(*other)]);
            }
        });
    },
};
