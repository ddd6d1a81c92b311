//! A session in which nothing is written: one transaction that only reads, that sees one state of the data,
//! and that is rolled back.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, Row, Statement};

use crate::connect::{Address, Parts};
use crate::error::DatabaseError;
use crate::tls::Encryption;

/// Longest time for a statement that only asks: an estimate, a list of indexes.
const ASK: Duration = Duration::from_secs(3);

/// How much longer than the server we wait ourselves, for one that does not keep to its timeout.
const GRACE: Duration = Duration::from_millis(500);

/// Longest time for asking the server to stop what it does.
const CANCEL: Duration = Duration::from_millis(500);

/// Longest time for the last word.
const CLOSE: Duration = Duration::from_millis(500);

/// What holds for all that the session does. The timeouts are for statements of ours; a run has its own.
const BEGIN: &str = "SET default_transaction_read_only = on; \
    BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL lock_timeout = 1000; \
    SET LOCAL idle_in_transaction_session_timeout = 30000; \
    SET LOCAL standard_conforming_strings = on; \
    SET LOCAL cursor_tuple_fraction = 1; \
    SET LOCAL datestyle = 'ISO'; \
    SET LOCAL intervalstyle = 'postgres'; \
    SET LOCAL client_min_messages = error";

/// A session with a database. Dropped, it ends.
pub struct Session {
    client: Client,
    address: Address,
    encryption: Encryption,
    until: Instant,
    wire: JoinHandle<()>,
    version: String,
    is_lost: bool,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.wire.abort();
    }
}

impl Session {
    pub(crate) async fn start(
        (client, connection): Parts,
        address: Address,
        encryption: Encryption,
        until: Instant,
    ) -> Result<Self, DatabaseError> {
        let version = connection.parameter("server_version").unwrap_or_default();
        let version: String = version.chars().take(60).filter(|c| !c.is_control()).collect();
        let wire = tokio::spawn(async move {
            // How it ended is told to whoever waits for an answer.
            let _ = connection.await;
        });
        let mut session = Self { client, address, encryption, until, wire, version, is_lost: false };
        session.batch(BEGIN).await?;
        Ok(session)
    }

    /// The version of the server, as it says it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How much time is left.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Ends it, with whatever runs in it, after this time.
    pub fn end_within(&mut self, time: Duration) {
        self.until = Instant::now() + time;
    }

    /// Rolls back and says goodbye.
    pub async fn close(self) {
        if !self.is_lost {
            let _ = timeout(CLOSE, self.client.batch_execute("ROLLBACK")).await;
        }
    }

    /// Marks where [`Session::back`] leads, and gives what follows this long, or what there is usually.
    pub(crate) async fn mark(&mut self, time: Option<Duration>) -> Result<Duration, DatabaseError> {
        if self.is_lost {
            return Err(DatabaseError::Broken("it has not answered before".to_owned()));
        }
        let time = time.unwrap_or(ASK).min(self.left());
        let ms = time.as_millis().max(1);
        self.batch(&format!("SAVEPOINT sqm; SET LOCAL statement_timeout = {ms}")).await?;
        Ok(time)
    }

    /// Undoes whatever was done or failed since the mark.
    pub(crate) async fn back(&mut self) -> Result<(), DatabaseError> {
        if self.is_lost {
            return Ok(());
        }
        self.batch("ROLLBACK TO SAVEPOINT sqm; RELEASE SAVEPOINT sqm").await
    }

    /// Statements of ours. Nothing that comes from outside may be in them, since there may be several.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), DatabaseError> {
        let work = self.client.batch_execute(sql);
        let done = bounded(work, self.until, ASK).await;
        self.settle(done, ASK).await
    }

    /// A single statement, whatever its text says: the protocol takes no second one.
    pub(crate) async fn prepare(&mut self, sql: &str, time: Duration) -> Result<Statement, DatabaseError> {
        let done = bounded(self.client.prepare(sql), self.until, time).await;
        let statement = self.settle(done, time).await?;
        if statement.params().is_empty() {
            Ok(statement)
        } else {
            Err(DatabaseError::NotExplained("the query has parameters, of which no values are known"))
        }
    }

    /// The rows of a prepared statement.
    pub(crate) async fn rows(
        &mut self,
        statement: &Statement,
        time: Duration,
    ) -> Result<Vec<Row>, DatabaseError> {
        let done = bounded(self.client.query(statement, &[]), self.until, time).await;
        self.settle(done, time).await
    }

    /// The rows of a statement of ours with values.
    pub(crate) async fn ask(
        &mut self,
        sql: &str,
        values: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<Vec<Row>, DatabaseError> {
        let done = bounded(self.client.query(sql, values), self.until, ASK).await;
        self.settle(done, ASK).await
    }

    /// The rows of a statement of ours as texts.
    pub(crate) async fn texts(
        &mut self,
        sql: &str,
        time: Duration,
    ) -> Result<Vec<tokio_postgres::SimpleQueryMessage>, DatabaseError> {
        let done = bounded(self.client.simple_query(sql), self.until, time).await;
        self.settle(done, time).await
    }

    /// What came of a statement. Where nothing came, the server is asked to stop, and the session is over.
    async fn settle<T>(
        &mut self,
        done: Option<Result<T, tokio_postgres::Error>>,
        given: Duration,
    ) -> Result<T, DatabaseError> {
        match done {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => {
                self.is_lost |= error.as_db_error().is_none() || self.client.is_closed();
                Err(DatabaseError::of_statement(&error, given))
            }
            None => {
                self.is_lost = true;
                let cancel = async {
                    let wire = self.address.open().await.ok()?;
                    self.client.cancel_token().cancel_query_raw(wire, self.encryption.clone()).await.ok()
                };
                let _ = timeout(CANCEL, cancel).await;
                Err(DatabaseError::Silent(given))
            }
        }
    }

    /// Whether nothing more can be asked.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost
    }
}

/// Waits for an answer a little longer than the server was given, and no longer than the session has.
async fn bounded<T>(work: impl Future<Output = T>, until: Instant, given: Duration) -> Option<T> {
    timeout_at(until.min(Instant::now() + given) + GRACE, work).await.ok()
}

/// A text, of a column whose type may be JSON.
pub(crate) struct Text(pub String);

impl<'a> FromSql<'a> for Text {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(String::from_utf8(raw.to_vec())?))
    }

    fn accepts(of: &Type) -> bool {
        matches!(*of, Type::JSON | Type::TEXT | Type::NAME | Type::VARCHAR)
    }
}
