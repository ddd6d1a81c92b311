//! What is known of the rows of the tables: a file, held against the tables that each text goes with.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use sqm_sql::catalog::{Catalog, Statistics, StatisticsInput};

use crate::input;

/// The statistics of a file.
pub struct Known {
    name: String,
    input: StatisticsInput,
}

impl Known {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, or holds no statistics.
    pub fn read(path: &Path) -> Result<Self> {
        let text = input::read(path)?;
        let input = serde_json::from_str(&text.sql).with_context(|| text.name.clone())?;
        Ok(Self { name: text.name, input })
    }

    /// What they say of the tables of a catalog.
    ///
    /// # Errors
    /// They contradict it.
    pub fn of(&self, catalog: &Catalog) -> Result<Statistics> {
        self.input.read(catalog).map_err(|error| anyhow!("{}: {error}", self.name))
    }
}
