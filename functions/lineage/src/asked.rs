//! A text whose lineage is asked for, as it comes with a request: in JSON, or as it is with the rest in
//! the query string.

use axum::extract::{FromRequest, FromRequestParts, Request};
use serde::Deserialize;
use sqm_domain::{CatalogName, Dialect, SqlText};
use sqm_http::{Body, Kind, MediaType, Problem, QueryString, from_json, sql_text};
use sqm_sql::catalog::SchemaInput;
use sqm_sql::lineage::Options;

use crate::analysis::{ViewsAsked, options};
use crate::form::Format;
use crate::names::Qualifier;

/// What is asked.
pub(crate) struct AdHoc {
    pub sql: SqlText,
    pub dialect: Dialect,
    pub catalog: Option<CatalogName>,
    pub schema: Option<SchemaInput>,
    pub options: Options,
    pub format: Format,
    /// The data source of the tables, as events name it.
    pub dataset_namespace: Option<String>,
}

/// The query string. All but the form of the answer belongs to a body that is SQL.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    format: Option<Format>,
    dataset_namespace: Option<Qualifier>,
    dialect: Option<Dialect>,
    catalog: Option<CatalogName>,
    views: Option<ViewsAsked>,
    default_db: Option<Qualifier>,
    default_schema: Option<Qualifier>,
}

/// The body in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    sql: String,
    dialect: Dialect,
    catalog: Option<CatalogName>,
    schema: Option<SchemaInput>,
    views: Option<ViewsAsked>,
    default_db: Option<Qualifier>,
    default_schema: Option<Qualifier>,
}

impl<S: Send + Sync> FromRequest<S> for AdHoc {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let QueryString(which) = QueryString::<Which>::from_request_parts(&mut parts, state).await?;
        let body = Body::from_request(Request::from_parts(parts, body), state).await?;
        match body.media_type {
            MediaType::Json => Self::of_json(&body.text, which),
            MediaType::Lines => Err(Problem::new(Kind::UnsupportedMediaType).detail("send application/json")),
            MediaType::Sql => Self::of_sql(body.text, which),
        }
    }
}

impl AdHoc {
    fn of_json(text: &str, which: Which) -> Result<Self, Problem> {
        which.is_format_alone()?;
        let given: Given = from_json(text)?;
        Ok(Self {
            sql: sql_text("sql", given.sql)?,
            dialect: given.dialect,
            catalog: given.catalog,
            schema: given.schema,
            options: options(given.views, given.default_db, given.default_schema),
            format: which.format.unwrap_or_default(),
            dataset_namespace: which.dataset_namespace.map(Qualifier::into_string),
        })
    }

    fn of_sql(text: String, which: Which) -> Result<Self, Problem> {
        let needed = || Problem::parameter("dialect", "say in which dialect the SQL is written");
        Ok(Self {
            dialect: which.dialect.ok_or_else(needed)?,
            sql: sql_text("sql", text)?,
            catalog: which.catalog,
            schema: None,
            options: options(which.views, which.default_db, which.default_schema),
            format: which.format.unwrap_or_default(),
            dataset_namespace: which.dataset_namespace.map(Qualifier::into_string),
        })
    }
}

impl Which {
    /// Refuses what a body in JSON says itself.
    fn is_format_alone(&self) -> Result<(), Problem> {
        let given = [
            ("dialect", self.dialect.is_some()),
            ("catalog", self.catalog.is_some()),
            ("views", self.views.is_some()),
            ("default_db", self.default_db.is_some()),
            ("default_schema", self.default_schema.is_some()),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((name, _)) => Err(Problem::parameter(name, "give it in the body, where the SQL is")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body as RawBody;
    use sqm_http::Kind;
    use sqm_sql::lineage::Views;

    use super::*;

    async fn read(media_type: &str, query: &str, body: &'static str) -> Result<AdHoc, Problem> {
        let request = Request::post(format!("/v1/lineage{query}")).header("content-type", media_type);
        AdHoc::from_request(request.body(RawBody::from(body)).unwrap(), &()).await
    }

    async fn check(media_type: &str, query: &str, body: &'static str, kind: Kind, place: (&str, &str)) {
        let problem = read(media_type, query, body).await.err().unwrap();
        assert_eq!(problem.kind(), kind, "{query} {body}: {problem:?}");
        assert_eq!(problem.member(place.0), Some(&place.1.into()), "{query} {body}: {problem:?}");
    }

    #[tokio::test]
    async fn both_forms_say_the_same() {
        let json =
            r#"{"sql": "SELECT 1", "dialect": "pg", "catalog": "c", "views": "follow", "default_db": "d"}"#;
        let json = read("application/json", "", json).await.ok().unwrap();
        let query = "?dialect=pg&catalog=c&views=follow&default_db=d";
        let sql = read("application/sql", query, "SELECT 1").await.ok().unwrap();
        for asked in [json, sql] {
            assert_eq!(asked.sql.as_str(), "SELECT 1");
            assert_eq!((asked.dialect, asked.format), (Dialect::Postgres, Format::Json));
            assert_eq!(asked.catalog, "c".parse().ok());
            assert_eq!(
                (asked.options.views, asked.options.default_db.as_deref()),
                (Views::Follow, Some("d"))
            );
        }
        let text = read("text/plain", "?dialect=mysql&format=text", "SELECT 1").await.ok().unwrap();
        assert_eq!(text.format, Format::Text);
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        let json = "application/json";
        let nothing = "?format=openlineage&dataset_namespace=";
        check("text/plain", nothing, "SELECT 1", Kind::InvalidParameter, ("parameter", "dataset_namespace"))
            .await;
        let body = r#"{"sql": "SELECT 1", "dialect": "pg"}"#;
        check(json, "?dialect=pg", body, Kind::InvalidParameter, ("parameter", "dialect")).await;
        check(json, "?format=png", body, Kind::InvalidParameter, ("parameter", "format")).await;
        check(json, "", r#"{"sql": "SELECT 1"}"#, Kind::InvalidField, ("field", "dialect")).await;
        let views = r#"{"sql": "SELECT 1", "dialect": "pg", "views": "through"}"#;
        check(json, "", views, Kind::InvalidField, ("field", "views")).await;
        let unknown = r#"{"sql": "SELECT 1", "dialect": "pg", "view": "stop"}"#;
        check(json, "", unknown, Kind::InvalidField, ("field", "view")).await;
        check("application/sql", "", "SELECT 1", Kind::InvalidParameter, ("parameter", "dialect")).await;
        check("application/sql", "?dialect=pg", " ", Kind::InvalidSql, ("field", "sql")).await;
    }
}
