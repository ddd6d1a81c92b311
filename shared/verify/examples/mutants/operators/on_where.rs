//! A condition of WHERE that stands in the ON of an outer join, or the other way round.

use datafusion::sql::sqlparser::ast::{Expr, JoinConstraint, JoinOperator};

use super::{Operator, all_of, each_select, take_conjunct};

pub const OPERATOR: Operator = Operator {
    name: "on_where",
    apply: |query, site, _| {
        each_select(query, |select| {
            let joins = select.from.iter_mut().flat_map(|from| &mut from.joins);
            for join in joins {
                let (JoinOperator::Left(JoinConstraint::On(on))
                | JoinOperator::LeftOuter(JoinConstraint::On(on))) = &mut join.join_operator
                else {
                    continue;
                };
                let mut condition = Some(on.clone());
                let into_where = take_conjunct(&mut condition, site, |_| true);
                if let (Some(moved), Some(left)) = (into_where, condition) {
                    *on = left;
                    select.selection = both(select.selection.take(), moved);
                    return;
                }
                if let Some(moved) = take_conjunct(&mut select.selection, site, |_| true) {
                    if let Some(more) = both(Some(on.clone()), moved) {
                        *on = more;
                    }
                    return;
                }
            }
        });
    },
};

fn both(one: Option<Expr>, two: Expr) -> Option<Expr> {
    all_of(one.into_iter().chain([two]).map(|part| Expr::Nested(Box::new(part))).collect())
}
