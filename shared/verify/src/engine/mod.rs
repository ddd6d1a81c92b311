//! Plans once, runs often: a bound query as a physical plan over swappable tables. Whatever is asked, a run
//! ends: in time, and with a bounded number of rows and bytes.

mod fence;
mod rows;

use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::common::{Result, exec_err};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;
use tokio::runtime::{Builder, Runtime};

use crate::bind::{Bound, SwapTable, context, counts, texts};
use crate::database::{Database, Row};
use fence::Fence;

/// What a query made of a database: rows in the order in which they came, or an error in words.
pub type Outcome = std::result::Result<Vec<Row>, String>;

/// Most rows that a query may return of one database: beyond this it says nothing that fewer do not.
const MOST_ROWS: usize = 100_000;

/// A query ready to run.
pub struct Query {
    plan: Arc<dyn ExecutionPlan>,
    /// Planned anew for each run where the plan keeps state that cannot be reset.
    recursive: Option<Bound>,
}

/// How long an engine may work.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest time for one run.
    pub run: Duration,
    /// No run goes on after this.
    pub until: Instant,
}

/// Runs queries on databases.
pub struct Engine {
    runtime: Runtime,
    context: Arc<TaskContext>,
    tables: Vec<Option<Arc<SwapTable>>>,
    limits: Limits,
    fence: Arc<Fence>,
}

impl Engine {
    /// An engine for these tables, in the order of their schema.
    ///
    /// # Errors
    /// When no runtime can be made.
    pub fn new(tables: Vec<Option<Arc<SwapTable>>>, limits: Limits) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().build()?;
        let fence = Arc::new(Fence::new(limits.until));
        Ok(Self { runtime, context: context::session().task_ctx(), tables, limits, fence })
    }

    /// Optimizes a bound query and plans its execution.
    ///
    /// # Errors
    /// What the planner does not take.
    pub fn plan(&self, bound: &Bound) -> Result<Query> {
        let plan = self.physical(bound.plan.clone())?;
        Ok(Query { plan, recursive: bound.traits.recursive.then(|| bound.clone()) })
    }

    /// Plans the execution of a part of a bound query that does not recurse.
    ///
    /// # Errors
    /// What the planner does not take, which is whatever speaks of rows outside the part.
    pub fn plan_part(&self, part: LogicalPlan) -> Result<Query> {
        Ok(Query { plan: self.physical(part)?, recursive: None })
    }

    fn physical(&self, plan: LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
        let plan = texts::bounded(counts::executable(plan)?)?;
        let plan = self.runtime.block_on(context::session().create_physical_plan(&plan))?;
        fence::around_joins(plan, &self.fence)
    }

    /// Puts the rows of this database under every query.
    ///
    /// # Errors
    /// When the rows do not fit the tables.
    pub fn load(&self, database: &Database) -> std::result::Result<(), String> {
        for (table, rows) in self.tables.iter().zip(&database.tables) {
            if let Some(table) = table {
                table.swap(rows).map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    /// Runs a query on the database loaded last.
    pub fn run(&self, query: &Query) -> Outcome {
        let mut batches = Vec::new();
        self.each_batch(query, |batch| batches.push(batch)).map_err(|error| error.strip_backtrace())?;
        rows::rows(&batches)
    }

    /// Runs a query on the database loaded last: its rows as one batch.
    ///
    /// # Errors
    /// The failure of the query.
    pub fn batch(&self, query: &Query) -> Result<RecordBatch> {
        let mut batches = Vec::new();
        self.each_batch(query, |batch| batches.push(batch))?;
        Ok(concat_batches(&query.plan.schema(), &batches)?)
    }

    /// Runs a query on the database loaded last and says how long it took.
    pub fn time(&self, query: &Query) -> std::result::Result<Duration, String> {
        let start = Instant::now();
        self.each_batch(query, drop).map_err(|error| error.strip_backtrace())?;
        Ok(start.elapsed())
    }

    fn each_batch(&self, query: &Query, mut take: impl FnMut(RecordBatch)) -> Result<()> {
        let now = Instant::now();
        self.fence.set((now + self.limits.run).min(self.limits.until));
        let plan = match &query.recursive {
            Some(bound) => self.plan(bound)?.plan,
            None => reset_plan_states(Arc::clone(&query.plan))?,
        };
        self.runtime.block_on(async {
            let mut stream = execute_stream(plan, Arc::clone(&self.context))?;
            let mut returned = 0;
            while let Some(batch) = stream.next().await {
                let batch = batch?;
                self.fence.check()?;
                returned += batch.num_rows();
                if returned > MOST_ROWS {
                    return exec_err!("it returns more than {MOST_ROWS} rows");
                }
                take(batch);
            }
            Ok(())
        })
    }
}
