//! A catalog out of JSON, in the forms of the command line: `{"db.t": ["a", "b"]}`,
//! `{"t": {"cols": {"a": "INT"}, "not_null", "pk", "unique", "fk", "indexes"}}`, or DDL as a string.
//!
//! The order of columns is the order of the text, which a `serde_json::Value` would lose, so the forms
//! are read directly.

use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use sqm_domain::Dialect;

use super::builder::Builder;
use super::constraint::{DeclaredForeignKey, Name};
use super::index::IndexPart;
use super::problem::{CatalogError, CatalogProblem, Place};
use super::{Catalog, Column};

/// A schema as somebody sends it. JSON `null` is [`SchemaInput::default`].
#[derive(Debug, Clone, PartialEq)]
pub enum SchemaInput {
    /// DDL, in the dialect of the query that it comes with.
    Ddl(String),
    /// Tables by name, in order.
    Tables(Vec<(String, TableInput)>),
}

/// A table as somebody sends it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableInput {
    columns: Vec<(String, Option<String>)>,
    not_null: Vec<String>,
    primary_key: Vec<String>,
    unique: Vec<Vec<String>>,
    foreign_keys: Vec<(Vec<String>, String, Vec<String>)>,
    indexes: Vec<Vec<String>>,
}

impl Default for SchemaInput {
    fn default() -> Self {
        Self::Tables(Vec::new())
    }
}

impl SchemaInput {
    /// The catalog that it declares, and what of it the catalog does not hold.
    pub fn catalog(&self, dialect: Dialect) -> Result<(Catalog, Vec<CatalogProblem>), CatalogError> {
        match self {
            Self::Ddl(ddl) => Catalog::from_ddl(ddl, dialect),
            Self::Tables(tables) => Ok(build(tables)),
        }
    }
}

impl Catalog {
    /// The catalog that a JSON text of either form declares; names are kept as they are.
    pub fn from_json(text: &str) -> Result<(Self, Vec<CatalogProblem>), CatalogError> {
        match serde_json::from_str(text) {
            Ok(SchemaInput::Tables(tables)) => Ok(build(&tables)),
            Ok(SchemaInput::Ddl(_)) => {
                Err(CatalogError::Json("a string is DDL, which needs a dialect".to_owned()))
            }
            Err(error) => Err(CatalogError::Json(error.to_string())),
        }
    }
}

fn build(tables: &[(String, TableInput)]) -> (Catalog, Vec<CatalogProblem>) {
    let mut builder = Builder::default();
    for (name, input) in tables {
        let at = |key: &str| Place::Path(format!("{name}.{key}"));
        let named = |key: &str, columns: &[String]| -> Vec<(String, Place)> {
            columns.iter().map(|column| (column.clone(), at(key))).collect()
        };
        let table = builder.table(parts(name));
        for (column, data_type) in &input.columns {
            let column = Column { name: column.clone(), data_type: data_type.clone(), ..Column::default() };
            builder.column(table, column, at("cols"));
        }
        if let Some(positions) = builder.positions(table, "not_null", &named("not_null", &input.not_null))
            && let Some(declared) = builder.get(table)
        {
            for position in positions {
                declared.columns[position as usize].not_null = true;
            }
        }
        if !input.primary_key.is_empty() {
            builder.primary_key(table, Name::Unknown, &named("pk", &input.primary_key), false, at("pk"));
        }
        for key in &input.unique {
            builder.unique(table, Name::Unknown, &named("unique", key), false);
        }
        for index in &input.indexes {
            let positions = builder.positions(table, "an index", &named("indexes", index));
            let parts = positions.into_iter().flatten().map(IndexPart::Column).collect();
            builder.index(table, Name::Unknown, parts, None);
        }
        for (columns, other, referred) in &input.foreign_keys {
            let key = DeclaredForeignKey {
                columns: named("fk", columns),
                table: parts(other),
                referred: referred.clone(),
                is_full: false,
                at: at("fk"),
            };
            builder.foreign_key(table, Name::Unknown, key);
        }
    }
    builder.finish()
}

/// The parts of a name with dots; quotes (double, back, brackets) around a part keep its dots.
pub(super) fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut closing = None;
    for c in name.chars() {
        match (closing, c) {
            (Some(end), c) if c == end => closing = None,
            (None, '"' | '`') => closing = Some(c),
            (None, '[') => closing = Some(']'),
            (None, '.') => parts.push(String::new()),
            (_, c) => {
                if let Some(part) = parts.last_mut() {
                    part.push(c);
                }
            }
        }
    }
    parts
}

/// The pairs of a JSON object in the order of the text.
fn pairs<'de, V: Deserialize<'de>, A: MapAccess<'de>>(map: &mut A) -> Result<Vec<(String, V)>, A::Error> {
    let mut pairs = Vec::new();
    while let Some(key) = map.next_key::<String>()? {
        let value = map.next_value().map_err(|error| A::Error::custom(format!("{key}: {error}")))?;
        pairs.push((key, value));
    }
    Ok(pairs)
}

impl<'de> Deserialize<'de> for SchemaInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = SchemaInput;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("DDL as a string, or an object of tables")
            }
            fn visit_str<E: Error>(self, ddl: &str) -> Result<Self::Value, E> {
                Ok(SchemaInput::Ddl(ddl.to_owned()))
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(SchemaInput::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                pairs(&mut map).map(SchemaInput::Tables)
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl<'de> Deserialize<'de> for TableInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = TableInput;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of column names, or an object with `cols`")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Self::Value, A::Error> {
                let mut table = TableInput::default();
                while let Some(name) = names.next_element()? {
                    table.columns.push((name, None));
                }
                Ok(table)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut table = TableInput::default();
                while let Some(key) = map.next_key::<String>()? {
                    read_field(&mut table, &key, &mut map)
                        .map_err(|error| A::Error::custom(format!("{key}: {error}")))?;
                }
                Ok(table)
            }
        }
        deserializer.deserialize_any(Read)
    }
}

fn read_field<'de, A: MapAccess<'de>>(
    table: &mut TableInput,
    key: &str,
    map: &mut A,
) -> Result<(), A::Error> {
    match key {
        "cols" | "columns" => table.columns = map.next_value::<Columns>()?.0,
        "not_null" => table.not_null = map.next_value()?,
        "pk" => table.primary_key = map.next_value::<Option<_>>()?.unwrap_or_default(),
        "unique" => table.unique = map.next_value()?,
        "fk" => table.foreign_keys = map.next_value()?,
        "indexes" => table.indexes = map.next_value()?,
        _ => return Err(A::Error::custom("unknown; known are cols, not_null, pk, unique, fk, indexes")),
    }
    Ok(())
}

/// `{"name": "TYPE"}` or `["name"]`.
struct Columns(Vec<(String, Option<String>)>);

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Columns;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("columns as an object of types or a list of names")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Self::Value, A::Error> {
                let mut columns = Vec::new();
                while let Some(name) = names.next_element()? {
                    columns.push((name, None));
                }
                Ok(Columns(columns))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                pairs(&mut map).map(Columns)
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl Serialize for TableInput {
    /// In the second form.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("cols", &InOrder(&self.columns))?;
        map.serialize_entry("not_null", &self.not_null)?;
        map.serialize_entry("pk", &self.primary_key)?;
        map.serialize_entry("unique", &self.unique)?;
        map.serialize_entry("fk", &self.foreign_keys)?;
        if !self.indexes.is_empty() {
            map.serialize_entry("indexes", &self.indexes)?;
        }
        map.end()
    }
}

impl Serialize for SchemaInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Ddl(ddl) => serializer.serialize_str(ddl),
            Self::Tables(tables) => InOrder(tables).serialize(serializer),
        }
    }
}

struct InOrder<'a, V>(&'a [(String, V)]);

impl<V: Serialize> Serialize for InOrder<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Catalog, Vec<String>) {
        let (catalog, problems) = Catalog::from_json(text).unwrap();
        (catalog, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_list_of_names_keeps_its_order() {
        let (catalog, problems) = read(r#"{"shop.orders": ["id", "amount", "at"], "\"a.b\".t": ["x"]}"#);
        assert!(problems.is_empty());
        let orders = catalog.find(&["shop", "orders"]).unwrap();
        assert_eq!(
            orders.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
            ["id", "amount", "at"]
        );
        assert_eq!(catalog.tables()[1].name, ["a.b", "t"]);
    }

    #[test]
    fn the_long_form_keeps_types_order_and_keys() {
        let (catalog, problems) = read(
            r#"{"b": {"cols": {"z": "INT", "a": "TEXT", "m": null}, "not_null": ["a"], "pk": ["z"],
                      "unique": [["a", "m"]], "fk": [[["m"], "c", ["id"]]], "indexes": [["m", "z"]]},
                "c": {"cols": {"id": "INT"}, "pk": ["id"]}}"#,
        );
        assert!(problems.is_empty(), "{problems:?}");
        let table = catalog.find(&["b"]).unwrap();
        assert_eq!(table.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["z", "a", "m"]);
        assert_eq!(table.columns[1].data_type.as_deref(), Some("TEXT"));
        assert_eq!((table.is_not_null(0), table.is_not_null(1), table.is_not_null(2)), (true, true, false));
        assert_eq!(table.unique, [[1, 2]]);
        assert_eq!(table.indexes, [[IndexPart::Column(2), IndexPart::Column(0)]]);
        assert_eq!(table.foreign_keys[0].table, ["c"]);
    }

    #[test]
    fn the_time_it_takes_is_that_of_its_length() {
        let start = std::time::Instant::now();
        let columns: Vec<String> = (0..200_000).map(|at| format!("c{at}")).collect();
        let text = serde_json::json!({ "t": { "cols": columns, "not_null": columns } }).to_string();
        let (catalog, problems) = Catalog::from_json(&text).unwrap();
        assert_eq!((catalog.tables()[0].columns.len(), problems), (200_000, Vec::new()));
        let tables: serde_json::Map<String, serde_json::Value> = (0..20_000)
            .map(|at| {
                let key = serde_json::json!([[["b"], format!("t{}", at / 2), ["a"]]]);
                (format!("s.t{at}"), serde_json::json!({ "cols": ["a", "b"], "pk": ["a"], "fk": key }))
            })
            .collect();
        let (catalog, problems) = Catalog::from_json(&serde_json::Value::from(tables).to_string()).unwrap();
        assert_eq!((catalog.tables().len(), problems), (20_000, Vec::new()));
        assert!(catalog.tables().iter().all(|table| table.foreign_keys.len() == 1));
        // Where each looked at every other one it took minutes.
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }

    #[test]
    fn contradictions_name_their_place() {
        let (catalog, problems) =
            read(r#"{"t": {"cols": {"a": "INT"}, "pk": ["b"], "fk": [[["a"], "nowhere", ["id"]]]}}"#);
        assert_eq!(catalog.tables().len(), 1);
        assert_eq!(
            problems,
            [
                "t.pk: the primary key of t names no column of it: b",
                "t.fk: the foreign key is left out: no table nowhere is declared"
            ]
        );
    }

    #[test]
    fn what_is_no_schema_says_where() {
        let refused = |text: &str| Catalog::from_json(text).unwrap_err().to_string();
        assert_eq!(
            refused(r#"{"t": {"cols": {"a": 5}}}"#),
            "the schema is not understood: t: cols: a: invalid type: integer `5`, expected a string \
             at line 1 column 22"
        );
        assert!(refused(r#"{"t": {"colls": []}}"#).contains("t: colls: unknown"));
        assert!(refused(r#"{"t": 7}"#).contains("t: invalid type: integer `7`"));
        assert!(refused(r#""CREATE TABLE t (a INT)""#).contains("needs a dialect"));
    }

    #[test]
    fn a_schema_inside_a_request_reads_all_forms() {
        let read = |text: &str| serde_json::from_str::<SchemaInput>(text).unwrap();
        let (catalog, _) = read(r#""CREATE TABLE t (a INT)""#).catalog(Dialect::Postgres).unwrap();
        assert_eq!(catalog.tables().len(), 1);
        assert_eq!(read("null"), SchemaInput::default());
        let written = serde_json::to_string(&read(r#"{"t": ["b", "a"]}"#)).unwrap();
        assert_eq!(
            written,
            r#"{"t":{"cols":{"b":null,"a":null},"not_null":[],"pk":[],"unique":[],"fk":[]}}"#
        );
    }
}
