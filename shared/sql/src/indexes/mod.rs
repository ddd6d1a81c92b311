//! Indexes that would serve queries, told from their texts: from what they compare, join, order and group by.
//!
//! Nothing is measured, and of the data nothing is known: an index is named where a condition could use it and
//! no key or index of the catalog serves already. What it is worth, the database knows (`EXPLAIN`).
//!
//! Which columns, and in which order, follows what is common to B-trees: columns compared with `=` first, in any
//! order among themselves, then one range or the order that is asked for (M. Winand, *SQL Performance
//! Explained*; PostgreSQL's manual, "Multicolumn Indexes"). Which of them pay most is ranked in `rank.rs`.

mod alternatives;
mod condition;
mod ddl;
mod flat;
mod merge;
mod part;
mod rank;
mod spots;
mod uses;
mod wanted;

#[cfg(test)]
mod tests;

use serde::Serialize;
use sqm_domain::Dialect;

use crate::catalog::Catalog;
use crate::guard::{self, GuardError};
use crate::lint::Places;
use crate::parse::{ParsedStatement, Script, Tree};
use crate::text::Span;
pub use alternatives::mark_alternatives;
pub(crate) use ddl::quoted;
use merge::Merged;
use wanted::Wanted;

/// For one text: more than this nobody reads.
pub const MOST: usize = 5;

/// For several texts.
pub const MOST_OF_SEVERAL: usize = 10;

/// At most so many places are named that an index serves.
const MOST_SERVICES: usize = 20;

/// What is said about indexes.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Advice {
    /// The indexes, the one that pays most first.
    pub indexes: Vec<Index>,
    /// What was not looked at, and what is not known.
    pub notes: Vec<String>,
}

/// An index that would serve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Index {
    /// The table.
    pub table: String,
    /// Its columns (or expressions) in order: those compared with `=` first, then what is compared otherwise
    /// or orders.
    pub columns: Vec<String>,
    /// Columns that are only stored beside them, so that the table itself need not be read.
    pub include: Vec<String>,
    /// The statement that makes it.
    pub ddl: String,
    /// Why these columns in this order, and what speaks against it.
    pub reason: String,
    /// What it serves: at most twenty places.
    pub serves: Vec<Service>,
    /// The position in the list of one that can be made instead: beside that one it is of little use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternative_to: Option<usize>,
    /// What a database expects of it, where one was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
}

/// What the planner of a database expects of an index that is not there, in its own unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// Cost of the query as things are.
    pub cost_without: f64,
    /// Cost of the query with the index.
    pub cost_with: f64,
    /// The one divided by the other.
    pub ratio: f64,
    /// Whether that is worth an index, which has to be kept.
    pub pays: bool,
}

/// A place in the text that an index serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Which of several texts, from 0; `None` where there is one only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<usize>,
    /// How.
    pub purpose: Purpose,
    /// The column or expression.
    pub column: String,
    /// Where.
    pub span: Span,
}

/// What an index is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The rows of a subquery that belong to a row of the query around it.
    Correlation,
    /// Rows whose column is one value, or one of several.
    Equality,
    /// Rows that a row of another table is joined with.
    Join,
    /// The first rows in an order.
    Order,
    /// Rows whose text begins with another.
    Prefix,
    /// Rows between two values, or from one on.
    Range,
    /// Rows of a group, one after the other.
    Grouping,
}

/// The indexes that would serve a text, and what is to be known about them. Empty, with a note, for databases
/// that have none.
///
/// # Errors
/// A text over the limits.
pub fn advise(sql: &str, dialect: Dialect, catalog: &Catalog) -> Result<Advice, GuardError> {
    if let Some(note) = without_indexes(dialect) {
        return Ok(Advice { notes: vec![note], ..Advice::default() });
    }
    guard::with_script(sql, dialect, |script| {
        let mut merged = Merged::default();
        let mut notes = Notes::default();
        for wanted in of_script(script, catalog, &mut notes) {
            merged.add(wanted, None, 1.0);
        }
        Advice { indexes: merged.best(MOST, dialect), notes: notes.said(catalog) }
    })
}

/// The indexes that would serve several texts, each with its weight: how often it runs, or how long in all. A
/// text over the limits is left out, with a note.
pub fn advise_all(queries: &[(&str, f64)], dialect: Dialect, catalog: &Catalog) -> Advice {
    if let Some(note) = without_indexes(dialect) {
        return Advice { notes: vec![note], ..Advice::default() };
    }
    let work = || {
        let mut merged = Merged::default();
        let mut notes = Notes::default();
        for (at, (sql, weight)) in queries.iter().enumerate() {
            let found = guard::with_script(sql, dialect, |script| of_script(script, catalog, &mut notes));
            match found {
                Ok(found) => found.into_iter().for_each(|wanted| merged.add(wanted, Some(at), *weight)),
                Err(error) => notes.left_out.push(format!("query {} was not looked at: {error}", at + 1)),
            }
        }
        Advice { indexes: merged.best(MOST_OF_SEVERAL, dialect), notes: notes.said(catalog) }
    };
    guard::on_large_stack(work)
        .unwrap_or_else(|error| Advice { notes: vec![error.to_string()], ..Advice::default() })
}

/// Why there are no indexes to advise, for databases that have none which are made by hand.
fn without_indexes(dialect: Dialect) -> Option<String> {
    use Dialect as D;
    let has_indexes = matches!(
        dialect,
        D::Generic
            | D::Ansi
            | D::Postgres
            | D::Greenplum
            | D::MySql
            | D::MariaDb
            | D::Sqlite
            | D::TSql
            | D::Oracle
            | D::Db2
    );
    (!has_indexes).then(|| {
        format!("no index is advised: {dialect} finds rows by how its tables are stored, not by indexes of single queries")
    })
}

/// What is to be known about the advice as a whole.
#[derive(Default)]
struct Notes {
    left_out: Vec<String>,
    unknown: Vec<String>,
    unreadable: usize,
}

impl Notes {
    fn said(mut self, catalog: &Catalog) -> Vec<String> {
        let mut notes = std::mem::take(&mut self.left_out);
        if self.unreadable > 0 {
            notes.push(format!(
                "no index was sought for {} statements that could not be read",
                self.unreadable
            ));
        }
        self.unknown.sort();
        self.unknown.dedup();
        if catalog.is_empty() && !self.unknown.is_empty() {
            notes.push("without a schema it is not known which indexes there are already".to_owned());
        } else if let [first, rest @ ..] = self.unknown.as_slice() {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            notes.push(format!("the schema has no table {first}{more}: which indexes it has is not known"));
        }
        notes
    }
}

fn of_script(script: &Script<'_>, catalog: &Catalog, notes: &mut Notes) -> Vec<Wanted> {
    let mut found = Vec::new();
    // They look at the tokens of the whole script.
    let places = Places::new(script);
    for statement in &script.statements {
        match &statement.tree {
            Ok(Tree::Sql(tree)) => {
                found.extend(of_statement(script, statement, tree, catalog, &places, notes));
            }
            Ok(Tree::Command(_)) => {}
            Err(_) => notes.unreadable += 1,
        }
    }
    found
}

fn of_statement(
    script: &Script<'_>,
    statement: &ParsedStatement,
    tree: &sqlparser::ast::Statement,
    catalog: &Catalog,
    places: &Places<'_>,
    notes: &mut Notes,
) -> Vec<Wanted> {
    let relations = uses::of(script, statement, tree, catalog, places);
    let found = wanted::of(&relations, script.dialect);
    for relation in relations.iter().filter(|relation| relation.table.is_none()) {
        let name = relation.name.join(".");
        if found.iter().any(|wanted| wanted.table == relation.name) && !notes.unknown.contains(&name) {
            notes.unknown.push(name);
        }
    }
    found
}
