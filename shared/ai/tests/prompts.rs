//! What models are asked, word for word: a change of it is a new version of the prompts.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use sqm_ai::{Describing, Dialogue, Original, Statement};
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::explain;
use sqm_verify::offer::Options;

const DDL: &str = "CREATE TABLE customers (id INT PRIMARY KEY, name TEXT NOT NULL, country TEXT,
                   status ENUM('hunter2', 'other'), note TEXT);
                   CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT NOT NULL REFERENCES customers (id),
                   placed DATE, total NUMERIC(10, 2))";

const SQL: &str = "/* for hunter2 */ SELECT c.name FROM customers c -- hunter2
    WHERE c.country = 'hunter2' AND (SELECT count(*) FROM orders o WHERE o.customer_id = c.id AND o.total > 4242) > 0";

fn texts(answers: &[&str]) -> Vec<String> {
    let (catalog, _) = Catalog::from_ddl(DDL, Dialect::Postgres).unwrap();
    let statement = Statement::read(SQL, Dialect::Postgres, &catalog).unwrap();
    let original = Arc::new(Original::read(SQL, statement, &catalog).unwrap());
    let mut dialogue = Dialogue::new(original, Arc::new(catalog), "fake-1", Options::default());
    for answer in answers {
        dialogue.hear(answer);
    }
    dialogue.question().messages.iter().map(|message| message.content.clone()).collect()
}

#[test]
fn the_first_question() {
    let texts = texts(&[]);
    insta::assert_snapshot!(texts.join("\n----\n"));
}

/// What PostgreSQL prints of the statement, with a table that it does not name.
const PLAN: &str =
    "Nested Loop  (cost=0.00..9000.00 rows=1 width=8) (actual time=0.1..900.0 rows=90000 loops=1)
  ->  Seq Scan on customers c  (cost=0.00..5000.00 rows=1 width=8) (actual time=0.1..300.0 rows=3 loops=1)
        Filter: (country = 'hunter2'::text)
        Rows Removed by Filter: 900000
  ->  Seq Scan on hunter2  (cost=0.00..5000.00 rows=1 width=8) (actual time=0.1..300.0 rows=3 loops=1)
        Filter: (total > 4242)
        Rows Removed by Filter: 900000
Execution Time: 901.000 ms
";

#[test]
fn what_is_wrong_with_a_plan_is_told_and_nothing_that_it_quotes() {
    let (catalog, _) = Catalog::from_ddl(DDL, Dialect::Postgres).unwrap();
    let text = explain::Text { sql: SQL, dialect: Dialect::Postgres };
    let plan = explain::read(explain::Printed::Text(PLAN), None, Some(text), &catalog).unwrap();
    assert!(plan.findings.iter().any(|finding| finding.table.as_deref() == Some("hunter2")), "{plan:?}");
    let plain = Statement::read(SQL, Dialect::Postgres, &catalog).unwrap();
    let statement = plain.clone().with_plan(&plan).unwrap();
    assert_ne!(statement.content_hash(), plain.content_hash());
    let original = Arc::new(Original::read(SQL, statement, &catalog).unwrap());
    let dialogue = Dialogue::new(original, Arc::new(catalog), "fake-1", Options::default());
    let question = dialogue.question().messages[1].content.clone();
    insta::assert_snapshot!(question);
    assert!(!question.contains("hunter2") && !question.contains("4242"), "{question}");
}

#[test]
fn the_question_what_a_statement_is_for() {
    let (catalog, _) = Catalog::from_ddl(DDL, Dialect::Postgres).unwrap();
    let statement =
        Statement::read("DELETE FROM orders WHERE id = 4242", Dialect::Postgres, &catalog).unwrap();
    let describing = Describing::new(&statement);
    insta::assert_snapshot!(describing.question().messages[1].content);
}

#[test]
fn what_was_refuted_goes_back_without_the_literals() {
    let wrong = "SELECT c.name FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.country = :text_1 AND o.total > :integer_1";
    let unknown = "SELECT c.nam AS name FROM customers c WHERE c.country = :text_1";
    let answer = serde_json::json!({"rewrites": [
        {"sql": wrong, "title": "A join", "explanation": "", "conditions": []},
        {"sql": unknown, "title": "", "explanation": "", "conditions": []},
    ]});
    let texts = texts(&[&answer.to_string()]);
    let last = texts.last().unwrap();
    assert!(last.contains("counterexample") && last.contains("nam"), "{last}");
    for text in &texts {
        assert!(!text.contains("hunter2") && !text.contains("4242"), "{text}");
    }
}
