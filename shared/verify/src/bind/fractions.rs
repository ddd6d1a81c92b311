//! Integers of the engine that are no integers to PostgreSQL: sums of long integers, rounded integers, exact numbers
//! without digits behind the point, parts of the calendar. Divided, they have a fraction there.

use std::collections::BTreeSet;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchemaRef;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::functions::{NEAREST_INTEGER, NEAREST_OR_EVEN};
use crate::database::Schema;
use crate::value::Kind;

/// The names, in lower case, under which a plan has such numbers. Of another column with one of these names more is
/// said than is true.
#[derive(Default)]
pub struct Fractions {
    /// Integers of 64 bits, whose sums are exact numbers.
    long: BTreeSet<String>,
    /// What is no integer.
    fractions: BTreeSet<String>,
}

/// What an expression is made of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Made {
    Plain,
    Long,
    Fraction,
}

impl Fractions {
    /// Those of a plan over tables of the schema.
    pub fn of(plan: &LogicalPlan, schema: &Schema) -> Self {
        let mut found = Self::default();
        for attribute in schema.relations.iter().flat_map(|relation| &relation.attributes) {
            let written = attribute.written.as_deref().unwrap_or_default().to_ascii_lowercase();
            let is_exact =
                ["numeric", "decimal", "dec", "number"].iter().any(|name| written.starts_with(name));
            match attribute.kind {
                Kind::Int { .. } if is_exact => found.fractions.insert(attribute.name.clone()),
                Kind::Int { bits: 64 } => found.long.insert(attribute.name.clone()),
                _ => false,
            };
        }
        let mut before = None;
        while before != Some((found.long.len(), found.fractions.len())) {
            before = Some((found.long.len(), found.fractions.len()));
            found.follow(plan);
        }
        found
    }

    /// Adds the names that the plan gives to what is made of such numbers.
    fn follow(&mut self, plan: &LogicalPlan) {
        let _ = plan.apply_with_subqueries(|node| {
            match node {
                LogicalPlan::Projection(projection) => self.outputs(&projection.expr, &projection.schema, 0),
                LogicalPlan::Aggregate(aggregate) => {
                    let groups = aggregate.schema.fields().len().saturating_sub(aggregate.aggr_expr.len());
                    self.outputs(&aggregate.aggr_expr, &aggregate.schema, groups);
                }
                LogicalPlan::Window(window) => {
                    let inputs = window.input.schema().fields().len();
                    self.outputs(&window.window_expr, &window.schema, inputs);
                }
                LogicalPlan::Union(union) => {
                    for input in &union.inputs {
                        for (own, given) in input.schema().fields().iter().zip(union.schema.fields()) {
                            self.name(given.name(), self.named(own.name()));
                        }
                    }
                }
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        });
    }

    fn outputs(&mut self, exprs: &[Expr], schema: &DFSchemaRef, from: usize) {
        for (expr, field) in exprs.iter().zip(schema.fields().iter().skip(from)) {
            self.name(field.name(), self.made(expr));
        }
    }

    fn name(&mut self, name: &str, made: Made) {
        match made {
            Made::Plain => false,
            Made::Long => self.long.insert(name.to_lowercase()),
            Made::Fraction => self.fractions.insert(name.to_lowercase()),
        };
    }

    fn named(&self, name: &str) -> Made {
        let name = name.to_lowercase();
        match () {
            () if self.fractions.contains(&name) => Made::Fraction,
            () if self.long.contains(&name) => Made::Long,
            () => Made::Plain,
        }
    }

    /// Whether an integer of the engine is no integer.
    pub fn has(&self, expr: &Expr) -> bool {
        self.made(expr) == Made::Fraction
    }

    fn made(&self, expr: &Expr) -> Made {
        let of_all = |parts: &mut dyn Iterator<Item = &Expr>| parts.map(|part| self.made(part)).max();
        let own = match expr {
            // It is an integer because somebody says so, but for a part of the calendar, which the engine makes one.
            Expr::Cast(cast) if !is_part(&cast.expr) => {
                let is_long = *cast.field.data_type() == DataType::Int64;
                return if is_long { Made::Long } else { Made::Plain };
            }
            Expr::Column(column) | Expr::OuterReferenceColumn(_, column) => self.named(&column.name),
            Expr::ScalarSubquery(query) => {
                let fields = query.subquery.schema().fields();
                fields.first().map_or(Made::Plain, |field| self.named(field.name()))
            }
            Expr::AggregateFunction(call) if call.func.name() == "count" => return Made::Long,
            Expr::AggregateFunction(call) if call.func.name() == "sum" => {
                return summed(of_all(&mut call.params.args.iter()));
            }
            Expr::WindowFunction(call) => {
                let arguments = of_all(&mut call.params.args.iter());
                return match call.fun.name() {
                    "sum" => summed(arguments),
                    "count" | "row_number" | "rank" | "dense_rank" => Made::Long,
                    _ => arguments.unwrap_or(Made::Plain),
                };
            }
            Expr::ScalarFunction(call)
                if matches!(
                    call.func.name(),
                    "round" | "sign" | "date_part" | NEAREST_INTEGER | NEAREST_OR_EVEN
                ) =>
            {
                Made::Fraction
            }
            _ => Made::Plain,
        };
        let mut most = own;
        let _ = expr.apply_children(|part| {
            most = most.max(self.made(part));
            Ok(TreeNodeRecursion::Continue)
        });
        most
    }
}

fn summed(arguments: Option<Made>) -> Made {
    match arguments {
        None | Some(Made::Plain) => Made::Long,
        Some(_) => Made::Fraction,
    }
}

fn is_part(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarFunction(call) if call.func.name() == "date_part")
}
