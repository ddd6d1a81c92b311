//! Operators that read one input, sets, and leaves.

use std::rc::Rc;

use datafusion::logical_expr::{Distinct, Expr, LogicalPlan, Union};

use super::expr::Row;
use super::{Lower, MOST_BLOCKS, MOST_OF_A_QUERY, MOST_PLANS, Reason, TOO_LARGE, over};
use crate::prove::build::cast;
use crate::prove::build::number::widened;
use crate::prove::term::{Block, Formula, Query, Source, Term, Type};
use crate::prove::weight::is_query_over;

impl Lower<'_, '_> {
    /// The query of a plan.
    pub fn plan(&mut self, plan: &LogicalPlan) -> Result<Query, Reason> {
        self.nodes += 1;
        if self.nodes > MOST_PLANS {
            return Err(TOO_LARGE.into());
        }
        let query = match plan {
            LogicalPlan::Projection(projection) => {
                let input = self.plan(&projection.input)?;
                self.project(input, &projection.expr, projection.input.schema())?
            }
            LogicalPlan::Filter(filter) => {
                let mut query = self.plan(&filter.input)?;
                for block in &mut query.blocks {
                    let terms = block.outputs.clone();
                    let row = Row { schema: filter.input.schema(), terms: &terms };
                    let condition = self.condition(&filter.predicate, row)?;
                    block.conditions.push(condition);
                }
                query
            }
            LogicalPlan::Join(join) => self.join(join)?,
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate)?,
            LogicalPlan::Window(window) => self.window(window)?,
            // Order inside a query has no meaning but for a LIMIT, which looks for it itself.
            LogicalPlan::Sort(sort) if sort.fetch.is_none() => self.plan(&sort.input)?,
            LogicalPlan::Limit(_) => self.limited(plan)?.into_query(),
            LogicalPlan::SubqueryAlias(alias) => self.plan(&alias.input)?,
            LogicalPlan::Subquery(subquery) => self.plan(&subquery.subquery)?,
            LogicalPlan::Union(union) => self.union(union)?,
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let input = self.plan(input)?;
                self.distinct(input)
            }
            LogicalPlan::EmptyRelation(empty) => {
                Query { blocks: if empty.produce_one_row { vec![Block::default()] } else { Vec::new() } }
            }
            LogicalPlan::Values(values) => {
                let row = Row { schema: &values.schema, terms: &[] };
                let blocks = values.values.iter().map(|exprs| {
                    let outputs =
                        exprs.iter().map(|expr| self.expr(expr, row)).collect::<Result<Vec<_>, _>>()?;
                    Ok(Block { outputs, ..Block::default() })
                });
                Query { blocks: blocks.collect::<Result<_, Reason>>()? }
            }
            LogicalPlan::TableScan(scan) => {
                let name = scan.table_name.to_vec();
                let table = (self.resolve)(&name)
                    .ok_or_else(|| format!("the table {} is not found", name.join(".")))?;
                if !scan.filters.is_empty() || scan.fetch.is_some() {
                    return Err("a scan with filters is not understood by the prover".into());
                }
                let types = scan
                    .source
                    .schema()
                    .fields()
                    .iter()
                    .map(|f| super::literal::data_type(f.data_type()))
                    .collect();
                let mut block = over(self.prover.fresh(), Source::Table(table), types);
                if let Some(columns) = &scan.projection {
                    block.outputs = columns.iter().map(|&at| block.outputs[at].clone()).collect();
                }
                Query { blocks: vec![block] }
            }
            other => return Err(format!("{} is not understood by the prover", name(other))),
        };
        if query.blocks.len() > MOST_BLOCKS {
            return Err(format!("the query falls into more than {MOST_BLOCKS} parts"));
        }
        if is_query_over(&query, MOST_OF_A_QUERY) {
            return Err(TOO_LARGE.into());
        }
        // What reads this finds its columns by their places in the schema.
        let width = plan.schema().fields().len();
        if query.blocks.iter().any(|block| block.outputs.len() != width) {
            return Err(format!("the columns of {} are not understood by the prover", name(plan)));
        }
        let mut query = query;
        query.blocks.retain(|block| !block.conditions.contains(&Formula::False));
        Ok(query)
    }

    fn project(
        &mut self,
        mut query: Query,
        exprs: &[Expr],
        schema: &datafusion::common::DFSchema,
    ) -> Result<Query, Reason> {
        for block in &mut query.blocks {
            let terms = std::mem::take(&mut block.outputs);
            let row = Row { schema, terms: &terms };
            block.outputs = exprs.iter().map(|expr| self.expr(expr, row)).collect::<Result<_, _>>()?;
        }
        Ok(query)
    }

    fn union(&mut self, union: &Union) -> Result<Query, Reason> {
        let mut blocks: Vec<Block> = Vec::new();
        for input in &union.inputs {
            blocks.extend(self.plan(input)?.blocks);
        }
        let width = union.schema.fields().len();
        for at in 0..width {
            let mut types: Vec<Type> = blocks
                .iter()
                .filter_map(|block| block.outputs.get(at))
                .map(|t| t.type_of().clone())
                .collect();
            types.retain(|t| *t != Type::Null);
            types.sort();
            types.dedup();
            if types.len() <= 1 {
                continue;
            }
            if types.iter().all(Type::is_exact) {
                // A whole number among fractions is a fraction: the column is not one of integers.
                let scale = types.iter().map(|t| if let Type::Decimal(_, s) = t { *s } else { 0 }).max();
                let widest = Type::Decimal(38, scale.unwrap_or(0));
                for block in &mut blocks {
                    block.outputs[at] = widened(block.outputs[at].clone(), &widest);
                }
                continue;
            }
            let written = format!("to one of {types:?}");
            for block in &mut blocks {
                block.outputs[at] = cast(&block.outputs[at], &Type::Other(written.clone()), &written);
            }
        }
        Ok(Query { blocks })
    }

    /// The product of two queries: every row beside every row.
    pub fn product(&self, left: &Block, right: &Block) -> Block {
        Block {
            sources: left.sources.iter().chain(&right.sources).cloned().collect(),
            conditions: left.conditions.iter().chain(&right.conditions).cloned().collect(),
            outputs: left.outputs.iter().chain(&right.outputs).cloned().collect(),
        }
    }

    /// A source that is not looked into.
    pub fn opaque(&self, name: String, query: Query, extra: &[Type]) -> Query {
        let Some(first) = query.blocks.first() else { return query };
        let types: Vec<Type> =
            first.outputs.iter().map(|t| t.type_of().clone()).chain(extra.iter().cloned()).collect();
        let var = self.prover.fresh();
        Query { blocks: vec![over(var, Source::Opaque(name, Rc::new(query)), types)] }
    }
}

fn name(plan: &LogicalPlan) -> String {
    let text = format!("{}", plan.display());
    text.split([':', ' ']).next().unwrap_or_default().to_owned()
}

/// The columns of the first block, for what needs their types.
pub fn types(query: &Query) -> Vec<Type> {
    query
        .blocks
        .first()
        .map(|b| b.outputs.iter().map(|t: &Term| t.type_of().clone()).collect())
        .unwrap_or_default()
}
