//! Walks over a bound query and notes what can be looked at: its conditions, joins and aggregations without
//! groups, each over the relations that it names.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use datafusion::arrow::datatypes::{DataType, Fields, Schema};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, NullEquality, Result, plan_err};
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{
    Aggregate, Expr, Join, JoinType, LogicalPlan, LogicalPlanBuilder, Subquery, not,
};
use sqm_sql::text::Position;

use super::probe::{Condition, Evaluated, Probes};
use super::scope::{Detached, Leaf, Scope, detach, field, place};
use super::{GroupReached, JoinReached, PredicateReached, text};
use crate::bind::{context, texts};
use crate::engine::Engine;

/// So many conditions of a query are watched.
const MOST_CONDITIONS: usize = 200;

/// What can be looked at in a query, planned until the time is over.
pub fn probes(plan: &LogicalPlan, engine: &Engine, until: Instant) -> Probes {
    let mut walk = Walk {
        engine,
        until,
        leaves: Vec::new(),
        outer: Vec::new(),
        links: BTreeMap::new(),
        probes: Probes::default(),
    };
    walk.scope(plan);
    walk.finish()
}

/// Conditions between two relations.
#[derive(Default)]
struct Link {
    conditions: Vec<Expr>,
    places: Vec<(usize, usize)>,
    texts: Vec<String>,
    position: Option<Position>,
}

struct Walk<'e> {
    engine: &'e Engine,
    until: Instant,
    leaves: Vec<Leaf>,
    /// What the rows around a subquery are made of, the nearest last.
    outer: Vec<Scope>,
    /// Left and right → the conditions between them.
    links: BTreeMap<(usize, usize), Link>,
    probes: Probes,
}

impl Walk<'_> {
    fn leaf(&mut self, plan: &LogicalPlan) -> usize {
        self.leaves.push(Leaf { plan: plan.clone(), is_watched: false });
        self.leaves.len() - 1
    }

    /// Walks over a part of the query; the relations that its rows are made of. Inner joins and filters are
    /// looked through: the tables of a FROM with commas would make too many rows.
    fn scope(&mut self, plan: &LogicalPlan) -> Scope {
        match plan {
            LogicalPlan::Filter(filter) => {
                let scope = self.scope(&filter.input);
                self.conditions(&split_conjunction(&filter.predicate), &scope);
                scope
            }
            LogicalPlan::Join(join) if is_product(join) => {
                let mut scope = self.scope(&join.left);
                scope.extend(self.scope(&join.right));
                let on = conditions_of(join);
                self.conditions(&on.iter().collect::<Vec<_>>(), &scope);
                scope
            }
            LogicalPlan::Join(join) => {
                self.other_join(join);
                vec![self.leaf(plan)]
            }
            LogicalPlan::SubqueryAlias(alias) => {
                if !matches!(alias.input.as_ref(), LogicalPlan::TableScan(_)) {
                    self.scope(&alias.input);
                }
                vec![self.leaf(plan)]
            }
            LogicalPlan::Subquery(subquery) => {
                self.scope(&subquery.subquery);
                vec![self.leaf(plan)]
            }
            _ => {
                let mut scope = Scope::new();
                for input in plan.inputs() {
                    scope.extend(self.scope(input));
                }
                for expr in plan.expressions() {
                    self.parts(&expr, &scope);
                }
                if let LogicalPlan::Aggregate(aggregate) = plan
                    && aggregate.group_expr.is_empty()
                {
                    self.group(aggregate);
                }
                vec![self.leaf(plan)]
            }
        }
    }

    /// A join that keeps rows without a partner, or shows one side alone.
    fn other_join(&mut self, join: &Join) {
        let mut sides = Scope::new();
        for side in [&join.left, &join.right] {
            let scope = self.scope(side);
            sides.push(match (side.as_ref(), scope.as_slice()) {
                (LogicalPlan::Filter(_), _) => self.leaf(side),
                (LogicalPlan::Join(join), _) if is_product(join) => self.leaf(side),
                (_, &[leaf]) => leaf,
                _ => self.leaf(side),
            });
        }
        // INTERSECT and EXCEPT are joins as well, of which nothing is written in the query.
        if matches!(join.join_type, JoinType::Left | JoinType::Right | JoinType::Full) {
            for on in conditions_of(join) {
                self.condition(&on, &sides, Some((sides[0], sides[1])));
                self.parts(&on, &sides);
            }
        }
    }

    fn conditions(&mut self, conditions: &[&Expr], scope: &Scope) {
        for condition in conditions {
            self.condition(condition, scope, None);
            self.parts(condition, scope);
        }
    }

    /// The conditions of CASE and the subqueries in an expression.
    fn parts(&mut self, expr: &Expr, scope: &Scope) {
        let (mut cases, mut inside) = (Vec::new(), Vec::new());
        let _ = expr.apply(|part| {
            match part {
                Expr::Case(case) if case.expr.is_none() => {
                    cases.extend(case.when_then_expr.iter().map(|(when, _)| when.as_ref().clone()));
                }
                Expr::ScalarSubquery(subquery) => inside.push(subquery.clone()),
                Expr::Exists(exists) => inside.push(exists.subquery.clone()),
                Expr::InSubquery(within) => inside.push(within.subquery.clone()),
                Expr::SetComparison(comparison) => inside.push(comparison.subquery.clone()),
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        });
        for case in cases {
            self.note(&case, scope);
        }
        for subquery in inside {
            self.outer.push(scope.clone());
            self.scope(&subquery.subquery);
            self.outer.pop();
        }
    }

    /// A condition that rows pass or not; between which two relations it is a join, where that is known.
    fn condition(&mut self, expr: &Expr, scope: &Scope, join: Option<(usize, usize)>) {
        let Some((detached, text)) = self.note(expr, scope) else { return };
        let between = join.or_else(|| match detached.leaves().as_slice() {
            &[left, right] => Some((left, right)),
            _ => None,
        });
        if let Some(between) = between {
            let link = self.links.entry(between).or_default();
            link.conditions.push(detached.expr);
            for place in detached.places {
                if !link.places.contains(&place) {
                    link.places.push(place);
                }
            }
            link.texts.push(text);
            link.position = link.position.into_iter().chain(text::position(expr)).min();
        }
    }

    /// Takes up a condition; its form over columns that stand by themselves, where it has one.
    fn note(&mut self, expr: &Expr, scope: &Scope) -> Option<(Detached, String)> {
        if self.probes.conditions.len() >= MOST_CONDITIONS || Instant::now() >= self.until {
            self.probes.reached.unwatched += 1;
            return None;
        }
        let mut scopes = self.outer.clone();
        scopes.push(scope.clone());
        let made = if has_subquery(expr) {
            self.executed(expr, scope).map(|condition| (condition, true, None))
        } else {
            match detach(&self.leaves, &scopes, expr) {
                // What names no column is the same on every database.
                Ok(detached) if detached.places.is_empty() => return None,
                Ok(detached) => self.evaluated(&detached, detached.leaves()).and_then(|evaluated| {
                    let may_be_null = evaluated.expr.nullable(&evaluated.schema)?;
                    Ok((Condition::Evaluated(evaluated), may_be_null, Some(detached)))
                }),
                Err(error) => Err(error),
            }
        };
        let Ok((condition, may_be_null, detached)) = made else {
            self.probes.reached.unwatched += 1;
            return None;
        };
        let leaves = match &condition {
            Condition::Evaluated(evaluated) => &evaluated.leaves,
            Condition::Executed { leaves, .. } => leaves,
        };
        leaves.iter().for_each(|&leaf| self.leaves[leaf].is_watched = true);
        let written = text::written(expr, &self.leaves, scope);
        let predicate = text::sql(&written);
        let is_null = (may_be_null && !matches!(expr, Expr::Exists(_))).then_some(0);
        let position = text::position(&written);
        let entry = PredicateReached { predicate: predicate.clone(), position, holds: 0, fails: 0, is_null };
        let entry = self.entry(entry);
        self.probes.conditions.push((entry, condition));
        Some((detached?, predicate))
    }

    /// The entry of a predicate: a query that is used twice is bound twice, and has one.
    fn entry(&mut self, new: PredicateReached) -> usize {
        let known = &mut self.probes.reached.predicates;
        let is_same = |it: &PredicateReached| (&it.predicate, it.position) == (&new.predicate, new.position);
        if let Some(at) = known.iter().position(is_same) {
            known[at].is_null = known[at].is_null.or(new.is_null);
            return at;
        }
        known.push(new);
        self.probes.looked[0].push(false);
        known.len() - 1
    }

    fn evaluated(&self, detached: &Detached, leaves: Scope) -> Result<Evaluated> {
        if detached.expr.is_volatile() {
            return plan_err!("it has another value at each call");
        }
        let fields: Fields = detached.places.iter().map(|&place| field(&self.leaves, place)).collect();
        let schema = Arc::new(Schema::new(fields));
        let columns = DFSchema::try_from(Schema::clone(&schema))?;
        let expr = texts::bounded_expr(detached.expr.clone())?.data;
        let expr = context::session().create_physical_expr(expr, &columns)?;
        if expr.data_type(&schema)? != DataType::Boolean {
            return plan_err!("it is no condition");
        }
        Ok(Evaluated { expr, places: detached.places.clone(), schema, leaves })
    }

    /// A condition with a subquery, which only the engine can look at.
    fn executed(&self, expr: &Expr, scope: &Scope) -> Result<Condition> {
        let mut leaves = Scope::new();
        let mut is_known = !expr.is_volatile();
        let mut see = |column: &datafusion::common::Column| match place(&self.leaves, scope, column) {
            Some((leaf, _)) => leaves.push(leaf),
            None => is_known = false,
        };
        expr.apply(|part| {
            match part {
                Expr::Column(column) => see(column),
                // That of a row around the subquery in which the condition stands is not to be had.
                Expr::OuterReferenceColumn(..) => return plan_err!("it speaks of rows that are not there"),
                Expr::ScalarSubquery(Subquery { outer_ref_columns, .. })
                | Expr::Exists(datafusion::logical_expr::expr::Exists {
                    subquery: Subquery { outer_ref_columns, .. },
                    ..
                })
                | Expr::InSubquery(datafusion::logical_expr::expr::InSubquery {
                    subquery: Subquery { outer_ref_columns, .. },
                    ..
                }) => {
                    for outer in outer_ref_columns {
                        if let Expr::OuterReferenceColumn(_, column) = outer {
                            see(column);
                        }
                    }
                }
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        leaves.sort_unstable();
        leaves.dedup();
        let Some((first, others)) = leaves.split_first().filter(|_| is_known) else {
            return plan_err!("it names columns that are not watched");
        };
        let plan_of = |leaf: &usize| self.leaves[*leaf].plan.clone();
        let product = others.iter().try_fold(LogicalPlanBuilder::from(plan_of(first)), |product, leaf| {
            product.cross_join(plan_of(leaf))
        })?;
        let holds = product.clone().filter(expr.clone())?.build()?;
        let fails = product.filter(not(expr.clone()))?.build()?;
        let (holds, fails) = (self.engine.plan_part(holds)?, self.engine.plan_part(fails)?);
        Ok(Condition::Executed { leaves, holds: Box::new(holds), fails: Box::new(fails) })
    }

    /// An aggregation of all rows.
    fn group(&mut self, aggregate: &Aggregate) {
        let input = LogicalPlanBuilder::from(Arc::clone(&aggregate.input)).limit(0, Some(1));
        let planned = input.and_then(|input| self.plan(input.build()?));
        match planned {
            Ok(query) => {
                let aggregates = aggregate.aggr_expr.iter().map(text::sql);
                let aggregates = aggregates.collect::<Vec<_>>().join(", ");
                let entry = self.probes.reached.groups.len();
                self.probes.reached.groups.push(GroupReached { aggregates, empty: 0, filled: 0 });
                self.probes.looked[2].push(false);
                self.probes.groups.push((entry, query));
            }
            Err(_) => self.probes.reached.unwatched += 1,
        }
    }

    fn plan(&self, plan: LogicalPlan) -> Result<crate::engine::Query> {
        let recurses = plan.exists(|node| Ok(matches!(node, LogicalPlan::RecursiveQuery(_))))?;
        if recurses || Instant::now() >= self.until {
            return plan_err!("it is not watched");
        }
        self.engine.plan_part(plan)
    }

    fn finish(mut self) -> Probes {
        for ((left, right), link) in std::mem::take(&mut self.links) {
            let Some(on) = conjunction(link.conditions) else { continue };
            let on = Detached { expr: on, places: link.places };
            let Ok(on) = self.evaluated(&on, vec![left, right]) else { continue };
            self.leaves[left].is_watched = true;
            self.leaves[right].is_watched = true;
            let new = JoinReached {
                left: self.leaves[left].name(),
                right: self.leaves[right].name(),
                on: link.texts.join(" AND "),
                position: link.position,
                matched: 0,
                left_missed: 0,
                right_missed: 0,
                left_fanned_out: 0,
                right_fanned_out: 0,
            };
            let known = &mut self.probes.reached.joins;
            let entry = known.iter().position(|it| *it == new).unwrap_or_else(|| {
                known.push(new);
                self.probes.looked[1].push(false);
                known.len() - 1
            });
            self.probes.joins.push((entry, on));
        }
        let relations = self.leaves.iter().map(|leaf| match leaf.is_watched {
            true => self.plan(leaf.plan.clone()).ok(),
            false => None,
        });
        self.probes.relations = relations.collect();
        self.probes
    }
}

/// Whether the rows of a join are those pairs for which its conditions hold.
fn is_product(join: &Join) -> bool {
    join.join_type == JoinType::Inner && join.null_equality == NullEquality::NullEqualsNothing
}

fn conditions_of(join: &Join) -> Vec<Expr> {
    let equal = join.on.iter().map(|(left, right)| left.clone().eq(right.clone()));
    let others = join.filter.iter().flat_map(|filter| split_conjunction(filter)).cloned();
    equal.chain(others).collect()
}

fn has_subquery(expr: &Expr) -> bool {
    let is_subquery = |part: &Expr| {
        Ok(matches!(
            part,
            Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_)
        ))
    };
    expr.exists(is_subquery).unwrap_or(true)
}
