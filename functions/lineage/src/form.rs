//! The forms in which lineage is answered.

use serde::Deserialize;
use sqm_http::{Kind, Problem};
use sqm_sql::lineage::{Failure, Lineage};

/// The form of the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// The document.
    #[default]
    Json,
    /// A tree for people.
    Text,
    /// A drawing for Graphviz.
    Dot,
    /// A drawing for pages in Markdown.
    Mermaid,
}

/// What a trace came to, in the form that was asked for.
#[derive(Debug)]
pub(crate) enum Traced {
    /// All of it.
    Document(Lineage),
    /// For people to look at, and its media type.
    Shown(String, &'static str),
}

impl Format {
    /// Its name in a request.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Dot => "dot",
            Self::Mermaid => "mermaid",
        }
    }

    /// The lineage in this form.
    ///
    /// # Errors
    /// `invalid-sql` where there is nothing to draw.
    pub(crate) fn show(self, lineage: Lineage) -> Result<Traced, Problem> {
        Ok(match self {
            Self::Json => Traced::Document(lineage),
            Self::Text => Traced::Shown(lineage.to_text(), "text/plain; charset=utf-8"),
            Self::Dot => Traced::Shown(drawable(&lineage)?.to_dot(), "text/vnd.graphviz; charset=utf-8"),
            Self::Mermaid => Traced::Shown(drawable(&lineage)?.to_mermaid(), "text/plain; charset=utf-8"),
        })
    }
}

/// The lineage, unless no statement was read: an empty drawing would look like one that reads nothing.
fn drawable(lineage: &Lineage) -> Result<&Lineage, Problem> {
    let Some(Failure { message, line, column }) = lineage.error.as_ref().filter(|_| !lineage.ok) else {
        return Ok(lineage);
    };
    let problem = Problem::new(Kind::InvalidSql).detail(message.clone()).with("field", "sql");
    Err(match (line, column) {
        (Some(line), Some(column)) => problem.at(*line, *column),
        _ => problem,
    })
}

#[cfg(test)]
mod tests {
    use sqm_domain::Dialect;
    use sqm_sql::catalog::Catalog;
    use sqm_sql::lineage::{Options, trace};

    use super::*;

    fn show(sql: &str, format: &str) -> Result<Traced, Problem> {
        let format: Format = serde_json::from_value(format.into()).unwrap();
        format.show(trace(sql, Dialect::Postgres, &Catalog::default(), &Options::default()))
    }

    #[test]
    fn a_form_reads_its_own_name() {
        for format in [Format::Json, Format::Text, Format::Dot, Format::Mermaid] {
            assert_eq!(serde_json::from_value::<Format>(format.name().into()).unwrap(), format);
        }
    }

    #[test]
    fn what_was_not_read_is_told_and_not_drawn() {
        for format in ["json", "text", "dot", "mermaid"] {
            assert!(show("SELECT a FROM t", format).is_ok(), "{format}");
            assert!(show("SELECT a FROM t;\n SELECT FROM WHERE", format).is_ok(), "{format}");
        }
        assert!(matches!(show("no SQL", "json"), Ok(Traced::Document(lineage)) if !lineage.ok));
        assert!(matches!(show("no SQL", "text"), Ok(Traced::Shown(text, _)) if text.contains("not read")));
        for format in ["dot", "mermaid"] {
            let problem = show("\n no SQL", format).unwrap_err();
            assert_eq!((problem.kind(), problem.member("line")), (Kind::InvalidSql, Some(&2.into())));
        }
    }
}
