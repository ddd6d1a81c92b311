//! What may be left out of a request: its whole body, where the path says what is to be done.

use std::borrow::Cow;

use axum::body::HttpBody;
use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqm_domain::{Dialect, SqlText};
use sqm_http::{Json, Problem, compute, from_json};
use sqm_optimization::BUDGET;
use sqm_sql::catalog::{Catalog, Statistics, StatisticsInput};
use sqm_sql::explain::{self, Engine, ExplainError, Explained, Plan, Printed, Text};

/// The body as `T`. A request without body and type has the empty object.
pub(crate) struct Maybe<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Maybe<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        if !request.headers().contains_key(CONTENT_TYPE) && request.body().is_end_stream() {
            return from_json("{}").map(Self);
        }
        Json::from_request(request, state).await.map(|Json(body)| Self(body))
    }
}

/// The statistics of a request, held against the tables that it is about.
pub(crate) fn read_statistics(
    input: Option<&StatisticsInput>,
    catalog: &Catalog,
) -> Result<Statistics, Problem> {
    let Some(input) = input else { return Ok(Statistics::default()) };
    input.read(catalog).map_err(|error| Problem::field(format!("statistics.{}", error.place), error.why))
}

/// A plan as a request brings it.
///
/// # Errors
/// Why it was not read.
pub(crate) async fn read_plan(plan: Value, engine: Option<Engine>) -> Result<Plan, Problem> {
    let parsed = compute(BUDGET, move || match &plan {
        Value::String(printed) => explain::parse(Printed::Text(printed), engine),
        plan => explain::parse(Printed::Json(plan), engine),
    });
    parsed.await?.map_err(refused_plan)
}

/// Why a plan was not read.
pub(crate) fn refused_plan(error: ExplainError) -> Problem {
    match error {
        ExplainError::Guard(error) => error.into(),
        error => Problem::field("plan", Cow::Owned(error.to_string())),
    }
}

/// What is wrong with the plan that comes with a request for a model.
///
/// # Errors
/// Why it was not read; that no model is wanted.
pub(crate) async fn explained(
    (plan, model): (Option<Value>, Option<bool>),
    (sql, dialect): (&SqlText, Dialect),
    catalog: &Catalog,
) -> Result<Option<Explained>, Problem> {
    let Some(plan) = plan else { return Ok(None) };
    if model != Some(true) {
        let told = "it is told to the model, which is not asked; POST /v1/plans says what is wrong with it";
        return Err(Problem::field("plan", told));
    }
    let plan = read_plan(plan, None).await?;
    let (sql, catalog) = (sql.clone(), catalog.clone());
    let examined =
        compute(BUDGET, move || explain::examine(plan, Some(Text { sql: sql.as_str(), dialect }), &catalog));
    examined.await?.map(Some).map_err(refused_plan)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use serde::Deserialize;
    use sqm_http::Kind;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        seed: Option<u64>,
    }

    async fn read(media_type: Option<&str>, body: &'static str) -> Result<Wanted, Kind> {
        let mut request = Request::post("/");
        if let Some(media_type) = media_type {
            request = request.header(CONTENT_TYPE, media_type);
        }
        let request = request.body(Body::from(body)).unwrap();
        Maybe::from_request(request, &()).await.map(|Maybe(body)| body).map_err(|problem| problem.kind())
    }

    #[tokio::test]
    async fn no_body_is_the_empty_object() {
        assert_eq!(read(None, "").await, Ok(Wanted { seed: None }));
        assert_eq!(read(Some("application/json"), "{\"seed\": 7}").await, Ok(Wanted { seed: Some(7) }));
        assert_eq!(read(Some("application/json"), "").await, Err(Kind::MalformedJson));
        assert_eq!(read(None, "{\"seed\": 7}").await, Err(Kind::UnsupportedMediaType));
        assert_eq!(read(Some("application/sql"), "SELECT 1").await, Err(Kind::UnsupportedMediaType));
        assert_eq!(read(Some("application/json"), "{\"sed\": 7}").await, Err(Kind::InvalidField));
    }
}
