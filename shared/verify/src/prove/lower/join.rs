//! Joins. An inner join is a product with conditions. An outer join is the inner one and, beside it, the
//! rows that find no partner with NULLs in its place: `L LEFT JOIN R ON p` = `L ⋈p R` plus
//! `L WHERE NOT EXISTS (R WHERE p)`. So a nullable side never has a variable of its own.

use std::rc::Rc;

use datafusion::common::{JoinType, NullEquality};
use datafusion::logical_expr::{Join, LogicalPlan};

use super::expr::Row;
use super::plan::types;
use super::{Frame, Lower, MOST_BLOCKS, Reason};
use crate::prove::build::compare::{Comparison, compare, same};
use crate::prove::build::formula::{all, not};
use crate::prove::term::{Block, Fact, Formula, Literal, Query, Term, Type};

impl Lower<'_, '_> {
    /// A join.
    pub fn join(&mut self, join: &Join) -> Result<Query, Reason> {
        let is_set_operation = join.null_equality == NullEquality::NullEqualsNull;
        if is_set_operation
            && !matches!(join.left.as_ref(), LogicalPlan::Distinct(_))
            && !is_requalified(&join.left)
        {
            return Err("INTERSECT ALL and EXCEPT ALL are not understood by the prover".into());
        }
        let left = self.plan(&join.left)?;
        let is_lateral = mentions_outer(&join.right);
        let right = if is_lateral { Query::default() } else { self.plan(&join.right)? };
        let mut blocks = Vec::new();
        for block in &left.blocks {
            let right = if is_lateral {
                self.frames.push(Frame {
                    schema: join.left.schema().as_ref().clone(),
                    terms: block.outputs.clone(),
                });
                let right = self.plan(&join.right);
                self.frames.pop();
                right?
            } else {
                self.prover.refresh(&right)
            };
            self.join_block(join, block, &right, &mut blocks)?;
            if blocks.len() > MOST_BLOCKS {
                return Err(format!("the query falls into more than {MOST_BLOCKS} parts"));
            }
        }
        if matches!(
            join.join_type,
            JoinType::Right | JoinType::Full | JoinType::RightSemi | JoinType::RightAnti
        ) {
            if is_lateral {
                return Err("a lateral right join is not understood by the prover".into());
            }
            let nulls = types(&left);
            for block in &right.blocks {
                let missed = self.without_partner(join, &left, block, true)?;
                if matches!(join.join_type, JoinType::RightSemi) {
                    let mut found = block.clone();
                    found.conditions.push(not(&missed));
                    blocks.push(found);
                    continue;
                }
                let mut alone = block.clone();
                alone.conditions.push(missed);
                if join.join_type != JoinType::RightAnti {
                    alone.outputs = nulls_of(&nulls).chain(alone.outputs).collect();
                }
                blocks.push(alone);
            }
        }
        if left.blocks.is_empty() && matches!(join.join_type, JoinType::Right | JoinType::Full) {
            let width = join.left.schema().fields().len();
            for block in &mut blocks {
                if block.outputs.len() < width + join.right.schema().fields().len() {
                    let missing = vec![Type::Null; width];
                    block.outputs = nulls_of(&missing).chain(std::mem::take(&mut block.outputs)).collect();
                }
            }
        }
        Ok(Query { blocks })
    }

    /// What one block of the left side contributes.
    fn join_block(
        &mut self,
        join: &Join,
        left: &Block,
        right: &Query,
        blocks: &mut Vec<Block>,
    ) -> Result<(), Reason> {
        match join.join_type {
            JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {
                for other in &right.blocks {
                    let mut both = self.product(left, other);
                    let on = self.on(join, &left.outputs, &other.outputs)?;
                    both.conditions.push(on);
                    blocks.push(both);
                }
                if matches!(join.join_type, JoinType::Left | JoinType::Full) {
                    let missed = self.without_partner(join, right, left, false)?;
                    let mut alone = left.clone();
                    alone.conditions.push(missed);
                    let width = join.right.schema().fields().len();
                    let mut nulls = types(right);
                    nulls.resize(width, Type::Null);
                    alone.outputs.extend(nulls_of(&nulls));
                    blocks.push(alone);
                    self.prover.note(
                        "an outer join is the inner join and, with NULLs, the rows that have no partner",
                    );
                }
            }
            JoinType::LeftSemi | JoinType::LeftAnti => {
                let missed = self.without_partner(join, right, left, false)?;
                let mut kept = left.clone();
                kept.conditions.push(if join.join_type == JoinType::LeftAnti {
                    missed
                } else {
                    not(&missed)
                });
                blocks.push(kept);
            }
            JoinType::RightSemi | JoinType::RightAnti => {}
            JoinType::LeftMark | JoinType::RightMark => {
                return Err("a mark join is not understood by the prover".into());
            }
        }
        Ok(())
    }

    /// That no row of `others` joins this block's row.
    fn without_partner(
        &mut self,
        join: &Join,
        others: &Query,
        block: &Block,
        block_is_right: bool,
    ) -> Result<Formula, Reason> {
        let mut parts = Vec::new();
        for other in self.prover.refresh(others).blocks {
            let on = if block_is_right {
                self.on(join, &other.outputs, &block.outputs)?
            } else {
                self.on(join, &block.outputs, &other.outputs)?
            };
            let mut conditions = other.conditions;
            conditions.push(on);
            if other.sources.is_empty() {
                parts.push(not(&all(conditions)));
                continue;
            }
            let query =
                Query { blocks: vec![Block { sources: other.sources, conditions, outputs: Vec::new() }] };
            parts.push(Fact::Empty(Rc::new(query)).into());
        }
        Ok(all(parts))
    }

    fn on(&mut self, join: &Join, left: &[Term], right: &[Term]) -> Result<Formula, Reason> {
        let mut parts = Vec::new();
        for (a, b) in &join.on {
            let a = self.expr(a, Row { schema: join.left.schema(), terms: left })?;
            let b = self.expr(b, Row { schema: join.right.schema(), terms: right })?;
            parts.push(match join.null_equality {
                NullEquality::NullEqualsNull => same(&a, &b),
                NullEquality::NullEqualsNothing => compare(Comparison::Equal, &a, &b),
            });
        }
        if let Some(filter) = &join.filter {
            let schema =
                join.left.schema().join(join.right.schema()).map_err(|error| error.strip_backtrace())?;
            let terms: Vec<Term> = left.iter().chain(right).cloned().collect();
            parts.push(self.condition(filter, Row { schema: &schema, terms: &terms })?);
        }
        Ok(all(parts))
    }
}

fn nulls_of(types: &[Type]) -> impl Iterator<Item = Term> + '_ {
    types.iter().map(|t| Term::Literal(Literal::Null, t.clone()))
}

/// The binder puts an alias around a side whose names the other side has too.
fn is_requalified(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => {
            matches!(alias.input.as_ref(), LogicalPlan::Distinct(_)) || is_requalified(&alias.input)
        }
        LogicalPlan::Projection(projection) => is_requalified(&projection.input),
        _ => matches!(plan, LogicalPlan::Distinct(_)),
    }
}

/// Whether the right side of a join reads columns of the left.
fn mentions_outer(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::Subquery(_))
        || matches!(plan, LogicalPlan::SubqueryAlias(alias) if mentions_outer(&alias.input))
}
