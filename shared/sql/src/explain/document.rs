//! Plans in JSON: members of objects, whichever way a database writes numbers.

use serde_json::{Map, Value};

use super::ExplainError;
use super::tree::number;

/// An object of a plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object<'p>(&'p Map<String, Value>);

impl<'p> Object<'p> {
    /// The object that a value is; `place` says where it stands.
    pub(super) fn of(value: &'p Value, place: &str) -> Result<Self, ExplainError> {
        Self::maybe(value).ok_or_else(|| ExplainError::Malformed {
            place: place.to_owned(),
            expected: "a step, which is an object",
        })
    }

    /// The object that a value is, if it is one.
    pub(super) fn maybe(value: &'p Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// A member.
    pub(super) fn get(self, key: &str) -> Option<&'p Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// Whether it has any of these members.
    pub(super) fn has(self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.get(key).is_some())
    }

    /// A member that is an object.
    pub(super) fn object(self, key: &str) -> Option<Self> {
        Self::maybe(self.get(key)?)
    }

    /// A member that is a text.
    pub(super) fn text(self, key: &str) -> Option<&'p str> {
        self.get(key)?.as_str()
    }

    /// The first of these members that is a number, or a text that is one.
    pub(super) fn number(self, keys: &[&str]) -> Option<f64> {
        keys.iter().find_map(|key| match self.get(key)? {
            Value::Number(value) => value.as_f64().filter(|value| *value >= 0.0 && value.is_finite()),
            Value::String(text) => number(text),
            _ => None,
        })
    }

    /// Whether a member is true.
    pub(super) fn is(self, key: &str) -> bool {
        self.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The items of a member that is a list; none where it is something else.
    pub(super) fn list(self, key: &str) -> &'p [Value] {
        self.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The texts of a member that is a list, or one text.
    pub(super) fn texts(self, key: &str) -> Vec<&'p str> {
        match self.get(key) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Every member.
    pub(super) fn members(self) -> impl Iterator<Item = (&'p str, &'p Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}
