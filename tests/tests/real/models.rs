//! A real model, so small that it writes no useful SQL: the client understands it, and nothing of it is offered that
//! is not shown to be the same.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sqm_ai::provider::{Budget, Endpoint, Message, Provider, Question};
use sqm_ai::{Dialogue, Keyed, Model, Original, Statement, Workers, converse};
use sqm_domain::Dialect;
use sqm_local::{SmallModel, Tools};
use sqm_reach::Trust;
use sqm_sql::catalog::Catalog;
use sqm_testkit::checkout;
use sqm_verify::offer::Options;

struct Here;

impl Workers for Here {
    type Error = Infallible;

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Infallible> {
        Ok(work())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_model_is_understood_and_offers_nothing_unverified() {
    let model = SmallModel::start(&Tools::of_checkout(&checkout::root())).await.unwrap();
    let endpoint = Endpoint::new(&model.url(), "smollm2", "127.0.0.1".parse().unwrap()).unwrap();
    let provider = Provider::new(endpoint, Trust::default());
    let keyed = Keyed { provider: &provider, key: None };

    let messages = [Message::system("You are brief."), Message::user("Say hello.")];
    let schema = json!({"type": "object"});
    let question = Question { messages: &messages, name: "greeting", schema: &schema, answer_tokens: 300 };
    let mut budget = Budget::new(Duration::from_secs(120), 2_000);
    match keyed.ask(&question, &mut budget).await {
        Ok(answer) => assert!(!answer.text.is_empty() && answer.request_id.is_some()),
        // It does not always find the end of an object.
        Err(error) => assert_eq!(error.to_string(), "the answer of the model was cut off"),
    }
    assert!(budget.used().prompt_tokens > 5 && budget.used().completion_tokens > 0, "{:?}", budget.used());

    let ddl =
        "CREATE TABLE t (a INT PRIMARY KEY, b TEXT); CREATE TABLE u (c INT PRIMARY KEY, a INT NOT NULL)";
    let (catalog, _) = Catalog::from_ddl(ddl, Dialect::Postgres).unwrap();
    let sql = "SELECT b FROM t WHERE b = 'x' AND (SELECT count(*) FROM u WHERE u.a = t.a) > 0";
    let statement = Statement::read(sql, Dialect::Postgres, &catalog).unwrap();
    let original = Arc::new(Original::read(sql, statement, &catalog).unwrap());
    let options = Options { measure: false, ..Options::default() };
    let dialogue = Dialogue::new(original, Arc::new(catalog), "smollm2", options);
    let mut budget = Budget::new(Duration::from_secs(180), 1_500);
    let Ok(found) = converse(&keyed, &Here, dialogue, &mut budget).await;
    println!("{:?} {:?} {:?}", found.outcome.verdicts, found.broken_off, budget.used());
    assert!(found.outcome.verdicts.offers.iter().all(|offer| offer.is_sound()));
    assert!(budget.used().calls > 0);
    model.stop().await;
}
