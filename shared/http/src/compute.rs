//! Work that costs processor time, kept off the threads that serve requests.

use std::sync::LazyLock;
use std::time::Duration;

use http::HeaderValue;
use http::header::RETRY_AFTER;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::problem::{Kind, Problem};

/// How much runs at once: more than there are processors would only make each of them slower, and every
/// piece has a large stack.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| {
    Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from).saturating_mul(2))
});

/// When to come again where no turn came, in seconds.
const RETRY_AFTER_S: u32 = 5;

/// Longest time that the work for one request takes, all of it together and what lies between included. The
/// gateway waits for 30 seconds, and a function is ended after 29.
pub const REQUEST: Duration = Duration::from_secs(26);

tokio::task_local! {
    /// When the request has to be answered.
    static END: Instant;
}

/// Gives a request so much time for all its work.
pub(crate) async fn within<T>(time: Duration, request: impl Future<Output = T>) -> T {
    END.scope(Instant::now() + time, request).await
}

/// Runs the work on a thread of its own, after others if there are many, and waits for it no longer than
/// `budget`, the waiting for its turn included, nor than the request has time.
///
/// A thread cannot be stopped: work that may take long must keep to a budget of its own, of which this one
/// is the backstop.
pub async fn compute<T: Send + 'static>(
    budget: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let begun = Instant::now();
    let until = END.try_with(|end| (begun + budget).min(*end)).unwrap_or(begun + budget);
    let Ok(turn) = timeout_at(until, TURNS.acquire()).await else {
        return Err(Problem::new(Kind::TooManyRequests)
            .detail("other analyses are being made; this one was not begun")
            .header(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S)));
    };
    let turn = turn.map_err(Problem::internal)?;
    let work = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    match timeout_at(until, work).await {
        // What the panic said may quote the SQL; where it was is in the log.
        Ok(outcome) => {
            outcome.map_err(|_| Problem::internal("the work panicked; the line before says where"))
        }
        Err(_) => Err(Problem::new(Kind::TooExpensive)
            .detail(format!("no result after {} seconds", begun.elapsed().as_secs()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test takes all turns, which the others must not miss.
    static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

    #[tokio::test]
    async fn a_panic_is_our_fault_and_a_result_comes_back() {
        let _alone = ALONE.lock().await;
        let budget = Duration::from_secs(60);
        assert_eq!(compute(budget, || 7).await.unwrap(), 7);
        let problem = compute(budget, || -> u8 { panic!("on purpose") }).await.unwrap_err();
        assert_eq!(problem.kind(), Kind::Internal);
        assert!(!problem.causes().unwrap().contains("on purpose"));
    }

    #[tokio::test]
    async fn a_request_has_one_end_for_all_its_work() {
        let _alone = ALONE.lock().await;
        let request = within(Duration::from_millis(30), async {
            compute(REQUEST, || std::thread::sleep(Duration::from_millis(60))).await.unwrap_err();
            compute(REQUEST, || ()).await
        });
        assert_eq!(request.await.unwrap_err().kind(), Kind::TooExpensive);
    }

    #[tokio::test]
    async fn what_never_got_its_turn_is_told_to_come_again() {
        let _alone = ALONE.lock().await;
        let most = u32::try_from(TURNS.available_permits()).unwrap();
        let all = TURNS.acquire_many(most).await.unwrap();
        let problem = compute(Duration::from_millis(20), || ()).await.unwrap_err();
        assert_eq!(problem.kind(), Kind::TooManyRequests);
        drop(all);
    }

    #[tokio::test]
    async fn work_over_its_budget_is_named() {
        let _alone = ALONE.lock().await;
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let problem = compute(Duration::from_millis(20), move || wait.recv().is_ok()).await.unwrap_err();
        assert_eq!(problem.kind(), Kind::TooExpensive);
        drop(done);
    }
}
