//! What goes on from the last key seen, on a real SQLite: page after page it shows what OFFSET shows.

#![allow(clippy::unwrap_used)] // Nothing to be handled here: what fails is the test.

use rusqlite::Connection;
use rusqlite::types::Value;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::rewrites::alternatives;

const SCHEMA: &str = "CREATE TABLE sale (id INTEGER PRIMARY KEY, shop INT NOT NULL, placed INT NOT NULL);
    CREATE TABLE item (sale_id INT NOT NULL, line INT NOT NULL, PRIMARY KEY (sale_id, line));";

/// Queries, each with the parameters in the order of the columns that it selects. OFFSET is `?1`.
const QUERIES: &[(&str, &[&str])] = &[
    ("SELECT id FROM sale ORDER BY id LIMIT 7 OFFSET ?1", &[":last_id"]),
    ("SELECT id FROM sale WHERE shop = 1 OR shop = 2 ORDER BY id DESC LIMIT 7 OFFSET ?1", &[":last_id"]),
    ("SELECT placed, id FROM sale ORDER BY placed LIMIT 7 OFFSET ?1", &[":last_placed", ":last_id"]),
    (
        "SELECT shop, placed, id FROM sale ORDER BY shop DESC, placed, id DESC LIMIT 7 OFFSET ?1",
        &[":last_shop", ":last_placed", ":last_id"],
    ),
    (
        "SELECT i.sale_id, i.line, s.id FROM sale s JOIN item i ON i.sale_id = s.id
      ORDER BY i.sale_id, i.line, s.id LIMIT 7 OFFSET ?1",
        &[":last_sale_id", ":last_line", ":last_id"],
    ),
];

fn rows(db: &Connection, sql: &str, bound: &[(&str, Value)]) -> Vec<Vec<Value>> {
    let mut statement = db.prepare(sql).unwrap();
    let width = statement.column_count();
    let bound: Vec<(&str, &dyn rusqlite::ToSql)> =
        bound.iter().map(|(name, value)| (*name, value as &dyn rusqlite::ToSql)).collect();
    let rows = statement.query_map(&*bound, |row| (0..width).map(|at| row.get(at)).collect()).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn the_pages_are_those_of_offset() {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(SCHEMA).unwrap();
    for id in 0..60 {
        db.execute("INSERT INTO sale VALUES (?1, ?2, ?3)", [id, id % 4, id * 7 % 5]).unwrap();
        db.execute("INSERT INTO item VALUES (?1, 1), (?1, 2)", [id]).unwrap();
    }
    let (catalog, problems) = Catalog::from_ddl(SCHEMA, Dialect::Sqlite).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    for (sql, parameters) in QUERIES {
        let [other] = &alternatives(sql, Dialect::Sqlite, &catalog).unwrap()[..] else { panic!("{sql}") };
        assert!(!other.sql.contains("OFFSET"), "{}", other.sql);
        // The order that the alternative makes total is the one to be compared with.
        let order = other.sql.split_once("ORDER BY").unwrap().1;
        let paged = format!("{} ORDER BY{order} OFFSET :skipped", sql.split_once("ORDER BY").unwrap().0);
        let mut last: Option<Vec<Value>> = None;
        for page in 0..12 {
            let wanted = rows(&db, &paged, &[(":skipped", Value::Integer(page * 7))]);
            if let Some(last) = last {
                let bound: Vec<(&str, Value)> = parameters.iter().copied().zip(last).collect();
                assert_eq!(rows(&db, &other.sql, &bound), wanted, "{}", other.sql);
            }
            let Some(row) = wanted.last().cloned() else { break };
            last = Some(row);
        }
    }
}
