//! The description of the API, held against what is really asked and answered.
//!
//! Clients must expect that answers grow, so the description leaves them open; here they are closed, so that
//! nothing is answered that it does not describe.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock};

use http::{HeaderMap, StatusCode};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::checkout;
use crate::response::Response;

/// Longer answers are not held against their schema: they are more of what shorter ones hold, and in a build for
/// tests it takes seconds.
const LONGEST: usize = 256 * 1024;

/// The type of bodies with one JSON text a line, each of which the schema is of.
const LINES: &str = "application/x-ndjson";

/// What was asked, as far as it is described.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    /// The path with its query string.
    pub(crate) target: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// The description, and the checks that were made of it so far.
pub struct Contract {
    document: Value,
    paths: matchit::Router<String>,
    /// By the place of a schema.
    checks: Mutex<BTreeMap<String, &'static Validator>>,
}

impl Contract {
    /// That of this checkout.
    pub fn of_checkout() -> &'static Self {
        static CONTRACT: OnceLock<Contract> = OnceLock::new();
        CONTRACT.get_or_init(|| {
            let text = std::fs::read_to_string(checkout::root().join("docs/openapi.yaml")).unwrap();
            let document: Value = serde_yaml_ng::from_str(&text).unwrap();
            let mut paths = matchit::Router::new();
            for path in document["paths"].as_object().unwrap().keys() {
                paths.insert(path, path.clone()).unwrap();
            }
            Self { document, paths, checks: Mutex::default() }
        })
    }

    /// The operations that it describes, as `GET /v1/queries`.
    pub fn operations(&self) -> BTreeSet<String> {
        const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
        let paths = self.document["paths"].as_object().unwrap();
        let of_path = |(path, item): (&String, &Value)| {
            let methods = METHODS.iter().filter(|method| item.get(**method).is_some());
            methods.map(|method| format!("{} {path}", method.to_uppercase())).collect::<Vec<_>>()
        };
        paths.iter().flat_map(of_path).collect()
    }

    /// References that lead nowhere, and components that nothing refers to.
    pub fn loose_ends(&self) -> Vec<String> {
        let mut references = BTreeSet::new();
        collect_references(&self.document, &mut references);
        let mut found: Vec<String> =
            references.iter().filter(|place| self.at(place).is_none()).cloned().collect();
        for (kind, components) in self.document["components"].as_object().unwrap() {
            let names = components.as_object().unwrap().keys();
            let places = names.map(|name| format!("#/components/{kind}/{name}"));
            let unused = |place: &String| kind != "securitySchemes" && !references.contains(place);
            found.extend(places.filter(unused));
        }
        found
    }

    /// Stops where an answer, or what was asked and is not refused, is not as it is described.
    pub(crate) fn check(&self, asked: &Asked<'_>, response: &Response) {
        let path = asked.target.split('?').next().unwrap_or_default();
        let Ok(path) = self.paths.at(path).map(|found| found.value.as_str()) else { return };
        let item = &self.document["paths"][path];
        let method = if asked.method == "HEAD" { "GET" } else { asked.method };
        let Some(operation) = item.get(method.to_ascii_lowercase()) else { return };
        let place = format!("#/paths/{}/{}", escaped(path), method.to_ascii_lowercase());
        if !response.status.is_client_error() && !response.status.is_server_error() {
            self.check_parameters(asked, item, operation, response);
            self.check_body(asked, operation, &place, response);
        }
        self.check_answer(asked.method, operation, &place, response);
    }

    fn check_parameters(&self, asked: &Asked<'_>, item: &Value, operation: &Value, response: &Response) {
        let lists = [item.get("parameters"), operation.get("parameters")];
        let all = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
        let described: Vec<&Value> = all.map(|parameter| self.followed(parameter)).collect();
        let is_described = |place: &str, name: &str| {
            let is_this = |parameter: &&&Value| {
                let its_name = parameter["name"].as_str().unwrap_or_default();
                parameter["in"] == place && its_name.eq_ignore_ascii_case(name)
            };
            described.iter().any(|parameter| is_this(&parameter))
        };
        let query = asked.target.split_once('?').map_or("", |(_, query)| query);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let name = pair.split('=').next().unwrap_or_default();
            assert!(is_described("query", name), "the parameter {name} is not described: {response:?}");
        }
        for name in ["if-match", "idempotency-key"] {
            let is_sent = asked.headers.contains_key(name);
            assert!(!is_sent || is_described("header", name), "{name} is not described: {response:?}");
        }
    }

    fn check_body(&self, asked: &Asked<'_>, operation: &Value, place: &str, response: &Response) {
        let Some(media_type) = media_type(asked.headers) else { return };
        let content = &operation["requestBody"]["content"];
        let Some(described) = content.get(&media_type) else {
            // Any type of JSON is taken.
            assert!(media_type.ends_with("+json"), "a body of {media_type} is not described: {response:?}");
            return;
        };
        if media_type.ends_with("json") && asked.body.len() <= LONGEST {
            assert!(described.get("schema").is_some(), "{place} has no schema");
            let place = format!("{place}/requestBody/content/{}/schema", escaped(&media_type));
            // Each line of several is taken or refused alone.
            if media_type != LINES {
                let body: Value = serde_json::from_slice(asked.body).unwrap();
                self.hold(&place, &body, "what was taken", response);
            }
        }
    }

    fn check_answer(&self, method: &str, operation: &Value, place: &str, response: &Response) {
        let status = response.status.as_u16().to_string();
        let is_error = response.status.is_client_error() || response.status.is_server_error();
        let key = if is_error { "default" } else { status.as_str() };
        let Some(described) = operation["responses"].get(key) else {
            panic!("the status {status} is not described: {response:?}");
        };
        let described_at = match described.get("$ref").and_then(Value::as_str) {
            Some(reference) => reference.to_owned(),
            None => format!("{place}/responses/{key}"),
        };
        let described = self.followed(described);
        for name in described.get("headers").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
            // Only some pages have a next one, and only what is stored has a tag.
            let is_optional = name == "Link" || described["headers"][name].get("$ref").is_none();
            let is_there = response.headers.contains_key(name.as_str());
            assert!(is_optional || is_there, "no {name}: {response:?}");
        }
        if response.status == StatusCode::NOT_MODIFIED || method == "HEAD" {
            return;
        }
        let Some(content) = described.get("content") else {
            assert!(response.body.is_empty(), "no body is described: {response:?}");
            return;
        };
        let media_type = media_type(&response.headers).unwrap_or_default();
        assert!(content.get(&media_type).is_some(), "{media_type} is not described: {response:?}");
        let is_packed = response.headers.contains_key(http::header::CONTENT_ENCODING);
        if media_type.ends_with("json") && !is_packed && response.body.len() <= LONGEST {
            let place = format!("{described_at}/content/{}/schema", escaped(&media_type));
            if media_type == LINES {
                for line in response.text().lines() {
                    self.hold(&place, &serde_json::from_str(line).unwrap(), "the answer", response);
                }
            } else {
                self.hold(&place, &response.json(), "the answer", response);
            }
        }
    }

    /// Holds a document against the schema at a place.
    fn hold(&self, place: &str, document: &Value, what: &str, response: &Response) {
        let check = *self.checks.lock().unwrap().entry(place.to_owned()).or_insert_with(|| {
            let check = jsonschema::draft202012::new(&self.schema(place));
            Box::leak(Box::new(check.unwrap_or_else(|error| panic!("{place}: {error}"))))
        });
        let wrong: Vec<String> = check
            .iter_errors(document)
            .take(5)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{what} is not as it is described:\n{}\n{response:?}", wrong.join("\n"));
    }

    /// A schema that stands by itself, closed.
    fn schema(&self, place: &str) -> Value {
        let mut schemas = self.document["components"]["schemas"].clone();
        for schema in schemas.as_object_mut().unwrap().values_mut() {
            self.close(schema);
        }
        let mut schema = self.at(place).unwrap_or_else(|| panic!("nothing at {place}")).clone();
        self.close(&mut schema);
        json!({ "allOf": [schema], "components": { "schemas": schemas } })
    }

    /// Allows no members but those that are described. What an `allOf` refers to is written out, since it
    /// describes only a part of them.
    fn close(&self, schema: &mut Value) {
        match schema {
            Value::Array(list) => list.iter_mut().for_each(|schema| self.close(schema)),
            Value::Object(members) => {
                if let Some(parts) = members.remove("allOf") {
                    for part in parts.as_array().unwrap() {
                        self.take_in(members, self.followed(part));
                    }
                }
                members.values_mut().for_each(|schema| self.close(schema));
                if members.get("properties").is_some_and(Value::is_object)
                    && members.get("additionalProperties").is_none()
                {
                    members.insert("additionalProperties".to_owned(), false.into());
                }
            }
            _ => {}
        }
    }

    /// Adds the properties of a part to those of the whole.
    fn take_in(&self, whole: &mut Map<String, Value>, part: &Value) {
        for part in part.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.take_in(whole, self.followed(part));
        }
        let properties = part["properties"].as_object().unwrap().clone();
        let own = whole.entry("properties").or_insert_with(|| json!({}));
        own.as_object_mut().unwrap().extend(properties);
        let required = part["required"].as_array().cloned().unwrap_or_default();
        let own = whole.entry("required").or_insert_with(|| json!([]));
        own.as_array_mut().unwrap().extend(required);
    }

    /// What a reference leads to, or the thing itself.
    fn followed<'a>(&'a self, thing: &'a Value) -> &'a Value {
        match thing.get("$ref").and_then(Value::as_str) {
            Some(place) => self.at(place).unwrap_or_else(|| panic!("nothing at {place}")),
            None => thing,
        }
    }

    fn at(&self, place: &str) -> Option<&Value> {
        self.document.pointer(place.strip_prefix('#')?)
    }
}

/// A key as a part of a JSON pointer (RFC 6901).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(http::header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

fn collect_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| collect_references(value, found)),
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| collect_references(value, found));
        }
        _ => {}
    }
}
