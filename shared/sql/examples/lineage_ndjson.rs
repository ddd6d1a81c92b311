//! Lineage of SQL given as JSON lines on standard input, as JSON lines on standard output.

use std::io::{BufRead, Write};

use serde_json::{Value, json};
use sqm_sql::catalog::{Catalog, Table};
use sqm_sql::lineage::{Options, Views, trace};

fn main() {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let answer = answer(&line);
        let _ = writeln!(out, "{answer}");
    }
}

fn answer(line: &str) -> Value {
    let Ok(item) = serde_json::from_str::<Value>(line) else { return json!({ "ok": false }) };
    let dialect = item["dialect"].as_str().unwrap_or("generic").split(',').next().unwrap_or_default();
    let dialect = dialect.parse().unwrap_or(sqm_domain::Dialect::Generic);
    let catalog = match &item["schema"] {
        Value::String(ddl) => Catalog::from_ddl(ddl, dialect).map(|found| found.0).unwrap_or_default(),
        Value::Object(_) => {
            Catalog::from_json(&item["schema"].to_string()).map(|found| found.0).unwrap_or_default()
        }
        _ => Catalog::default(),
    };
    let mut catalog = catalog;
    let mut views = Views::Stop;
    for (name, query) in item["opts"]["sources"].as_object().into_iter().flatten() {
        let name = name.split('.').map(str::to_owned).collect();
        catalog.insert(Table { name, view: query.as_str().map(str::to_owned), ..Table::default() });
        views = Views::Follow;
    }
    let text = |name: &str| item["opts"][name].as_str().map(str::to_owned);
    let options = Options { default_db: text("default_db"), default_schema: text("default_schema"), views };
    let lineage = trace(item["sql"].as_str().unwrap_or_default(), dialect, &catalog, &options);
    let mut answer = serde_json::to_value(&lineage).unwrap_or_default();
    answer["id"] = item["id"].clone();
    answer
}
