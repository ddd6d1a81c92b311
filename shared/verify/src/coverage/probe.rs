//! Looks at the rows of one database after another, and counts.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::physical_expr::PhysicalExpr;

use super::Reached;
use super::product::product;
use super::scope::Scope;
use crate::engine::{Engine, Query};

/// A condition that can be looked at by itself.
pub struct Evaluated {
    /// The condition, over the columns.
    pub expr: Arc<dyn PhysicalExpr>,
    /// The columns.
    pub places: Vec<(usize, usize)>,
    /// The columns as a schema.
    pub schema: SchemaRef,
    /// The relations whose rows are combined.
    pub leaves: Scope,
}

/// How the outcomes of a condition are counted.
pub enum Condition {
    /// On the combinations of rows.
    Evaluated(Evaluated),
    /// By the engine, where it has a subquery: the combinations of rows for which it holds, and fails.
    Executed {
        /// Of these relations.
        leaves: Scope,
        /// Those for which it holds.
        holds: Box<Query>,
        /// Those for which it fails.
        fails: Box<Query>,
    },
}

/// What is looked at on each database.
#[derive(Default)]
pub struct Probes {
    /// The rows of relations, where anything looks at them.
    pub relations: Vec<Option<Query>>,
    /// Conditions, each with the entry that it counts for: a query that is used twice has one entry for both.
    pub conditions: Vec<(usize, Condition)>,
    /// The conditions of joins, with the entry of each.
    pub joins: Vec<(usize, Evaluated)>,
    /// What aggregations have to aggregate, with the entry of each.
    pub groups: Vec<(usize, Query)>,
    /// What was reached so far.
    pub reached: Reached,
    /// Which entries were looked at on some database: predicates, joins, groups.
    pub looked: [Vec<bool>; 3],
}

impl Probes {
    /// Looks at the database that is loaded.
    pub fn look(&mut self, engine: &Engine) {
        let rows: Vec<Option<RecordBatch>> =
            self.relations.iter().map(|query| engine.batch(query.as_ref()?).ok()).collect();
        self.look_at_predicates(engine, &rows);
        self.look_at_joins(&rows);
        for (entry, query) in &self.groups {
            if let Ok(batch) = engine.batch(query) {
                self.looked[2][*entry] = true;
                let group = &mut self.reached.groups[*entry];
                group.empty += usize::from(batch.num_rows() == 0);
                group.filled += usize::from(batch.num_rows() > 0);
            }
        }
    }

    fn look_at_predicates(&mut self, engine: &Engine, rows: &[Option<RecordBatch>]) {
        let mut seen = vec![[false; 3]; self.reached.predicates.len()];
        for (entry, condition) in &self.conditions {
            let Some(outcomes) = condition.outcomes(engine, rows) else { continue };
            self.looked[0][*entry] = true;
            seen[*entry].iter_mut().zip(outcomes).for_each(|(seen, rows)| *seen |= rows > 0);
        }
        for (reached, [holds, fails, is_null]) in self.reached.predicates.iter_mut().zip(seen) {
            reached.holds += usize::from(holds);
            reached.fails += usize::from(fails);
            match &mut reached.is_null {
                Some(count) => *count += usize::from(is_null),
                None if is_null => reached.is_null = Some(1),
                None => {}
            }
        }
    }

    fn look_at_joins(&mut self, rows: &[Option<RecordBatch>]) {
        let mut seen = vec![[false; 5]; self.reached.joins.len()];
        for (entry, on) in &self.joins {
            let &[left, right] = on.leaves.as_slice() else { continue };
            let (Some(left), Some(right)) = (&rows[left], &rows[right]) else { continue };
            let Ok(Some(holds)) = on.evaluate(rows) else { continue };
            self.looked[1][*entry] = true;
            let mut found = (vec![0usize; left.num_rows()], vec![0usize; right.num_rows()]);
            for pair in (0..holds.len()).filter(|&pair| holds.is_valid(pair) && holds.value(pair)) {
                found.0[pair / right.num_rows()] += 1;
                found.1[pair % right.num_rows()] += 1;
            }
            let any = |counts: &[usize], is: fn(usize) -> bool| counts.iter().any(|&count| is(count));
            let now = [
                any(&found.0, |count| count > 0),
                any(&found.0, |count| count == 0),
                any(&found.1, |count| count == 0),
                any(&found.0, |count| count > 1),
                any(&found.1, |count| count > 1),
            ];
            seen[*entry].iter_mut().zip(now).for_each(|(seen, now)| *seen |= now);
        }
        for (reached, seen) in self.reached.joins.iter_mut().zip(seen) {
            let counts = [
                &mut reached.matched,
                &mut reached.left_missed,
                &mut reached.right_missed,
                &mut reached.left_fanned_out,
                &mut reached.right_fanned_out,
            ];
            counts.into_iter().zip(seen).for_each(|(count, seen)| *count += usize::from(seen));
        }
    }

    /// What was reached; what was never looked at is counted and not listed.
    pub fn conclude(mut self) -> Reached {
        let [predicates, joins, groups] = &self.looked;
        let all = [predicates, joins, groups];
        self.reached.unwatched +=
            all.iter().flat_map(|looked| looked.iter()).filter(|looked| !**looked).count();
        keep(&mut self.reached.predicates, predicates);
        keep(&mut self.reached.joins, joins);
        keep(&mut self.reached.groups, groups);
        self.reached
    }
}

fn keep<T>(entries: &mut Vec<T>, looked: &[bool]) {
    let mut looked = looked.iter();
    entries.retain(|_| looked.next() == Some(&true));
}

impl Condition {
    /// For how many combinations of rows it is true, false and NULL; `None` where that cannot be told here.
    fn outcomes(&self, engine: &Engine, rows: &[Option<RecordBatch>]) -> Option<[usize; 3]> {
        match self {
            Self::Evaluated(condition) => {
                let values = condition.evaluate(rows).ok()??;
                let (holds, is_null) = (values.true_count(), values.null_count());
                Some([holds, values.len() - holds - is_null, is_null])
            }
            Self::Executed { leaves, holds, fails } => {
                let all = leaves.iter().try_fold(1usize, |all, &leaf| {
                    Some(all.saturating_mul(rows[leaf].as_ref()?.num_rows()))
                })?;
                let holds = engine.batch(holds).ok()?.num_rows();
                let fails = engine.batch(fails).ok()?.num_rows();
                Some([holds, fails, all.saturating_sub(holds).saturating_sub(fails)])
            }
        }
    }
}

impl Evaluated {
    /// Its value for every combination of rows.
    fn evaluate(&self, rows: &[Option<RecordBatch>]) -> Result<Option<BooleanArray>> {
        let relations: Vec<_> = self.leaves.iter().map(|&leaf| (leaf, rows[leaf].as_ref())).collect();
        let Some(batch) = product(&relations, &self.places, &self.schema)? else { return Ok(None) };
        let values = self.expr.evaluate(&batch)?.into_array(batch.num_rows())?;
        Ok(values.as_boolean_opt().cloned())
    }
}
