//! A schema in JSON as somebody sends it. Fields that we do not know are ignored, as everywhere in a line.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use sqm_sql::catalog::SchemaInput;

/// What a table's declaration may hold.
const KNOWN: [&str; 6] = ["cols", "columns", "not_null", "pk", "unique", "fk"];

/// The schema of a JSON text.
///
/// # Errors
/// What of it is not understood, and where.
pub fn read(raw: &str) -> Result<SchemaInput, String> {
    match serde_json::from_str(raw) {
        Ok(input) => Ok(input),
        Err(error) => {
            let lean = known_only(raw).and_then(|lean| serde_json::from_str(&lean).ok());
            lean.ok_or_else(|| format!("not understood: {error}"))
        }
    }
}

/// The text without the fields of tables that we do not know; `None` where it is no object.
fn known_only(raw: &str) -> Option<String> {
    let tables: Pairs<'_> = serde_json::from_str(raw).ok()?;
    let mut lean: Vec<String> = Vec::with_capacity(tables.0.len());
    for (name, declared) in tables.0 {
        let value = match serde_json::from_str::<Pairs<'_>>(declared.get()) {
            Ok(fields) => {
                let known = fields
                    .0
                    .iter()
                    .filter(|(key, value)| KNOWN.contains(&key.as_str()) && value.get() != "null");
                let known: Option<Vec<String>> = known.map(|(key, value)| pair(key, value.get())).collect();
                format!("{{{}}}", known?.join(","))
            }
            Err(_) => declared.get().to_owned(),
        };
        lean.push(pair(&name, &value)?);
    }
    Some(format!("{{{}}}", lean.join(",")))
}

fn pair(key: &str, value: &str) -> Option<String> {
    Some(format!("{}:{value}", serde_json::to_string(key).ok()?))
}

/// The fields of an object in their order.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Pairs<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    pairs.push(entry);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

#[cfg(test)]
mod tests {
    use sqm_domain::Dialect;

    use super::read;

    #[test]
    fn unknown_fields_of_a_table_are_ignored() {
        let raw = r#"{"t": {"cols": {"b": "INT", "a": "TEXT"}, "comment": "x", "pk": ["b"], "fk": null}, "u": ["x"]}"#;
        let (catalog, problems) = read(raw).unwrap().catalog(Dialect::Generic).unwrap();
        assert!(problems.is_empty(), "{problems:?}");
        let names: Vec<&str> =
            catalog.tables()[0].columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!((names, catalog.tables()[0].primary_key.len()), (vec!["b", "a"], 1));
        assert_eq!(catalog.tables()[1].columns.len(), 1);
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        assert!(read("7").unwrap_err().contains("expected DDL as a string, or an object of tables"));
        assert!(read(r#"{"t": {"cols": 5, "x": 1}}"#).is_err());
    }
}
