//! A change as it is asked for: its body, and the key under which the same request may come again.

use axum::body::HttpBody;
use axum::extract::{FromRequest, Request};
use http::header::{CONTENT_TYPE, IF_MATCH};
use serde::de::DeserializeOwned;
use sqm_domain::Note;
use sqm_http::{Body, Caller, Kind, MediaType, Problem, from_json};
use sqm_store::{Change, Idempotency, IdempotencyKey, Written};

use crate::App;

/// The header.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The body as `T`. A request without body and type has the empty object.
pub(crate) struct Asked<T> {
    pub body: T,
    pub idempotency: Option<Idempotency>,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let key = key(&request)?;
        let said =
            [request.method().as_str().to_owned(), request.uri().path().to_owned(), condition(&request)];
        let empty = !request.headers().contains_key(CONTENT_TYPE) && request.body().is_end_stream();
        let text = if empty {
            "{}".to_owned()
        } else {
            let body = Body::from_request(request, state).await?;
            if body.media_type != MediaType::Json {
                return Err(Problem::new(Kind::UnsupportedMediaType).detail("send application/json"));
            }
            body.text
        };
        let idempotency = key.map(|key| {
            let [method, path, condition] = &said;
            let parts = [method.as_bytes(), path.as_bytes(), condition.as_bytes(), text.as_bytes()];
            Idempotency::new(key, &parts)
        });
        Ok(Self { body: from_json(&text)?, idempotency })
    }
}

fn key(request: &Request) -> Result<Option<IdempotencyKey>, Problem> {
    let invalid =
        |why: &str| Problem::new(Kind::InvalidHeader).detail(why.to_owned()).with("header", IDEMPOTENCY_KEY);
    let mut values = request.headers().get_all(IDEMPOTENCY_KEY).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(invalid("give one Idempotency-Key")),
        (Some(value), None) => {
            let text = value.to_str().map_err(|_| invalid("the Idempotency-Key is not ASCII"))?;
            text.parse()
                .map(Some)
                .map_err(|error: sqm_store::InvalidIdempotencyKey| invalid(&error.to_string()))
        }
    }
}

fn condition(request: &Request) -> String {
    let values = request.headers().get_all(IF_MATCH).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect::<Vec<_>>().join(",")
}

impl<T> Asked<T> {
    /// What the same request came to before.
    pub(crate) async fn repeated(&self, app: &App, caller: &Caller) -> Result<Option<Written>, Problem> {
        let Some(idempotency) = &self.idempotency else { return Ok(None) };
        let (workspace, subject) = (caller.workspace(), caller.subject());
        Ok(app.store.repeated(workspace, subject, idempotency, app.clock.now()).await?)
    }

    /// The change that the caller makes now, for this reason.
    pub(crate) fn change(&self, app: &App, caller: &Caller, message: Note) -> Change {
        let now = app.clock.now();
        Change {
            author: caller.subject().clone(),
            message,
            at: now,
            begun: now,
            idempotency: self.idempotency.clone(),
            origin: None,
        }
    }
}
