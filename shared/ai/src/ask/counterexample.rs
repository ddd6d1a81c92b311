//! A counterexample as a model sees it. Its rows are led by the literals of the query, so no value is shown that is
//! more than a small number: a literal is its placeholder, everything else a letter, in the order of the values.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use sqm_sql::placeholders::{Hidden, Kind};
use sqm_verify::Counterexample;
use sqm_verify::value::Value;

/// Numbers up to this are shown as they are.
const SMALL: f64 = 9.0;

/// The counterexample without the values of the query.
pub(crate) fn symbolic(counterexample: &Counterexample, hidden: &Hidden) -> Json {
    let rows = counterexample.tables.values().flat_map(|table| &table.rows);
    let all = rows.chain(&counterexample.result1).chain(&counterexample.result2).flatten();
    let mut values: Vec<&Value> = all.collect();
    values.sort_by(|one, other| one.order(other));
    values.dedup_by(|one, other| one.order(other).is_eq());
    let mut letters = BTreeMap::<&'static str, usize>::new();
    let names: Vec<(&Value, Json)> = values
        .into_iter()
        .map(|value| {
            let name = shown(value, hidden).unwrap_or_else(|| {
                let next = letters.entry(kind(value)).or_default();
                *next += 1;
                Json::from(format!("{} {}", kind(value), letter(*next)))
            });
            (value, name)
        })
        .collect();
    let name = |value: &Value| {
        let found = names.binary_search_by(|(known, _)| known.order(value));
        found.map_or(Json::Null, |at| names[at].1.clone())
    };
    let rows = |rows: &[Vec<Value>]| -> Vec<Vec<Json>> {
        rows.iter().map(|row| row.iter().map(name).collect()).collect()
    };
    let tables: serde_json::Map<String, Json> = counterexample
        .tables
        .iter()
        .map(|(name, table)| (name.clone(), json!({"columns": table.columns, "rows": rows(&table.rows)})))
        .collect();
    json!({
        "tables": tables,
        "original": rows(&counterexample.result1),
        "proposal": rows(&counterexample.result2),
    })
}

/// What gives nothing away, and placeholders.
fn shown(value: &Value, hidden: &Hidden) -> Option<Json> {
    match value {
        Value::Null => return Some(Json::Null),
        Value::Bool(value) => return Some((*value).into()),
        _ => {}
    }
    let text = value.to_string();
    let number = || value.as_f64();
    let is_number = matches!(value, Value::Int(_) | Value::Decimal { .. } | Value::Float(_));
    let same = hidden.literals.iter().find(|literal| match literal.kind {
        Kind::Integer | Kind::Number => {
            is_number && literal.value.parse::<f64>().is_ok_and(|it| it.total_cmp(&number()).is_eq())
        }
        _ => !is_number && literal.value == text,
    });
    if let Some(literal) = same {
        return Some(format!(":{}", literal.name).into());
    }
    if is_number {
        let near = hidden.literals.iter().filter(|literal| literal.kind == Kind::Integer);
        for literal in near {
            let apart = number() - literal.value.parse::<f64>().unwrap_or(f64::INFINITY);
            if apart.abs() <= 2.0 && apart.fract() == 0.0 {
                return Some(format!(":{}{apart:+}", literal.name).into());
            }
        }
        return (number().abs() <= SMALL).then(|| text.into());
    }
    text.is_empty().then(|| "".into())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Int(_) | Value::Decimal { .. } | Value::Float(_) => "number",
        Value::Date(_) => "day",
        Value::Time(_) => "time",
        Value::Timestamp(_) => "moment",
        _ => "text",
    }
}

/// A, B, … Z, A1, …
fn letter(number: usize) -> String {
    let letter = char::from(b'A' + u8::try_from((number - 1) % 26).unwrap_or(0));
    match (number - 1) / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}
