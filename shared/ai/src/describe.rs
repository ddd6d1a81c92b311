//! What a statement is for, in a model's words: an explanation, a name, tags, indexes that it thinks of. All of it is
//! marked as the model's, and nothing of it is verified but that names exist.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqm_domain::{Tag, Title};
use sqm_sql::catalog::Catalog;

use crate::ask::{self, DESCRIBE, SYSTEM, Statement, filled};
use crate::judge::{first_object, line, prose};
use crate::provider::{Message, Question};

/// Most tokens of an answer.
const ANSWER_TOKENS: u64 = 800;

/// Most tags and indexes that are taken.
const MOST: usize = 5;

/// Most columns of an index.
const MOST_COLUMNS: usize = 8;

/// A question about what a statement is for.
#[derive(Debug)]
pub struct Describing {
    messages: Vec<Message>,
    schema: Value,
}

/// What a model says of a statement, with placeholders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// What it is for.
    pub explanation: String,
    /// What it could be called.
    pub name: Option<Title>,
    /// How it could be tagged.
    pub tags: Vec<Tag>,
    /// Indexes that might serve it, of columns that there are.
    pub indexes: Vec<ThoughtOf>,
}

/// An index that a model has thought of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThoughtOf {
    /// On which table.
    pub table: String,
    /// Of which columns, in order.
    pub columns: Vec<String>,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

impl Describing {
    /// About this statement.
    pub fn new(statement: &Statement) -> Self {
        let messages = vec![Message::system(SYSTEM), Message::user(filled(DESCRIBE, statement.view()))];
        Self { messages, schema: ask::description() }
    }

    /// What is to be asked.
    pub fn question(&self) -> Question<'_> {
        Question {
            messages: &self.messages,
            name: "description",
            schema: &self.schema,
            answer_tokens: ANSWER_TOKENS,
        }
    }
}

impl Description {
    /// Reads an answer; `None` where it is not of the form that was asked for.
    pub fn read(answer: &str, catalog: &Catalog) -> Option<Self> {
        let object = first_object(answer)?;
        let explanation = prose(object.get("explanation")?.as_str()?, 2_000);
        let list = |name: &str| object.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let name = object.get("name").and_then(Value::as_str).and_then(|name| line(name, 100).parse().ok());
        let tags = list("tags")
            .iter()
            .filter_map(|tag| tag.as_str()?.to_lowercase().parse().ok())
            .take(MOST)
            .collect();
        let indexes = list("indexes").iter().filter_map(|index| known(index, catalog)).take(MOST).collect();
        (!explanation.is_empty()).then_some(Self { explanation, name, tags, indexes })
    }

    /// The same with literals in the places of placeholders.
    pub fn of(mut self, statement: &Statement) -> Self {
        self.explanation = statement.hidden.reveal(&self.explanation);
        for index in &mut self.indexes {
            index.reason = statement.hidden.reveal(&index.reason);
        }
        self
    }
}

/// An index whose table and columns there are.
fn known(index: &Value, catalog: &Catalog) -> Option<ThoughtOf> {
    let index = ThoughtOf::deserialize(index).ok()?;
    let parts: Vec<&str> = index.table.split('.').collect();
    let table = catalog.find(&parts)?;
    let is_known = (1..=MOST_COLUMNS).contains(&index.columns.len())
        && index.columns.iter().all(|column| table.column(column).is_some());
    is_known.then(|| ThoughtOf { reason: prose(&index.reason, 400), ..index })
}

#[cfg(test)]
mod tests {
    use sqm_domain::Dialect;

    use super::*;

    #[test]
    fn what_is_no_name_is_left_out() {
        let (catalog, _) = Catalog::from_ddl("CREATE TABLE t (a INT, b INT)", Dialect::Postgres).unwrap();
        let answer = r##"{"explanation": "Counts :text_1.", "name": "Rows\nby a", "tags": ["Sales", "no#tag", "x"],
            "indexes": [{"table": "t", "columns": ["a"], "reason": "r"}, {"table": "u", "columns": ["a"]},
                        {"table": "t", "columns": ["c"], "reason": "r"}, {"table": "t", "columns": []}, 7]}"##;
        let read = Description::read(answer, &catalog).unwrap();
        assert_eq!(read.name.as_ref().map(Title::as_str), Some("Rows by a"));
        assert_eq!(read.tags.iter().map(Tag::as_str).collect::<Vec<_>>(), ["sales", "x"]);
        assert_eq!(read.indexes.len(), 1);
        let statement =
            Statement::read("SELECT a FROM t WHERE b = 'x'", Dialect::Postgres, &catalog).unwrap();
        assert_eq!(read.of(&statement).explanation, "Counts 'x'.");
        assert!(Description::read("{\"explanation\": \"\"}", &catalog).is_none());
    }
}
