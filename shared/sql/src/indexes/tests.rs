use super::*;

const SHOP: &str = "
    CREATE TABLE customer (id INT PRIMARY KEY, email VARCHAR(80), city VARCHAR(40), born DATE, is_active BOOLEAN);
    CREATE TABLE orders (
        id INT PRIMARY KEY, customer_id INT REFERENCES customer (id), status VARCHAR(10), placed DATE NOT NULL,
        total NUMERIC(10, 2), note TEXT);
    CREATE TABLE item (
        order_id INT REFERENCES orders (id), line INT, product_id INT, quantity INT, price NUMERIC(10, 2),
        PRIMARY KEY (order_id, line));
    CREATE TABLE product (id INT PRIMARY KEY, name VARCHAR(80), kind VARCHAR(20), size INT);";

/// The indexes without their names: `table (columns)`.
fn advised(sql: &str, dialect: Dialect, schema: &str) -> Vec<String> {
    let (catalog, problems) = Catalog::from_ddl(schema, dialect).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    let advice = advise(sql, dialect, &catalog).unwrap();
    advice.indexes.iter().map(|index| index.ddl.split_once(" ON ").unwrap().1.to_owned()).collect()
}

fn check(sql: &str, expected: &[&str]) {
    assert_eq!(advised(sql, Dialect::Postgres, SHOP), expected, "{sql}");
}

#[test]
fn equality_comes_before_a_range_or_the_order() {
    check(
        "SELECT * FROM orders WHERE total > 5 AND status = 'new' AND customer_id = $1",
        &["orders (status, customer_id, total)"],
    );
    check(
        "SELECT * FROM orders WHERE placed >= '2024-01-01' AND placed < '2024-02-01' AND status IN ('a', 'b')",
        &["orders (status, placed)"],
    );
    check(
        "SELECT * FROM orders WHERE customer_id = 7 ORDER BY placed DESC, id DESC LIMIT 10",
        &["orders (customer_id, placed, id)"],
    );
    check("SELECT * FROM orders ORDER BY placed LIMIT 10", &["orders (placed)"]);
    check("SELECT max(placed) FROM orders WHERE customer_id = 7", &["orders (customer_id, placed)"]);
    // Of two ranges only one is looked up: rather one of days.
    check(
        "SELECT * FROM orders WHERE total BETWEEN 1 AND 2 AND placed BETWEEN '2024-01-01' AND '2024-01-02'",
        &["orders (placed)"],
    );
    check("SELECT * FROM orders WHERE status = 'a' OR status = 'b'", &["orders (status)"]);
    check(
        "SELECT * FROM orders WHERE (status = 'a' AND total > 3) OR (status = 'a' AND total < 1)",
        &["orders (status)"],
    );
    check(
        "SELECT * FROM orders WHERE customer_id = 1 AND CAST(placed AS DATE) BETWEEN '2024-01-01' AND '2024-01-31'",
        &["orders (customer_id, placed)"],
    );
}

#[test]
fn what_an_index_does_not_answer_has_none() {
    for condition in [
        "status <> 'new'",
        "note IS NOT NULL",
        "status NOT LIKE 'a%'",
        "status LIKE '%a'",
        "status LIKE 'a%'",
        "status = 'a' OR total > 5",
        "total + 1 = 5",
        "CAST(placed AS TEXT) = '2024-01-01'",
        "placed < '2024-01-01'",
        "total = quantity",
        "id = 5",
        "id = 5 AND status = 'a'",
        "status NOT IN ('a')",
        "total = random()",
    ] {
        let found = advised(&format!("SELECT * FROM orders WHERE {condition}"), Dialect::Postgres, SHOP);
        let is_call = condition.ends_with("random()");
        assert_eq!(found.is_empty(), !is_call, "{condition}: {found:?}");
    }
    check("SELECT * FROM customer WHERE is_active", &[]);
    check("SELECT * FROM customer WHERE is_active = TRUE", &[]);
    // Behind others it narrows.
    check("SELECT * FROM customer WHERE is_active = TRUE AND city = 'Ulm'", &["customer (city, is_active)"]);
    check("SELECT * FROM orders ORDER BY placed", &[]);
    check(
        "SELECT status, count(*) FROM orders GROUP BY status ORDER BY status LIMIT 3",
        &["orders (status)"],
    );
    check("SELECT * FROM orders ORDER BY status, placed DESC LIMIT 3", &[]);
}

#[test]
fn what_is_there_is_not_advised() {
    let with = |index: &str, sql: &str| advised(sql, Dialect::Postgres, &format!("{SHOP}{index}"));
    let sql = "SELECT * FROM orders WHERE customer_id = 1";
    assert_eq!(with("", sql), ["orders (customer_id)"]);
    assert!(with("CREATE INDEX i ON orders (customer_id)", sql).is_empty());
    assert!(with("CREATE INDEX i ON orders (customer_id, total)", sql).is_empty());
    assert_eq!(with("CREATE INDEX i ON orders (total, customer_id)", sql), ["orders (customer_id)"]);
    assert_eq!(with("CREATE INDEX i ON orders (customer_id) WHERE total > 0", sql), ["orders (customer_id)"]);
    let last = "SELECT * FROM orders WHERE customer_id = 1 ORDER BY placed LIMIT 1";
    let (catalog, _) =
        Catalog::from_ddl(&format!("{SHOP}CREATE INDEX i ON orders (customer_id)"), Dialect::Postgres)
            .unwrap();
    let advice = advise(last, Dialect::Postgres, &catalog).unwrap();
    assert_eq!(advice.indexes[0].columns, ["customer_id", "placed"]);
    assert!(advice.indexes[0].reason.ends_with("the index on (customer_id) is not needed beside it"));
    // InnoDB has one for every foreign key.
    let mysql = "CREATE TABLE c (id INT PRIMARY KEY);
                 CREATE TABLE o (c_id INT, k INT, FOREIGN KEY (c_id) REFERENCES c (id))";
    assert!(advised("SELECT * FROM o WHERE c_id = 1", Dialect::MySql, mysql).is_empty());
}

#[test]
fn joins_are_looked_up_from_where_rows_are_few() {
    let sql = "SELECT o.total, i.price FROM customer c JOIN orders o ON o.customer_id = c.id
               JOIN item i ON i.order_id = o.id WHERE c.city = 'Ulm'";
    check(sql, &["customer (city)", "orders (customer_id) INCLUDE (id, total)"]);
    let sql = "SELECT * FROM product p JOIN item i ON i.product_id = p.id WHERE p.kind = 'a'";
    check(sql, &["product (kind)", "item (product_id)"]);
    // All rows are joined: only a foreign key is worth the mention.
    check("SELECT * FROM product p JOIN item i ON i.product_id = p.id", &[]);
    let plain = "SELECT * FROM customer c JOIN orders o ON o.customer_id = c.id";
    check(plain, &["orders (customer_id)"]);
    // The side of an outer join that is kept is read whole.
    check(
        "SELECT * FROM item i LEFT JOIN product p ON i.product_id = p.id AND i.quantity = 3 AND p.kind = 'a'",
        &["product (kind)"],
    );
    let sqlite = advised("SELECT * FROM product p JOIN item i ON i.product_id = p.id", Dialect::Sqlite, SHOP);
    assert_eq!(sqlite, ["item (product_id)"]);
}

#[test]
fn a_subquery_of_each_row_comes_first() {
    let sql = "SELECT * FROM product p WHERE p.kind = 'a' AND
               p.size > (SELECT avg(quantity) FROM item i WHERE i.product_id = p.id)";
    check(sql, &["item (product_id) INCLUDE (quantity)", "product (kind)"]);
    let sql = "SELECT * FROM customer c WHERE EXISTS
               (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.status = 'new')";
    check(sql, &["orders (status, customer_id)"]);
    check(
        "SELECT * FROM orders WHERE customer_id IN (SELECT id FROM customer WHERE city = 'Ulm')",
        &["customer (city)", "orders (customer_id)"],
    );
}

#[test]
fn columns_are_followed_to_their_tables() {
    let inner = "SELECT customer_id AS who, placed FROM orders";
    let expected = &["orders (customer_id)"];
    check(&format!("SELECT * FROM ({inner}) x WHERE x.who = 7"), expected);
    check(&format!("WITH x AS ({inner}) SELECT placed FROM x WHERE who = 7"), expected);
    check("SELECT * FROM (SELECT * FROM orders) x WHERE x.customer_id = 7", expected);
    check(
        "SELECT * FROM (SELECT customer_id, sum(total) FROM orders GROUP BY customer_id) x WHERE customer_id = 7",
        &["orders (customer_id)"],
    );
    // These conditions do not reach the table.
    check(
        &format!("WITH x AS ({inner}) SELECT * FROM x JOIN x y ON x.placed < y.placed WHERE x.who = 7"),
        &[],
    );
    check(&format!("SELECT * FROM ({inner} LIMIT 5) x WHERE x.who = 7"), &[]);
    check(
        "SELECT * FROM (SELECT status, rank() OVER (ORDER BY total) r FROM orders) x WHERE status = 'a'",
        &[],
    );
    check(
        "SELECT * FROM (SELECT customer_id, max(note) s FROM orders GROUP BY customer_id) x WHERE s = 'a'",
        &[],
    );
    // Twice in FROM it is two tables.
    let sql = "SELECT a.id, b.id FROM orders a, orders b WHERE a.status = 'x' AND b.customer_id = 7";
    check(sql, &["orders (status)", "orders (customer_id)"]);
}

#[test]
fn changes_look_for_their_rows_too() {
    check("UPDATE orders SET note = 'x' WHERE status = 'new'", &["orders (status)"]);
    check("DELETE FROM orders WHERE placed < '2020-01-01'", &["orders (placed)"]);
    check(
        "DELETE FROM item USING product WHERE product_id = product.id AND product.kind = 'a'",
        &["product (kind)", "item (product_id)"],
    );
}

#[test]
fn expressions_are_kept_where_the_dialect_keeps_them() {
    let of = |dialect: Dialect, condition: &str| {
        let table = "CREATE TABLE person (id INT PRIMARY KEY, name VARCHAR(80))";
        advised(&format!("SELECT id FROM person p WHERE {condition}"), dialect, table)
    };
    let lower = "lower(p.name) = 'x'";
    assert_eq!(of(Dialect::Postgres, lower), ["person (lower(name))"]);
    assert_eq!(of(Dialect::Sqlite, lower), ["person (lower(name))"]);
    assert_eq!(of(Dialect::MySql, lower), ["person ((lower(name)))"]);
    assert_eq!(of(Dialect::Oracle, lower), ["PERSON (lower(NAME))"]);
    assert!(of(Dialect::TSql, lower).is_empty() && of(Dialect::MariaDb, lower).is_empty());
    // It gives something else with another setting.
    assert!(of(Dialect::Postgres, "to_char(p.name, 'x') = 'x'").is_empty());
    assert_eq!(of(Dialect::Postgres, "p.name LIKE 'Mai%'"), ["person (name text_pattern_ops)"]);
    assert_eq!(of(Dialect::Sqlite, "p.name LIKE 'Mai%'"), ["person (name COLLATE NOCASE)"]);
    assert_eq!(of(Dialect::MySql, "p.name LIKE 'Mai%'"), ["person (name)"]);
}

#[test]
fn names_are_quoted_where_they_must_be() {
    let table = "CREATE TABLE \"Order\" (\"user\" INT, \"a b\" INT)";
    let sql = "SELECT 1 FROM \"Order\" WHERE \"user\" = 1 AND \"a b\" = 2";
    let (catalog, _) = Catalog::from_ddl(table, Dialect::Postgres).unwrap();
    let advice = advise(sql, Dialect::Postgres, &catalog).unwrap();
    assert_eq!(advice.indexes[0].ddl, r#"CREATE INDEX order_user_a_b_idx ON "Order" ("user", "a b")"#);
    assert_eq!(
        advised("SELECT 1 FROM [order] WHERE [user] = 1", Dialect::TSql, "CREATE TABLE [order] ([user] INT)"),
        ["[order] ([user])"]
    );
}

#[test]
fn databases_without_indexes_say_so() {
    for dialect in
        [Dialect::Snowflake, Dialect::BigQuery, Dialect::ClickHouse, Dialect::Redshift, Dialect::Databricks]
    {
        let advice = advise("SELECT * FROM t WHERE a = 1", dialect, &Catalog::default()).unwrap();
        assert!(
            advice.indexes.is_empty() && advice.notes[0].starts_with("no index is advised"),
            "{advice:?}"
        );
    }
    let advice = advise("SELECT * FROM t WHERE a = 1", Dialect::Postgres, &Catalog::default()).unwrap();
    assert_eq!(advice.indexes[0].columns, ["a"]);
    assert_eq!(advice.notes, ["without a schema it is not known which indexes there are already"]);
    assert_eq!(
        (advice.indexes[0].serves[0].purpose, advice.indexes[0].serves[0].query),
        (Purpose::Equality, None)
    );
}

#[test]
fn a_workload_has_one_index_for_what_begins_alike() {
    let (catalog, _) = Catalog::from_ddl(SHOP, Dialect::Postgres).unwrap();
    let queries = [
        "SELECT * FROM orders WHERE status = 'a' AND customer_id = 1",
        "SELECT * FROM orders WHERE customer_id = 2",
        "SELECT * FROM customer WHERE city = 'Ulm'",
        "SELECT * FROM orders WHERE customer_id = 3 ORDER BY placed LIMIT 1",
    ];
    let advised = |weights: [f64; 4]| {
        let queries: Vec<(&str, f64)> = queries.into_iter().zip(weights).collect();
        let advice = advise_all(&queries, Dialect::Postgres, &catalog);
        advice
            .indexes
            .into_iter()
            .map(|index| (index.columns.join(","), index.serves.len()))
            .collect::<Vec<_>>()
    };
    let is = |columns: &str, count: usize| (columns.to_owned(), count);
    let expected = [is("customer_id,status", 3), is("city", 1), is("customer_id,placed", 2)];
    assert_eq!(advised([1.0; 4]), expected);
    assert_eq!(advised([1.0, 1.0, 90.0, 1.0])[0], is("city", 1));
}

#[test]
fn long_texts_take_the_time_of_their_length() {
    let start = std::time::Instant::now();
    let list = |count: usize, join: &str, item: &dyn Fn(usize) -> String| {
        (0..count).map(item).collect::<Vec<_>>().join(join)
    };
    let texts = [
        format!("SELECT * FROM t WHERE {}", list(8000, " AND ", &|at| format!("a{at} = {at}"))),
        format!("SELECT * FROM t WHERE {}", list(8000, " OR ", &|at| format!("a = {at}"))),
        format!(
            "SELECT * FROM t WHERE {}",
            list(4000, " AND ", &|at| format!("(a = {at} AND b = 1 OR a = {at} AND c = 2)"))
        ),
        format!(
            "SELECT * FROM {} WHERE t0.x = 1",
            list(4000, " ", &|at| match at {
                0 => "t0".to_owned(),
                at => format!("JOIN t{at} ON t{at}.y = t{}.x", at - 1),
            })
        ),
        format!(
            "SELECT * FROM {} WHERE {}",
            list(2000, ", ", &|at| format!("t a{at}")),
            list(1999, " AND ", &|at| format!("a{at}.x = a{}.y", at + 1))
        ),
        list(2000, "; ", &|at| format!("SELECT * FROM t{at} WHERE a = {at}")),
        format!("SELECT * FROM t WHERE a LIKE '{}%'", "x".repeat(200_000)),
        format!(
            "WITH {} SELECT * FROM c999 WHERE a = 1",
            list(1000, ", ", &|at| match at {
                0 => "c0 AS (SELECT a FROM t)".to_owned(),
                at => format!("c{at} AS (SELECT a FROM c{} WHERE a = {at})", at - 1),
            })
        ),
    ];
    for (at, text) in texts.iter().enumerate() {
        let one = std::time::Instant::now();
        let advice = advise(text, Dialect::Postgres, &Catalog::default()).unwrap();
        assert!(
            advice.indexes.len() <= MOST
                && advice.indexes.iter().all(|index| index.serves.len() <= MOST_SERVICES)
        );
        assert!(one.elapsed().as_secs() < 10, "{at}: {:?}", one.elapsed());
    }
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn what_stands_in_for_another_index_is_marked() {
    let (catalog, _) = Catalog::from_ddl(SHOP, Dialect::Postgres).unwrap();
    let marked = |sql: &str| -> Vec<(String, Option<usize>)> {
        let found = advise(sql, Dialect::Postgres, &catalog).unwrap().indexes;
        found.iter().map(|index| (index.columns.join(", "), index.alternative_to)).collect()
    };
    let apart = marked(
        "SELECT * FROM orders WHERE customer_id = 1 UNION ALL SELECT * FROM orders WHERE placed = DATE '2024-01-01'",
    );
    assert_eq!(apart, [("placed".to_owned(), None), ("customer_id".to_owned(), None)]);
    // A scan goes by one of them.
    let either = marked(
        "SELECT * FROM customer c JOIN orders o ON o.customer_id = c.id JOIN customer d ON d.city = o.note WHERE o.total = 5 AND c.city = 'Ulm'",
    );
    let of_orders: Vec<_> = either.iter().filter(|(columns, _)| columns.contains("total")).collect();
    assert!(of_orders.len() < 2 || of_orders[1].1.is_some(), "{either:?}");
}
