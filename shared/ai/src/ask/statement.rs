//! A statement as a model sees it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqm_domain::Dialect;
use sqm_sql::catalog::{Catalog, Column, IndexPart, Statistics, Table, TableStatistics};
use sqm_sql::explain::Explained;
use sqm_sql::lineage::{self, Lineage};
use sqm_sql::lint::Config;
use sqm_sql::placeholders::{self, Hidden, NotHidden};
use sqm_sql::rules;

/// Longest of what a model is told about one statement, in bytes: some 8,000 tokens.
const MOST: usize = 24 * 1024;

/// Most tables that a model is told about.
const MOST_TABLES: usize = 32;

/// Why a model is not asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAsked {
    /// There is no one statement that parses.
    #[error(transparent)]
    Hidden(#[from] NotHidden),
    /// Nothing that a model could propose would be verified.
    #[error("the query is not verified, so no rewrite of it could be offered: {0}")]
    Unverified(String),
    /// What is quoted as a name may be a text.
    #[error("nothing is called {0:?}, so it may be a text, which is not sent; write texts in single quotes")]
    MayBeText(String),
    /// It is too long, or reads too much.
    #[error("what a model would have to be told has {0} bytes; at most {most} are sent", most = MOST)]
    TooLong(usize),
}

/// A statement without its comments and literals, and what is known of its tables.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Its dialect.
    pub dialect: Dialect,
    pub(crate) hidden: Hidden,
    pub(crate) lineage: Lineage,
    view: Value,
}

impl Statement {
    /// Reads the only statement of a text.
    ///
    /// # Errors
    /// There is none, or it is too long to be sent.
    pub fn read(sql: &str, dialect: Dialect, catalog: &Catalog) -> Result<Self, NotAsked> {
        Self::read_with(sql, dialect, catalog, &Statistics::default())
    }

    /// The same, with what is known of the rows of the tables.
    ///
    /// # Errors
    /// There is none, or it is too long to be sent.
    pub fn read_with(
        sql: &str,
        dialect: Dialect,
        catalog: &Catalog,
        statistics: &Statistics,
    ) -> Result<Self, NotAsked> {
        let hidden = placeholders::hide(sql, dialect)?;
        let is_name = |name: &String| {
            let is_it = |other: &String| other.eq_ignore_ascii_case(name);
            let columns = |table: &Table| table.columns.iter().any(|column| is_it(&column.name));
            catalog.tables().iter().any(|table| table.name.iter().any(is_it) || columns(table))
        };
        if let Some(name) = hidden.doubtful.iter().find(|name| !is_name(name)) {
            return Err(NotAsked::MayBeText(name.clone()));
        }
        let lineage = lineage::trace(sql, dialect, catalog, &lineage::Options::default());
        // The codes alone: what a finding says may quote the statement.
        let findings: BTreeSet<String> = rules::lint(sql, dialect, catalog, &Config::default())
            .iter()
            .map(|finding| format!("{} {}", finding.code, finding.name))
            .collect();
        let kinds: serde_json::Map<String, Value> =
            hidden.literals.iter().map(|it| (it.name.clone(), it.kind.name().into())).collect();
        let view = json!({
            "dialect": dialect.name(),
            "sql": hidden.sql,
            "placeholders": kinds,
            "tables": tables(&lineage, catalog, statistics),
            "findings": findings,
        });
        Self { dialect, hidden, lineage, view }.bounded()
    }

    /// The same, with what is wrong with a plan of it. The codes and the tables that it reads, since what else a plan says
    /// may quote the statement.
    ///
    /// # Errors
    /// It is too long to be sent.
    pub fn with_plan(mut self, plan: &Explained) -> Result<Self, NotAsked> {
        let tables = self.lineage.tables();
        let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_lowercase();
        let known = |table: &str| tables.iter().find(|places| last(places.name) == last(table));
        let told = plan.findings.iter().map(|finding| {
            let table = finding.table.as_deref().and_then(known).map(|places| places.name.to_owned());
            (finding.code.name(), table)
        });
        let told: BTreeSet<(&str, Option<String>)> = told.collect();
        let told = told.into_iter().map(|(code, table)| json!({"finding": code, "table": table}));
        self.view["plan"] = told.collect();
        self.bounded()
    }

    fn bounded(self) -> Result<Self, NotAsked> {
        let bytes = self.view.to_string().len();
        if bytes > MOST { Err(NotAsked::TooLong(bytes)) } else { Ok(self) }
    }

    /// What a model is told about it.
    pub(crate) fn view(&self) -> &Value {
        &self.view
    }

    /// What an answer about it depends on, as a hash: the statement modulo its literals, the dialect, and all that is
    /// said of the tables.
    pub fn content_hash(&self) -> String {
        format!("{:x}", Sha256::digest(self.view.to_string()))
    }
}

/// The tables that are read, with the columns that are used and those of keys.
fn tables(lineage: &Lineage, catalog: &Catalog, statistics: &Statistics) -> Vec<Value> {
    let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
    for edge in lineage.statements.iter().flat_map(|statement| &statement.columns).chain(&lineage.columns) {
        used.insert((&edge.source.table, &edge.source.column));
    }
    let known = lineage.tables().into_iter().filter_map(|places| {
        let parts: Vec<&str> = places.name.split('.').collect();
        catalog.find(&parts).map(|table| (places.name.to_owned(), table))
    });
    known.take(MOST_TABLES).map(|(name, it)| table(&name, it, statistics.table(&it.name), &used)).collect()
}

fn table(name: &str, table: &Table, known: Option<&TableStatistics>, used: &BTreeSet<(&str, &str)>) -> Value {
    let is_used = |column: &Column| {
        used.iter().any(|(of, used)| *of == name && (*used == "*" || used.eq_ignore_ascii_case(&column.name)))
    };
    let in_key = |at: usize| {
        let refers = table.foreign_keys.iter().flat_map(|key| &key.columns);
        table.keys().flatten().chain(refers).any(|&key| key as usize == at)
    };
    let names = |columns: &[u32]| -> Vec<&str> {
        columns.iter().filter_map(|&at| table.columns.get(at as usize)).map(|it| it.name.as_str()).collect()
    };
    let columns: Vec<Value> = table
        .columns
        .iter()
        .enumerate()
        .filter(|(at, column)| is_used(column) || in_key(*at))
        .map(|(at, column)| {
            let mut told = json!({
                "name": column.name,
                "type": column.data_type.as_deref().map(plain_type),
                "not_null": table.is_not_null(at),
            });
            if let Some(column) = known.and_then(|known| known.columns.get(&at)) {
                told["statistics"] = json!(column);
            }
            told
        })
        .collect();
    let foreign: Vec<Value> = table
        .foreign_keys
        .iter()
        .map(|key| {
            let to = key.table.join(".");
            json!({"columns": names(&key.columns), "table": to, "referred_columns": key.referred_columns})
        })
        .collect();
    // An expression may hold literals: its index is known up to there.
    let column = |part: &IndexPart| match part {
        IndexPart::Column(at) => table.columns.get(*at as usize).map(|column| column.name.as_str()),
        IndexPart::Expression(_) => None,
    };
    let indexes = table.indexes.iter().map(|parts| parts.iter().map_while(column).collect::<Vec<_>>());
    let indexes: Vec<Vec<&str>> = indexes.filter(|columns| !columns.is_empty()).collect();
    json!({
        "name": name,
        "columns": columns,
        "primary_key": names(&table.primary_key),
        "unique": table.unique.iter().map(|key| names(key)).collect::<Vec<_>>(),
        "foreign_keys": foreign,
        "indexes": indexes,
        "rows": known.map(|known| known.rows),
    })
}

/// A type without the literals that it may hold, as those of an enumeration.
fn plain_type(text: &str) -> &str {
    let end = text
        .find(['\'', '"', '-', '/', '#', '\n'])
        .map_or(text.len(), |quote| text[..quote].find('(').unwrap_or(quote));
    text[..end].trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_hold_no_literals() {
        assert_eq!(plain_type("NUMERIC(10, 2)"), "NUMERIC(10, 2)");
        assert_eq!(plain_type("ENUM('hunter2', 'b')"), "ENUM");
        assert_eq!(plain_type("INT -- hunter2"), "INT");
    }

    #[test]
    fn what_may_be_a_text_is_not_sent() {
        let (catalog, _) = Catalog::from_ddl("CREATE TABLE t (a TEXT)", Dialect::Sqlite).unwrap();
        let read = |sql: &str| Statement::read(sql, Dialect::Sqlite, &catalog).map(|_| ());
        assert_eq!(read("SELECT \"a\" FROM \"t\" WHERE a = 'x'"), Ok(()));
        let refused = read("SELECT a FROM t WHERE a = \"hunter2\"");
        assert_eq!(refused, Err(NotAsked::MayBeText("hunter2".to_owned())));
    }
}
