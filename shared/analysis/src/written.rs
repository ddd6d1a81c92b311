//! What is found out about a text when it is written: whether it parses, how much there is to it, and which
//! tables it names.

use std::sync::Arc;

use sqm_domain::{CatalogName, Dialect, SqlText, WorkspaceId};
use sqm_http::{Basis, Problem, compute};
use sqm_sql::catalog::Catalog;
use sqm_sql::lineage::{Failure, Lineage, Options, TableRef, Touched, trace};
use sqm_sql::text::Position;
use sqm_sql::{complexity, fingerprint};
use sqm_store::{Analysis, Content, Fingerprint, Parse, References, Store, Terms};

use crate::flows;
use crate::lineage::BUDGET;

/// Parsers repeat what they read, which may be a literal of any length; a head holds the message.
const MAX_MESSAGE_CHARS: usize = 300;

/// Analyses what is about to be written. A text that does not parse is no problem: the analysis says so.
///
/// # Errors
/// It took too long, or the database does not answer.
pub async fn of(store: &Store, workspace: &WorkspaceId, content: &Content) -> Result<Analysis, Problem> {
    let (catalog, _) = Basis::of_query(store, workspace, content.catalog.as_ref()).await?;
    with(Arc::new(catalog), content).await
}

/// The same, where the catalog is at hand.
///
/// # Errors
/// It took too long.
pub async fn with(catalog: Arc<Catalog>, content: &Content) -> Result<Analysis, Problem> {
    let (sql, dialect) = (content.sql.clone(), content.dialect);
    compute(BUDGET, move || analyse(&sql, dialect, &catalog)).await
}

/// Refuses a catalog that is not there, by name. One that is deleted later leaves its name behind.
///
/// # Errors
/// It is not there, or the database does not answer.
pub async fn known(
    store: &Store,
    workspace: &WorkspaceId,
    catalog: Option<&CatalogName>,
) -> Result<(), Problem> {
    let (_, basis) = Basis::of_query(store, workspace, catalog).await?;
    match basis.catalog {
        Some(used) if used.version.is_none() => {
            Err(Problem::field("catalog", format!("there is no catalog {}", used.name)))
        }
        _ => Ok(()),
    }
}

fn analyse(sql: &SqlText, dialect: Dialect, catalog: &Catalog) -> Analysis {
    let lineage = trace(sql.as_str(), dialect, catalog, &Options::default());
    let Touched { reads, writes } = &lineage.touched;
    let references = References { reads: names(reads), writes: names(writes) };
    // Too long a text is refused before.
    let complexity = complexity::of(sql.as_str(), dialect, catalog).ok().flatten();
    let complexity = complexity.map(|found| found.score);
    let fingerprint = fingerprint::form(sql.as_str(), dialect).map(|form| Fingerprint::of(&form));
    let words = flows::words_of(sql.as_str(), dialect);
    let terms = Some(Terms { words, ..flows::terms_of(&lineage) });
    Analysis { parse: parse(&lineage), complexity, references, fingerprint, terms }
}

/// The tables that have a name.
fn names(tables: &[TableRef]) -> std::collections::BTreeSet<String> {
    let names = tables.iter().map(|table| &*table.name);
    names.filter(|name| *name != "?" && !name.starts_with('<')).map(str::to_owned).collect()
}

fn parse(lineage: &Lineage) -> Parse {
    let statements = lineage.statements.iter().filter_map(|statement| statement.error.as_ref());
    match lineage.error.as_ref().or_else(|| statements.into_iter().next()) {
        None => Parse::Parsed,
        Some(Failure { message, line, column, .. }) => {
            let position = line.zip(*column).map(|(line, column)| Position { line, column });
            Parse::Failed { message: message.chars().take(MAX_MESSAGE_CHARS).collect(), position }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, reads: &[&str], writes: &[&str], parses: bool) {
        let sql = SqlText::try_from(sql.to_owned()).unwrap();
        let found = analyse(&sql, Dialect::Postgres, &Catalog::default());
        assert_eq!(found.references.reads.iter().map(String::as_str).collect::<Vec<_>>(), reads);
        assert_eq!(found.references.writes.iter().map(String::as_str).collect::<Vec<_>>(), writes);
        assert_eq!(found.parse == Parse::Parsed, parses, "{:?}", found.parse);
    }

    #[test]
    fn a_message_is_short_whatever_it_quotes() {
        let sql = SqlText::try_from(format!("SELECT 1 '{}'", "ä".repeat(100_000))).unwrap();
        match analyse(&sql, Dialect::Generic, &Catalog::default()).parse {
            Parse::Failed { message, .. } => assert!(message.chars().count() <= MAX_MESSAGE_CHARS),
            Parse::Parsed => {}
        }
    }

    #[test]
    fn tables_and_errors() {
        check("SELECT a FROM s.t JOIN u USING (k)", &["s.t", "u"], &[], true);
        check("INSERT INTO w SELECT * FROM t", &["t"], &["w"], true);
        check("SELECT 1", &[], &[], true);
        check("SELECT a FROM t; SELECT FROM WHERE", &["t"], &[], false);
        check("UPDATE t SET a = 1; SELECT b FROM t", &["t"], &["t"], true);
        check("INSERT INTO n SELECT a FROM t; SELECT count(*) FROM n", &["n", "t"], &["n"], true);
        check("CREATE TABLE n AS SELECT a FROM t; SELECT * FROM n", &["t"], &["n"], true);
        check(
            "CREATE TEMP TABLE n AS SELECT a FROM t; INSERT INTO w SELECT a FROM n; DROP TABLE n",
            &["t"],
            &["w"],
            true,
        );
        check("CREATE TABLE n AS SELECT a FROM t; ALTER TABLE n RENAME TO m", &["t"], &["m"], true);
        check("DROP TABLE t", &[], &["t"], true);
        check("this is no SQL", &[], &[], false);
    }
}
