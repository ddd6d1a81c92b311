//! Plans that name tables and the columns read of them, and no outputs: DuckDB's and MySQL's.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sqlparser::tokenizer::Token;

use super::{Engine, PlanError, PlanLineage};
use crate::lineage::{Finding, Lineage, Severity};
use crate::parse::{Grammar, raw_tokens};

/// Columns by table.
type Read = BTreeMap<String, BTreeSet<String>>;

/// `EXPLAIN (FORMAT json)`, or a profile: scans with `Table`, `Projections` and `Filters`.
pub(super) fn duckdb(plan: &Value) -> Result<PlanLineage, PlanError> {
    let mut read = Read::new();
    for (node, place) in all_objects(plan) {
        let Some(info) = node.get("extra_info").filter(|info| !info.is_null()) else { continue };
        let info = info
            .as_object()
            .ok_or(PlanError::Malformed { place, expected: "\"extra_info\" to be an object" })?;
        let Some(table) = info.get("Table").and_then(Value::as_str) else { continue };
        let columns = read.entry(table.to_owned()).or_default();
        columns.extend(texts(info.get("Projections")));
        for filter in texts(info.get("Filters")) {
            columns.extend(first_word(&filter));
        }
    }
    Ok(answer(
        Engine::DuckDb,
        read,
        "DuckDB's plans name the columns that are read, and not what the outputs are made of",
    ))
}

/// `EXPLAIN FORMAT=JSON`: tables with `used_columns`, under the names that the query gives them.
pub(super) fn mysql(plan: &Value) -> Result<PlanLineage, PlanError> {
    let mut read = Read::new();
    for (node, place) in all_objects(plan) {
        let Some(name) = node.get("table_name") else { continue };
        let name =
            name.as_str().ok_or(PlanError::Malformed { place, expected: "\"table_name\" to be a text" })?;
        // Derived tables, and results of unions, are made by the query itself.
        if name.starts_with('<') || node.get("materialized_from_subquery").is_some() {
            continue;
        }
        let columns = read.entry(name.to_owned()).or_default();
        columns.extend(texts(node.get("used_columns")));
    }
    Ok(answer(
        Engine::MySql,
        read,
        "MySQL's plans name tables as the query does, by their aliases, and the columns that are read, and not what the outputs are made of",
    ))
}

fn answer(engine: Engine, read: Read, unsaid: &str) -> PlanLineage {
    let finding = Finding {
        code: "plan",
        severity: Severity::Info,
        message: unsaid.to_owned(),
        line: 1,
        column: 1,
        candidates: Vec::new(),
    };
    let lineage = Lineage::of_tables(read.keys().map(String::as_str), vec![finding]);
    PlanLineage { engine, sql: None, columns_read: read, lineage }
}

/// Every object in a document, and its place.
fn all_objects(plan: &Value) -> Vec<(&Value, String)> {
    let mut found = Vec::new();
    let mut open = vec![(plan, String::new())];
    while let Some((value, place)) = open.pop() {
        match value {
            Value::Array(list) => {
                open.extend(list.iter().enumerate().map(|(at, value)| (value, format!("{place}[{at}]"))))
            }
            Value::Object(members) => {
                open.extend(members.iter().map(|(key, value)| (value, format!("{place}.{key}"))));
                found.push((value, place));
            }
            _ => {}
        }
    }
    found
}

/// The texts of a list, or the lines of one text.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => text.lines().map(str::to_owned).collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// The column of a pushed-down filter, `st='x'`: it stands first.
fn first_word(filter: &str) -> Option<String> {
    let tokens = raw_tokens(Grammar::DuckDb, filter)?;
    tokens.iter().find_map(|token| match token {
        Token::Word(word) if !word.value.eq_ignore_ascii_case("optional") => Some(word.value.clone()),
        _ => None,
    })
}
