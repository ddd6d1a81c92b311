//! A model that makes the mistakes that people make, one of each class by which the verifier is tried
//! (`shared/verify/examples/mutants/operators`): none of them is offered, however often it insists.

use std::collections::BTreeSet;

use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_testkit::{FakeModel, Step, checkout};

use crate::asking::talk;
use crate::talk::rewrites;

const DDL: &str = "CREATE TABLE customers (id INT PRIMARY KEY, name TEXT NOT NULL, country TEXT);
    CREATE TABLE orders (id INT PRIMARY KEY, customer INT NOT NULL REFERENCES customers (id), referrer INT, total INT)";

/// The class, the query of the user, and what the model says it is.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "aggregate",
        "SELECT o.customer, max(o.total) AS t FROM orders o GROUP BY o.customer",
        "SELECT o.customer, min(o.total) AS t FROM orders o GROUP BY o.customer",
    ),
    (
        "boundary",
        "SELECT o.id FROM orders o WHERE o.total > 100",
        "SELECT o.id FROM orders o WHERE o.total >= :integer_1",
    ),
    (
        "conjunct",
        "SELECT o.id FROM orders o WHERE o.total > 100 AND o.referrer IS NULL",
        "SELECT o.id FROM orders o WHERE o.total > :integer_1",
    ),
    (
        "connective",
        "SELECT o.id FROM orders o WHERE o.total > 100 AND o.referrer IS NULL",
        "SELECT o.id FROM orders o WHERE o.total > :integer_1 OR o.referrer IS NULL",
    ),
    (
        "constant",
        "SELECT o.id FROM orders o WHERE o.total > 100",
        "SELECT o.id FROM orders o WHERE o.total > :integer_1 + 1",
    ),
    (
        "correlation",
        "SELECT c.name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer = c.id)",
        "SELECT c.name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o)",
    ),
    ("count_form", "SELECT count(*) AS n FROM customers c", "SELECT count(c.country) AS n FROM customers c"),
    ("distinct", "SELECT DISTINCT c.country FROM customers c", "SELECT c.country FROM customers c"),
    (
        "group_key",
        "SELECT c.name, count(*) AS n FROM customers c GROUP BY c.id, c.name",
        "SELECT c.name, count(*) AS n FROM customers c GROUP BY c.name",
    ),
    (
        "having_where",
        "SELECT o.customer, min(o.total) AS t FROM orders o GROUP BY o.customer HAVING min(o.total) > 100",
        "SELECT o.customer, min(o.total) AS t FROM orders o WHERE o.total > :integer_1 GROUP BY o.customer",
    ),
    (
        "join_kind",
        "SELECT c.name, o.total FROM customers c LEFT JOIN orders o ON o.customer = c.id",
        "SELECT c.name, o.total FROM customers c JOIN orders o ON o.customer = c.id",
    ),
    (
        "null_guard",
        "SELECT c.name FROM customers c WHERE c.id NOT IN \
         (SELECT o.referrer FROM orders o WHERE o.referrer IS NOT NULL)",
        "SELECT c.name FROM customers c WHERE c.id NOT IN (SELECT o.referrer FROM orders o)",
    ),
    (
        "on_where",
        "SELECT c.name, o.total FROM customers c LEFT JOIN orders o ON o.customer = c.id AND o.total > 100",
        "SELECT c.name, o.total FROM customers c LEFT JOIN orders o ON o.customer = c.id WHERE o.total > :integer_1",
    ),
    (
        "order",
        "SELECT o.id FROM orders o ORDER BY o.id LIMIT 1",
        "SELECT o.id FROM orders o ORDER BY o.id DESC LIMIT 1",
    ),
    (
        "set_operation",
        "SELECT o.customer AS c FROM orders o UNION SELECT o.referrer FROM orders o",
        "SELECT o.customer AS c FROM orders o UNION ALL SELECT o.referrer FROM orders o",
    ),
    (
        "window_frame",
        "SELECT o.id, sum(o.total) OVER (ORDER BY o.id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM orders o",
        "SELECT o.id, sum(o.total) OVER (ORDER BY o.id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s \
         FROM orders o",
    ),
];

#[test]
fn there_is_one_of_each_class() {
    let folder = checkout::root().join("shared/verify/examples/mutants/operators");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let classes = files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned());
    let classes: BTreeSet<String> = classes.filter(|class| class != "mod").collect();
    let here: BTreeSet<String> = MISTAKES.iter().map(|(class, ..)| (*class).to_owned()).collect();
    assert_eq!(here, classes);
}

#[tokio::test]
async fn none_of_them_is_offered_and_each_comes_back_with_a_counterexample() {
    let (catalog, _) = Catalog::from_ddl(DDL, Dialect::Postgres).unwrap();
    for (class, sql, mistake) in MISTAKES {
        let model = FakeModel::answering(|_| Step::json(&rewrites(&[mistake]))).await;
        let (found, _) = talk(&model, sql, &catalog).await;
        let verdicts = &found.outcome.verdicts;
        assert!(verdicts.offers.is_empty(), "{class}: {:?}", verdicts.offers);
        assert_eq!(verdicts.refuted.len(), 1, "{class}: {:?} {:?}", verdicts.rejected, verdicts.notes);
        assert!(verdicts.refuted[0].verification.verdict.counterexample().is_some(), "{class}");
        let asked = model.asked();
        assert!(asked.last().unwrap().last().contains("counterexample"), "{class}");
    }
}
