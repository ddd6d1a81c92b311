//! Talks from the first question to the verdicts: what is right is offered, what is wrong is mended or left out.

use serde_json::{Value, json};
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_testkit::{FakeModel, Step};

use crate::asking::talk;

const DDL: &str = "CREATE TABLE customers (id INT PRIMARY KEY, name TEXT NOT NULL, country TEXT);
    CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT NOT NULL REFERENCES customers (id), placed DATE, total INT)";

const SQL: &str = "SELECT c.name FROM customers c WHERE c.country = 'NL' \
    AND (SELECT count(*) FROM orders o WHERE o.customer_id = c.id AND o.total > 100) > 0";

const RIGHT: &str = "SELECT c.name FROM customers c WHERE c.country = :text_1 \
    AND EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.total > :integer_1)";

fn catalog() -> Catalog {
    Catalog::from_ddl(DDL, Dialect::Postgres).unwrap().0
}

pub fn rewrites(sql: &[&str]) -> Value {
    let one = |sql: &&str| json!({"sql": sql, "title": "T", "explanation": "uses :text_1", "conditions": []});
    json!({"rewrites": sql.iter().map(one).collect::<Vec<_>>()})
}

#[tokio::test]
async fn a_right_rewrite_is_offered_in_the_words_of_the_user() {
    let model = FakeModel::saying([Step::json(&rewrites(&[RIGHT]))]).await;
    let (found, budget) = talk(&model, SQL, &catalog()).await;
    let offers = &found.outcome.verdicts.offers;
    assert_eq!(offers.len(), 1, "{:?}", found.outcome.verdicts);
    assert!(offers[0].sql.contains("= 'NL'") && offers[0].sql.contains("> 100"), "{}", offers[0].sql);
    assert_eq!((offers[0].origin.as_str(), offers[0].verdict), ("model:fake-1", "proved"));
    assert_eq!(offers[0].explanation, "uses 'NL'");
    assert_eq!((found.outcome.rounds, budget.used().calls, budget.used().tokens()), (1, 1, 340));
}

#[tokio::test]
async fn a_refuted_rewrite_is_repaired_by_its_counterexample() {
    let wrong = "SELECT c.name FROM customers c JOIN orders o ON o.customer_id = c.id \
        WHERE c.country = :text_1 AND o.total > :integer_1";
    let model = FakeModel::answering(move |asked| {
        let was_refuted = asked.last().contains("counterexample");
        Step::json(&rewrites(&[if was_refuted { RIGHT } else { wrong }]))
    })
    .await;
    let (found, _) = talk(&model, SQL, &catalog()).await;
    let verdicts = &found.outcome.verdicts;
    assert_eq!((verdicts.offers.len(), verdicts.refuted.len(), found.outcome.rounds), (1, 1, 2));
    assert!(verdicts.refuted[0].verification.verdict.counterexample().is_some());
    for asked in model.asked() {
        assert!(!asked.body.to_string().contains("NL") && !asked.text().contains("100"), "{}", asked.text());
    }
}

#[tokio::test]
async fn a_model_that_does_not_learn_is_given_up() {
    let steps = ["<", "<=", ">=", "="].map(|operator| {
        Step::json(&rewrites(&[&RIGHT.replace("o.total >", &format!("o.total {operator}"))]))
    });
    let model = FakeModel::saying(steps).await;
    let (found, _) = talk(&model, SQL, &catalog()).await;
    assert_eq!((found.outcome.rounds, found.outcome.verdicts.refuted.len()), (3, 3));
    assert!(found.outcome.verdicts.offers.is_empty() && found.broken_off.is_none());
}

#[tokio::test]
async fn what_a_proposal_has_to_keep() {
    for (sql, why) in [
        ("SELECT c.nom AS name FROM customers c", "nom"),
        ("SELECT c.name FROM clients c", "clients"),
        ("SELECT c.name AS customer FROM customers c", "outputs are customer"),
        ("SELECT c.name, c.id FROM customers c", "outputs are name, id"),
        ("SELECT c.id AS name FROM customers c", "types of its outputs"),
        ("SELECT c.name FROM customers c; DROP TABLE customers", "2 statements"),
        ("DELETE FROM customers", "no query"),
        ("SELECT c.name FROM customers c WHERE c.country = :text_7", "placeholder :text_7"),
        ("SELECT c.name FROM customers c WHERE random() < 2", "random"),
        ("SELECT c.name FROM customers c WHERE (", "parse"),
        (&SQL.replace("'NL'", ":text_1").replace("100", ":integer_1"), "it is the original"),
    ] {
        let model = FakeModel::saying([Step::json(&rewrites(&[sql]))]).await;
        let (found, _) = talk(&model, SQL, &catalog()).await;
        let verdicts = &found.outcome.verdicts;
        assert!(verdicts.offers.is_empty(), "{sql}");
        let reason = verdicts.rejected.first().map(|it| it.reason.as_str()).unwrap_or_default();
        assert!(reason.contains(why), "{sql}: {reason}");
    }
}

#[tokio::test]
async fn answers_that_are_no_answers() {
    let right = rewrites(&[RIGHT]).to_string();
    for (step, offers) in [
        (Step::say(format!("Certainly!\n```json\n{right}\n```\nShall I explain?")), 1),
        (Step::tool_call(&rewrites(&[RIGHT])), 1),
        (Step::streamed(&right), 1),
        (Step::say("I would rather not."), 0),
        (Step::say("{\"rewrites\": [{\"sql\": \"SELECT"), 0),
        (Step::say("{\"rewrites\": {}}"), 0),
        (Step::say(""), 0),
        (Step::refusal(), 0),
        (Step::filtered(), 0),
        (Step::cut_off("{\"rewrites\": [{\"sql\": \"SELECT"), 0),
        (Step::Endless(4 * 1024 * 1024), 0),
        (Step::status(500), 0),
        (Step::Drop, 0),
    ] {
        let model = FakeModel::saying([step.clone()]).await;
        let (found, _) = talk(&model, SQL, &catalog()).await;
        assert_eq!(found.outcome.verdicts.offers.len(), offers, "{step:?}");
    }
}
