//! `parallelism-lost`: there were fewer parallel processes than the plan was made for, so that each did more. Any is
//! told: the plan was chosen for the number that it names.

use super::figures::count;
use super::{About, Code, Context, Finding};
use crate::lint::Severity;

pub(super) fn check(cx: &Context<'_>, at: usize) -> Option<Finding> {
    let node = cx.node(at);
    let workers = node.workers?;
    let (planned, launched) = workers.planned.zip(workers.launched)?;
    if launched >= planned || node.loops == Some(0.0) {
        return None;
    }
    let message = format!(
        "{} parallel workers were planned and {} started: others use those that max_parallel_workers and max_worker_processes allow",
        count(planned),
        count(launched),
    );
    Some(cx.finding(at, (Code::ParallelismLost, Severity::Warning), About::of(node), message))
}
