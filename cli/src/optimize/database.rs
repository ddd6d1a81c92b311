//! The database that rewrites are weighed on. Its DSN comes out of the environment: an argument would stand in
//! the list of processes, for everybody on the machine.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use sqm_database::{Connector, DatabaseError, Dsn, Reach, Runs, Session, Weighed, advise, weigh};
use sqm_domain::{DatabaseEngine, Dialect};
use sqm_sql::catalog::Catalog;
use sqm_verify::offer::{Optimization, Options};
use tokio::runtime::{Builder, Runtime};

/// Where the DSN is.
const VARIABLE: &str = "SQM_DATABASE_URL";

/// Where the name of a file with further certificates is.
const CERTIFICATES: &str = "SQM_DATABASE_CA";

/// A database, reached anew for each query.
pub struct Database {
    dsn: Dsn,
    connector: Connector,
    runs: Runs,
    time: Duration,
    runtime: Runtime,
}

/// What was found, and on what it was weighed.
pub struct Found {
    /// All but the database.
    pub optimization: Optimization,
    /// The database.
    pub weighed: Option<Weighed>,
}

impl Database {
    /// The database that the environment names. Each query has so much time there.
    ///
    /// # Errors
    /// The environment names none, or what it says cannot be used.
    pub fn from_env(runs: Runs, time: Duration) -> Result<Self> {
        let dsn = std::env::var(VARIABLE)
            .with_context(|| format!("--database: the environment variable {VARIABLE} holds no DSN"))?;
        let dsn = dsn.parse().with_context(|| VARIABLE.to_owned())?;
        let mut connector = Connector::new(Reach::Local);
        if let Some(file) = std::env::var_os(CERTIFICATES).filter(|file| !file.is_empty()) {
            connector = connector.trusting(Path::new(&file)).with_context(|| CERTIFICATES.to_owned())?;
        }
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self { dsn, connector, runs, time, runtime })
    }

    fn open(&self) -> Result<Session, DatabaseError> {
        self.runtime.block_on(self.connector.connect(&self.dsn, self.time))
    }

    fn weigh(
        &self,
        mut session: Session,
        (sql, dialect): (&str, Dialect),
        catalog: &Catalog,
        found: &mut Optimization,
    ) -> Option<Weighed> {
        session.end_within(self.time);
        let weighed = self.runtime.block_on(async {
            let weighed = weigh(&mut session, sql, found, self.runs).await;
            let advised = match &weighed {
                Ok(weighed) => advise(&mut session, (sql, dialect), catalog, found, weighed).await,
                Err(_) => Ok(()),
            };
            session.close().await;
            if let Err(why) = advised {
                found.notes.push(format!("the database did not say what each index would bring: {why}"));
            }
            weighed
        });
        match weighed {
            Ok(weighed) => Some(weighed),
            Err(why) => {
                found.notes.push(format!("the database did not say all that it was asked: {why}"));
                None
            }
        }
    }
}

/// Optimizes a query, and has a database say what each rewrite brings. Where it does not answer, a note says why,
/// and the rewrites are measured as they are without one.
pub fn weighed(
    database: Option<&Database>,
    (sql, dialect): (&str, Dialect),
    catalog: &Catalog,
    options: &Options,
    optimize: impl FnOnce(&Options) -> Optimization,
) -> Found {
    let Some(database) = database else {
        return Found { optimization: optimize(options), weighed: None };
    };
    let session = if DatabaseEngine::Postgres.speaks(dialect) {
        database.open().map_err(|error| error.to_string())
    } else {
        Err(format!("it speaks postgres; the query is read as {dialect} (--dialect says otherwise)"))
    };
    match session {
        Ok(session) => {
            // What the embedded engine measures is not wanted where a database is.
            let mut optimization = optimize(&Options { measure: false, ..options.clone() });
            let weighed = database.weigh(session, (sql, dialect), catalog, &mut optimization);
            Found { optimization, weighed }
        }
        Err(why) => {
            let mut optimization = optimize(options);
            optimization.notes.push(format!("the database was not asked: {why}"));
            Found { optimization, weighed: None }
        }
    }
}
