//! What a plan promises about the order of its rows, and what in it makes a result hard to compare.

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::WindowFunctionDefinition;
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan, Operator, SortExpr};

/// The top-level ORDER BY of a query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ordering {
    /// Whether there is one.
    pub ordered: bool,
    /// The outputs that its leading keys are, up to the first key that is no output. Constant keys order
    /// nothing and are left out.
    pub outputs: Vec<usize>,
}

/// Something that lets a query return one of several results on the same database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // The names are their own documentation.
pub enum Trait {
    Limit,
    DistinctOn,
    OrderedAggregate,
    OrderedWindow,
}

impl Trait {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Limit => "LIMIT without a total order",
            Self::DistinctOn => "DISTINCT ON without a total order",
            Self::OrderedAggregate => "an aggregate that depends on the order of rows",
            Self::OrderedWindow => "a window function that depends on the order of tied rows",
        }
    }
}

/// What makes the results of a query hard to compare.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traits {
    /// What lets it return one of several results.
    pub loose: Vec<Trait>,
    /// Whether numbers may be rounded on the way: quotients, averages, floats.
    pub rounds: bool,
    /// Whether it recurses.
    pub recursive: bool,
}

impl Ordering {
    /// Reads it off the root of a plan.
    pub fn of(plan: &LogicalPlan) -> Self {
        let mut projection: Option<&[Expr]> = None;
        let mut node = plan;
        loop {
            match node {
                LogicalPlan::Limit(limit) => node = &limit.input,
                LogicalPlan::SubqueryAlias(alias) if projection.is_none() => node = &alias.input,
                LogicalPlan::Projection(p) if projection.is_none() => {
                    projection = Some(&p.expr);
                    node = &p.input;
                }
                LogicalPlan::Sort(sort) => {
                    return Self { ordered: true, outputs: outputs(&sort.expr, projection, &sort.input) };
                }
                _ => return Self::default(),
            }
        }
    }
}

fn outputs(keys: &[SortExpr], projection: Option<&[Expr]>, input: &LogicalPlan) -> Vec<usize> {
    let mut found = Vec::new();
    for key in keys {
        if matches!(key.expr, Expr::Literal(..)) {
            continue;
        }
        let output = match projection {
            Some(exprs) => exprs.iter().position(|expr| expr.clone().unalias() == key.expr),
            None => match &key.expr {
                Expr::Column(column) => input.schema().maybe_index_of_column(column),
                _ => None,
            },
        };
        match output {
            Some(output) => found.push(output),
            None => break,
        }
    }
    found
}

impl Traits {
    /// Reads them off a plan and its subqueries.
    ///
    /// # Errors
    /// When the plan cannot be walked.
    pub fn of(plan: &LogicalPlan) -> Result<Self> {
        let mut traits = Self::default();
        plan.apply_with_subqueries(|node| {
            match node {
                LogicalPlan::Limit(_) => traits.loose.push(Trait::Limit),
                LogicalPlan::Distinct(Distinct::On(_)) => traits.loose.push(Trait::DistinctOn),
                LogicalPlan::RecursiveQuery(_) => traits.recursive = true,
                _ => {}
            }
            node.apply_expressions(|expr| {
                expr.apply(|expr| {
                    traits.see(expr);
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        })?;
        traits.loose.sort_unstable();
        traits.loose.dedup();
        Ok(traits)
    }

    fn see(&mut self, expr: &Expr) {
        match expr {
            Expr::BinaryExpr(binary) if binary.op == Operator::Divide => self.rounds = true,
            Expr::AggregateFunction(call) => match call.func.name() {
                "array_agg" | "string_agg" | "first_value" | "last_value" | "nth_value" | "any_value" => {
                    self.loose.push(Trait::OrderedAggregate);
                }
                "count" | "min" | "max" | "sum" | "bool_and" | "bool_or" => {}
                _ => self.rounds = true,
            },
            Expr::WindowFunction(call) => match &call.fun {
                WindowFunctionDefinition::WindowUDF(function) => match function.name() {
                    "rank" | "dense_rank" => {}
                    "percent_rank" | "cume_dist" => self.rounds = true,
                    _ => self.loose.push(Trait::OrderedWindow),
                },
                WindowFunctionDefinition::AggregateUDF(function) => {
                    use datafusion::logical_expr::WindowFrameUnits;
                    if call.params.window_frame.units == WindowFrameUnits::Rows {
                        self.loose.push(Trait::OrderedWindow);
                    }
                    if !matches!(function.name(), "count" | "min" | "max" | "sum") {
                        self.rounds = true;
                    }
                }
            },
            Expr::ScalarFunction(call)
                if matches!(call.name(), "sqrt" | "power" | "exp" | "ln" | "log" | "log10" | "log2") =>
            {
                self.rounds = true;
            }
            _ => {}
        }
    }
}
