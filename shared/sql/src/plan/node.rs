//! A node of a plan in JSON.

use serde_json::{Map, Value};

use super::PlanError;

/// A node, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node<'p> {
    members: &'p Map<String, Value>,
    place: String,
}

impl<'p> Node<'p> {
    pub(super) fn new(value: &'p Value, place: String) -> Result<Self, PlanError> {
        match value {
            Value::Object(members) => Ok(Self { members, place }),
            _ => Err(PlanError::Malformed { place, expected: "a node, which is an object" }),
        }
    }

    /// The text of a member.
    pub(super) fn text(&self, key: &str) -> Option<&'p str> {
        self.members.get(key)?.as_str()
    }

    /// What kind of node it is.
    pub(super) fn kind(&self) -> Result<&'p str, PlanError> {
        self.text("Node Type").ok_or_else(|| self.malformed("a node with a \"Node Type\""))
    }

    /// The texts of a member that is a list, or one text.
    pub(super) fn texts(&self, key: &str) -> Vec<&'p str> {
        match self.members.get(key) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// A member as it is.
    pub(super) fn get(&self, key: &str) -> Option<&'p Value> {
        self.members.get(key)
    }

    /// The nodes below.
    pub(super) fn children(&self) -> Result<Vec<Node<'p>>, PlanError> {
        match self.members.get("Plans") {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => {
                let place = |at: usize| format!("{}.Plans[{at}]", self.place);
                list.iter().enumerate().map(|(at, child)| Node::new(child, place(at))).collect()
            }
            Some(_) => Err(self.malformed("\"Plans\" to be a list")),
        }
    }

    /// The children that give rows, not those that expressions refer to.
    pub(super) fn inputs(&self) -> Result<Vec<Node<'p>>, PlanError> {
        let mut children = self.children()?;
        children.retain(|child| !child.is_apart());
        Ok(children)
    }

    /// Whether it belongs to an expression, or is a WITH.
    pub(super) fn is_apart(&self) -> bool {
        matches!(self.text("Parent Relationship"), Some("InitPlan" | "SubPlan"))
    }

    pub(super) fn malformed(&self, expected: &'static str) -> PlanError {
        PlanError::Malformed { place: self.place.clone(), expected }
    }
}
