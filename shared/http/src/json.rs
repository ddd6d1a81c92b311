//! A JSON body, read into a type: what is no JSON is told by line and column, what is not the expected
//! JSON by the path of the field.

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::body::{Body, MediaType, place};
use crate::plain::plain;
use crate::problem::{Kind, Problem};

/// A body read from JSON. Types that are read should deny unknown fields; fields given twice are refused
/// by what serde derives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let body = Body::from_request(request, state).await?;
        if body.media_type != MediaType::Json {
            return Err(Problem::new(Kind::UnsupportedMediaType).detail("send application/json"));
        }
        from_json(&body.text).map(Self)
    }
}

/// Reads a JSON text, which has to be an object, into a type.
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    match text.trim_start().chars().next() {
        None => return Err(Problem::new(Kind::MalformedJson).detail("the body is empty").at(1u64, 1u64)),
        // What serde derives would take the fields from an array too, in the order of the type.
        Some('[') => return Err(Problem::field("", "expected an object")),
        Some(_) => {}
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        problem(text, error.inner(), &path)
    })?;
    deserializer.end().map_err(|error| problem(text, &error, ""))?;
    Ok(value)
}

fn problem(text: &str, error: &serde_json::Error, path: &str) -> Problem {
    let message = without_place(error);
    match error.classify() {
        Category::Data => {
            let field = if path == "." { "" } else { path };
            Problem::field(named_field(&message, field).unwrap_or_else(|| field.to_owned()), message)
        }
        Category::Io | Category::Syntax | Category::Eof => {
            let (line, column) = in_characters(text, error.line(), error.column());
            Problem::new(Kind::MalformedJson).detail(message).at(line, column)
        }
    }
}

/// The message without the place at its end, which counts bytes.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    plain(message.rfind(" at line ").map_or(&message, |end| &message[..end]))
}

/// The path of a field that is unknown, missing or given twice: the path of the error ends above it.
fn named_field(message: &str, path: &str) -> Option<String> {
    let starts = ["unknown field `", "missing field `", "duplicate field `"];
    let name = starts.iter().find_map(|start| message.strip_prefix(start))?.split('`').next()?;
    match path.rsplit_once('.') {
        _ if path.is_empty() || path == name => Some(name.to_owned()),
        Some((_, last)) if last == name => Some(path.to_owned()),
        _ => Some(format!("{path}.{name}")),
    }
}

/// `serde_json` counts columns in bytes, from 1; we count characters.
fn in_characters(text: &str, line: usize, column: usize) -> (u64, u64) {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut byte = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    place(text, byte)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Wanted {
        sql: String,
        #[serde(default)]
        tags: Vec<String>,
        #[serde(default)]
        options: Option<Options>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Options {
        depth: u8,
    }

    fn check(text: &str, kind: Kind, members: Value) {
        let problem = from_json::<Wanted>(text).unwrap_err();
        assert_eq!(problem.kind(), kind, "{text}: {problem:?}");
        for (name, value) in members.as_object().unwrap() {
            assert_eq!(problem.member(name), Some(value), "{text}: {problem:?}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_by_place() {
        check("", Kind::MalformedJson, json!({"line": 1, "column": 1}));
        check("{\"sql\": }", Kind::MalformedJson, json!({"line": 1, "column": 9}));
        check("{\"sql\": \"ää\",\n  'x'}", Kind::MalformedJson, json!({"line": 2, "column": 3}));
        check("{\"sql\": \"ää\" 1}", Kind::MalformedJson, json!({"line": 1, "column": 14}));
        check("{\"sql\": \"x\"", Kind::MalformedJson, json!({"line": 1}));
        check("{\"sql\": \"x\"} y", Kind::MalformedJson, json!({"line": 1, "column": 14}));
        check(&"[".repeat(100_000), Kind::InvalidField, json!({}));
        let deep = format!("{{\"options\": {}", "{\"depth\":".repeat(100_000));
        check(&deep, Kind::InvalidField, json!({"field": "options.depth"}));
    }

    #[test]
    fn what_is_not_expected_is_told_by_path() {
        check("[]", Kind::InvalidField, json!({}));
        check("{}", Kind::InvalidField, json!({"field": "sql"}));
        check("{\"sql\": 1}", Kind::InvalidField, json!({"field": "sql"}));
        check("{\"sql\": \"x\", \"sql\": \"y\"}", Kind::InvalidField, json!({"field": "sql"}));
        check("{\"sql\": \"x\", \"slq\": 1}", Kind::InvalidField, json!({"field": "slq"}));
        check("{\"sql\": \"x\", \"tags\": [\"a\", 2]}", Kind::InvalidField, json!({"field": "tags[1]"}));
        let nested = "{\"sql\": \"x\", \"options\": {\"depth\": 300}}";
        check(nested, Kind::InvalidField, json!({"field": "options.depth"}));
        let unknown = "{\"sql\": \"x\", \"options\": {\"deep\": 3}}";
        check(unknown, Kind::InvalidField, json!({"field": "options.deep"}));
    }

    #[test]
    fn a_lone_surrogate_is_no_json() {
        check("{\"sql\": \"\\ud800\"}", Kind::MalformedJson, json!({"line": 1}));
    }
}
