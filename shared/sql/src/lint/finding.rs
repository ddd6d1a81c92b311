//! What a rule has to say about a place in a text.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde::{Deserialize, Serialize as SerializeDerive};

use crate::text::Span;

/// How much a finding matters. Ordered: the later, the graver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, SerializeDerive, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; often a matter of taste or of data that we do not see.
    Info,
    /// Likely a mistake, or a cost that grows with the data.
    Warning,
    /// Almost certainly not what was meant.
    Error,
}

/// A replacement of a stretch of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty (start = end) for an insertion.
    pub span: Span,
    /// What takes its place.
    pub text: String,
}

/// A change that removes the cause of a finding. It may change the result of the query, since the
/// finding says that the result was not what was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What the change does, as an imperative.
    pub title: String,
    /// The edits, in order of place, none overlapping another.
    pub edits: Vec<Edit>,
}

/// A place in a text that a rule objects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's code: `SQM` and three digits.
    pub code: &'static str,
    /// The rule's name in kebab case.
    pub name: &'static str,
    /// How much it matters, after configuration.
    pub severity: Severity,
    /// What is wrong here, and what to do about it.
    pub message: String,
    /// The offending expression.
    pub span: Span,
    /// A change that removes it, where there is one.
    pub fix: Option<Fix>,
}

impl Finding {
    /// The order of findings: by place, then by code.
    pub(super) fn order(&self) -> (Span, &'static str, &str) {
        (self.span, self.code, &self.message)
    }
}

/// `{"line", "column", "end_line", "end_column"}` into the map.
fn place<M: SerializeMap>(map: &mut M, span: Span) -> Result<(), M::Error> {
    map.serialize_entry("line", &span.start.line)?;
    map.serialize_entry("column", &span.start.column)?;
    map.serialize_entry("end_line", &span.end.line)?;
    map.serialize_entry("end_column", &span.end.column)
}

impl Serialize for Edit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        place(&mut map, self.span)?;
        map.serialize_entry("text", &self.text)?;
        map.end()
    }
}

impl Serialize for Fix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("title", &self.title)?;
        map.serialize_entry("edits", &self.edits)?;
        map.end()
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", self.code)?;
        map.serialize_entry("name", self.name)?;
        map.serialize_entry("severity", &self.severity)?;
        map.serialize_entry("message", &self.message)?;
        place(&mut map, self.span)?;
        if let Some(fix) = &self.fix {
            map.serialize_entry("fix", fix)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Position;

    #[test]
    fn the_form_of_the_command_line() {
        let at = |line, column| Position { line, column };
        let span = Span { start: at(1, 2), end: at(1, 5) };
        let fix = Fix { title: "do it".into(), edits: vec![Edit { span, text: "x".into() }] };
        let finding = Finding {
            code: "SQM001",
            name: "a-name",
            severity: Severity::Warning,
            message: "no".into(),
            span,
            fix: Some(fix),
        };
        let json = serde_json::to_string(&finding).unwrap();
        assert_eq!(
            json,
            r#"{"code":"SQM001","name":"a-name","severity":"warning","message":"no","line":1,"column":2,"end_line":1,"end_column":5,"fix":{"title":"do it","edits":[{"line":1,"column":2,"end_line":1,"end_column":5,"text":"x"}]}}"#
        );
    }
}
