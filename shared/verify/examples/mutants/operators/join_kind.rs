//! An inner join for an outer one, and the other way round.

use datafusion::sql::sqlparser::ast::JoinOperator;

use super::{Operator, each_select};

pub const OPERATOR: Operator = Operator {
    name: "join_kind",
    apply: |query, site, _| {
        each_select(query, |select| {
            for join in select.from.iter_mut().flat_map(|from| &mut from.joins) {
                let others: &[fn(_) -> JoinOperator] = match &join.join_operator {
                    JoinOperator::Join(_) | JoinOperator::Inner(_) => {
                        &[JoinOperator::LeftOuter, JoinOperator::RightOuter]
                    }
                    JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => {
                        &[JoinOperator::Inner, JoinOperator::FullOuter]
                    }
                    JoinOperator::Right(_) | JoinOperator::RightOuter(_) => &[JoinOperator::Inner],
                    JoinOperator::FullOuter(_) => &[JoinOperator::LeftOuter, JoinOperator::Inner],
                    _ => &[],
                };
                for other in others {
                    if site.is_here() {
                        join.join_operator = match join.join_operator.clone() {
                            JoinOperator::Join(on)
                            | JoinOperator::Inner(on)
                            | JoinOperator::Left(on)
                            | JoinOperator::LeftOuter(on)
                            | JoinOperator::Right(on)
                            | JoinOperator::RightOuter(on)
                            | JoinOperator::FullOuter(on) => other(on),
                            kind => kind,
                        };
                        return;
                    }
                }
            }
        });
    },
};
