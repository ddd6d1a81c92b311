//! Parameters of the path and of the query string, read into types, with problems that name them.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path as AxumPath, RawPathParams, path::ErrorKind};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::plain::plain;
use crate::problem::{Kind, Problem};

/// The parameters of the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        match AxumPath::<T>::from_request_parts(parts, state).await {
            Ok(AxumPath(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => Err(match error.into_kind() {
                ErrorKind::ParseErrorAtKey { key, expected_type, .. } => {
                    Problem::parameter(key, plain(&format!("expected {expected_type}")))
                }
                ErrorKind::InvalidUtf8InPathParam { key } => Problem::parameter(key, "not valid UTF-8"),
                ErrorKind::DeserializeError { key, message, .. } => Problem::parameter(key, plain(&message)),
                ErrorKind::Message(message) => named::<T>(parts, message).await,
                ErrorKind::ParseErrorAtIndex { .. } | ErrorKind::ParseError { .. } => {
                    Problem::new(Kind::InvalidParameter).detail("a part of the path is not valid")
                }
                other => Problem::internal(other.to_string()),
            }),
            Err(other) => Err(Problem::internal(other.body_text())),
        }
    }
}

/// The problem with the name of the parameter, which an error of a type of ours comes without.
async fn named<T: DeserializeOwned>(parts: &mut Parts, message: String) -> Problem {
    let all = RawPathParams::from_request_parts(parts, &()).await;
    let all: Vec<(&str, &str)> = all.iter().flat_map(RawPathParams::iter).collect();
    if let [(name, _)] = all.as_slice() {
        return Problem::parameter(*name, message);
    }
    let again = form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
    let unnamed = Problem::new(Kind::InvalidParameter).detail(message);
    read::<T>(&again).err().unwrap_or(unnamed)
}

/// The parameters of the query string. Types that are read should deny unknown fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryString<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for QueryString<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// No parameters at all in the query string: one that would be passed over is a mistake of the caller's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoParameters;

impl<S: Send + Sync> FromRequestParts<S> for NoParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Nothing {}
        read::<Nothing>(parts.uri.query().unwrap_or_default()).map(|Nothing {}| Self)
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded(text));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let path = error.path().to_string();
        let message = plain(&error.into_inner().to_string());
        let quoted = message.split('`').nth(1).map(str::to_owned);
        match (path.as_str(), quoted) {
            // What is unknown, missing or given twice has no path, but stands in the message.
            ("." | "?", Some(name)) => Problem::parameter(name, message),
            ("." | "?", None) => Problem::new(Kind::InvalidParameter).detail(message),
            _ => Problem::parameter(path, message),
        }
    })
}

fn form_urlencoded(text: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::Value;
    use sqm_domain::VersionNumber;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        limit: Option<u8>,
        tag: Option<sqm_domain::Tag>,
    }

    fn check(text: &str, expected: Result<Wanted, &str>) {
        match (read::<Wanted>(text), expected) {
            (Ok(read), Ok(wanted)) => assert_eq!(read, wanted),
            (Err(problem), Err(parameter)) => {
                assert_eq!(problem.kind(), Kind::InvalidParameter);
                assert_eq!(problem.member("parameter"), Some(&Value::from(parameter)), "{problem:?}");
            }
            (read, expected) => panic!("{text}: {read:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn query_strings() {
        check("", Ok(Wanted { limit: None, tag: None }));
        check("limit=3&tag=a%3Ab", Ok(Wanted { limit: Some(3), tag: "a:b".parse().ok() }));
        check("limit=300", Err("limit"));
        check("limit=", Err("limit"));
        check("tag=a%00b", Err("tag"));
        check("limit=1&limit=2", Err("limit"));
        check("cursr=x", Err("cursr"));
    }

    #[test]
    fn versions_are_numbers_in_query_strings() {
        #[derive(Deserialize)]
        struct At {
            version: VersionNumber,
        }
        assert_eq!(read::<At>("version=2").map(|at| at.version.get()).unwrap(), 2);
        assert!(read::<At>("version=0").is_err());
    }
}
