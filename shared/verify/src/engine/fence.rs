//! Where a run is stopped when its time is over. The runtime cannot do it: a join over rows in memory never
//! gives the control back, so the time is looked at between its batches.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, exec_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::StreamExt;

/// When the run at hand has to end.
#[derive(Debug)]
pub struct Fence {
    start: Instant,
    /// Microseconds after `start`.
    end: AtomicU64,
}

impl Fence {
    /// One that stands there.
    pub fn new(until: Instant) -> Self {
        let fence = Self { start: Instant::now(), end: AtomicU64::new(0) };
        fence.set(until);
        fence
    }

    /// Moves it.
    pub fn set(&self, until: Instant) {
        let after = until.saturating_duration_since(self.start).as_micros();
        self.end.store(u64::try_from(after).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// # Errors
    /// When the time is over.
    pub fn check(&self) -> Result<()> {
        let end = Duration::from_micros(self.end.load(Ordering::Relaxed));
        if self.start.elapsed() > end {
            return exec_err!("it runs too long");
        }
        Ok(())
    }
}

/// The plan with a fence over whatever makes more rows than it reads: joins, unions, recursion.
///
/// # Errors
/// When the plan cannot be rebuilt.
pub fn around_joins(plan: Arc<dyn ExecutionPlan>, fence: &Arc<Fence>) -> Result<Arc<dyn ExecutionPlan>> {
    let fenced = plan.transform_up(|node| {
        if node.children().len() < 2 {
            return Ok(Transformed::no(node));
        }
        let properties = Arc::clone(node.properties());
        let over: Arc<dyn ExecutionPlan> =
            Arc::new(FenceExec { input: node, properties, fence: Arc::clone(fence) });
        Ok(Transformed::yes(over))
    })?;
    Ok(fenced.data)
}

/// Passes batches on as long as there is time.
#[derive(Debug)]
struct FenceExec {
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
    fence: Arc<Fence>,
}

impl DisplayAs for FenceExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FenceExec")
    }
}

impl ExecutionPlan for FenceExec {
    fn name(&self) -> &'static str {
        "FenceExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(input) = children.pop() else { return Ok(self) };
        let properties = Arc::clone(input.properties());
        Ok(Arc::new(Self { input, properties, fence: Arc::clone(&self.fence) }))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let stream = self.input.execute(partition, context)?;
        let fence = Arc::clone(&self.fence);
        let schema = stream.schema();
        let fenced = stream.map(move |batch| fence.check().and(batch));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, fenced)))
    }
}
