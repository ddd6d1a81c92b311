//! The answer to a line of `sqm optimize --ndjson`.

use std::borrow::Cow;

use sqm_verify::offer::Options;

use super::database::Database;
use super::model::Model;
use super::statistics::Known;
use super::{Answer, Include, script};
use crate::bulk::{Analysis, Context, Item, Refusal, notes};

/// What is done with a line.
pub struct Line {
    /// How much is tried.
    pub options: Options,
    /// What is known of the rows of the tables.
    pub(super) statistics: Option<Known>,
    /// On what rewrites are weighed.
    pub(super) database: Option<Database>,
    /// Who proposes rewrites besides.
    pub(super) model: Option<Model>,
    /// What is written besides.
    pub(super) include: Option<Include>,
}

impl Analysis for Line {
    type Answer = Answer;

    fn analyse(&self, item: &Item<'_>, context: &mut Context) -> Result<Answer, Refusal> {
        let sql = item.sql()?;
        let (dialect, unknown) = context.dialect(item);
        let known = context.known(item, dialect)?;
        let mut options = Cow::Borrowed(&self.options);
        if let Some(statistics) = &self.statistics {
            options.to_mut().statistics =
                statistics.of(&known.catalog).map_err(|error| Refusal::new(error.to_string()))?;
        }
        let with = (self.database.as_ref(), self.model.as_ref());
        let found = script::optimize(sql, dialect, &known.catalog, &options, with);
        Ok(Answer::new(found, self.include, notes(dialect, unknown, &known)))
    }

    fn refuse(&self, refusal: Refusal) -> Answer {
        Answer {
            failed: Some(refusal.into()),
            rewrites: Vec::new(),
            alternatives: Vec::new(),
            indexes: Vec::new(),
            findings: Vec::new(),
            database: None,
            notes: Vec::new(),
        }
    }
}
