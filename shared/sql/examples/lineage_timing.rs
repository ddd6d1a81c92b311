//! Time of tracing as a multiple of plain parsing of the same text: files of JSON lines as arguments.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlparser::dialect::{Dialect as Grammar, dialect_from_str};
use sqlparser::parser::Parser;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;
use sqm_sql::lineage::{Options, trace, trace_script};

struct Item {
    sql: String,
    dialect: Dialect,
    grammar: Box<dyn Grammar>,
    catalog: Catalog,
}

fn main() {
    let mut out = String::new();
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let items: Vec<Item> = text.lines().filter_map(item).collect();
        let line = guard::on_large_stack(|| measure(&items)).unwrap_or_default();
        out.push_str(&format!("{path}: {} items, {line}\n", items.len()));
    }
    use std::io::Write;
    let _ = std::io::stdout().write_all(out.as_bytes());
}

fn item(line: &str) -> Option<Item> {
    let value: Value = serde_json::from_str(line).ok()?;
    let name = value["dialect"].as_str()?.split(',').next()?.to_owned();
    let dialect: Dialect = name.parse().ok()?;
    let grammar = dialect_from_str(&name).or_else(|| dialect_from_str("generic"))?;
    let sql = value["sql"].as_str()?.to_owned();
    Parser::parse_sql(&*grammar, &sql).ok()?;
    let catalog = match &value["schema"] {
        Value::Object(_) => Catalog::from_json(&value["schema"].to_string()).ok()?.0,
        _ => Catalog::default(),
    };
    Some(Item { sql, dialect, grammar, catalog })
}

fn measure(items: &[Item]) -> String {
    let (mut plain, mut ours, mut traced) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for _ in 0..9 {
        let start = Instant::now();
        for item in items {
            let _ = black_box(Parser::parse_sql(&*item.grammar, &item.sql));
        }
        plain = plain.min(start.elapsed());
        let start = Instant::now();
        for item in items {
            let _ = guard::with_script(&item.sql, item.dialect, |script| black_box(script.statements.len()));
        }
        ours = ours.min(start.elapsed());
        let start = Instant::now();
        for item in items {
            black_box(trace(&item.sql, item.dialect, &item.catalog, &Options::default()));
        }
        traced = traced.min(start.elapsed());
    }
    let ratio = |time: Duration| time.as_secs_f64() / plain.as_secs_f64();
    let _ = trace_script;
    format!(
        "plain {:.2} ms, split and parse x{:.2}, with lineage x{:.2}",
        plain.as_secs_f64() * 1e3,
        ratio(ours),
        ratio(traced)
    )
}
