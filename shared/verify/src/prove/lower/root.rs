//! The root of a query: its rows, and the keys by which they come ordered; LIMIT.

use std::rc::Rc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::expr::Row;
use super::{Lower, Reason};
use crate::prove::substitute;
use crate::prove::term::{Block, Literal, Query, Source, Term, Type, Var};

/// A query whose blocks have the keys of its order behind their outputs.
#[derive(Debug, Clone)]
pub struct Root {
    /// Its rows.
    pub query: Query,
    /// How many outputs it has.
    pub width: usize,
    /// For each key whether it ascends and whether NULL comes first.
    pub keys: Vec<(bool, bool)>,
}

impl Root {
    /// The rows alone.
    pub fn into_query(mut self) -> Query {
        for block in &mut self.query.blocks {
            block.outputs.truncate(self.width);
        }
        self.query
    }
}

/// How the name of a source begins that a LIMIT makes.
const LIMIT: &str = "limit ";

/// How many rows have to be there for a LIMIT to cut any.
pub fn limit_of(name: &str) -> Option<u64> {
    let mut words = name.strip_prefix(LIMIT)?.split(' ');
    let most: u64 = words.next()?.parse().unwrap_or(1);
    let skipped: u64 = words.nth(1)?.parse().ok()?;
    most.checked_add(skipped)
}

/// Whether an operation that is not looked into leaves at most one row.
pub fn keeps_one_row(name: &str) -> bool {
    name.strip_prefix(LIMIT).is_some_and(|rest| rest.starts_with("1 "))
}

/// How many rows a query has at most, where that can be read off.
pub fn most_rows(query: &Query) -> Option<u64> {
    query.blocks.iter().try_fold(0u64, |sofar, block| {
        let rows = match block.sources.as_slice() {
            [] => 1,
            [(_, Source::Opaque(name, _))] => {
                name.strip_prefix(LIMIT)?.split(' ').next()?.parse::<u64>().ok()?
            }
            _ => return None,
        };
        sofar.checked_add(rows)
    })
}

impl Lower<'_, '_> {
    /// A LIMIT over the rows of one source: which rows are kept does not depend on what is put out of them,
    /// so that the outputs are made of the rows that are left.
    fn cut_source(&self, name: String, block: &Block, keys: usize) -> Query {
        let (row, source) = &block.sources[0];
        let types: Vec<Type> = match source {
            Source::Table(table) => self.prover.schema.relations[*table]
                .attributes
                .iter()
                .map(|a| super::type_of_arrow(&crate::bind::types::arrow(a.kind)))
                .collect(),
            Source::Distinct(query) => super::plan::types(query),
            // It may have more columns than the query under it.
            Source::Opaque(..) => return self.opaque(name, Query { blocks: vec![block.clone()] }, &[]),
        };
        let width = types.len();
        let mut inside = block.clone();
        let ordered_by = inside.outputs.split_off(inside.outputs.len() - keys);
        inside.outputs = types.iter().enumerate().map(|(at, t)| Term::Column(*row, at, t.clone())).collect();
        inside.outputs.extend(ordered_by);
        let var = self.prover.fresh();
        let moved = |of: Var, at: usize, t: &Type| {
            (of == *row && at < width).then(|| Term::Column(var, at, t.clone()))
        };
        let outputs = block.outputs.iter().map(|output| substitute::term(output, &moved)).collect();
        Query {
            blocks: vec![Block {
                sources: vec![(var, Source::Opaque(name, Rc::new(Query { blocks: vec![inside] })))],
                conditions: Vec::new(),
                outputs,
            }],
        }
    }

    /// The root of a plan.
    pub fn root(&mut self, plan: &LogicalPlan) -> Result<Root, Reason> {
        match plan {
            LogicalPlan::SubqueryAlias(alias) => self.root(&alias.input),
            LogicalPlan::Projection(projection) => {
                let mut root = self.root(&projection.input)?;
                for block in &mut root.query.blocks {
                    let keys = block.outputs.split_off(root.width);
                    let terms = std::mem::take(&mut block.outputs);
                    let row = Row { schema: projection.input.schema(), terms: &terms };
                    block.outputs =
                        projection.expr.iter().map(|expr| self.expr(expr, row)).collect::<Result<_, _>>()?;
                    block.outputs.extend(keys);
                }
                root.width = projection.expr.len();
                Ok(root)
            }
            LogicalPlan::Sort(sort) => {
                let mut query = self.plan(&sort.input)?;
                let width = sort.input.schema().fields().len();
                let keys: Vec<_> =
                    sort.expr.iter().filter(|key| !matches!(key.expr, Expr::Literal(..))).collect();
                for block in &mut query.blocks {
                    let terms = block.outputs.clone();
                    let row = Row { schema: sort.input.schema(), terms: &terms };
                    for key in &keys {
                        block.outputs.push(self.expr(&key.expr, row)?);
                    }
                }
                let keys: Vec<_> = keys.iter().map(|key| (key.asc, key.nulls_first)).collect();
                let root = Root { query, width, keys };
                Ok(match sort.fetch {
                    Some(fetch) => self.cut(root, 0, Some(fetch as u64)),
                    None => root,
                })
            }
            LogicalPlan::Limit(_) => self.limited(plan),
            other => {
                let query = self.plan(other)?;
                Ok(Root { query, width: other.schema().fields().len(), keys: Vec::new() })
            }
        }
    }

    /// A LIMIT.
    pub fn limited(&mut self, plan: &LogicalPlan) -> Result<Root, Reason> {
        let LogicalPlan::Limit(limit) = plan else { return self.root(plan) };
        let number = |expr: &Option<Box<Expr>>| match expr.as_deref() {
            None => Ok(None),
            Some(Expr::Literal(value, _)) => match (value, super::literal::literal(value)) {
                (ScalarValue::Null, _) => Ok(None),
                (_, Term::Literal(Literal::Int(n), _)) => {
                    u64::try_from(n).map(Some).map_err(|_| "a negative LIMIT is not understood".to_owned())
                }
                _ => Err("a LIMIT that is no number is not understood by the prover".to_owned()),
            },
            Some(_) => Err("a computed LIMIT is not understood by the prover".to_owned()),
        };
        let (skip, fetch) = (number(&limit.skip)?.unwrap_or(0), number(&limit.fetch)?);
        let root = self.root(&limit.input)?;
        Ok(self.cut(root, skip, fetch))
    }

    fn cut(&self, mut root: Root, skip: u64, fetch: Option<u64>) -> Root {
        match (skip, fetch) {
            (0, None) => {}
            (0, Some(most)) if most_rows(&root.query).is_some_and(|rows| rows <= most) => {
                self.prover.note("a LIMIT that is no lower than the number of rows cuts nothing");
            }
            (_, Some(0)) => {
                self.prover.note("LIMIT 0 leaves no row");
                root.query = Query::default();
            }
            _ => {
                let fetch = fetch.map_or("all".to_owned(), |n| n.to_string());
                let name = format!("{LIMIT}{fetch} after {skip} by {:?} of the last columns", root.keys);
                root.query = match root.query.blocks.as_slice() {
                    [block] if block.sources.len() == 1 => self.cut_source(name, block, root.keys.len()),
                    _ => self.opaque(name, root.query, &[]),
                };
            }
        }
        root
    }
}
