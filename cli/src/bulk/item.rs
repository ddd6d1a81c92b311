//! A line of input: its fields, read once and lent out, and the id even of a line that is broken.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use sqm_domain::Dialect;

/// Why a line cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub message: String,
}

impl Refusal {
    /// With this message.
    pub fn new(message: String) -> Self {
        Self { message }
    }
}

/// The fields of a line. Those that no command knows are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Item<'a> {
    /// Whatever names the line.
    #[serde(borrow)]
    pub id: Option<&'a RawValue>,
    #[serde(borrow)]
    sql: Option<Text<'a>>,
    #[serde(borrow)]
    q1: Option<Text<'a>>,
    #[serde(borrow)]
    q2: Option<Text<'a>>,
    #[serde(borrow)]
    dialect: Option<Text<'a>>,
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
    opts: Option<Opts>,
}

/// A text lent out of the line where it holds no escapes.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Settings of a line.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Opts {
    /// The database of names that give none.
    pub default_db: Option<String>,
    /// The schema of names that give none.
    pub default_schema: Option<String>,
}

impl<'a> Item<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(line: &'a [u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(line).map_err(|error| {
            Refusal::new(format!("the line is not UTF-8 from its byte {} on", error.valid_up_to() + 1))
        })?;
        let text = text.trim_matches([' ', '\t', '\r']);
        if text.is_empty() {
            return Err(Refusal::new("the line is empty; one JSON object is expected".to_owned()));
        }
        if !text.starts_with('{') {
            return Err(Refusal::new("the line is no JSON object".to_owned()));
        }
        serde_json::from_str(text)
            .map_err(|error| Refusal::new(format!("the line is not understood: {error}")))
    }

    /// The SQL.
    ///
    /// # Errors
    /// When there is none.
    pub fn sql(&self) -> Result<&str, Refusal> {
        needed(&self.sql, "sql")
    }

    /// The first query of a pair.
    ///
    /// # Errors
    /// When there is none.
    pub fn q1(&self) -> Result<&str, Refusal> {
        needed(&self.q1, "q1")
    }

    /// The second query of a pair.
    ///
    /// # Errors
    /// When there is none.
    pub fn q2(&self) -> Result<&str, Refusal> {
        needed(&self.q2, "q2")
    }

    /// The dialect that the line names, if it names one; generic, with a word about it, where nobody knows
    /// the name. What follows a comma are settings of other tools.
    pub fn dialect(&self) -> Option<(Dialect, Option<String>)> {
        let name = self.dialect.as_ref()?.0.split(',').next().unwrap_or("").trim();
        Some(match name.parse() {
            Ok(dialect) => (dialect, None),
            Err(_) => {
                let name: String = name.chars().take(64).collect();
                (Dialect::Generic, Some(format!("no dialect {name} is known; it is read as generic")))
            }
        })
    }

    /// The schema, as JSON.
    pub fn schema(&self) -> Option<&str> {
        self.schema.map(RawValue::get).filter(|raw| *raw != "null")
    }

    /// The settings.
    pub fn opts(&self) -> Opts {
        self.opts.clone().unwrap_or_default()
    }
}

fn needed<'i>(field: &'i Option<Text<'_>>, name: &str) -> Result<&'i str, Refusal> {
    match field {
        Some(text) => Ok(&text.0),
        None => Err(Refusal::new(format!("`{name}` is missing"))),
    }
}

/// The id of a line that is broken, as far as it can be read before the break.
pub fn id_of(line: &[u8]) -> Option<Box<RawValue>> {
    let found = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(line);
    // What breaks is known already; the id is what matters.
    let _ = FindId(&found).deserialize(&mut deserializer);
    found.into_inner()
}

struct FindId<'f>(&'f RefCell<Option<Box<RawValue>>>);

impl<'de> DeserializeSeed<'de> for FindId<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FindId<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == "id" {
                let id = map.next_value()?;
                self.0.borrow_mut().get_or_insert(id);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &[u8]) -> (String, Option<String>) {
        let message = match Item::read(line) {
            Err(refusal) => refusal.message,
            Ok(item) => item.sql().unwrap_err().message,
        };
        (message, id_of(line).map(|id| id.get().to_owned()))
    }

    #[test]
    fn a_broken_line_still_has_its_id() {
        let check = |line: &[u8], why: &str, id: Option<&str>| {
            let (message, found) = refused(line);
            assert!(message.contains(why), "{message}");
            assert_eq!(found.as_deref(), id);
        };
        check(b"", "empty", None);
        check(b"[1]", "no JSON object", None);
        check(b"not json", "no JSON object", None);
        check(br#"{"id": 7}"#, "`sql` is missing", Some("7"));
        check(
            br#"{"id": [1, "x"], "sql": 5}"#,
            "invalid type: integer `5`, expected a string",
            Some(r#"[1, "x"]"#),
        );
        check(br#"{"id": "a", "sql": "SELECT"#, "EOF while parsing a string", Some(r#""a""#));
        check(b"{\"id\": null, \"sql\": \"\xff\"}", "not UTF-8 from its byte 22 on", Some("null"));
        check(br#"{"sql": }"#, "expected value at line 1 column 9", None);
        check(br#"{"id": 1, "sql": "\ud800"}"#, "hex escape", Some("1"));
    }

    #[test]
    fn fields_are_read_and_others_ignored() {
        let line = br#" {"x": [{"y": 1e999}], "id": 12345678901234567890123, "sql": "a\nb", "dialect": "mysql, z = 1", "schema": null, "opts": {"default_db": "d", "more": 1}} "#;
        let item = Item::read(line).unwrap();
        assert_eq!(item.id.unwrap().get(), "12345678901234567890123");
        assert_eq!(item.sql().unwrap(), "a\nb");
        assert_eq!(item.dialect(), Some((Dialect::MySql, None)));
        assert_eq!(item.schema(), None);
        assert_eq!(item.opts().default_db.as_deref(), Some("d"));
        let unknown = Item::read(br#"{"dialect": "klingon"}"#).unwrap().dialect().unwrap();
        assert_eq!((unknown.0, unknown.1.is_some()), (Dialect::Generic, true));
    }
}
