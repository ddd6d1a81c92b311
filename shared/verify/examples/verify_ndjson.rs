//! Verifies pairs of queries from standard input, one JSON object a line, as `sqm verify --ndjson` does.

use std::io::{self, BufRead, Write};

use serde::Deserialize;
use serde_json::json;
use sqm_domain::Dialect;
use sqm_sql::catalog::SchemaInput;
use sqm_verify::{Options, verify};

#[derive(Deserialize)]
struct Case {
    id: String,
    q1: String,
    q2: String,
    dialect: String,
    schema: SchemaInput,
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
                match case.schema.catalog(dialect) {
                    Err(error) => json!({"id": case.id, "verdict": "unknown", "reason": error.to_string()}),
                    Ok((catalog, _)) => {
                        let verification = verify(&case.q1, &case.q2, dialect, &catalog, &options);
                        let mut answer = verification.to_contract();
                        answer["id"] = json!(case.id);
                        answer
                    }
                }
            }
        };
        writeln!(out, "{answer}")?;
    }
    Ok(())
}
