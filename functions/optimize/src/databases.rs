//! From a connection to a session: whose secret it may name, what the secret holds, and where that leads.

use std::time::Duration;

use sqm_database::{Connector, DatabaseError, Dsn, Reach, Runs, Session};
use sqm_domain::{ConnectionName, Dialect, SecretName, WorkspaceId};
use sqm_http::settings::Settings;
use sqm_http::{Problem, SecretError, Secrets};
use sqm_store::{Connection, Store, StoreError};

/// Reaches the databases of users.
#[derive(Clone)]
pub struct Databases {
    secrets: Secrets,
    connector: Connector,
    prefix: String,
}

/// Why there is no session. No text of it holds a part of a DSN.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoSession {
    #[error("its secret is not one of this workspace")]
    Secret,
    #[error(transparent)]
    Unread(#[from] SecretError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl Databases {
    /// As the settings say.
    ///
    /// # Errors
    /// A setting cannot be used.
    pub fn new(settings: &Settings, secrets: Secrets) -> anyhow::Result<Self> {
        let reach = match &settings.database_hosts {
            None => Reach::Elsewhere,
            Some(hosts) => hosts.parse().map_err(|error| anyhow::anyhow!("SQM_DATABASE_HOSTS: {error}"))?,
        };
        let mut connector = Connector::new(reach);
        if let Some(file) = &settings.database_ca {
            connector =
                connector.trusting(file).map_err(|error| anyhow::anyhow!("SQM_DATABASE_CA: {error}"))?;
        }
        Ok(Self { secrets, connector, prefix: settings.connection_secrets.clone() })
    }

    /// Goes on if the workspace may name this secret: those below a prefix of its own.
    pub(crate) fn check(&self, workspace: &WorkspaceId, secret: &SecretName) -> Result<(), Problem> {
        if self.is_own(workspace, secret) {
            return Ok(());
        }
        let own = format!("the name of the secret has to begin with {}{workspace}/", self.prefix);
        Err(Problem::field("secret", own))
    }

    fn is_own(&self, workspace: &WorkspaceId, secret: &SecretName) -> bool {
        let rest = secret.as_str().strip_prefix(self.prefix.as_str());
        let rest = rest.and_then(|rest| rest.strip_prefix(workspace.as_str())?.strip_prefix('/'));
        rest.is_some_and(|rest| !rest.is_empty())
    }

    /// A session with the database of a connection, which lasts for `time`.
    pub(crate) async fn session(
        &self,
        workspace: &WorkspaceId,
        connection: &Connection,
        time: Duration,
    ) -> Result<Session, NoSession> {
        let secret = &connection.secret;
        // The prefix may be another one than when the connection was stored.
        if !self.is_own(workspace, secret) {
            return Err(NoSession::Secret);
        }
        match self.connect(secret, time).await {
            // The password may have been changed since the secret was read.
            Err(NoSession::Database(DatabaseError::Login(_))) => {
                self.secrets.forget(secret);
                self.connect(secret, time).await
            }
            connected => connected,
        }
    }

    async fn connect(&self, secret: &SecretName, time: Duration) -> Result<Session, NoSession> {
        let text = self.secrets.read(secret).await?;
        let dsn: Dsn = text.parse().map_err(DatabaseError::from)?;
        Ok(self.connector.connect(&dsn, time).await?)
    }
}

/// The connection that a request names, if it does, for a query of this dialect.
pub(crate) async fn named(
    store: &Store,
    workspace: &WorkspaceId,
    name: Option<&ConnectionName>,
    dialect: Dialect,
) -> Result<Option<Connection>, Problem> {
    let Some(name) = name else { return Ok(None) };
    let connection = match store.connection(workspace, name).await {
        Ok(connection) => connection,
        Err(StoreError::NotFound) => {
            return Err(Problem::field("connection", "there is no such connection"));
        }
        Err(error) => return Err(error.into()),
    };
    let engine = connection.engine;
    if engine.speaks(dialect) {
        return Ok(Some(connection));
    }
    let why =
        format!("it leads to a database that speaks {engine}; the query is written in {}", dialect.name());
    Err(Problem::field("connection", why))
}

/// Whether queries are run on it.
pub(crate) fn runs(connection: &Connection, measure: bool) -> Runs {
    if connection.run && measure { Runs::Allowed } else { Runs::Refused }
}
