//! Names: a table's means the same one in both engines, and those of outputs are compared where a caller asks.

use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_verify::compare::Difference;
use sqm_verify::{Options, Verdict, verify};

const SCHEMA: &str = "
    CREATE TABLE shop.orders (id INT PRIMARY KEY, amount INT);
    CREATE TABLE old.orders (id INT PRIMARY KEY, amount INT);
    CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(20));
";

/// These engines refute it.
fn refuted(first: &str, second: &str, by: &[&str]) {
    let (catalog, _) = Catalog::from_ddl(SCHEMA, Dialect::Postgres).expect("the schema is read");
    let found = verify(first, second, Dialect::Postgres, &catalog, &Options::default());
    let Verdict::Refuted { counterexample } = &found.verdict else {
        panic!("{first}\n{second}\n{:?}", found.verdict)
    };
    assert_eq!(counterexample.confirmed_by, by, "{first}\n{second}");
}

fn check(first: &str, second: &str) {
    refuted(first, second, &["DataFusion", "SQLite"]);
}

#[test]
fn a_schema_may_stand_before_a_table_and_before_its_columns() {
    check("SELECT id FROM shop.orders WHERE amount > 1", "SELECT id FROM shop.orders WHERE amount >= 1");
    check(
        "SELECT shop.orders.id FROM shop.orders WHERE orders.amount > 1",
        "SELECT orders.id FROM Shop.Orders WHERE shop.orders.amount > 2",
    );
    check("SELECT shop.item.* FROM shop.item", "SELECT * FROM shop.item WHERE name IS NOT NULL");
}

#[test]
fn a_schema_may_be_left_out() {
    check("SELECT id FROM item", "SELECT id FROM shop.item WHERE name IS NOT NULL");
}

#[test]
fn tables_of_two_schemas_may_share_a_name() {
    check("SELECT id FROM shop.orders", "SELECT id FROM old.orders");
    check(
        "SELECT n.id FROM shop.orders n JOIN old.orders o ON o.id = n.id",
        "SELECT n.id FROM shop.orders n JOIN old.orders o ON o.id = n.id AND o.amount = n.amount",
    );
    // SQLite would take the inner one for both.
    let without = |condition: &str| {
        format!("SELECT id FROM shop.orders WHERE NOT EXISTS (SELECT 1 FROM old.orders WHERE {condition})")
    };
    refuted(
        &without("old.orders.id = shop.orders.id"),
        &without("old.orders.amount = shop.orders.id"),
        &["DataFusion"],
    );
}

#[test]
fn a_common_table_expression_hides_a_table() {
    check(
        "WITH item AS (SELECT id FROM shop.orders) SELECT id FROM item",
        "WITH item AS (SELECT id FROM shop.orders) SELECT item.id FROM shop.item item",
    );
}

#[test]
fn a_table_that_is_called_as_a_column_inside_is_not_taken_for_it() {
    // By the standard `amount.id` is of the table around; DataFusion reads a field of the column.
    let (catalog, _) = Catalog::from_ddl(SCHEMA, Dialect::Postgres).expect("the schema is read");
    let counted = |condition: &str| {
        format!("SELECT (SELECT COUNT(*) FROM old.orders o WHERE {condition}) FROM shop.item amount")
    };
    let (first, second) = (counted("amount.id = o.id"), counted("o.id = amount.id"));
    let found = verify(&first, &second, Dialect::Postgres, &catalog, &Options::default());
    assert!(found.verdict.reason().contains("called as a column"), "{}", found.verdict.reason());
}

#[test]
fn names_are_compared_where_the_caller_asks() {
    let (catalog, _) = Catalog::from_ddl("CREATE TABLE t (a INT, b INT)", Dialect::Postgres).unwrap();
    let named = |one: &str, two: &str, names: bool| {
        let options = Options { names, ..Options::default() };
        verify(one, two, Dialect::Postgres, &catalog, &options).verdict
    };
    let (one, two) = ("SELECT a, b AS n FROM t", "SELECT a, b AS m FROM t");
    assert_eq!(named(one, two, false).name(), "proved");
    let Verdict::Refuted { counterexample } = named(one, two, true) else { panic!() };
    assert_eq!(counterexample.difference, Difference::Names);
    assert_eq!((counterexample.outputs1[1].as_str(), counterexample.outputs2[1].as_str()), ("n", "m"));
    assert_eq!(named(one, "SELECT A, b AS N FROM t AS q", true).name(), "proved");
    // Rows that differ are shown before names that do.
    let Verdict::Refuted { counterexample } = named(one, "SELECT a, a AS m FROM t", true) else { panic!() };
    assert_eq!(counterexample.difference, Difference::Rows);
    let open = named("SELECT a + 1 FROM t", "SELECT a + 1 AS x FROM t", true);
    assert!(open.reason().contains("column 1 has no name"), "{}", open.reason());
}
