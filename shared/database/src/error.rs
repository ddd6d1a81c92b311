use std::time::Duration;

use tokio_postgres::error::SqlState;

use crate::dsn::InvalidDsn;

/// What can go wrong with a database of somebody else's. No text of it holds a password.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The DSN cannot be used.
    #[error(transparent)]
    Dsn(#[from] InvalidDsn),
    /// The DSN leads where none may lead.
    #[error(
        "the DSN leads to an address that is not allowed; SQM_DATABASE_HOSTS says which are, and without it all but \
         this machine and the metadata of the cloud"
    )]
    Forbidden,
    /// The host has no address.
    #[error("the host of the DSN has no address")]
    NoAddress,
    /// Nothing answers there.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The way there cannot be encrypted.
    #[error(
        "the connection to the database cannot be encrypted: {0}; SQM_DATABASE_CA names further certificates to trust, \
         sslmode=disable in the DSN does without encryption"
    )]
    Encryption(String),
    /// It lets nobody in by this name.
    #[error("the database refuses the login: {0}")]
    Login(String),
    /// It does not answer in time.
    #[error("the database does not answer within {} seconds", .0.as_secs_f32().ceil())]
    Silent(Duration),
    /// It stopped a statement that took too long.
    #[error("the statement was stopped after {} ms", .0.as_millis())]
    Stopped(Duration),
    /// It refuses a statement.
    #[error("the database says: {message} ({code})")]
    Statement {
        /// SQLSTATE.
        code: String,
        /// What it says; it may quote the statement.
        message: String,
    },
    /// A statement that cannot be explained.
    #[error("{0}")]
    NotExplained(&'static str),
    /// It answers with something that is not understood.
    #[error("the answer of the database is not understood: {0}")]
    Answer(&'static str),
    /// More than is taken from it.
    #[error("the connection to the database broke off: {0}")]
    Broken(String),
}

impl DatabaseError {
    /// What a login met.
    pub(crate) fn of_login(error: &tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(said) => Self::Login(format!("{} ({})", short(said.message()), said.code().code())),
            None => match source_of(error) {
                Some(why) if error.to_string().contains("TLS") => Self::Encryption(why),
                None if error.to_string().contains("TLS") => {
                    Self::Encryption("the server does not offer it".to_owned())
                }
                why => Self::Unreachable(why.unwrap_or_else(|| error.to_string())),
            },
        }
    }

    /// What a statement met, that was given this long.
    pub(crate) fn of_statement(error: &tokio_postgres::Error, given: Duration) -> Self {
        match error.as_db_error() {
            Some(said) if *said.code() == SqlState::QUERY_CANCELED => Self::Stopped(given),
            Some(said) => {
                Self::Statement { code: said.code().code().to_owned(), message: short(said.message()) }
            }
            None => Self::Broken(source_of(error).unwrap_or_else(|| error.to_string())),
        }
    }
}

fn source_of(error: &tokio_postgres::Error) -> Option<String> {
    std::error::Error::source(error).map(|source| short(&source.to_string()))
}

/// Longest message that is passed on, in characters.
fn short(text: &str) -> String {
    const MOST: usize = 300;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}
