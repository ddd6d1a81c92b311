//! Lets the prover be contradicted: random pairs from a small grammar, and for each that is proved, random
//! databases in SQLite, which knows nothing of the prover. Prints every contradiction, and the counts.
//!
//! Arguments: how many pairs (1000), and where the random numbers start (1).

use std::io::{self, Write};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rusqlite::Connection;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_verify::{Options, verify};

const SCHEMA: &str = "CREATE TABLE p (id INT PRIMARY KEY, a INT, b INT NOT NULL);
    CREATE TABLE c (id INT PRIMARY KEY, p INT REFERENCES p (id), q INT NOT NULL REFERENCES p (id), a INT);
    CREATE TABLE l (x INT, y INT);";

/// Databases in SQLite for each proved pair.
const DATABASES: usize = 40;

fn pick<'t>(from: &[&'t str], rng: &mut StdRng) -> &'t str {
    from[rng.random_range(0..from.len())]
}

fn column(rng: &mut StdRng) -> &'static str {
    pick(&["t.id", "t.p", "t.q", "t.a", "u.id", "u.a", "u.b"], rng)
}

fn condition(rng: &mut StdRng, depth: usize) -> String {
    let (x, y) = (column(rng), column(rng));
    let n = rng.random_range(0..3);
    match rng.random_range(0..if depth > 1 { 6 } else { 12 }) {
        0 => format!("{x} = {y}"),
        1 => format!("{x} {} {n}", pick(&["=", "<", "<=", ">", ">=", "<>"], rng)),
        2 => format!("{x} IS {}NULL", pick(&["", "NOT "], rng)),
        3 => format!("{x} {} {y}", pick(&["<", "<=", "<>"], rng)),
        4 => format!("{x} BETWEEN {n} AND 2"),
        5 => format!("COALESCE({x}, {n}) = {y}"),
        6 => format!("({} OR {})", condition(rng, depth + 1), condition(rng, depth + 1)),
        7 => format!("({} AND {})", condition(rng, depth + 1), condition(rng, depth + 1)),
        8 => format!("NOT ({})", condition(rng, depth + 1)),
        9 => format!("{x} {}IN (SELECT {} FROM l)", pick(&["", "NOT "], rng), pick(&["x", "y"], rng)),
        10 => format!("{}EXISTS (SELECT 1 FROM l WHERE l.x = {x})", pick(&["", "NOT "], rng)),
        _ => format!("{x} IN (SELECT {} FROM p)", pick(&["id", "a"], rng)),
    }
}

fn query(rng: &mut StdRng) -> String {
    let join = pick(&["JOIN", "LEFT JOIN", "JOIN"], rng);
    let on = pick(&["t.p = u.id", "t.q = u.id", "t.a = u.a", "t.q = u.id AND u.b > 0"], rng);
    let filter = condition(rng, 0);
    let (x, y) = (column(rng), column(rng));
    let from = format!("FROM c t {join} p u ON {on} WHERE {filter}");
    match rng.random_range(0..6) {
        0 => format!("SELECT {x}, {y} {from}"),
        1 => format!("SELECT DISTINCT {x}, {y} {from}"),
        2 => format!("SELECT {x}, COUNT(*), SUM({y}) {from} GROUP BY {x}"),
        3 => format!("SELECT {x}, MAX({y}) {from} GROUP BY {x} HAVING COUNT({y}) > 0"),
        4 => format!("SELECT COUNT(DISTINCT {x}), MIN({y}) {from}"),
        _ => format!("SELECT {x} {from} UNION ALL SELECT {x} FROM c t, p u WHERE {filter} AND t.p = u.id"),
    }
}

/// A query that is like the other in all but one word or so.
fn beside(sql: &str, rng: &mut StdRng) -> String {
    let changes = [
        ("LEFT JOIN", "JOIN"),
        ("SELECT DISTINCT", "SELECT"),
        ("UNION ALL", "UNION"),
        ("t.q = u.id", "u.id = t.q"),
        ("t.p = u.id", "t.q = u.id"),
        ("COUNT(*)", "COUNT(t.id)"),
        ("<=", "<"),
        (" > 0", " >= 1"),
        ("NOT IN", "IN"),
        ("COUNT(DISTINCT ", "COUNT("),
        ("t.id", "u.id"),
        ("u.id", "t.q"),
        ("u.id", "t.p"),
        (" OR ", " AND "),
        ("SUM(", "MAX("),
        ("t.a", "u.a"),
        ("IS NOT NULL", "IS NULL"),
        (" WHERE ", " WHERE u.b = u.b AND "),
        (" WHERE ", " WHERE t.q IS NOT NULL AND "),
        (" WHERE ", " WHERE u.id IS NOT NULL AND "),
    ];
    let mut sql = sql.to_owned();
    for _ in 0..rng.random_range(1..=2) {
        let fitting: Vec<_> = changes.iter().filter(|(from, _)| sql.contains(from)).collect();
        if !fitting.is_empty() {
            let (from, to) = fitting[rng.random_range(0..fitting.len())];
            sql = sql.replacen(from, to, 1);
        }
    }
    sql
}

fn rows(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(sql)?;
    let width = statement.column_count();
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let values = (0..width).map(|at| row.get_ref(at).map(|v| format!("{v:?}")));
        found.push(values.collect::<rusqlite::Result<Vec<_>>>()?.join(", "));
    }
    found.sort();
    Ok(found)
}

fn fill(connection: &Connection, rng: &mut StdRng) -> rusqlite::Result<()> {
    connection.execute_batch("DELETE FROM c; DELETE FROM p; DELETE FROM l;")?;
    let maybe = |rng: &mut StdRng, most: i64| {
        if rng.random_bool(0.25) { None } else { Some(rng.random_range(0..=most)) }
    };
    let parents = rng.random_range(0..=3);
    for id in 0..parents {
        connection.execute("INSERT INTO p VALUES (?, ?, ?)", (id, maybe(rng, 2), rng.random_range(0..=2)))?;
    }
    for id in 0..if parents > 0 { rng.random_range(0..=4) } else { 0 } {
        let of = maybe(rng, parents - 1);
        connection.execute(
            "INSERT INTO c VALUES (?, ?, ?, ?)",
            (id, of, rng.random_range(0..parents), maybe(rng, 2)),
        )?;
    }
    for _ in 0..rng.random_range(0..=3) {
        connection.execute("INSERT INTO l VALUES (?, ?)", (maybe(rng, 2), maybe(rng, 2)))?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = |at: usize| std::env::args().nth(at).and_then(|text| text.parse::<u64>().ok());
    let (pairs, seed) = (argument(1).unwrap_or(1000), argument(2).unwrap_or(1));
    let (catalog, _) = Catalog::from_ddl(SCHEMA, Dialect::Generic)?;
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(SCHEMA)?;
    let options = Options { databases: 20, ..Options::default() };
    let mut out = io::stdout().lock();
    let (mut proved, mut refuted, mut contradictions) = (0, 0, 0);
    for number in 0..pairs {
        let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(1_000_003) + number);
        let first = query(&mut rng);
        let second = beside(&first, &mut rng);
        let found = verify(&first, &second, Dialect::Generic, &catalog, &options);
        refuted += u64::from(found.verdict.name() == "refuted");
        if found.verdict.name() != "proved" || first == second {
            continue;
        }
        proved += 1;
        for _ in 0..DATABASES {
            fill(&connection, &mut rng)?;
            if rows(&connection, &first)? != rows(&connection, &second)? {
                contradictions += 1;
                writeln!(out, "CONTRADICTION {number}\n  {first}\n  {second}")?;
                break;
            }
        }
    }
    writeln!(out, "pairs={pairs} proved={proved} refuted={refuted} contradictions={contradictions}")?;
    Ok(())
}
