//! A change of some fields (RFC 7396): what is absent stays, `null` empties what may be empty.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};
use sqm_domain::limits::MAX_TAGS;
use sqm_domain::{CatalogName, Dialect, Note, Subject, Tag, Title};
use sqm_http::{Problem, sql_text};
use sqm_store::Content;

/// What is to change.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Patch {
    #[serde(default, deserialize_with = "given")]
    title: Option<Title>,
    #[serde(default, deserialize_with = "given")]
    description: Option<Option<Note>>,
    #[serde(default, deserialize_with = "given")]
    sql: Option<String>,
    #[serde(default, deserialize_with = "given")]
    dialect: Option<Dialect>,
    #[serde(default, deserialize_with = "given")]
    tags: Option<Option<Vec<Tag>>>,
    #[serde(default, deserialize_with = "given")]
    owner: Option<Subject>,
    #[serde(default, deserialize_with = "given")]
    pub catalog: Option<Option<CatalogName>>,
    #[serde(default)]
    pub message: Note,
}

/// A field that is there has to have a value of its type: without this, `null` would read as absent.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Patch {
    /// The content with the change.
    pub(crate) fn apply(self, mut content: Content) -> Result<Content, Problem> {
        if let Some(title) = self.title {
            content.title = title;
        }
        if let Some(description) = self.description {
            content.description = description.unwrap_or_default();
        }
        if let Some(sql) = self.sql {
            content.sql = sql_text("sql", sql)?;
        }
        if let Some(dialect) = self.dialect {
            content.dialect = dialect;
        }
        if let Some(tags) = self.tags {
            content.tags = distinct(tags.unwrap_or_default())?;
        }
        if let Some(owner) = self.owner {
            content.owner = owner;
        }
        if let Some(catalog) = self.catalog {
            content.catalog = catalog;
        }
        Ok(content)
    }
}

/// Each tag once, if they are not too many.
pub(crate) fn distinct(tags: Vec<Tag>) -> Result<BTreeSet<Tag>, Problem> {
    let tags: BTreeSet<Tag> = tags.into_iter().collect();
    if tags.len() > MAX_TAGS {
        return Err(Problem::field("tags", format!("at most {MAX_TAGS} tags")).with("limit", MAX_TAGS));
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content {
        Content {
            title: "T".parse().unwrap(),
            description: "D".parse().unwrap(),
            sql: "SELECT 1".to_owned().try_into().unwrap(),
            dialect: Dialect::Generic,
            tags: ["a".parse().unwrap()].into(),
            owner: "ada".parse().unwrap(),
            catalog: Some("c".parse().unwrap()),
        }
    }

    fn apply(patch: &str) -> Result<Content, String> {
        let patch: Patch = serde_json::from_str(patch).map_err(|error| error.to_string())?;
        patch.apply(content()).map_err(|problem| format!("{problem:?}"))
    }

    #[test]
    fn absent_stays_and_null_empties() {
        assert_eq!(apply("{}"), Ok(content()));
        let emptied = apply(r#"{"description": null, "tags": null, "catalog": null}"#).unwrap();
        assert_eq!(emptied.description, Note::default());
        assert!(emptied.tags.is_empty());
        assert_eq!(emptied.catalog, None);
        assert_eq!(apply(r#"{"title": "U"}"#).unwrap().title.as_str(), "U");
    }

    #[test]
    fn what_must_not_be_empty_cannot_be_emptied() {
        for patch in [r#"{"title": null}"#, r#"{"sql": null}"#, r#"{"owner": null}"#, r#"{"sql": " "}"#] {
            assert!(apply(patch).is_err(), "{patch}");
        }
    }
}
