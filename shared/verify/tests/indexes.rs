//! Advised indexes on a real SQLite: once they are made, its plans use them.

#![allow(clippy::unwrap_used)] // Nothing to be handled here: what fails is the test.

use rusqlite::Connection;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::indexes::advise;

const SCHEMA: &str = "
    CREATE TABLE supplier (s_key INTEGER PRIMARY KEY, s_name TEXT, s_nation INT, s_balance REAL);
    CREATE TABLE part (p_key INTEGER PRIMARY KEY, p_name TEXT, p_brand TEXT, p_size INT, p_box TEXT);
    CREATE TABLE offer (o_part INT, o_supplier INT, o_stock INT, o_cost REAL, PRIMARY KEY (o_part, o_supplier));
    CREATE TABLE sale (s_order INT, s_line INT, s_part INT, s_supplier INT, s_quantity INT, s_price REAL,
        s_shipped TEXT, s_mode TEXT, PRIMARY KEY (s_order, s_line));
    CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, mail TEXT, town TEXT, seen TEXT);";

/// Queries, each with the tables that an index is advised for.
const QUERIES: &[(&str, &[&str])] = &[
    ("SELECT sum(s_price) FROM sale WHERE s_shipped BETWEEN '1994-01-01' AND '1994-12-31'", &["sale"]),
    (
        "SELECT sum(s_price) / 7 FROM sale, part WHERE p_key = s_part AND p_brand = 'B#23' AND p_box = 'MED'
      AND s_quantity < (SELECT 0.2 * avg(s_quantity) FROM sale i WHERE i.s_part = p_key)",
        &["sale", "part"],
    ),
    (
        "SELECT o_part FROM offer WHERE o_stock > (SELECT 0.5 * sum(s_quantity) FROM sale
      WHERE s_part = o_part AND s_supplier = o_supplier)",
        &["sale"],
    ),
    (
        "SELECT s_name FROM supplier WHERE s_nation = 3 AND EXISTS
      (SELECT 1 FROM sale WHERE s_supplier = s_key AND s_mode = 'AIR')",
        &["supplier", "sale"],
    ),
    (
        "SELECT * FROM sale WHERE s_mode IN ('AIR', 'SHIP') AND s_shipped >= '1994-01-01' AND s_shipped < '1995-01-01'",
        &["sale"],
    ),
    ("SELECT * FROM person WHERE town = 'Ulm' ORDER BY seen DESC LIMIT 10", &["person"]),
    ("SELECT * FROM person ORDER BY seen LIMIT 10", &["person"]),
    ("SELECT id FROM person WHERE lower(mail) = 'x@y.z'", &["person"]),
    ("SELECT id FROM person WHERE substr(mail, 1, 3) = 'abc'", &["person"]),
    ("SELECT id FROM person WHERE name LIKE 'Mai%'", &["person"]),
    ("SELECT max(seen) FROM person WHERE town = 'Ulm'", &["person"]),
    ("SELECT * FROM (SELECT id AS who, town AS place FROM person) WHERE place = 'Ulm'", &["person"]),
    ("WITH p AS (SELECT * FROM part) SELECT p_key FROM p WHERE p_size = 3", &["part"]),
    ("SELECT p_name, s_price FROM part LEFT JOIN sale ON s_part = p_key WHERE p_size = 3", &["part", "sale"]),
    ("DELETE FROM person WHERE town = 'Ulm'", &["person"]),
    ("UPDATE person SET town = 'Bonn' WHERE town = 'Ulm'", &["person"]),
];

/// What EXPLAIN QUERY PLAN says, line by line.
fn plan(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let lines = statement.query_map([], |row| row.get(3)).unwrap();
    lines.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_plan_uses_the_indexes_that_were_advised_for_it() {
    let (catalog, problems) = Catalog::from_ddl(SCHEMA, Dialect::Sqlite).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    for (sql, tables) in QUERIES {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        let before = plan(&db, sql);
        let advice = advise(sql, Dialect::Sqlite, &catalog).unwrap();
        for index in &advice.indexes {
            db.execute_batch(&index.ddl).unwrap_or_else(|error| panic!("{}: {error}", index.ddl));
        }
        let after = plan(&db, sql);
        for table in *tables {
            let of_table: Vec<_> = advice.indexes.iter().filter(|index| index.table == *table).collect();
            assert!(!of_table.is_empty(), "{sql}: nothing for {table}");
            let is_used = |name: &str| after.iter().any(|line| line.contains(&format!("INDEX {name}")));
            let name = |ddl: &str| ddl.split_whitespace().nth(2).unwrap_or_default().to_owned();
            assert!(of_table.iter().any(|index| is_used(&name(&index.ddl))), "{sql}: {of_table:?} {after:?}");
        }
        assert_ne!(before, after, "{sql}");
    }
}

#[test]
fn nothing_is_advised_beside_what_was() {
    for (sql, _) in QUERIES {
        let (catalog, _) = Catalog::from_ddl(SCHEMA, Dialect::Sqlite).unwrap();
        let advice = advise(sql, Dialect::Sqlite, &catalog).unwrap();
        let made: Vec<String> = advice.indexes.iter().map(|index| format!("{};", index.ddl)).collect();
        let (catalog, _) = Catalog::from_ddl(&format!("{SCHEMA}{}", made.concat()), Dialect::Sqlite).unwrap();
        let again = advise(sql, Dialect::Sqlite, &catalog).unwrap().indexes;
        let is_like = |index: &sqm_sql::indexes::Index| index.ddl.contains(" COLLATE ");
        assert!(again.iter().all(is_like), "{sql}: {again:?}");
    }
}
