//! The forms of an answer that are for other programs: documents, drawings, events.

use anyhow::{Result, bail};
use clap::ValueEnum;
use jiff::Timestamp;
use sqm_domain::Dialect;
use sqm_sql::lineage::Lineage;
use sqm_sql::lineage::output::{EventContext, job_event, producer};

use super::Naming;
use crate::input::Text;

/// What an answer looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people.
    Text,
    /// One JSON object a file, one a line: the form of --ndjson with the file's name as `id`.
    Json,
    /// A drawing for Graphviz; of one text.
    Dot,
    /// A drawing for pages in Markdown; of one text.
    Mermaid,
    /// A drawing complete in itself; of one text.
    Svg,
    /// One OpenLineage event a file, one a line.
    #[value(name = "openlineage")]
    OpenLineage,
}

impl Form {
    /// Whether several of them in a row are none any more.
    pub fn is_drawing(self) -> bool {
        matches!(self, Self::Dot | Self::Mermaid | Self::Svg)
    }

    /// The lineage as a drawing or an event.
    ///
    /// # Errors
    /// Where no statement was read: an empty drawing would look like one that reads nothing.
    pub fn show(self, text: &Text, dialect: Dialect, lineage: &Lineage, naming: &Naming) -> Result<String> {
        if let Some(failure) = lineage.error.as_ref().filter(|_| !lineage.ok) {
            let (line, column) = (failure.line.unwrap_or(1), failure.column.unwrap_or(1));
            bail!("{}:{line}:{column}: {}", text.name, failure.message);
        }
        Ok(match self {
            Self::Dot => lineage.to_dot(),
            Self::Mermaid => lineage.to_mermaid(),
            Self::Svg => lineage.to_svg(),
            Self::OpenLineage => job_event(lineage, &naming.event(text, dialect)).to_string(),
            Self::Text | Self::Json => bail!("neither a drawing nor an event"),
        })
    }
}

impl Naming {
    fn event(&self, text: &Text, dialect: Dialect) -> EventContext {
        EventContext {
            event_time: Timestamp::now().to_string(),
            producer: producer(),
            job_namespace: self.job_namespace.clone(),
            job_name: text.name.clone(),
            dataset_namespace: self.dataset_namespace.clone().unwrap_or_else(|| dialect.name().to_owned()),
            sql: Some((text.sql.clone(), dialect.name().to_owned())),
        }
    }
}
