//! Verifies pairs of queries from standard input, one JSON object a line, as `sqm verify --ndjson` does.

use std::io::{self, BufRead, Write};

use serde::Deserialize;
use serde_json::{Map, Value, json};
use sqm_domain::Dialect;
use sqm_sql::catalog::{Catalog, Column, ForeignKey, Table};
use sqm_verify::{Options, verify};

#[derive(Deserialize)]
struct Case {
    id: String,
    q1: String,
    q2: String,
    dialect: String,
    schema: Map<String, Value>,
}

fn main() -> io::Result<()> {
    let mut options = Options::default();
    if let Some(databases) = std::env::args().nth(1).and_then(|text| text.parse().ok()) {
        options.databases = databases;
    }
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let answer = match serde_json::from_str::<Case>(&line?) {
            Err(error) => json!({"id": null, "verdict": "unknown", "reason": error.to_string()}),
            Ok(case) => {
                let dialect = case.dialect.parse().unwrap_or(Dialect::Generic);
                let verification = verify(&case.q1, &case.q2, dialect, &catalog(&case.schema), &options);
                let mut answer = verification.to_contract();
                answer["id"] = json!(case.id);
                answer
            }
        };
        writeln!(out, "{answer}")?;
    }
    Ok(())
}

fn catalog(schema: &Map<String, Value>) -> Catalog {
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let mut catalog = Catalog::default();
    for (name, table) in schema {
        let cols: Vec<(String, String)> = table["cols"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, data_type)| (name.clone(), data_type.as_str().unwrap_or("").to_owned()))
            .collect();
        let positions = |names: &Value| -> Vec<u32> {
            texts(names)
                .iter()
                .filter_map(|name| cols.iter().position(|(c, _)| c.eq_ignore_ascii_case(name)))
                .filter_map(|at| u32::try_from(at).ok())
                .collect()
        };
        let not_null = positions(&table["not_null"]);
        catalog.insert(Table {
            name: name.split('.').map(str::to_owned).collect(),
            columns: cols
                .iter()
                .zip(0u32..)
                .map(|((name, data_type), at)| Column {
                    name: name.clone(),
                    data_type: Some(data_type.clone()),
                    not_null: not_null.contains(&at),
                })
                .collect(),
            primary_key: positions(&table["pk"]),
            unique: table["unique"].as_array().into_iter().flatten().map(positions).collect(),
            foreign_keys: table["fk"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|key| ForeignKey {
                    columns: positions(&key[0]),
                    table: key[1].as_str().unwrap_or("").split('.').map(str::to_owned).collect(),
                    referred_columns: texts(&key[2]),
                })
                .collect(),
            ..Table::default()
        });
    }
    catalog
}
