//! The table as a level.

use jiff::Timestamp;
use sqm_store::{Store, StoreError};

use crate::level::{Doing, Level, LevelError};
use crate::{Address, Analysis};

/// Analyses in the table.
#[derive(Debug, Clone)]
pub(crate) struct Stored(pub(crate) Store);

impl Level for Stored {
    fn name(&self) -> &'static str {
        "store"
    }

    fn get<'a>(
        &'a self,
        Address { workspace, id }: &'a Address,
        now: Timestamp,
    ) -> Doing<'a, Option<Analysis>> {
        Box::pin(async move { Ok(self.0.analysis(workspace, *id, now).await?) })
    }

    fn put<'a>(
        &'a self,
        Address { workspace, id }: &'a Address,
        analysis: &'a Analysis,
        now: Timestamp,
    ) -> Doing<'a, ()> {
        Box::pin(async move { Ok(self.0.keep_analysis(workspace, *id, analysis, now).await?) })
    }
}

impl From<StoreError> for LevelError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt { .. } => Self::Corrupt(error.to_string()),
            StoreError::TooLarge { .. } => Self::TooLarge,
            error => Self::Unavailable(error.to_string()),
        }
    }
}
