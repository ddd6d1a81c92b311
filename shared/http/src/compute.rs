//! Work that costs processor time, kept off the threads that serve requests.

use std::sync::LazyLock;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::problem::{Kind, Problem};

/// How much runs at once: more than there are processors would only make each of them slower, and every
/// piece has a large stack.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| {
    Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from).saturating_mul(2))
});

/// Runs the work on a thread of its own, after others if there are many, and waits for it no longer than
/// `budget`, the waiting for its turn included.
///
/// A thread cannot be stopped: work that may take long must keep to a budget of its own, of which this one
/// is the backstop.
pub async fn compute<T: Send + 'static>(
    budget: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let in_turn = async {
        let turn = TURNS.acquire().await.map_err(Problem::internal)?;
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        work.await.map_err(Problem::internal)
    };
    match timeout(budget, in_turn).await {
        Ok(outcome) => outcome,
        Err(_) => {
            Err(Problem::new(Kind::TooExpensive)
                .detail(format!("no result after {} seconds", budget.as_secs())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_our_fault_and_a_result_comes_back() {
        let budget = Duration::from_secs(60);
        assert_eq!(compute(budget, || 7).await.unwrap(), 7);
        let problem = compute(budget, || -> u8 { panic!("on purpose") }).await.unwrap_err();
        assert_eq!(problem.kind(), Kind::Internal);
    }

    #[tokio::test]
    async fn work_over_its_budget_is_named() {
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let problem = compute(Duration::from_millis(20), move || wait.recv().is_ok()).await.unwrap_err();
        assert_eq!(problem.kind(), Kind::TooExpensive);
        drop(done);
    }
}
