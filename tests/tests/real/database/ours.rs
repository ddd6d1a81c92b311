//! Estimates, indexes and hypothetical indexes.

use sqm_database::{DatabaseError, Hypothetical};

use super::server::{ask, session, session_in};

const BY_CODE: &str = "SELECT order_id FROM lines WHERE code = 7";

#[tokio::test]
async fn estimates_without_running() {
    let mut session = session().await;
    assert!(session.version().starts_with("15."), "{}", session.version());
    let estimate = session.explain(BY_CODE).await.unwrap();
    assert!(estimate.cost > 100.0 && (1.0..100.0).contains(&estimate.rows), "{estimate:?}");
    let tables: Vec<_> = estimate.relations.iter().map(|relation| relation.name.as_str()).collect();
    assert_eq!(tables, ["lines"]);
    // What writes is planned as well.
    for statement in ["DELETE FROM orders", "SELECT touch(1)", "INSERT INTO touched VALUES (1)"] {
        session.explain(statement).await.unwrap();
    }
    session.close().await;
    assert_eq!(ask("SELECT count(*) FROM orders").await, "3000");
    assert_eq!(ask("SELECT count(*) FROM touched").await, "0");
}

#[tokio::test]
async fn what_cannot_be_planned_is_said_and_the_session_goes_on() {
    let mut session = session().await;
    for (sql, why) in [
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT 1; DELETE FROM orders", "multiple commands"),
        ("SELECT 1; COMMIT; DELETE FROM orders", "multiple commands"),
        ("COMMIT", "syntax error"),
        ("SELECT FROM FROM", "syntax error"),
        ("SELECT * FROM orders WHERE order_id = $1", "parameters"),
        ("ANALYZE DELETE FROM orders", "syntax error"),
        ("", "syntax error"),
    ] {
        let error = session.explain(sql).await.unwrap_err().to_string();
        assert!(error.contains(why), "{sql}: {error}");
    }
    assert!(session.explain(BY_CODE).await.is_ok());
    session.close().await;
}

#[tokio::test]
async fn indexes_of_the_tables_that_are_read() {
    let mut session = session().await;
    let estimate = session.explain("SELECT * FROM harmless JOIN lines USING (order_id)").await.unwrap();
    let indexes = session.indexes(&estimate.relations).await.unwrap();
    let names: Vec<_> = indexes.iter().map(|index| index.name.as_str()).collect();
    assert_eq!(names, ["lines_order", "lines_pkey", "orders_pkey"]);
    assert!(indexes[0].definition.starts_with("CREATE INDEX lines_order ON"), "{indexes:?}");
}

#[tokio::test]
async fn indexes_that_are_not_there() {
    let mut session = session().await;
    let before = session.explain(BY_CODE).await.unwrap().cost;
    let ddl = ["CREATE INDEX ON lines (code)"];
    let Hypothetical::Estimate(with) = session.cost_with_indexes(BY_CODE, &ddl).await.unwrap() else {
        panic!("hypopg is there")
    };
    assert!(with.cost * 10.0 < before && with.plan.contains("Index"), "{before} {}", with.plan);
    for (wrong, why) in [
        ("DROP TABLE orders", "CREATE INDEX"),
        ("CREATE INDEX ON nowhere (a)", "nowhere"),
        ("CREATE INDEX ON orders (order_id); CREATE INDEX ON orders (total)", "one CREATE INDEX"),
        ("nonsense", "syntax"),
    ] {
        let error = session.cost_with_indexes(BY_CODE, &[wrong]).await.unwrap_err().to_string();
        assert!(error.contains(why), "{wrong}: {error}");
    }
    let after = session.explain(BY_CODE).await.unwrap();
    assert_eq!(after.cost, before, "nothing of them is left");
    let many = vec![ddl[0]; 17];
    assert!(matches!(session.cost_with_indexes(BY_CODE, &many).await, Err(DatabaseError::NotExplained(_))));
}

#[tokio::test]
async fn without_the_extension_that_is_said() {
    let mut session = session_in("bare").await;
    let found = session.cost_with_indexes("SELECT 1", &["CREATE INDEX ON orders (customer_id)"]).await;
    assert_eq!(found.unwrap(), Hypothetical::NotInstalled);
    assert!(session.explain("SELECT 1").await.is_ok());
}
