//! The other direction of a sort key, and a key that is forgotten.

use datafusion::sql::sqlparser::ast::OrderByKind;

use super::{Operator, each_query};

pub const OPERATOR: Operator = Operator {
    name: "order",
    apply: |query, site, _| {
        each_query(query, |query| {
            let Some(order) = &mut query.order_by else { return };
            let OrderByKind::Expressions(keys) = &mut order.kind else { return };
            for key in keys.iter_mut() {
                if site.is_here() {
                    key.options.asc = Some(key.options.asc == Some(false));
                }
            }
            if keys.len() > 1 && site.is_here() {
                keys.pop();
            }
        });
    },
};
