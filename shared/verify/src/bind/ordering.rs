//! What a plan promises about the order of its rows, and what in it makes a result hard to compare.

use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::expr::WindowFunctionDefinition;
use datafusion::logical_expr::{
    Distinct, Expr, FetchType, Limit, LogicalPlan, Operator, Projection, SkipType, SortExpr, Volatility,
    WindowFrameBound,
};

use crate::database::Row;

/// The top-level ORDER BY of a query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ordering {
    /// Whether there is one.
    pub ordered: bool,
    /// The outputs that its leading keys are, up to the first key that is no output. Constant keys order
    /// nothing and are left out.
    pub outputs: Vec<usize>,
    /// For each of these whether it ascends, and whether NULL comes first.
    pub directions: Vec<(bool, bool)>,
}

/// Something that lets a query return one of several results on the same database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // The names are their own documentation.
pub enum Trait {
    Limit,
    DistinctOn,
    OrderedAggregate,
    OrderedWindow,
    Volatile,
}

impl Trait {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Limit => "LIMIT without a total order",
            Self::DistinctOn => "DISTINCT ON without a total order",
            Self::OrderedAggregate => "an aggregate that depends on the order of rows",
            Self::OrderedWindow => "a window function that depends on the order of tied rows",
            Self::Volatile => "a function that gives another value at each call",
        }
    }
}

/// Results over generated tables are seldom longer.
const FEW_ROWS: usize = 100;

/// The windows of generated tables are seldom longer.
const FEW_TIED: usize = 4;

/// What makes the results of a query hard to compare.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traits {
    /// What lets it return one of several results.
    pub loose: Vec<Trait>,
    /// Whether numbers may be rounded on the way: quotients, averages, floats.
    pub rounds: bool,
    /// Whether an aggregate makes a float of many rows, whose order it depends on.
    pub adds_floats: bool,
    /// Whether it recurses.
    pub recursive: bool,
    /// How many rows its LIMITs, OFFSETs, LAGs, frames and ranks leave or pass over, where these are more than
    /// databases have.
    pub cuts: Vec<usize>,
    /// How many rows its result has at most, where it ends with a LIMIT.
    pub most: Option<usize>,
    /// Whether a LIMIT leaves some of rows that nothing sorts: any of them will do.
    pub picks: bool,
    /// Whether it takes blanks away.
    pub trims: bool,
    /// Whether it gives rows their rank.
    pub ranks: bool,
}

impl Ordering {
    /// Reads it off the root of a plan.
    pub fn of(plan: &LogicalPlan) -> Self {
        let Some((keys, projection, input)) = sorted(plan) else { return Self::default() };
        let (outputs, directions) = outputs(keys, projection, input).into_iter().unzip();
        Self { ordered: true, outputs, directions }
    }
}

/// A query whose ORDER BY has keys that are no outputs, with all keys behind its outputs.
#[derive(Debug, Clone)]
pub struct Keyed {
    /// Its plan.
    pub plan: LogicalPlan,
    /// The order of its rows.
    pub ordering: Ordering,
}

impl Keyed {
    /// `None` where every key is an output, or there is none.
    ///
    /// # Errors
    /// When the keys cannot stand behind the outputs.
    pub fn of(plan: &LogicalPlan) -> Result<Option<Self>> {
        let Some((keys, projection, input)) = sorted(plan) else { return Ok(None) };
        if outputs(keys, projection, input).len() == keys.iter().filter(|key| orders(key)).count() {
            return Ok(None);
        }
        let width = plan.schema().fields().len();
        let ordering = Ordering {
            ordered: true,
            outputs: (width..width + keys.len()).collect(),
            directions: keys.iter().map(|key| (key.asc, key.nulls_first)).collect(),
        };
        Ok(Some(Self { plan: with_keys(plan, keys)?, ordering }))
    }
}

/// The keys by which a result is sorted, what is projected behind that, and what is sorted.
type Sorted<'p> = (&'p [SortExpr], Option<&'p [Expr]>, &'p LogicalPlan);

fn sorted(plan: &LogicalPlan) -> Option<Sorted<'_>> {
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
            LogicalPlan::Sort(sort) => return Some((&sort.expr, projection, &sort.input)),
            _ => return None,
        }
    }
}

/// The plan that [`sorted`] looked through, with the keys behind its outputs.
fn with_keys(plan: &LogicalPlan, keys: &[SortExpr]) -> Result<LogicalPlan> {
    let keyed = |exprs: Vec<Expr>, input: &Arc<LogicalPlan>| {
        let keys = keys.iter().enumerate();
        let keys = keys.map(|(at, key)| key.expr.clone().unalias().alias(format!("order by {at}")));
        let exprs = exprs.into_iter().chain(keys).collect();
        Projection::try_new(exprs, Arc::clone(input)).map(LogicalPlan::Projection)
    };
    match plan {
        LogicalPlan::Limit(limit) => {
            let input = Arc::new(with_keys(&limit.input, keys)?);
            Ok(LogicalPlan::Limit(Limit { input, ..limit.clone() }))
        }
        LogicalPlan::SubqueryAlias(alias) => with_keys(&alias.input, keys),
        LogicalPlan::Projection(p) => keyed(p.expr.clone(), &p.input),
        LogicalPlan::Sort(sort) => {
            let columns = sort.input.schema().columns().into_iter().map(Expr::Column).collect();
            keyed(columns, &Arc::new(plan.clone()))
        }
        other => plan_err!("no keys can stand behind {}", other.display()),
    }
}

/// Whether a key orders anything.
fn orders(key: &SortExpr) -> bool {
    !matches!(key.expr, Expr::Literal(..))
}

/// The outputs that are keys, with the direction of each, up to the first key that is no output.
fn outputs(
    keys: &[SortExpr],
    projection: Option<&[Expr]>,
    input: &LogicalPlan,
) -> Vec<(usize, (bool, bool))> {
    let mut found = Vec::new();
    for key in keys.iter().filter(|key| orders(key)) {
        let output = match projection {
            Some(exprs) => exprs.iter().position(|expr| expr.clone().unalias() == key.expr),
            None => match &key.expr {
                Expr::Column(column) => input.schema().maybe_index_of_column(column),
                _ => None,
            },
        };
        match output {
            Some(output) => found.push((output, (key.asc, key.nulls_first))),
            None => break,
        }
    }
    found
}

impl Ordering {
    /// Whether the rows come as the keys that are outputs demand. DataFusion leaves out keys that it takes
    /// for constant, and under grouping sets they are not.
    pub fn is_kept(&self, rows: &[Row]) -> bool {
        use std::cmp::Ordering as Order;
        let order = |a: &Row, b: &Row| {
            let keys = self.outputs.iter().zip(&self.directions);
            keys.map(|(&at, &(ascends, nulls_first))| match (a[at].is_null(), b[at].is_null()) {
                (true, true) => Order::Equal,
                (true, false) if nulls_first => Order::Less,
                (true, false) => Order::Greater,
                (false, true) if nulls_first => Order::Greater,
                (false, true) => Order::Less,
                (false, false) if ascends => a[at].order(&b[at]),
                (false, false) => b[at].order(&a[at]),
            })
            .find(|order| order.is_ne())
            .unwrap_or(Order::Equal)
        };
        rows.windows(2).all(|pair| order(&pair[0], &pair[1]).is_le())
    }
}

/// How many rows a frame reaches, where that is further than most windows do.
fn reach(bound: &WindowFrameBound) -> Option<usize> {
    let (WindowFrameBound::Preceding(rows) | WindowFrameBound::Following(rows)) = bound else { return None };
    let rows =
        i64::try_from(rows.clone()).ok().or_else(|| u64::try_from(rows.clone()).ok()?.try_into().ok())?;
    usize::try_from(rows).ok().filter(|&rows| rows > FEW_TIED)
}

/// With which numbers rows are compared that ROW_NUMBER and its kin give, where windows seldom have as many.
fn ranks(predicate: &Expr) -> Vec<usize> {
    let mut found = Vec::new();
    let _ = predicate.apply(|part| {
        if let Expr::Literal(ScalarValue::Int64(Some(rank)), _) = part {
            found.extend(usize::try_from(*rank).ok().filter(|&rank| rank > FEW_TIED));
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

/// How many rows LAG and their kin reach, where that is further than most windows do.
fn distance(argument: &Expr) -> Option<usize> {
    let Expr::Literal(ScalarValue::Int64(Some(rows)), _) = argument else { return None };
    usize::try_from(*rows).ok().filter(|&rows| rows > FEW_TIED)
}

/// The rows that a LIMIT at the end of a query keeps.
fn most_rows(plan: &LogicalPlan) -> Option<usize> {
    match plan {
        LogicalPlan::Limit(limit) => match limit.get_fetch_type() {
            Ok(FetchType::Literal(rows)) => rows,
            _ => None,
        },
        LogicalPlan::Projection(projection) => most_rows(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => most_rows(&alias.input),
        _ => None,
    }
}

/// Whether a LIMIT outside of subqueries, which may only ask whether there are rows, cuts rows in no order.
fn picks(plan: &LogicalPlan) -> Result<bool> {
    fn is_sorted(plan: &LogicalPlan) -> bool {
        match plan {
            LogicalPlan::Sort(_) => true,
            LogicalPlan::Projection(projection) => is_sorted(&projection.input),
            LogicalPlan::SubqueryAlias(alias) => is_sorted(&alias.input),
            LogicalPlan::Limit(limit) => is_sorted(&limit.input),
            _ => false,
        }
    }
    plan.exists(|node| {
        let LogicalPlan::Limit(limit) = node else { return Ok(false) };
        let kept = match limit.get_fetch_type()? {
            FetchType::Literal(kept) => kept,
            FetchType::UnsupportedExpr => return Ok(false),
        };
        let all = limit.input.max_rows();
        let cuts = kept.is_some_and(|kept| kept > 0 && all.is_none_or(|all| all > kept));
        Ok(cuts && !is_sorted(&limit.input))
    })
}

impl Traits {
    /// Reads them off a plan and its subqueries.
    ///
    /// # Errors
    /// When the plan cannot be walked.
    pub fn of(plan: &LogicalPlan) -> Result<Self> {
        let mut traits = Self { most: most_rows(plan), picks: picks(plan)?, ..Self::default() };
        let mut ranked = Vec::new();
        plan.apply_with_subqueries(|node| {
            match node {
                LogicalPlan::Limit(limit) => {
                    traits.loose.push(Trait::Limit);
                    traits.cut(limit);
                }
                LogicalPlan::Distinct(Distinct::On(_)) => traits.loose.push(Trait::DistinctOn),
                LogicalPlan::Aggregate(aggregate) => {
                    let mut fields = aggregate.schema.fields().iter();
                    traits.adds_floats |= fields.any(|field| field.data_type().is_floating());
                }
                LogicalPlan::RecursiveQuery(_) => traits.recursive = true,
                LogicalPlan::Filter(filter) => ranked.extend(ranks(&filter.predicate)),
                _ => {}
            }
            node.apply_expressions(|expr| {
                expr.apply(|expr| {
                    traits.see(expr);
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        })?;
        if traits.ranks {
            traits.cuts.extend(ranked);
        }
        traits.cuts.sort_unstable();
        traits.loose.sort_unstable();
        traits.loose.dedup();
        Ok(traits)
    }

    fn cut(&mut self, limit: &Limit) {
        if let Ok(FetchType::Literal(Some(rows))) = limit.get_fetch_type() {
            self.cuts.extend((rows > FEW_ROWS).then_some(rows));
        }
        if let Ok(SkipType::Literal(rows)) = limit.get_skip_type() {
            self.cuts.extend((rows > FEW_ROWS).then_some(rows));
        }
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
                    "rank" | "dense_rank" => self.ranks = true,
                    "percent_rank" | "cume_dist" => self.rounds = true,
                    name => {
                        self.loose.push(Trait::OrderedWindow);
                        self.ranks |= matches!(name, "row_number" | "ntile");
                        self.cuts.extend(call.params.args.iter().filter_map(distance));
                    }
                },
                WindowFunctionDefinition::AggregateUDF(function) => {
                    use datafusion::logical_expr::WindowFrameUnits;
                    let frame = &call.params.window_frame;
                    self.cuts.extend([&frame.start_bound, &frame.end_bound].into_iter().filter_map(reach));
                    if call.params.window_frame.units == WindowFrameUnits::Rows {
                        self.loose.push(Trait::OrderedWindow);
                    }
                    if !matches!(function.name(), "count" | "min" | "max" | "sum") {
                        self.rounds = true;
                    }
                }
            },
            Expr::ScalarFunction(call)
                if matches!(call.func.name(), "btrim" | "rtrim" | "ltrim" | "trim") =>
            {
                self.trims = true
            }
            Expr::ScalarFunction(call) if call.func.signature().volatility == Volatility::Volatile => {
                self.loose.push(Trait::Volatile);
            }
            Expr::ScalarFunction(call)
                if matches!(call.name(), "sqrt" | "power" | "exp" | "ln" | "log" | "log10" | "log2") =>
            {
                self.rounds = true;
            }
            _ => {}
        }
    }
}
