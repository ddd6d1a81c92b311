//! The forms in which lineage is answered.

use jiff::Timestamp;
use serde::Deserialize;
use sqm_domain::{CatalogName, Dialect};
use sqm_http::{Kind, Problem, json};
use sqm_sql::lineage::output::{EventContext, job_event, producer};
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
    /// A drawing complete in itself.
    Svg,
    /// An event for catalogs of metadata.
    OpenLineage,
}

/// What an event says of the job, beside its lineage.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// The workspace.
    pub namespace: String,
    /// The name of the job in it.
    pub name: String,
    /// The data source of its tables.
    pub dataset_namespace: String,
    /// Since when it is so.
    pub at: Timestamp,
}

impl Job {
    fn context(self, sql: &str, dialect: Dialect) -> EventContext {
        EventContext {
            event_time: self.at.to_string(),
            producer: producer(),
            job_namespace: self.namespace,
            job_name: self.name,
            dataset_namespace: self.dataset_namespace,
            sql: Some((sql.to_owned(), dialect.name().to_owned())),
        }
    }
}

/// A lineage in the form that was asked for, and its media type.
pub(crate) type Shown = (String, &'static str);

/// The data source of the tables: as it was given, or else called like their catalog, or like the dialect.
pub(crate) fn data_source(given: Option<String>, catalog: Option<&CatalogName>, dialect: Dialect) -> String {
    given.or_else(|| catalog.map(ToString::to_string)).unwrap_or_else(|| dialect.name().to_owned())
}

impl Format {
    /// Its name in a request.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Dot => "dot",
            Self::Mermaid => "mermaid",
            Self::Svg => "svg",
            Self::OpenLineage => "openlineage",
        }
    }

    /// The lineage of the text in this form.
    ///
    /// # Errors
    /// `invalid-sql` where there is nothing to draw.
    pub(crate) fn show(
        self,
        lineage: &Lineage,
        sql: &str,
        dialect: Dialect,
        job: Job,
    ) -> Result<Shown, Problem> {
        Ok(match self {
            Self::Json => (json(lineage)?, "application/json"),
            Self::Text => (lineage.to_text(), "text/plain; charset=utf-8"),
            Self::Dot => (drawable(lineage)?.to_dot(), "text/vnd.graphviz; charset=utf-8"),
            Self::Mermaid => (drawable(lineage)?.to_mermaid(), "text/plain; charset=utf-8"),
            Self::Svg => (drawable(lineage)?.to_svg(), "image/svg+xml"),
            Self::OpenLineage => {
                let event = job_event(drawable(lineage)?, &job.context(sql, dialect));
                (event.to_string(), "application/json")
            }
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
    use sqm_sql::catalog::Catalog;
    use sqm_sql::lineage::{Options, trace};

    use super::*;

    fn job() -> Job {
        let text = |text: &str| text.to_owned();
        Job {
            namespace: text("acme"),
            name: text("daily"),
            dataset_namespace: text("postgres://shop:5432"),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    fn show(sql: &str, format: &str) -> Result<Shown, Problem> {
        let format: Format = serde_json::from_value(format.into()).unwrap();
        let lineage = trace(sql, Dialect::Postgres, &Catalog::default(), &Options::default());
        format.show(&lineage, sql, Dialect::Postgres, job())
    }

    #[test]
    fn a_form_reads_its_own_name() {
        let drawn = [Format::Dot, Format::Mermaid, Format::Svg, Format::OpenLineage];
        for format in [Format::Json, Format::Text].into_iter().chain(drawn) {
            assert_eq!(serde_json::from_value::<Format>(format.name().into()).unwrap(), format);
        }
    }

    #[test]
    fn what_was_not_read_is_told_and_not_drawn() {
        for format in ["json", "text", "dot", "mermaid", "svg", "openlineage"] {
            assert!(show("SELECT a FROM t", format).is_ok(), "{format}");
            assert!(show("SELECT a FROM t;\n SELECT FROM WHERE", format).is_ok(), "{format}");
        }
        assert!(matches!(show("no SQL", "json"), Ok((document, _)) if document.contains("\"ok\":false")));
        assert!(matches!(show("no SQL", "text"), Ok((text, _)) if text.contains("not read")));
        for format in ["dot", "mermaid", "svg", "openlineage"] {
            let problem = show("\n no SQL", format).unwrap_err();
            assert_eq!((problem.kind(), problem.member("line")), (Kind::InvalidSql, Some(&2.into())));
        }
    }
}
