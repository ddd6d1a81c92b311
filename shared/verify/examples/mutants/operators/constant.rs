//! A number that is one more, or one less.

use datafusion::sql::sqlparser::ast::{Expr, Value};

use super::{Operator, each_expr};

pub const OPERATOR: Operator = Operator {
    name: "constant",
    apply: |query, site, _| {
        each_expr(query, |expr| {
            let Expr::Value(value) = expr else { return };
            let Value::Number(number, _) = &mut value.value else { return };
            let Ok(was) = number.parse::<i64>() else { return };
            for now in [was.saturating_add(1), was.saturating_sub(1)] {
                if site.is_here() {
                    *number = now.to_string();
                }
            }
        });
    },
};
