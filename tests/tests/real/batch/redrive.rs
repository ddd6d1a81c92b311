//! Dead letters, and sending them again.

use sqm_queue::redrive;
use sqm_testkit::TestApp;

use super::lambda::{Lambda, counts};

#[tokio::test]
async fn a_poison_message_ends_among_the_dead_letters_and_is_sent_again() {
    let app = TestApp::start().await;
    let lambda = Lambda::new(&app).await;
    let queues = &lambda.queues;
    for n in 0..12 {
        app.user("acme").store(&format!("SELECT {n}")).await;
    }
    for body in ["no JSON", "{}"] {
        queues.sqs.send_message().queue_url(&queues.queue).message_body(body).send().await.unwrap();
    }
    lambda.due("2027-01-15T09:00:00Z").await.unwrap();
    assert_eq!(lambda.drain().await, 12 + 2 * 3, "those that fail are received three times");
    assert_eq!(counts(&lambda.job("acme").await), ("finished", 12, 12, 0));
    assert_eq!((queues.waiting(&queues.queue).await, queues.waiting(&queues.dead_letters).await), (0, 2));

    let (from, to) = (lambda.ours(&queues.dead_letters).await, lambda.ours(&queues.queue).await);
    assert_eq!(redrive(&from, &to).await.unwrap(), 2);
    assert_eq!((queues.waiting(&queues.queue).await, queues.waiting(&queues.dead_letters).await), (2, 0));
    assert_eq!(redrive(&from, &to).await.unwrap(), 0);
}
