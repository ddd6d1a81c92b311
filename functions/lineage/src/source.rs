//! The source of a catalog, as it is given and as it is kept: DDL, or tables in JSON.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqm_domain::Dialect;
use sqm_http::{Body, Kind, MediaType, Problem, compute, from_json, sql_text};
use sqm_sql::catalog::{Catalog, CatalogProblem, Place, ProblemKind, SchemaInput};

/// Longest time to read a source: the longest takes a few seconds.
const BUDGET: Duration = Duration::from_secs(10);

/// A source.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    /// DDL as it was written.
    Ddl(String),
    /// Tables in JSON.
    Tables(SchemaInput),
}

/// The body in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    dialect: Dialect,
    ddl: Option<String>,
    tables: Option<SchemaInput>,
}

impl Source {
    /// What a body gives, and the dialect that it, or for SQL the query string, says.
    pub(crate) fn read(body: Body, parameter: Option<Dialect>) -> Result<(Dialect, Self), Problem> {
        let (dialect, ddl) = match (body.media_type, parameter) {
            (MediaType::Sql, None) => {
                return Err(Problem::parameter("dialect", "say in which dialect the DDL is written"));
            }
            (MediaType::Sql, Some(dialect)) => (dialect, body.text),
            (MediaType::Lines, _) => {
                return Err(Problem::new(Kind::UnsupportedMediaType).detail("send application/json"));
            }
            (MediaType::Json, Some(_)) => {
                return Err(Problem::parameter("dialect", "give it in the body, where the tables are"));
            }
            (MediaType::Json, None) => {
                let Given { dialect, ddl, tables } = from_json(&body.text)?;
                match (ddl, tables) {
                    (Some(ddl), None) => (dialect, ddl),
                    (None, Some(tables @ SchemaInput::Tables(_))) => {
                        return Ok((dialect, Self::Tables(tables)));
                    }
                    (None, Some(SchemaInput::Ddl(_))) => {
                        return Err(Problem::field(
                            "tables",
                            "expected an object of tables; DDL goes into ddl",
                        ));
                    }
                    (Some(_), Some(_)) => return Err(Problem::field("tables", "give either ddl or tables")),
                    (None, None) => return Err(Problem::field("ddl", "give either ddl or tables")),
                }
            }
        };
        Ok((dialect, Self::Ddl(sql_text("ddl", ddl)?.into())))
    }

    /// What the store keeps of it, the catalog that it declares, and what of it the catalog does not hold.
    ///
    /// # Errors
    /// Where it declares no table: `invalid-sql` with the place of the first thing that was not understood.
    pub(crate) async fn declared(
        self,
        dialect: Dialect,
    ) -> Result<(String, Catalog, Vec<CatalogProblem>), Problem> {
        let work = move || match self {
            Self::Ddl(ddl) => {
                let (catalog, problems) = some(Catalog::from_ddl(&ddl, dialect)?, "ddl")?;
                Ok((ddl, catalog, problems))
            }
            Self::Tables(tables) => {
                let (catalog, problems) = some(tables.catalog(dialect)?, "tables")?;
                Ok((serde_json::to_string(&tables).map_err(Problem::internal)?, catalog, problems))
            }
        };
        compute(BUDGET, work).await?
    }

    /// A source as the store has kept it. No DDL that declares a table is JSON as well.
    pub(crate) fn of_kept(kept: &str) -> Self {
        match serde_json::from_str(kept) {
            Ok(tables @ SchemaInput::Tables(_)) => Self::Tables(tables),
            _ => Self::Ddl(kept.to_owned()),
        }
    }
}

type Declared = (Catalog, Vec<CatalogProblem>);

/// What was declared, if that is anything. The problem tells of a statement that was not read, before one
/// that says nothing.
fn some((catalog, problems): Declared, field: &'static str) -> Result<Declared, Problem> {
    if !catalog.is_empty() {
        return Ok((catalog, problems));
    }
    let is_unread = |problem: &&CatalogProblem| problem.kind == ProblemKind::Unreadable;
    let worst = problems.iter().find(is_unread).or_else(|| problems.first());
    let told = match worst {
        None => "no table is declared".to_owned(),
        Some(worst) => format!("no table is declared: {}", worst.message),
    };
    let problem = Problem::new(Kind::InvalidSql).detail(told).with("field", field);
    Err(match worst.map(|worst| &worst.at) {
        Some(Place::Text(at)) => problem.at(at.line, at.column),
        Some(Place::Path(_)) | None => problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(media_type: MediaType, parameter: Option<Dialect>, text: &str) -> Result<Source, Problem> {
        Source::read(Body { media_type, text: text.to_owned() }, parameter).map(|(_, source)| source)
    }

    fn refused(media_type: MediaType, parameter: Option<Dialect>, text: &str, kind: Kind, name: &str) {
        let problem = read(media_type, parameter, text).unwrap_err();
        assert_eq!(problem.kind(), kind, "{text}: {problem:?}");
        let said = problem.member("field").or_else(|| problem.member("parameter"));
        assert_eq!(said, Some(&name.into()), "{text}: {problem:?}");
    }

    #[test]
    fn a_source_comes_in_three_forms() {
        let ddl = Source::Ddl("CREATE TABLE t (a INT)".to_owned());
        let of_sql = read(MediaType::Sql, Some(Dialect::Postgres), "CREATE TABLE t (a INT)");
        assert_eq!(of_sql.unwrap(), ddl);
        let json = r#"{"dialect": "postgres", "ddl": "CREATE TABLE t (a INT)"}"#;
        assert_eq!(read(MediaType::Json, None, json).unwrap(), ddl);
        let tables = r#"{"dialect": "postgres", "tables": {"t": ["a"]}}"#;
        assert!(matches!(read(MediaType::Json, None, tables), Ok(Source::Tables(_))));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let (json, sql) = (MediaType::Json, MediaType::Sql);
        let postgres = Some(Dialect::Postgres);
        refused(sql, None, "CREATE TABLE t (a INT)", Kind::InvalidParameter, "dialect");
        refused(json, postgres, "{}", Kind::InvalidParameter, "dialect");
        refused(sql, postgres, " ", Kind::InvalidSql, "ddl");
        refused(json, None, r#"{"dialect": "pg", "ddl": ""}"#, Kind::InvalidSql, "ddl");
        refused(json, None, r#"{"dialect": "pg"}"#, Kind::InvalidField, "ddl");
        refused(json, None, r#"{"dialect": "pg", "tables": "x"}"#, Kind::InvalidField, "tables");
        let both = r#"{"dialect": "pg", "ddl": "x", "tables": {"t": ["a"]}}"#;
        refused(json, None, both, Kind::InvalidField, "tables");
        refused(json, None, r#"{"dialect": "pg", "dll": "x"}"#, Kind::InvalidField, "dll");
    }

    #[tokio::test]
    async fn what_declares_nothing_is_told_by_place() {
        let problem = |source: Source| async { source.declared(Dialect::Postgres).await.unwrap_err() };
        let found = problem(Source::Ddl("SELECT 1;\n CREATE TABLE (;".to_owned())).await;
        assert_eq!(found.kind(), Kind::InvalidSql);
        assert_eq!((found.member("line"), found.member("field")), (Some(&2.into()), Some(&"ddl".into())));
        let found = problem(Source::Ddl("-- nothing".to_owned())).await;
        assert_eq!((found.member("line"), found.member("field")), (None, Some(&"ddl".into())));
        let found = problem(Source::Tables(SchemaInput::default())).await;
        assert_eq!(found.member("field"), Some(&"tables".into()));
    }

    #[tokio::test]
    async fn what_is_kept_reads_back() {
        let json = r#"{"dialect": "pg", "tables": {"t": {"cols": {"b": "INT", "a": null}, "pk": ["b"]}}}"#;
        let tables = read(MediaType::Json, None, json).unwrap();
        for source in [tables, Source::Ddl("CREATE TABLE t (a INT)".to_owned())] {
            let (kept, catalog, problems) = source.clone().declared(Dialect::Postgres).await.unwrap();
            assert_eq!((catalog.tables().len(), problems.len()), (1, 0));
            assert_eq!(Source::of_kept(&kept), source);
        }
    }
}
