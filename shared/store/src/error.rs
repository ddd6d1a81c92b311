use aws_sdk_dynamodb::error::{BuildError, DisplayErrorContext, ProvideErrorMetadata, SdkError};
use sqm_domain::VersionNumber;

use crate::keys::Key;

/// What a caller of the store can act on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Nothing of that id, name or version in this workspace.
    #[error("not found")]
    NotFound,
    /// Somebody else wrote first; nothing was overwritten.
    #[error("the current version is {current}")]
    VersionConflict {
        /// The version that is current now.
        current: VersionNumber,
    },
    /// Something of that name is there already.
    #[error("there is one of that name already, at version {current}")]
    Exists {
        /// Its version.
        current: VersionNumber,
    },
    /// A version before the one that is brought in is missing.
    #[error("the version before it is missing: the next one is {expected}")]
    Gap {
        /// The version that comes next.
        expected: VersionNumber,
    },
    /// A query of this origin is there already.
    #[error("a query of this origin was imported already")]
    Imported,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    IdempotencyMismatch,
    /// A position of another list, or none at all.
    #[error("the position is none of this list")]
    InvalidPosition,
    /// A script that names too many tables.
    #[error("the SQL names {found} tables; at most {most} are taken", most = crate::query::MAX_REFERENCES)]
    TooManyReferences {
        /// How many tables it reads and writes.
        found: usize,
    },
    /// Too large for one transaction, compressed.
    #[error("{bytes} bytes after compression; at most {most} are taken")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// The database asks for patience, or was changed from too many sides at once. Try again later.
    #[error("the database is busy")]
    Busy,
    /// The database cannot be reached.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// An item that does not read back.
    #[error("the item {pk} {sk} is corrupt: {why}")]
    Corrupt {
        /// Its partition key.
        pk: String,
        /// Its sort key.
        sk: String,
        /// What is wrong with it.
        why: String,
    },
    /// An answer that should not occur: a fault of ours or of the configuration.
    #[error("unexpected answer of the database: {0}")]
    Unexpected(String),
}

impl StoreError {
    pub(crate) fn corrupt(key: &Key, why: impl ToString) -> Self {
        Self::Corrupt { pk: key.pk.clone(), sk: key.sk.clone(), why: why.to_string() }
    }
}

/// Codes that say: later. The client has tried several times before one of them gets here.
const BUSY: &[&str] = &[
    "ThrottlingException",
    "ThrottlingError",
    "ProvisionedThroughputExceededException",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "TransactionInProgressException",
    "TransactionConflictException",
    "TransactionConflict",
    "LimitExceededException",
];

/// Whether an error code asks for patience.
pub(crate) fn is_busy(code: &str) -> bool {
    BUSY.contains(&code)
}

impl<E> From<SdkError<E>> for StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        let said = || DisplayErrorContext(&error).to_string();
        match &error {
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => Self::Unavailable(said()),
            SdkError::ServiceError(service) => match service.err().code() {
                Some(code) if is_busy(code) => Self::Busy,
                Some("InternalServerError" | "ServiceUnavailable") => Self::Unavailable(said()),
                _ => Self::Unexpected(said()),
            },
            _ => Self::Unexpected(said()),
        }
    }
}

/// Whether the condition of a request held. That it did not is an answer like another.
pub(crate) fn held<T, E>(answer: Result<T, SdkError<E>>) -> Result<bool, StoreError>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl From<BuildError> for StoreError {
    fn from(error: BuildError) -> Self {
        Self::Unexpected(error.to_string())
    }
}
