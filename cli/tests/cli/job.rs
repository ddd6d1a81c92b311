//! `sqm job`: against a real server, while somebody works on the job.

use sqm_domain::{JobId, QueryId};
use sqm_http::Clock;
use sqm_store::Finished;
use sqm_testkit::TestApp;

use crate::import::against;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_followed_to_its_end() {
    let app = TestApp::start().await;
    let none = against(&app, "job").await;
    assert_eq!((none.code, none.out.as_str()), (2, ""), "{}", none.err);
    assert!(none.err.contains("there is no job yet"), "{}", none.err);

    let (workspace, now) = ("acme".parse().unwrap(), app.clock.now());
    let job = JobId::from_parts(1_800_000_000_000, [7; 10]);
    let queries = [1, 2, 3].map(|n| QueryId::from_parts(1_800_000_000_000 + n, [1; 10]));
    app.store.open_job(&workspace, job, now).await.unwrap();
    app.store.plan_tasks(&workspace, job, &queries, now).await.unwrap();
    let early = against(&app, "job --no-wait").await;
    let expected = format!("{job}: planning; of 3 queries 0 are done, 0 failed\n");
    assert_eq!((early.code, early.out), (0, expected), "{}", early.err);

    let working = async {
        app.store.seal_job(&workspace, job).await.unwrap();
        for (query, finished) in queries.into_iter().zip([
            Finished::Done,
            Finished::Failed("too-expensive".to_owned()),
            Finished::Done,
        ]) {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            app.store.finish_task(&workspace, job, query, &finished, now).await.unwrap();
        }
    };
    let args = format!("job {job}");
    let (followed, ()) = tokio::join!(against(&app, &args), working);
    let expected =
        format!("{job}: finished; of 3 queries 2 are done, 1 failed\n{}: too-expensive\n", queries[1]);
    assert_eq!((followed.code, followed.out), (1, expected), "{}", followed.err);

    let wrong = against(&app, "job ../queries").await;
    assert_eq!(wrong.code, 2, "{}", wrong.err);
    let gone = against(&app, "job 01940000-0000-7000-8000-000000000000").await;
    assert!(gone.code == 2 && gone.err.contains("404"), "{}", gone.err);
}
