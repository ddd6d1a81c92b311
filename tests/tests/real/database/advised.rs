//! Advised indexes on the scales: what is there is not advised, and what brings nothing is said to.

use sqm_database::{Runs, Weighed, advise, weigh};
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::indexes::Index;
use sqm_verify::offer::{Options, optimize};

use super::server::session_in;

/// As somebody wrote it down who left the indexes out.
const SCHEMA: &str = "CREATE TABLE orders (order_id int PRIMARY KEY, customer_id int NOT NULL, total numeric NOT NULL, weight float8);
    CREATE TABLE lines (line_id int PRIMARY KEY, order_id int NOT NULL, price int NOT NULL, code int);";

async fn advised(database: &str, sql: &str) -> (Vec<Index>, Vec<String>) {
    let (catalog, _) = Catalog::from_ddl(SCHEMA, Dialect::Postgres).unwrap();
    let options = Options { measure: false, ..Options::default() };
    let mut found = optimize(sql, Dialect::Postgres, &catalog, &options);
    assert!(!found.indexes.is_empty(), "{sql}");
    let mut session = session_in(database).await;
    let weighed: Weighed = weigh(&mut session, sql, &mut found, Runs::Refused).await.unwrap();
    advise(&mut session, (sql, Dialect::Postgres), &catalog, &mut found, &weighed).await.unwrap();
    session.close().await;
    (found.indexes, found.notes)
}

#[tokio::test]
async fn what_the_planner_expects_of_an_index_is_said() {
    let (indexes, notes) = advised("postgres", "SELECT price FROM lines WHERE code = 77").await;
    let estimate = indexes[0].estimate.unwrap_or_else(|| panic!("{notes:?}"));
    assert!(estimate.pays && estimate.ratio > 10.0, "{estimate:?}");
    assert!(estimate.cost_with * 10.0 < estimate.cost_without, "{estimate:?}");
}

#[tokio::test]
async fn what_brings_nothing_is_said_to_bring_nothing() {
    // Every row is asked for.
    let (indexes, notes) =
        advised("postgres", "SELECT price FROM lines WHERE price BETWEEN 0 AND 1000").await;
    let estimate = indexes[0].estimate.unwrap_or_else(|| panic!("{notes:?}"));
    assert!(!estimate.pays && estimate.ratio < 1.2, "{estimate:?}");
}

#[tokio::test]
async fn what_the_database_has_is_not_advised_again() {
    let (indexes, _) = advised("postgres", "SELECT price FROM lines WHERE order_id = 5").await;
    assert!(indexes.is_empty(), "lines_order serves: {indexes:?}");
    let (indexes, _) =
        advised("postgres", "SELECT price FROM lines WHERE order_id = 5 AND code > 3 AND code < 9").await;
    assert!(indexes.iter().all(|index| index.columns != ["order_id"]), "{indexes:?}");
}

#[tokio::test]
async fn without_the_extension_that_is_said() {
    let (catalog, _) = Catalog::from_ddl("CREATE TABLE t (a int)", Dialect::Postgres).unwrap();
    let sql = "SELECT relname FROM pg_catalog.pg_class WHERE relpages = 7";
    let options = Options { measure: false, ..Options::default() };
    let mut found = optimize(sql, Dialect::Postgres, &catalog, &options);
    let mut session = session_in("bare").await;
    let weighed = weigh(&mut session, sql, &mut found, Runs::Refused).await.unwrap();
    advise(&mut session, (sql, Dialect::Postgres), &catalog, &mut found, &weighed).await.unwrap();
    session.close().await;
    assert!(found.notes.iter().any(|note| note.contains("hypopg")), "{:?} {:?}", found.notes, found.indexes);
    assert!(found.indexes.iter().all(|index| index.estimate.is_none()));
}
