//! Stored connections to databases of users, by name: what they lead to, and the name of the secret that says
//! how. The secret itself is never here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqm_domain::{ConnectionName, DatabaseEngine, SecretName, Subject, VersionNumber, WorkspaceId};

use crate::batch::{Order, Range};
use crate::catalog::Expected;
use crate::config::Store;
use crate::error::StoreError;
use crate::item::{Item, VERSION, doc, number};
use crate::keys;
use crate::position::Position;
use crate::query::{MAX_PAGE, Page};
use crate::transaction::{Guard, Refused, Transaction};

/// Attempts of a write that expects nothing and meets others.
const ATTEMPTS: usize = 8;

/// A connection to be stored.
#[derive(Debug, Clone)]
pub struct ConnectionWrite {
    /// Its name in the workspace.
    pub name: ConnectionName,
    /// What it leads to.
    pub engine: DatabaseEngine,
    /// The secret that holds the DSN.
    pub secret: SecretName,
    /// Whether queries may be run there; else they are estimated alone.
    pub run: bool,
    /// Who stores it.
    pub author: Subject,
    /// When.
    pub at: Timestamp,
}

/// A connection as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Its name.
    pub name: ConnectionName,
    /// How often it was changed, from 1. A number never comes again, not even after it was deleted.
    pub version: VersionNumber,
    /// What it leads to.
    pub engine: DatabaseEngine,
    /// The secret that holds the DSN.
    pub secret: SecretName,
    /// Whether queries may be run there.
    pub run: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub updated: Timestamp,
    /// Who changed it last.
    pub author: Subject,
}

/// The document of a connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    connection: Connection,
    /// Whether it only says up to where the numbers are used up.
    deleted: bool,
}

impl Store {
    /// A connection as it is now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn connection(
        &self,
        workspace: &WorkspaceId,
        name: &ConnectionName,
    ) -> Result<Connection, StoreError> {
        let record = self.connection_record(workspace, name).await?.filter(|record| !record.deleted);
        record.map(|record| record.connection).ok_or(StoreError::NotFound)
    }

    /// Stores a connection, if what is there is as expected. One that is the same as before makes no version.
    ///
    /// # Errors
    /// [`StoreError::VersionConflict`], [`StoreError::Exists`], [`StoreError::NotFound`] where a version is
    /// expected and there is none.
    pub async fn put_connection(
        &self,
        workspace: &WorkspaceId,
        write: &ConnectionWrite,
        expected: Expected,
    ) -> Result<Connection, StoreError> {
        for _ in 0..ATTEMPTS {
            let before = self.connection_record(workspace, &write.name).await?;
            let alive = before.as_ref().filter(|before| !before.deleted).map(|before| &before.connection);
            match (expected, alive.map(|alive| alive.version)) {
                (Expected::Absent, Some(current)) => return Err(StoreError::Exists { current }),
                (Expected::Version(_), None) => return Err(StoreError::NotFound),
                (Expected::Version(wanted), Some(current)) if wanted != current => {
                    return Err(StoreError::VersionConflict { current });
                }
                _ => {}
            }
            if let Some(alive) = alive
                && (alive.engine, &alive.secret, alive.run) == (write.engine, &write.secret, write.run)
            {
                return Ok(alive.clone());
            }
            let created = alive.map_or(write.at, |alive| alive.created);
            let current = before.as_ref().map(|before| before.connection.version);
            let version = match current {
                None => VersionNumber::FIRST,
                Some(current) => {
                    current.next().ok_or_else(|| StoreError::Unexpected("no version is left".to_owned()))?
                }
            };
            let connection = Connection {
                name: write.name.clone(),
                version,
                engine: write.engine,
                secret: write.secret.clone(),
                run: write.run,
                created,
                updated: write.at,
                author: write.author.clone(),
            };
            let record = Record { connection, deleted: false };
            match self.put_connection_record(workspace, &record, current).await {
                Ok(()) => return Ok(record.connection),
                // Somebody came first: look again.
                Err(Refused::Guard(..)) => {}
                Err(Refused::Error(error)) => return Err(error),
            }
        }
        Err(StoreError::Busy)
    }

    /// Removes a connection, if `expected` is its version.
    ///
    /// # Errors
    /// [`StoreError::VersionConflict`], [`StoreError::NotFound`].
    pub async fn delete_connection(
        &self,
        workspace: &WorkspaceId,
        name: &ConnectionName,
        expected: VersionNumber,
    ) -> Result<(), StoreError> {
        let connection = self.connection(workspace, name).await?;
        let current = connection.version;
        if current != expected {
            return Err(StoreError::VersionConflict { current });
        }
        let record = Record { connection, deleted: true };
        match self.put_connection_record(workspace, &record, Some(current)).await {
            Ok(()) => Ok(()),
            Err(Refused::Error(error)) => Err(error),
            Err(Refused::Guard(..)) => {
                let current = self.connection(workspace, name).await?.version;
                Err(StoreError::VersionConflict { current })
            }
        }
    }

    /// The connections of a workspace by name, at most `limit` (up to [`MAX_PAGE`]).
    ///
    /// # Errors
    /// [`StoreError::InvalidPosition`].
    pub async fn connections(
        &self,
        workspace: &WorkspaceId,
        limit: usize,
        from: Option<&Position>,
    ) -> Result<Page<Connection>, StoreError> {
        let partition = keys::connections(workspace);
        // Names sort above `!`; the space after a name is the first place behind it.
        let first = match from {
            None => "!".to_owned(),
            Some(from) => format!("{} ", from.of(&partition)?),
        };
        let limit = limit.clamp(1, MAX_PAGE);
        let last = char::MAX.to_string();
        let range =
            Range { pk: &partition, first: &first, last: &last, order: Order::Forwards, most: limit + 1 };
        let found = self.range(range).await?;
        let shown = &found[..found.len().min(limit)];
        let records = shown.iter().map(doc::<Record>).collect::<Result<Vec<_>, _>>()?;
        let next = records.last().filter(|_| found.len() > limit);
        let next = next.map(|record| Position::new(&partition, record.connection.name.as_str()));
        let alive = records.into_iter().filter(|record| !record.deleted);
        Ok(Page { items: alive.map(|record| record.connection).collect(), next })
    }

    async fn connection_record(
        &self,
        workspace: &WorkspaceId,
        name: &ConnectionName,
    ) -> Result<Option<Record>, StoreError> {
        self.item(&keys::connection(workspace, name)).await?.as_ref().map(doc).transpose()
    }

    async fn put_connection_record(
        &self,
        workspace: &WorkspaceId,
        record: &Record,
        current: Option<VersionNumber>,
    ) -> Result<(), Refused> {
        let Connection { name, version, .. } = &record.connection;
        let mut item: Item = keys::connection(workspace, name).with_doc(record)?;
        item.insert(VERSION.to_owned(), number(version));
        let guard = current.map_or(Guard::Absent, |current| Guard::Version(current.get()));
        let mut transaction = Transaction::default();
        transaction.put(self, item, guard)?;
        transaction.commit(self).await
    }
}
