//! Grouping. A group is one of the different keys; each aggregate is a scalar over the rows of its group,
//! so that each can be looked at alone:
//!
//! `SELECT k, f(x) FROM Q GROUP BY k` = `SELECT d.k, f(x over Q where k is d.k) FROM DISTINCT(SELECT k FROM Q) d`
//!
//! COUNT(x) is the sum of 1 over rows whose x is not NULL, or 0 where there is none.

use std::rc::Rc;

use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{Aggregate, Expr, GroupingSet};

use super::expr::Row;
use super::{Lower, MOST_OF_A_QUERY, Reason, TOO_LARGE};
use crate::prove::build::case::case;
use crate::prove::build::compare::{not_null, same};
use crate::prove::build::formula::{not, truth};
use crate::prove::build::skips_null;
use crate::prove::term::{Block, Formula, Query, Source, Term, Type};
use crate::prove::weight::is_query_over;

impl Lower<'_, '_> {
    /// An aggregation.
    pub fn aggregate(&mut self, aggregate: &Aggregate) -> Result<Query, Reason> {
        let input = self.plan(&aggregate.input)?;
        // Each aggregate gets rows of its own.
        if is_query_over(&input, MOST_OF_A_QUERY / (aggregate.aggr_expr.len() + 1)) {
            return Err(TOO_LARGE.into());
        }
        let sets = grouping_sets(&aggregate.group_expr)?;
        let Some(sets) = sets else {
            return self.grouped(aggregate, &input, &aggregate.group_expr, None);
        };
        let all: Vec<Expr> = grouping_set_to_exprlist(&aggregate.group_expr)
            .map_err(|error| error.strip_backtrace())?
            .into_iter()
            .cloned()
            .collect();
        let mut blocks = Vec::new();
        for set in sets {
            blocks.extend(self.grouped(aggregate, &self.prover.refresh(&input), &all, Some(&set))?.blocks);
        }
        Ok(Query { blocks })
    }

    /// One grouping; of several sets, this one.
    fn grouped(
        &mut self,
        aggregate: &Aggregate,
        input: &Query,
        keys: &[Expr],
        set: Option<&[Expr]>,
    ) -> Result<Query, Reason> {
        let schema = aggregate.input.schema();
        // A key that is written twice is one column of the groups.
        let mut different: Vec<&Expr> = Vec::with_capacity(keys.len());
        keys.iter().for_each(|key| {
            if !different.contains(&key) {
                different.push(key);
            }
        });
        let keys = different;
        let kept: Vec<&Expr> =
            keys.iter().copied().filter(|key| set.is_none_or(|set| set.contains(key))).collect();
        let mut key_query = self.prover.refresh(input);
        for block in &mut key_query.blocks {
            let row = Row { schema, terms: &block.outputs.clone() };
            block.outputs = kept.iter().map(|key| self.expr(key, row)).collect::<Result<_, _>>()?;
        }
        let types: Vec<Type> = kept
            .iter()
            .enumerate()
            .map(|(at, _)| {
                key_query.blocks.first().map_or(Type::Null, |block| block.outputs[at].type_of().clone())
            })
            .collect();
        let group = self.prover.fresh();
        let columns: Vec<Term> =
            types.iter().enumerate().map(|(at, t)| Term::Column(group, at, t.clone())).collect();
        let mut outputs: Vec<Term> = keys
            .iter()
            .map(|key| match kept.iter().position(|k| k == key) {
                Some(at) => columns[at].clone(),
                None => Term::null(),
            })
            .collect();
        let is_absent = |key: &Expr| set.is_some_and(|set| !set.contains(key));
        if set.is_some() {
            outputs.push(Term::int(mask(keys.iter().copied(), &is_absent)));
        }
        for expr in &aggregate.aggr_expr {
            let Expr::AggregateFunction(function) = expr.clone().unalias() else {
                return Err("an aggregate is not understood by the prover".into());
            };
            if function.func.name() == "grouping" {
                outputs.push(Term::int(mask(function.params.args.iter(), &is_absent)));
                continue;
            }
            let mut rows = self.prover.refresh(input);
            for block in &mut rows.blocks {
                let terms = block.outputs.clone();
                let row = Row { schema, terms: &terms };
                for (key, column) in kept.iter().zip(&columns) {
                    let key = self.expr(key, row)?;
                    block.conditions.push(same(&key, column));
                }
            }
            let data_type = self.type_of(expr, Row { schema, terms: &[] });
            outputs.push(self.function_over(&function, rows, aggregate, data_type)?);
        }
        let is_grouped = !keys.is_empty() && set.is_none_or(|set| !set.is_empty());
        let sources = if is_grouped {
            self.prover
                .note("a GROUP BY is its different keys, each aggregate a scalar over the rows of its key");
            vec![(group, Source::Distinct(Rc::new(key_query)))]
        } else {
            Vec::new()
        };
        Ok(Query { blocks: vec![Block { sources, conditions: Vec::new(), outputs }] })
    }

    /// An aggregate function over rows that have the outputs of the aggregation's input.
    fn function_over(
        &mut self,
        function: &AggregateFunction,
        mut rows: Query,
        aggregate: &Aggregate,
        data_type: Type,
    ) -> Result<Term, Reason> {
        let params = &function.params;
        let schema = aggregate.input.schema();
        let mut name = function.func.name().to_owned();
        if params.null_treatment.is_some() {
            return Err(format!("{name} with RESPECT NULLS is not understood by the prover"));
        }
        let counts = name == "count";
        for block in &mut rows.blocks {
            let terms = block.outputs.clone();
            let row = Row { schema, terms: &terms };
            if let Some(filter) = &params.filter {
                let filter = self.condition(filter, row)?;
                block.conditions.push(filter);
            }
            let mut arguments =
                params.args.iter().map(|argument| self.expr(argument, row)).collect::<Result<Vec<_>, _>>()?;
            for sort in &params.order_by {
                arguments.push(self.expr(&sort.expr, row)?);
            }
            if counts || skips_null(&name) {
                block.conditions.extend(arguments.iter().map(not_null));
            }
            block.outputs = arguments;
        }
        rows.blocks.retain(|block| !block.conditions.contains(&Formula::False));
        if !params.order_by.is_empty() {
            let keys: Vec<String> =
                params.order_by.iter().map(|sort| format!("{} {}", sort.asc, sort.nulls_first)).collect();
            name = format!("{name} ordered {} {}", params.args.len(), keys.join(" "));
        }
        if params.distinct && !crate::prove::build::ignores_repetition(&name) {
            rows = self.distinct(rows);
        }
        if counts {
            for block in &mut rows.blocks {
                block.outputs = vec![Term::int(1)];
            }
            let empty = not(&super::subquery::exists(self.prover.refresh(&rows)));
            let sum = Term::Aggregate("sum".into(), Rc::new(rows), Type::Int);
            return Ok(case(vec![(empty, Term::int(0))], sum, &Type::Int));
        }
        if rows.blocks.is_empty() && skips_null(&name) {
            return Ok(Term::Literal(crate::prove::term::Literal::Null, data_type));
        }
        let is_boolean = data_type == Type::Bool;
        let term = Term::Aggregate(name, Rc::new(rows), data_type);
        if is_boolean {
            let (yes, no) = truth(&term);
            return Ok(crate::prove::build::formula::boolean(yes, no));
        }
        Ok(term)
    }
}

/// The sets of ROLLUP, CUBE and GROUPING SETS; `None` for a plain GROUP BY.
fn grouping_sets(group: &[Expr]) -> Result<Option<Vec<Vec<Expr>>>, Reason> {
    let [Expr::GroupingSet(sets)] = group else {
        if group.iter().any(|expr| matches!(expr, Expr::GroupingSet(_))) {
            return Err("several grouping sets are not understood by the prover".into());
        }
        return Ok(None);
    };
    Ok(Some(match sets {
        GroupingSet::GroupingSets(sets) => sets.clone(),
        GroupingSet::Rollup(keys) => (0..=keys.len()).rev().map(|n| keys[..n].to_vec()).collect(),
        GroupingSet::Cube(keys) if keys.len() <= 4 => (0..1usize << keys.len())
            .map(|mask| {
                keys.iter()
                    .enumerate()
                    .filter(|(at, _)| mask & 1 << at == 0)
                    .map(|(_, k)| k.clone())
                    .collect()
            })
            .collect(),
        GroupingSet::Cube(_) => return Err("a CUBE of more than four keys is not looked into".into()),
    }))
}

/// GROUPING's number: a bit for each key, the last the lowest, set where the key is absent.
fn mask<'e>(keys: impl Iterator<Item = &'e Expr>, is_absent: &dyn Fn(&Expr) -> bool) -> i128 {
    keys.fold(0, |sofar, key| sofar * 2 + i128::from(is_absent(key)))
}
