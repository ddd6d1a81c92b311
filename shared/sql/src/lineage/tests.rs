//! One table of cases: SQL and the edges expected of it.

use super::*;

mod scripts;
mod words;

/// Edges of the whole script as `source -> target SUBTYPE`, in order.
pub(super) fn edges_of(sql: &str, dialect: Dialect, catalog: &Catalog) -> Vec<String> {
    edges_with(sql, dialect, catalog, &Options::default())
}

pub(super) fn edges_with(sql: &str, dialect: Dialect, catalog: &Catalog, options: &Options) -> Vec<String> {
    let lineage = trace(sql, dialect, catalog, options);
    assert!(lineage.ok, "{sql}: {:?}", lineage.error);
    let mut edges: Vec<String> = lineage
        .columns
        .iter()
        .map(|edge| {
            let source = format!("{}.{}", edge.source.table, edge.source.column);
            let target = match &edge.target {
                Some(target) => format!("{}.{}", target.table, target.column),
                None => "all".to_owned(),
            };
            let masked = if edge.masking { " masked" } else { "" };
            format!("{source} -> {target} {:?}{masked}", edge.subtype)
        })
        .collect();
    edges.sort();
    edges.dedup();
    edges
}

fn catalog() -> Catalog {
    catalog_in(Dialect::Postgres)
}

fn catalog_in(dialect: Dialect) -> Catalog {
    let ddl = "CREATE TABLE orders (id int, customer int, amount int, status text, ts date);
               CREATE TABLE customers (id int, name text, region text);
               CREATE TABLE lines (order_id int, sku text, quantity int);";
    Catalog::from_ddl(ddl, dialect).unwrap().0
}

fn check_in(dialect: Dialect, sql: &str, expected: &[&str]) {
    let mut expected: Vec<&str> = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(edges_of(sql, dialect, &catalog_in(dialect)), expected, "{sql}");
}

fn check(sql: &str, expected: &[&str]) {
    check_in(Dialect::Postgres, sql, expected);
}

#[test]
fn plain_columns_and_expressions() {
    check("SELECT id FROM orders", &["orders.id -> <query>.id Identity"]);
    check(
        "SELECT o.id + o.amount AS x FROM orders o",
        &["orders.amount -> <query>.x Transformation", "orders.id -> <query>.x Transformation"],
    );
    check("SELECT count(*) AS n FROM orders", &[]);
    check("SELECT count(id) AS n FROM orders", &["orders.id -> <query>.n Aggregation masked"]);
}

#[test]
fn rows_are_influenced_by_what_selects_them() {
    check(
        "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer WHERE c.region = 'x' ORDER BY o.ts",
        &[
            "orders.id -> <query>.id Identity",
            "customers.id -> all Join",
            "orders.customer -> all Join",
            "customers.region -> all Filter",
            "orders.ts -> all Sort",
        ],
    );
    check(
        "SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer = c.id)",
        &[
            "customers.name -> <query>.name Identity",
            "orders.customer -> all Filter",
            "customers.id -> all Filter",
        ],
    );
}

#[test]
fn a_recursive_query_ends() {
    check(
        "WITH RECURSIVE r (n, s) AS (SELECT id, amount FROM orders UNION ALL SELECT s, n + 1 FROM r WHERE n < 9)
         SELECT n FROM r",
        &[
            "orders.amount -> <query>.n Identity",
            "orders.id -> <query>.n Identity",
            "orders.amount -> <query>.n Transformation",
            "orders.id -> <query>.n Transformation",
            "orders.amount -> all Filter",
            "orders.id -> all Filter",
        ],
    );
}

#[test]
fn ctes_shadow_and_nest() {
    check(
        "WITH customers AS (SELECT id FROM orders) SELECT id FROM customers",
        &["orders.id -> <query>.id Identity"],
    );
    check(
        "WITH a AS (SELECT * FROM customers), b AS (WITH a AS (SELECT id FROM orders) SELECT * FROM a)
         SELECT b.id, a.name FROM a, b",
        &["orders.id -> <query>.id Identity", "customers.name -> <query>.name Identity"],
    );
    check(
        "WITH a (x, y) AS (SELECT id, amount FROM orders) SELECT y AS z FROM a",
        &["orders.amount -> <query>.z Identity"],
    );
}

#[test]
fn set_operations_match_by_position_or_name() {
    check(
        "SELECT id, name FROM customers UNION ALL SELECT order_id, sku FROM lines",
        &[
            "customers.id -> <query>.id Identity",
            "lines.order_id -> <query>.id Identity",
            "customers.name -> <query>.name Identity",
            "lines.sku -> <query>.name Identity",
        ],
    );
    check(
        "SELECT id FROM customers EXCEPT SELECT customer FROM orders",
        &["customers.id -> <query>.id Identity", "orders.customer -> all Filter"],
    );
    check_in(
        Dialect::DuckDb,
        "SELECT id AS a, name AS b FROM customers UNION ALL BY NAME SELECT sku AS b, order_id AS a FROM lines",
        &[
            "customers.id -> <query>.a Identity",
            "lines.order_id -> <query>.a Identity",
            "customers.name -> <query>.b Identity",
            "lines.sku -> <query>.b Identity",
        ],
    );
}

#[test]
fn using_makes_one_column_of_two() {
    check(
        "SELECT id, c.name FROM orders JOIN customers c USING (id)",
        &[
            "orders.id -> <query>.id Identity",
            "customers.id -> <query>.id Identity",
            "customers.name -> <query>.name Identity",
            "orders.id -> all Join",
            "customers.id -> all Join",
        ],
    );
    check(
        "SELECT * FROM (SELECT id, name FROM customers) c NATURAL JOIN (SELECT id, ts FROM orders) o",
        &[
            "orders.id -> <query>.id Identity",
            "customers.id -> <query>.id Identity",
            "customers.name -> <query>.name Identity",
            "orders.ts -> <query>.ts Identity",
            "orders.id -> all Join",
            "customers.id -> all Join",
        ],
    );
}

#[test]
fn merged_columns_come_first_where_they_do() {
    let order = |dialect: Dialect, query: &str| {
        let names = named_columns(query, dialect, &catalog_in(dialect), &Options::default());
        names.unwrap().outputs.unwrap().join(" ")
    };
    let query =
        "SELECT * FROM lines JOIN orders o ON o.id = order_id JOIN customers c USING (id), lines AS l";
    let rest = "order_id sku quantity customer amount status ts name region";
    assert_eq!(order(Dialect::Postgres, query), format!("id {rest} order_id sku quantity"));
    let query = "SELECT * FROM (SELECT sku, order_id AS id FROM lines) l JOIN customers USING (id) JOIN (SELECT 1 AS sku, 2 AS id) x USING (sku, id)";
    assert_eq!(order(Dialect::Snowflake, &query.replace("id", "ID")).to_lowercase(), "sku id name region");
    assert_eq!(order(Dialect::Postgres, query), "sku id name region");
    let query = "SELECT * FROM lines AS l(k, id, q) JOIN customers c USING (id)";
    assert_eq!(order(Dialect::Postgres, query), "id k q name region");
    assert_eq!(order(Dialect::DuckDb, query), "k id q name region");
}

#[test]
fn stars_with_what_may_follow_them() {
    check_in(
        Dialect::BigQuery,
        "SELECT * EXCEPT (region) REPLACE (upper(name) AS name) FROM customers",
        &["customers.id -> <query>.id Identity", "customers.name -> <query>.name Transformation"],
    );
    check_in(
        Dialect::Snowflake,
        "SELECT * ILIKE '%id%' FROM lines",
        &["LINES.ORDER_ID -> <query>.ORDER_ID Identity"],
    );
    check_in(
        Dialect::Snowflake,
        "SELECT * EXCLUDE sku RENAME quantity AS q FROM lines",
        &["LINES.ORDER_ID -> <query>.ORDER_ID Identity", "LINES.QUANTITY -> <query>.Q Identity"],
    );
    check("SELECT u.* FROM unknown u", &["unknown.* -> <query>.* Identity"]);
    check(
        "WITH a AS (SELECT * FROM unknown), b AS (SELECT * FROM a) SELECT x FROM b",
        &["unknown.x -> <query>.x Identity"],
    );
}

#[test]
fn conditions_and_windows_influence_one_column() {
    check(
        "SELECT CASE WHEN status = 'x' THEN amount ELSE 0 END AS v FROM orders",
        &["orders.status -> <query>.v Conditional", "orders.amount -> <query>.v Transformation"],
    );
    check(
        "SELECT sum(amount) OVER w AS s FROM orders WINDOW w AS (PARTITION BY customer ORDER BY ts)",
        &[
            "orders.amount -> <query>.s Aggregation",
            "orders.customer -> <query>.s Window",
            "orders.ts -> <query>.s Window",
        ],
    );
    check(
        "SELECT sum(amount) FILTER (WHERE status = 'x') AS s, md5(status) AS h FROM orders",
        &[
            "orders.amount -> <query>.s Aggregation",
            "orders.status -> <query>.s Conditional",
            "orders.status -> <query>.h Transformation masked",
        ],
    );
}

#[test]
fn subqueries_give_their_value_and_their_predicates() {
    check(
        "SELECT (SELECT max(quantity) FROM lines l WHERE l.order_id = o.id) AS m FROM orders o",
        &[
            "lines.quantity -> <query>.m Aggregation",
            "lines.order_id -> <query>.m Filter",
            "orders.id -> <query>.m Filter",
        ],
    );
    check(
        "SELECT name FROM customers WHERE id IN (SELECT customer FROM orders WHERE amount > 1)",
        &[
            "customers.name -> <query>.name Identity",
            "customers.id -> all Filter",
            "orders.customer -> all Filter",
            "orders.amount -> all Filter",
        ],
    );
    check(
        "SELECT c.name, l.s FROM customers c, LATERAL (SELECT sum(o.amount) AS s FROM orders o WHERE o.customer = c.id) l",
        &[
            "customers.name -> <query>.name Identity",
            "orders.amount -> <query>.s Aggregation",
            "orders.customer -> all Filter",
            "customers.id -> all Filter",
        ],
    );
}

#[test]
fn values_become_columns() {
    check_in(
        Dialect::BigQuery,
        "SELECT s.x AS v FROM (SELECT STRUCT(id AS x, amount AS y) AS s FROM orders)",
        &["orders.id -> <query>.v Identity"],
    );
    check_in(
        Dialect::BigQuery,
        "SELECT u AS t FROM orders o CROSS JOIN UNNEST(o.status) AS u",
        &["orders.status -> <query>.t Transformation"],
    );
    check_in(
        Dialect::Snowflake,
        "SELECT f.value AS v FROM orders o, LATERAL FLATTEN(input => o.status) f",
        &["ORDERS.STATUS -> <query>.V Transformation"],
    );
    check_in(
        Dialect::Hive,
        "SELECT e.c FROM orders LATERAL VIEW explode(status) e AS c",
        &["orders.status -> <query>.c Transformation"],
    );
    check_in(
        Dialect::Snowflake,
        "SELECT * FROM (SELECT status, amount, customer FROM orders) PIVOT (sum(amount) FOR status IN ('a', 'b')) AS p (c, a, b)",
        &[
            "ORDERS.CUSTOMER -> <query>.C Identity",
            "ORDERS.AMOUNT -> <query>.A Aggregation",
            "ORDERS.AMOUNT -> <query>.B Aggregation",
            "ORDERS.STATUS -> <query>.A Filter",
            "ORDERS.STATUS -> <query>.B Filter",
            "ORDERS.CUSTOMER -> all GroupBy",
        ],
    );
}

#[test]
fn changes_of_tables_give_columns() {
    check(
        "INSERT INTO t (b, a) SELECT id, amount FROM orders",
        &["orders.id -> t.b Identity", "orders.amount -> t.a Identity"],
    );
    check(
        "INSERT INTO customers SELECT id, status, ts FROM orders",
        &[
            "orders.id -> customers.id Identity",
            "orders.status -> customers.name Identity",
            "orders.ts -> customers.region Identity",
        ],
    );
    check(
        "UPDATE customers SET region = o.status FROM orders o WHERE o.customer = customers.id",
        &[
            "orders.status -> customers.region Identity",
            "orders.customer -> all Filter",
            "customers.id -> all Filter",
        ],
    );
    check(
        "MERGE INTO customers t USING orders s ON t.id = s.customer
         WHEN MATCHED AND s.amount > 1 THEN UPDATE SET region = s.status
         WHEN NOT MATCHED THEN INSERT (id, region) VALUES (s.customer, s.status)",
        &[
            "orders.status -> customers.region Identity",
            "orders.customer -> customers.id Identity",
            "orders.customer -> all Join",
            "customers.id -> all Join",
            "orders.amount -> all Filter",
        ],
    );
    check(
        "WITH d AS (DELETE FROM lines RETURNING sku) INSERT INTO t SELECT sku FROM d",
        &["lines.sku -> t.sku Identity"],
    );
}

#[test]
fn what_dialects_alone_have() {
    let check = |dialect: Dialect, sql: &str, expected: &[&str]| {
        assert_eq!(edges_of(sql, dialect, &Catalog::default()), expected, "{sql}");
    };
    check(
        Dialect::BigQuery,
        "SELECT s.* FROM o, UNNEST([STRUCT(id AS a, total AS b)]) s",
        &["o.id -> <query>.a Identity", "o.total -> <query>.b Identity"],
    );
    check(Dialect::BigQuery, "SELECT s FROM o, UNNEST(o.xs) s", &["o.xs -> <query>.s Transformation"]);
    check(
        Dialect::Snowflake,
        "SELECT a, b FROM o ORDER BY ALL",
        &["O.A -> <query>.A Identity", "O.A -> all Sort", "O.B -> <query>.B Identity", "O.B -> all Sort"],
    );
    check(
        Dialect::Snowflake,
        "INSERT ALL WHEN total > 10 THEN INTO large ELSE INTO small SELECT id, total FROM o",
        &[
            "O.ID -> LARGE.ID Identity",
            "O.ID -> SMALL.ID Identity",
            "O.TOTAL -> LARGE.TOTAL Identity",
            "O.TOTAL -> SMALL.TOTAL Identity",
            "O.TOTAL -> all Filter",
        ],
    );
    let (catalog, _) =
        Catalog::from_ddl("CREATE TABLE regions (id int, name text)", Dialect::Snowflake).unwrap();
    let swapped =
        "CREATE TABLE s1 AS SELECT id, total FROM o; ALTER TABLE s1 SWAP WITH regions; SELECT * FROM regions";
    assert_eq!(
        edges_of(swapped, Dialect::Snowflake, &catalog),
        ["O.ID -> <query>.ID Identity", "O.TOTAL -> <query>.TOTAL Identity"]
    );
    let options = Options { default_db: Some("db".to_owned()), ..Options::default() };
    let (catalog, _) = Catalog::from_json("{\"db.t\": [\"a\"]}").unwrap();
    assert_eq!(
        edges_with("SELECT * FROM t", Dialect::Hive, &catalog, &options),
        ["db.t.a -> <query>.a Identity"]
    );
}

#[test]
fn what_cannot_be_told_is_said_with_its_place() {
    let lineage = trace(
        "INSERT INTO z\nSELECT c FROM t1 JOIN t2 ON t1.a = t2.a",
        Dialect::Postgres,
        &Catalog::default(),
        &Options::default(),
    );
    let direct: Vec<_> = lineage.columns.iter().filter(|e| e.edge_type() == EdgeType::Direct).collect();
    assert_eq!((&*direct[0].source.table, &*direct[0].source.column), ("?", "c"));
    let finding = &lineage.findings[0];
    assert_eq!((finding.code, finding.line, finding.column), ("ambiguous_column", 2, 8));
    assert_eq!(finding.candidates, ["t1", "t2"]);
}

#[test]
fn a_column_that_nothing_has_is_said() {
    let said = |sql: &str| {
        let lineage = trace(sql, Dialect::Postgres, &catalog(), &Options::default());
        lineage.findings.iter().map(|f| format!("{} {}: {}", f.code, f.column, f.message)).collect::<Vec<_>>()
    };
    let nowhere = "no relation here is known to have a column";
    check("SELECT p + q AS x", &["?.p -> <query>.x Transformation", "?.q -> <query>.x Transformation"]);
    assert_eq!(said("SELECT p WHERE TRUE"), [format!("unknown_column 8: {nowhere} p")]);
    assert_eq!(said("INSERT INTO t (a) VALUES (zz)"), [format!("unknown_column 27: {nowhere} zz")]);
    assert_eq!(said("SELECT x.p"), ["unknown_relation 8: no relation here is called x"]);
    // In a procedure it is a variable that somebody else declares.
    assert!(said("CREATE FUNCTION f() RETURNS int AS $$ BEGIN RETURN p; INSERT INTO t (a) VALUES (q); END $$ LANGUAGE plpgsql").is_empty());
    // What is assigned to.
    let missing = "orders is not known to have a column nope";
    for (sql, column) in [
        ("UPDATE orders SET nope = 1", 19),
        ("INSERT INTO orders (id, nope) VALUES (1, 2)", 25),
        ("MERGE INTO orders USING lines l ON id = order_id WHEN MATCHED THEN UPDATE SET nope = 1", 79),
        (
            "MERGE INTO orders USING lines l ON id = order_id WHEN NOT MATCHED THEN INSERT (nope) VALUES (1)",
            80,
        ),
    ] {
        assert_eq!(said(sql), [format!("unknown_column {column}: {missing}")], "{sql}");
    }
    assert!(said("UPDATE orders SET amount = 1").is_empty());
    assert!(said("UPDATE t SET a = 1 RETURNING a, b").is_empty());
    assert_eq!(said("UPDATE t SET a = 1 RETURNING *").len(), 1);
}

#[test]
fn what_an_alias_renames_goes_by_its_new_name_alone() {
    let unknown = |sql: &str| {
        let lineage = trace(sql, Dialect::Postgres, &catalog(), &Options::default());
        lineage.findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    check("SELECT x.p FROM (SELECT * FROM orders) AS x(p, q)", &["orders.id -> <query>.p Identity"]);
    check("SELECT x.amount FROM orders AS x(p, q)", &["orders.amount -> <query>.amount Identity"]);
    for sql in [
        "SELECT x.id FROM (SELECT * FROM orders) AS x(p, q)",
        "SELECT x.id FROM orders AS x(p, q)",
        "SELECT customer FROM (SELECT id, customer FROM orders) AS x(p, q)",
    ] {
        assert_eq!(unknown(sql), ["unknown_column"], "{sql}");
    }
    // The new name of one column is the old one of another.
    check("SELECT x.id FROM orders AS x(customer, id)", &["orders.customer -> <query>.id Identity"]);
}

#[test]
fn what_may_be_another_column_is_said() {
    let codes = |sql: &str| {
        let lineage = trace(sql, Dialect::Postgres, &catalog(), &Options::default());
        lineage.findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(codes("SELECT \"Amount\" FROM orders"), ["unknown_column"]);
    assert_eq!(codes("SELECT o.\"Amount\" FROM orders o"), ["unknown_column"]);
    assert!(codes("SELECT \"amount\", AMOUNT FROM orders").is_empty());
    assert_eq!(codes("SELECT d.id FROM (SELECT o.id, p.id FROM orders o, orders p) d"), ["ambiguous_column"]);
    assert_eq!(codes("SELECT id FROM (SELECT o.id, p.id FROM orders o, orders p) d"), ["ambiguous_column"]);
    assert!(codes("SELECT d.id FROM (SELECT o.id, p.name FROM orders o, customers p) d").is_empty());
    assert_eq!(codes("SELECT amount + 1 AS q, q * 2 AS z FROM orders"), ["unknown_column"]);
    assert!(codes("SELECT amount + 1 AS q FROM orders GROUP BY q ORDER BY q").is_empty());
    check("SELECT (o).amount FROM orders o", &["orders.amount -> <query>.amount Identity"]);
}

#[test]
fn views_of_the_catalog_are_looked_through_on_request() {
    let ddl = "CREATE TABLE base (a int, b int); CREATE VIEW v AS SELECT a AS x, a + b AS y FROM base;";
    let catalog = Catalog::from_ddl(ddl, Dialect::Postgres).unwrap().0;
    let sources = |views| {
        let options = Options { views, ..Options::default() };
        let lineage = trace("SELECT y FROM v", Dialect::Postgres, &catalog, &options);
        lineage.columns.iter().map(|e| format!("{}.{}", e.source.table, e.source.column)).collect::<Vec<_>>()
    };
    assert_eq!(sources(Views::Stop), ["v.y"]);
    assert_eq!(sources(Views::Follow), ["base.a", "base.b"]);
}

#[test]
fn long_chains_are_no_danger() {
    let sum = format!("SELECT {} AS x FROM orders", vec!["amount"; 30_000].join("+"));
    check(&sum, &["orders.amount -> <query>.x Transformation"]);
    let union = vec!["SELECT id FROM orders"; 5_000].join(" UNION ALL ");
    check(&union, &["orders.id -> <query>.id Identity"]);
    let casts = format!("SELECT id{} AS x FROM orders", "::int".repeat(30_000));
    check(&casts, &["orders.id -> <query>.x Transformation"]);
}
