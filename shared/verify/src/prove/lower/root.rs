//! The root of a query: its rows, and the keys by which they come ordered; LIMIT.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::expr::Row;
use super::{Lower, Reason};
use crate::prove::term::{Literal, Query, Term};

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

impl Lower<'_, '_> {
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
            (_, Some(0)) => {
                self.prover.note("LIMIT 0 leaves no row");
                root.query = Query::default();
            }
            _ => {
                let fetch = fetch.map_or("all".to_owned(), |n| n.to_string());
                let name = format!("limit {fetch} after {skip} by {:?} of the last columns", root.keys);
                root.query = self.opaque(name, root.query, &[]);
            }
        }
        root
    }
}
