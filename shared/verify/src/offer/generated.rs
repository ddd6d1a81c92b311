//! What a rewrite brings where no database is at hand: both are run in an embedded engine on generated data,
//! and nowhere else. That is a hint of growth, not a promise for another engine. Which engine: DataFusion, but
//! where the rewrite frees a database that runs subqueries by row of one, SQLite, which does so too; and SQLite where
//! it takes an index to be faster.

use std::time::{Duration, Instant};

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Subquery};
use sqm_domain::Dialect;
use sqm_sql::catalog::{Catalog, IndexPart, Statistics};
use sqm_sql::guard;

use super::{Benefit, Embedded, Run};
use crate::bind::{self, Tables};
use crate::database::{Schema, position};
use crate::dialects::runs_subqueries_by_row;
use crate::engine::{Engine, Limits};
use crate::generate::Generator;
use crate::sqlite::Clock;

/// Rows of each table at which both are run; of the largest, where statistics say how large the others are.
const SIZES: [usize; 3] = [250, 1_000, 4_000];

/// Once a run takes longer, larger tables are not tried.
const LONGEST: Duration = Duration::from_millis(400);

/// Runs both at growing sizes, until then at most; `None` where they do not run.
pub fn measure(
    original: &str,
    rewrite: &str,
    dialect: Dialect,
    catalog: &Catalog,
    statistics: &Statistics,
    until: Instant,
) -> Option<Benefit> {
    guard::on_large_stack(|| measure_here([original, rewrite], dialect, catalog, statistics, until))
        .ok()
        .flatten()
}

fn measure_here(
    [original, rewrite]: [&str; 2],
    dialect: Dialect,
    catalog: &Catalog,
    statistics: &Statistics,
    until: Instant,
) -> Option<Benefit> {
    // Planning alone cannot be cut short, and may take longer than all runs.
    let in_time = || (Instant::now() < until).then_some(());
    in_time()?;
    let tables = Tables::new(catalog, dialect);
    let one = bind::bind(original, dialect, &tables).ok()?;
    let two = bind::bind(rewrite, dialect, &tables).ok()?;
    // CHECKs are not kept here: nothing is called the same by these rows, and asking each cost more than running.
    let (schema, swaps) = tables.schema();
    let resolve = |parts: &[String]| {
        let name = &catalog.tables().get(position(catalog, parts)?)?.name;
        schema.relations.iter().position(|relation| relation.name == *name)
    };
    // What the queries compare with has to be there, or their filters let nothing through.
    let mut generator = Generator::guided(&schema, 1, [&one.plan, &two.plan], &resolve, dialect);
    generator.with_statistics(statistics);
    let in_sqlite = || {
        // SQLite may make an index for a subquery that is run by row, which those that it stands in for do not. What
        // it makes for a join stands for their hash joins.
        let texts = [
            (one.sqlite.as_deref()?, Tied::of(&one.plan).values == 0 || joins(&one.plan)),
            (two.sqlite.as_deref()?, true),
        ];
        let indexes = declared(&schema, catalog);
        Benefit::generated(
            Embedded::Sqlite,
            runs(until, |rows| {
                let clock = Clock::over(&schema, &generator.volume(rows), &indexes).ok()?;
                texts.map(|(text, own)| fastest(until, |by| clock.time(text, own, by).ok())).into()
            }),
        )
    };
    let engine = Engine::new(swaps, Limits { run: LONGEST * 4, until }).ok()?;
    in_time()?;
    let Ok(first) = engine.plan(&one) else { return in_sqlite() };
    in_time()?;
    let Ok(second) = engine.plan(&two) else { return in_sqlite() };
    let benefit = Benefit::generated(
        Embedded::DataFusion,
        runs(until, |rows| {
            engine.load(&generator.volume(rows)).ok()?;
            [&first, &second].map(|query| fastest(until, |_| engine.time(query).ok())).into()
        }),
    );
    let (before, after) = (Tied::of(&one.plan), Tied::of(&two.plan));
    let saves_runs = after.values < before.values && after.others <= before.others;
    let pays_not = !benefit.as_ref().is_some_and(Benefit::is_shown);
    // What pays by an index alone, DataFusion cannot show. Where subqueries differ, SQLite shows what is its own.
    let is_asked = saves_runs || before == after && pays_not;
    if !runs_subqueries_by_row(dialect) || !is_asked {
        return benefit;
    }
    let in_sqlite = in_sqlite().filter(|other| other.is_shown() || saves_runs && other.is_loss());
    in_sqlite.map(|other| other.ranked_by(benefit.as_ref())).or(benefit)
}

/// Both at growing sizes, as long as both end.
fn runs(until: Instant, mut at: impl FnMut(usize) -> Option<[Option<Duration>; 2]>) -> Vec<Run> {
    let ms = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    let mut runs = Vec::new();
    for rows in SIZES {
        if Instant::now() >= until {
            break;
        }
        let Some([Some(original), Some(rewrite)]) = at(rows) else { break };
        runs.push(Run { rows: Some(rows), original_ms: ms(original), rewrite_ms: ms(rewrite) });
        if original.max(rewrite) > LONGEST {
            break;
        }
    }
    runs
}

/// The fastest of three runs: what disturbs a run only makes it slower.
fn fastest(until: Instant, time: impl Fn(Instant) -> Option<Duration>) -> Option<Duration> {
    let mut best: Option<Duration> = None;
    for _ in 0..3 {
        let time = time(until.min(Instant::now() + LONGEST * 4))?;
        best = Some(best.map_or(time, |best| best.min(time)));
        if time > LONGEST {
            break;
        }
    }
    best
}

/// The indexes of the catalog that are no keys, for each relation.
fn declared(schema: &Schema, catalog: &Catalog) -> Vec<Vec<Vec<usize>>> {
    schema
        .relations
        .iter()
        .map(|relation| {
            let table = catalog.tables().iter().find(|table| table.name == relation.name);
            let column = |part: &IndexPart| match part {
                IndexPart::Column(column) => Some(*column as usize),
                IndexPart::Expression(_) => None,
            };
            let columns = |index: &Vec<IndexPart>| index.iter().map(column).collect::<Option<_>>();
            table.map(|table| table.indexes.iter().filter_map(columns).collect()).unwrap_or_default()
        })
        .collect()
}

/// Whether a plan joins, in subqueries or outside.
fn joins(plan: &LogicalPlan) -> bool {
    let mut found = false;
    let looked = plan.apply_with_subqueries(|node| {
        found |= matches!(node, LogicalPlan::Join(_));
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    looked.is_err() || found
}

/// The subqueries of a plan that name the query around them.
#[derive(Default, PartialEq, Eq)]
struct Tied {
    /// Those that give a value.
    values: usize,
    /// Those of EXISTS and IN, which SQLite runs by row and others do not.
    others: usize,
}

impl Tied {
    fn of(plan: &LogicalPlan) -> Self {
        let mut found = Self::default();
        let is_tied = |subquery: &Subquery| usize::from(!subquery.outer_ref_columns.is_empty());
        let counted = plan.apply_with_subqueries(|node| {
            node.apply_expressions(|expr| {
                expr.apply(|part| {
                    match part {
                        Expr::ScalarSubquery(subquery) => found.values += is_tied(subquery),
                        Expr::Exists(exists) => found.others += is_tied(&exists.subquery),
                        // An IN is looked up by both.
                        Expr::InSubquery(_) => found.others += 1,
                        _ => {}
                    }
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        });
        if counted.is_ok() { found } else { Self::default() }
    }
}
