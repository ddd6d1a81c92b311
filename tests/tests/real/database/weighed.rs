//! Rewrites on the scales: what pays, what does not, what is wrong, and what is never run.

use std::time::Duration;

use serde_json::Value;
use sqm_database::{Dsn, Runs, Weighed, weigh};
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_verify::offer::{Candidate, Offer, Optimization, Options, judge};

use super::server::{ask, connector, dsn, session};

const SCHEMA: &str = "CREATE TABLE orders (order_id int PRIMARY KEY, customer_id int NOT NULL, total numeric NOT NULL, weight float8);
    CREATE TABLE lines (line_id int PRIMARY KEY, order_id int NOT NULL, price int NOT NULL);";

const CORRELATED: &str = "SELECT o.order_id FROM orders o \
    WHERE o.total > (SELECT avg(p.total) FROM orders p WHERE p.customer_id = o.customer_id)";

const JOINED: &str = "SELECT o.order_id FROM orders o \
    JOIN (SELECT p.customer_id, avg(p.total) AS mean FROM orders p GROUP BY p.customer_id) m \
    ON m.customer_id = o.customer_id WHERE o.total > m.mean";

/// What comes of proposals, all of which are taken for tested.
fn found(sql: &str, proposals: &[&str]) -> Optimization {
    let (catalog, _) = Catalog::from_ddl(SCHEMA, Dialect::Postgres).unwrap();
    let candidate = |sql: &&str| Candidate {
        sql: (*sql).to_owned(),
        origin: "model:test".to_owned(),
        title: "Another way".to_owned(),
        explanation: String::new(),
        conditions: Vec::new(),
    };
    let options = Options { measure: false, ..Options::default() };
    let mut found = judge(sql, Dialect::Postgres, &catalog, proposals.iter().map(candidate), &options);
    // What is refuted or open here is what the database has to find out by itself.
    found.rewrites.append(&mut found.refuted);
    found.rewrites.iter_mut().for_each(|offer| offer.verdict = "tested");
    found
}

async fn weighed(sql: &str, proposals: &[&str], runs: Runs) -> (Vec<Offer>, Weighed, Vec<String>) {
    let mut session = session().await;
    let mut found = found(sql, proposals);
    let weighed = weigh(&mut session, sql, &mut found, runs).await.unwrap();
    session.close().await;
    (found.rewrites, weighed, found.notes)
}

fn benefit(offer: &Offer) -> Value {
    serde_json::to_value(offer).unwrap()["benefit"].clone()
}

#[tokio::test]
async fn by_estimate_where_nothing_may_be_run() {
    let (offers, weighed, notes) = weighed(CORRELATED, &[JOINED], Runs::Refused).await;
    let benefit = benefit(&offers[0]);
    assert!(offers[0].recommended, "{benefit} {notes:?}");
    assert_eq!(
        (&benefit["method"], &benefit["summary"]),
        (&"database, estimated cost".into(), &"cheaper".into())
    );
    assert!(benefit["ratio"].as_f64() > Some(10.0), "{benefit}");
    assert!(benefit["not_run"].as_str().unwrap().contains("not allowed"), "{benefit}");
    let indexes: Vec<_> = weighed.indexes.iter().map(|index| index.name.as_str()).collect();
    assert_eq!(indexes, ["orders_pkey"]);
}

#[tokio::test]
async fn by_time_where_both_may_be_run() {
    let (offers, _, notes) = weighed(CORRELATED, &[JOINED], Runs::Allowed).await;
    let benefit = benefit(&offers[0]);
    assert!(offers[0].recommended, "{benefit} {notes:?}");
    assert_eq!(
        (&benefit["method"], &benefit["results"]),
        (&"database, measured time".into(), &"same".into())
    );
    assert!(
        benefit["ratio"].as_f64() > Some(5.0) && !benefit["runs"].as_array().unwrap().is_empty(),
        "{benefit}"
    );
}

#[tokio::test]
async fn what_does_not_pay_is_declined() {
    // With the index, reading all groups costs more than looking one of them up.
    let looked_up = "SELECT o.order_id FROM orders o WHERE o.order_id < 5 \
        AND o.total > (SELECT sum(l.price) FROM lines l WHERE l.order_id = o.order_id)";
    let grouped = "SELECT o.order_id FROM orders o \
        JOIN (SELECT order_id, sum(price) AS price FROM lines GROUP BY order_id) l ON l.order_id = o.order_id \
        WHERE o.order_id < 5 AND o.total > l.price";
    let same = "SELECT o.order_id FROM orders o WHERE 5 > o.order_id \
        AND o.total > (SELECT sum(l.price) FROM lines l WHERE l.order_id = o.order_id)";
    for runs in [Runs::Allowed, Runs::Refused] {
        let (offers, ..) = weighed(looked_up, &[grouped, same], runs).await;
        assert!(offers.iter().all(|offer| !offer.recommended), "{runs:?} {offers:?}");
        let summaries: Vec<_> =
            offers.iter().map(|offer| offer.benefit.as_ref().unwrap().summary()).collect();
        let slower = if runs == Runs::Allowed { "slower" } else { "dearer" };
        assert_eq!(summaries[1], slower, "{runs:?}: {summaries:?}");
        if runs == Runs::Refused {
            assert_eq!(summaries[0], "equivalent, benefit not shown");
        }
    }
}

#[tokio::test]
async fn other_rows_are_the_strongest_evidence() {
    let wrong = JOINED.replace("o.total > m.mean", "o.total >= m.mean - 1");
    let (offers, ..) = weighed(CORRELATED, &[&wrong], Runs::Allowed).await;
    let benefit = benefit(&offers[0]);
    assert!(!offers[0].recommended && benefit["results"] == "different", "{benefit}");
    assert!(benefit["summary"].as_str().unwrap().starts_with("wrong"), "{benefit}");
    let (offers, ..) = weighed(
        "SELECT order_id FROM orders ORDER BY total LIMIT 5",
        &["SELECT order_id FROM orders ORDER BY total DESC LIMIT 5"],
        Runs::Allowed,
    )
    .await;
    assert_eq!(self::benefit(&offers[0])["results"], "undetermined");
    let floats = (
        "SELECT customer_id, sum(weight) FROM orders GROUP BY customer_id",
        "SELECT customer_id, sum(w) FROM (SELECT customer_id, total, sum(weight) AS w FROM orders GROUP BY 1, 2) x GROUP BY 1",
    );
    let (offers, ..) = weighed(floats.0, &[floats.1], Runs::Allowed).await;
    assert_eq!(self::benefit(&offers[0])["results"], "same", "floats differ by rounding");
}

#[tokio::test]
async fn what_does_more_than_read_is_never_run() {
    for (sql, why) in [
        ("SELECT pg_sleep(60) FROM orders", "pg_sleep"),
        ("SELECT nextval('numbers') FROM orders", "nextval"),
        ("SELECT touch(order_id) FROM orders", "touch"),
        ("SELECT * FROM sleeping", "pg_sleep"),
        ("SELECT * FROM numbered", "nextval"),
        ("SELECT * FROM limited", "pg_sleep"),
        ("SELECT * FROM public.framed", "pg_sleep"),
        ("SELECT * FROM AROUND a JOIN orders USING (order_id)", "pg_sleep"),
        ("SELECT lower(o.order_id::text) FROM orders o", "lower of its own"),
        ("WITH x AS (INSERT INTO touched VALUES (1) RETURNING at) SELECT * FROM x", "no query"),
        ("SELECT order_id FROM orders FOR UPDATE", "FOR UPDATE"),
        ("DELETE FROM orders WHERE order_id = 1", "no query"),
    ] {
        let rewritten = format!("{sql} ");
        let (offers, _, notes) = weighed(sql, &[&rewritten], Runs::Allowed).await;
        let benefit = benefit(&offers[0]);
        let reason = benefit["not_run"].as_str().unwrap_or_else(|| panic!("{sql}: {benefit} {notes:?}"));
        assert!(reason.contains(why), "{sql}: {reason}");
    }
    let (offers, ..) =
        weighed("SELECT * FROM harmless", &["SELECT order_id, total FROM harmless"], Runs::Allowed).await;
    assert_eq!(benefit(&offers[0])["results"], "same", "a view that only computes is run");
    assert_eq!(ask("SELECT is_called FROM numbers").await, "f");
    assert_eq!(ask("SELECT count(*) FROM touched").await, "0");
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_stopped() {
    let endless = "SELECT count(*) FROM orders a, orders b, orders c WHERE a.total < b.total + c.total";
    let short = "SELECT count(*) FROM orders a";
    let dsn: Dsn = dsn("postgres").await.parse().unwrap();
    let mut session = connector().connect(&dsn, Duration::from_secs(4)).await.unwrap();
    let mut found = found(endless, &[short]);
    let begun = std::time::Instant::now();
    weigh(&mut session, endless, &mut found, Runs::Allowed).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let benefit = benefit(&found.rewrites[0]);
    assert_eq!(benefit["stopped"], "original", "{benefit}");
    session.close().await;
}

#[tokio::test]
async fn what_the_database_refuses_is_said() {
    let (_, weighed, notes) =
        weighed("SELECT a FROM nowhere", &["SELECT a FROM nowhere "], Runs::Allowed).await;
    assert!(notes[0].contains("nowhere") && weighed.indexes.is_empty(), "{notes:?}");
}
