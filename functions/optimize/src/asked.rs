//! What may be left out of a request: its whole body, where the path says what is to be done.

use axum::body::HttpBody;
use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use sqm_http::{Json, Problem, from_json};
use sqm_sql::catalog::{Catalog, Statistics, StatisticsInput};

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
