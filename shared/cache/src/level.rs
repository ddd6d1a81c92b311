//! What a level below that of the process is.

use std::pin::Pin;

use jiff::Timestamp;

use crate::{Address, Analysis};

/// What a level is doing.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T, LevelError>> + Send + 'a>>;

/// Why a level did not do what it was asked. It is passed over.
#[derive(Debug, thiserror::Error)]
pub enum LevelError {
    /// What it has is not what was put there. It must not be there any more when it is asked the next time.
    #[error("what was kept does not read back: {0}")]
    Corrupt(String),
    /// It does not answer.
    #[error("{0}")]
    Unavailable(String),
    /// It is too long for this level.
    #[error("too long to be kept")]
    TooLarge,
}

/// A place where analyses are kept. What is found there is what was put there, or an error.
pub trait Level: Send + Sync {
    /// Its name in the log.
    fn name(&self) -> &'static str;

    /// What it has.
    fn get<'a>(&'a self, address: &'a Address, now: Timestamp) -> Doing<'a, Option<Analysis>>;

    /// Keeps an analysis for as long as it says, or less.
    fn put<'a>(&'a self, address: &'a Address, analysis: &'a Analysis, now: Timestamp) -> Doing<'a, ()>;
}
