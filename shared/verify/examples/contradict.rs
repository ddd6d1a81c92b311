//! Lets the prover and the refuter contradict each other: random pairs from a grammar, the second query the
//! first with a change or two that may or may not matter. Whatever the prover takes for the same is run on
//! databases that the generator directs at the pair, in DataFusion and in SQLite, which know nothing of the
//! prover. Prints every contradiction, and the counts.
//!
//! Arguments: how many pairs (1000), and where the random numbers start (1). With `-` pairs are read from
//! standard input instead, as `sqm verify --ndjson` takes them.

mod witness;

use std::io::{self, BufRead, Write};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Deserialize;
use sqm_domain::Dialect;
use sqm_sql::catalog::{Catalog, SchemaInput};
use witness::{Found, examine};

const SCHEMA: &str = "
    CREATE TABLE p (id INT PRIMARY KEY, a INT, b INT NOT NULL, d DECIMAL(8, 2), s VARCHAR(5));
    CREATE TABLE c (id INT PRIMARY KEY, p INT REFERENCES p (id), q INT NOT NULL REFERENCES p (id), a INT,
        s VARCHAR(5), d DECIMAL(8, 2) NOT NULL, UNIQUE (a, s));
    CREATE TABLE l (x INT, y INT, z DECIMAL(6, 2) NOT NULL, s VARCHAR(5));";

/// Databases for each proved pair.
const DATABASES: u64 = 50;

fn pick<'t>(from: &[&'t str], rng: &mut StdRng) -> &'t str {
    from[rng.random_range(0..from.len())]
}

fn column(rng: &mut StdRng) -> &'static str {
    pick(&["t.id", "t.p", "t.q", "t.a", "u.id", "u.a", "u.b"], rng)
}

/// A number over the rows `t` and `u`.
fn number(rng: &mut StdRng, depth: usize) -> String {
    let x = column(rng);
    let n = rng.random_range(0..3);
    match rng.random_range(0..if depth > 1 { 9 } else { 18 }) {
        0..=5 => x.to_owned(),
        6 => "t.d".to_owned(),
        7 => "u.d".to_owned(),
        8 => n.to_string(),
        9 => format!("({x} + {n})"),
        10 => format!("{x} * 1.0"),
        11 => format!("({x} + 0.0) / 2"),
        12 => format!("{x} / 2"),
        13 => format!("COALESCE({x}, {n})"),
        14 => format!("CASE WHEN {} THEN {x} ELSE {} END", condition(rng, 2), column(rng)),
        15 => format!("({} - {})", number(rng, depth + 1), number(rng, depth + 1)),
        16 => format!("(SELECT {}(l.y) FROM l WHERE l.x = {x})", pick(&["MAX", "SUM", "COUNT", "MIN"], rng)),
        _ => format!("CAST({x} AS DECIMAL(8, 2))"),
    }
}

fn text(rng: &mut StdRng) -> String {
    match rng.random_range(0..5) {
        0 | 1 => "t.s".into(),
        2 => "u.s".into(),
        3 => "UPPER(t.s)".into(),
        _ => "COALESCE(u.s, 'a')".into(),
    }
}

fn condition(rng: &mut StdRng, depth: usize) -> String {
    let (x, y) = (column(rng), column(rng));
    let n = rng.random_range(0..3);
    match rng.random_range(0..if depth > 1 { 9 } else { 20 }) {
        0 => format!("{x} = {y}"),
        1 => format!("{x} {} {n}", pick(&["=", "<", "<=", ">", ">=", "<>"], rng)),
        2 => format!("{x} IS {}NULL", pick(&["", "NOT "], rng)),
        3 => format!("{x} {} {y}", pick(&["<", "<=", "<>"], rng)),
        4 => format!("{x} BETWEEN {n} AND 2"),
        5 => format!("COALESCE({x}, {n}) = {y}"),
        6 => format!(
            "{} {} '{}'",
            text(rng),
            pick(&["=", "<", "<=", "<>", ">"], rng),
            pick(&["a", "b", "ab"], rng)
        ),
        7 => format!("{} {} {n}.5", pick(&["t.d", "u.d"], rng), pick(&["<", ">=", "="], rng)),
        8 => format!("{} LIKE 'a%'", text(rng)),
        9 | 10 => format!("({} OR {})", condition(rng, depth + 1), condition(rng, depth + 1)),
        11 => format!("({} AND {})", condition(rng, depth + 1), condition(rng, depth + 1)),
        12 => format!("NOT ({})", condition(rng, depth + 1)),
        13 => format!("{x} {}IN (SELECT {} FROM l)", pick(&["", "NOT "], rng), pick(&["x", "y"], rng)),
        14 => format!("{}EXISTS (SELECT 1 FROM l WHERE l.x = {x})", pick(&["", "NOT "], rng)),
        15 => format!("{x} IN (SELECT {} FROM p)", pick(&["id", "a"], rng)),
        16 => {
            format!("{} {} {}", number(rng, depth + 1), pick(&["=", "<", ">="], rng), number(rng, depth + 1))
        }
        17 => format!("({}) IS {}TRUE", condition(rng, depth + 1), pick(&["", "NOT "], rng)),
        18 => format!(
            "{x} {} (SELECT {}(y) FROM l)",
            pick(&["=", "<", ">="], rng),
            pick(&["MAX", "COUNT"], rng)
        ),
        _ => format!("{x} {}IN (0, 1, {})", pick(&["", "NOT "], rng), pick(&["2", "NULL"], rng)),
    }
}

fn query(rng: &mut StdRng) -> String {
    let join = pick(&["JOIN", "LEFT JOIN", "JOIN", "FULL JOIN", "RIGHT JOIN"], rng);
    let on = pick(&["t.p = u.id", "t.q = u.id", "t.a = u.a", "t.q = u.id AND u.b > 0", "t.s = u.s"], rng);
    let filter = condition(rng, 0);
    let (x, y) = (column(rng), column(rng));
    let n = number(rng, 0);
    let from = format!("FROM c t {join} p u ON {on} WHERE {filter}");
    match rng.random_range(0..20) {
        0 => format!("SELECT {x}, {n} {from}"),
        1 => format!("SELECT DISTINCT {x}, {n} {from}"),
        2 => format!("SELECT {x}, COUNT(*), SUM({n}) {from} GROUP BY {x}"),
        3 => format!("SELECT {x}, MAX({n}) {from} GROUP BY {x} HAVING COUNT({y}) > 0"),
        4 => format!("SELECT COUNT(DISTINCT {x}), MIN({n}) {from}"),
        5 => format!("SELECT {x}, AVG({y}) {from} GROUP BY {x}"),
        6 => format!("SELECT {x}, {y} {from} GROUP BY {x}, {y} HAVING SUM({n}) > 1 OR {x} = {y}"),
        7 => format!("SELECT {x} {from} UNION ALL SELECT {x} FROM c t, p u WHERE {filter} AND t.p = u.id"),
        8 => format!("SELECT {x} {from} UNION SELECT {y} FROM c t, p u WHERE {filter}"),
        9 => format!("SELECT {x} {from} INTERSECT SELECT x FROM l"),
        10 => format!("SELECT {x} {from} EXCEPT SELECT x FROM l WHERE y > 0"),
        11 => format!(
            "SELECT k, SUM(m), SUM(w) FROM (SELECT {x} k, {y} j, SUM({n}) m, COUNT({y}) w {from} GROUP BY {x}, {y}) g GROUP BY k"
        ),
        12 => format!("SELECT {x}, COUNT(*) OVER (PARTITION BY {y}) {from}"),
        13 => format!("SELECT {x}, (SELECT COUNT(*) FROM l WHERE l.x = {y}) {from}"),
        14 => format!(
            "SELECT g.k, t.id FROM (SELECT {x} k, MAX({y}) m {from} GROUP BY {x}) g JOIN c t ON t.a = g.k"
        ),
        15 => format!(
            "SELECT t.id, g.m FROM c t LEFT JOIN (SELECT {x} k, COUNT(*) m {from} GROUP BY {x}) g ON t.p = g.k"
        ),
        16 => format!("SELECT v FROM (SELECT {x} v {from} UNION SELECT 1.5) g WHERE v > 1 AND v < 2"),
        17 => format!("SELECT {} {from}", text(rng)),
        18 => format!("SELECT {x}, {y} {from} ORDER BY {x}, {y}"),
        _ => format!("SELECT SUM(CASE WHEN {} THEN 1 ELSE 0 END), COUNT(*) {from}", condition(rng, 2)),
    }
}

/// A query that is like the other in all but a word or two.
fn beside(sql: &str, rng: &mut StdRng) -> String {
    let changes = [
        ("LEFT JOIN", "JOIN"),
        ("FULL JOIN", "LEFT JOIN"),
        ("RIGHT JOIN", "JOIN"),
        ("SELECT DISTINCT", "SELECT"),
        ("SELECT ", "SELECT DISTINCT "),
        ("UNION ALL", "UNION"),
        ("UNION", "UNION ALL"),
        ("t.q = u.id", "u.id = t.q"),
        ("t.p = u.id", "t.q = u.id"),
        ("COUNT(*)", "COUNT(t.id)"),
        ("COUNT(*)", "SUM(1)"),
        ("<=", "<"),
        (" > 0", " >= 1"),
        (" > 1", " >= 2"),
        (">= 1", "> 0"),
        ("NOT IN", "IN"),
        ("COUNT(DISTINCT ", "COUNT("),
        ("t.id", "u.id"),
        ("u.id", "t.q"),
        ("u.id", "t.p"),
        ("u.a", "t.a"),
        (" OR ", " AND "),
        ("SUM(", "MAX("),
        ("MAX(", "MIN("),
        ("t.a", "u.a"),
        ("IS NOT NULL", "IS NULL"),
        (" WHERE ", " WHERE u.b = u.b AND "),
        (" WHERE ", " WHERE t.q IS NOT NULL AND "),
        (" WHERE ", " WHERE u.id IS NOT NULL AND "),
        (" WHERE ", " WHERE t.s = t.s AND "),
        (" * 1.0", ""),
        (" * 1.0", " * 1"),
        (" + 0.0", ""),
        (" / 2", " * 0.5"),
        ("COALESCE(", "NULLIF("),
        ("INTERSECT", "EXCEPT"),
        ("IS TRUE", "IS NOT FALSE"),
        ("AVG(", "SUM("),
        (".5", ".50"),
        ("LIKE 'a%'", "LIKE 'a%%'"),
        (", NULL)", ")"),
        ("NOT (", "("),
        ("(SELECT MAX(y) FROM l)", "(SELECT MAX(y) FROM l WHERE y IS NOT NULL)"),
        ("(SELECT MAX(l.y) FROM l WHERE l.x = ", "(SELECT MIN(-l.y) FROM l WHERE l.x = "),
        (" HAVING COUNT(", " HAVING SUM("),
        ("EXISTS (SELECT 1 FROM l WHERE l.x = ", "1 <= (SELECT COUNT(*) FROM l WHERE l.x = "),
        ("CASE WHEN ", "CASE WHEN NOT "),
        ("ELSE 0 END", "END"),
        ("CAST(", "CAST(0 + "),
        ("DECIMAL(8, 2)", "INT"),
        ("UPPER(", "LOWER("),
        ("FROM c t", "FROM (SELECT * FROM c WHERE id >= 0 OR id < 0) t"),
        ("FROM c t", "FROM (SELECT DISTINCT * FROM c) t"),
        ("FROM c t", "FROM (SELECT * FROM c WHERE a > 0) t"),
        ("p u ON", "(SELECT id, MAX(a) a, MAX(b) b, MAX(d) d, MAX(s) s FROM p GROUP BY id) u ON"),
    ];
    let mut sql = sql.to_owned();
    for _ in 0..rng.random_range(1..=2) {
        let fitting: Vec<_> = changes.iter().filter(|(from, _)| sql.contains(from)).collect();
        if !fitting.is_empty() {
            let (from, to) = fitting[rng.random_range(0..fitting.len())];
            let places: Vec<usize> = sql.match_indices(from).map(|(at, _)| at).collect();
            let at = places[rng.random_range(0..places.len())];
            sql.replace_range(at..at + from.len(), to);
        }
    }
    sql
}

#[derive(Deserialize)]
struct Case {
    id: String,
    q1: String,
    q2: String,
    dialect: String,
    schema: SchemaInput,
}

/// The pairs of standard input.
fn from_input(out: &mut impl Write) -> Result<(), Box<dyn std::error::Error>> {
    let (mut proved, mut contradictions) = (0, 0);
    for line in io::stdin().lock().lines() {
        let case: Case = serde_json::from_str(&line?)?;
        let dialect: Dialect = case.dialect.parse().unwrap_or(Dialect::Generic);
        let Ok((catalog, _)) = case.schema.catalog(dialect) else { continue };
        let found = sqm_sql::guard::on_large_stack(|| {
            examine(&case.q1, &case.q2, dialect, &catalog, 4242, 10 * DATABASES)
        })?;
        match found {
            Found::Proved => proved += 1,
            Found::Contradiction(how) => {
                contradictions += 1;
                writeln!(out, "CONTRADICTION {}\n  {}\n  {}\n  {how}", case.id, case.q1, case.q2)?;
            }
            Found::Unproved(reason) => writeln!(out, "UNPROVED {}: {reason}", case.id)?,
            Found::Nothing => {}
        }
    }
    writeln!(out, "proved={proved} contradictions={contradictions}")?;
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().nth(1).as_deref() == Some("-") {
        return from_input(&mut io::stdout().lock());
    }
    let argument = |at: usize| std::env::args().nth(at).and_then(|text| text.parse::<u64>().ok());
    let (pairs, seed) = (argument(1).unwrap_or(1000), argument(2).unwrap_or(1));
    let (catalog, _) = Catalog::from_ddl(SCHEMA, Dialect::Generic)?;
    let mut out = io::stdout().lock();
    let (mut tried, mut proved, mut contradictions) = (0, 0, 0);
    for number in 0..pairs {
        let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(1_000_003) + number);
        let first = query(&mut rng);
        let second = beside(&first, &mut rng);
        if first == second {
            continue;
        }
        match sqm_sql::guard::on_large_stack(|| {
            examine(&first, &second, Dialect::Generic, &catalog, number, DATABASES)
        })? {
            Found::Nothing => continue,
            Found::Unproved(_) => {}
            Found::Proved => proved += 1,
            Found::Contradiction(how) => {
                proved += 1;
                contradictions += 1;
                writeln!(out, "CONTRADICTION {number}\n  {first}\n  {second}\n  {how}")?;
            }
        }
        tried += 1;
        if tried % 1000 == 0 {
            writeln!(out, "tried={tried} proved={proved} contradictions={contradictions}")?;
            out.flush()?;
        }
    }
    writeln!(out, "pairs={tried} proved={proved} contradictions={contradictions}")?;
    Ok(())
}
