//! The whole product on one machine: an embedded DynamoDB, the functions as they are built from this
//! checkout, and `cargo lambda watch` in front of them, which gives them the runtime of Lambda and all of
//! them one address with the paths of the HTTP API. Before that stands `front`, which does what API
//! Gateway does with bytes that are no text, behind the edge ([`crate::edge`]).
//!
//! cargo-lambda could build and start the functions by itself. It is told not to: while it compiles, or
//! where something does not compile, every request waits, and so does every request after a function
//! has crashed. [`Stack::supervise`] goes on answering with what was built before, says what is wrong, and
//! starts again what has ended.
//!
//! What is asked of the product is none of its business.

mod build;
mod environment;
mod front;
mod function;
mod gateway;
mod home;
mod project;
mod sources;
mod supervise;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use sqm_http::SystemClock;
use sqm_http::auth::{Authenticator, Expected, KeySource};

use crate::dynamodb::{Data, DynamoDb, Options};
use crate::edge::{self, Edge};
use crate::template::Template;
use crate::tools::{Tool, Tools};
use environment::Environment;
use front::Front;
use function::{Called, Function};
use gateway::Gateway;
use home::Home;
use project::Project;

pub use environment::{AUDIENCE, ISSUER};
pub use gateway::free_port;
pub use supervise::Event;

/// The name of the table.
const TABLE: &str = "sqm";

/// How long all functions may take to answer for the first time, on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// What to start.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The checkout.
    pub root: PathBuf,
    /// The folder for all that is kept: data, key, logs. One stack at a time uses it.
    pub home: PathBuf,
    /// The port on 127.0.0.1.
    pub port: u16,
    /// The queue of what is to be analysed. Without one nothing runs in the background.
    pub queue: Option<QueueSetup>,
}

/// A queue, and where SQS answers.
#[derive(Debug, Clone)]
pub struct QueueSetup {
    /// Its URL.
    pub url: String,
    /// The address of SQS.
    pub endpoint: String,
}

/// How far a start has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// A program is installed, since it is missing.
    Installing(&'static str),
    /// The functions are built.
    Building {
        /// Units that are done.
        done: u64,
        /// All units; 0 while that is not known.
        total: u64,
        /// What the compiler is at.
        at: String,
    },
    /// The database starts.
    Database,
    /// The functions start.
    Starting {
        /// How many answer.
        ready: usize,
        /// How many there are.
        total: usize,
    },
}

/// Hears of the stages of a start.
pub type Hear<'a> = &'a (dyn Fn(Stage) + Send + Sync);

/// The running product. Dropped, everything that it started ends with it.
#[derive(Debug)]
pub struct Stack {
    project: Project,
    base_url: String,
    key: String,
    // Dropped in this order: functions ask the gateway, and write to the database.
    front: Front,
    functions: Vec<Function>,
    gateway: Gateway,
    database: DynamoDb,
    home: Home,
}

impl Stack {
    /// Installs cargo-lambda where it is missing, builds the functions, starts everything and waits until
    /// every function answers. Fails at once where the port or the folder is in use.
    pub async fn start(setup: &Setup, hear: Hear<'_>) -> Result<Self> {
        let home = Home::take(&setup.home)?;
        gateway::ensure_free(setup.port)?;
        let key = home.key()?;
        let tools = Tools::of_checkout(&setup.root);
        if tools.installed(Tool::CargoLambda).is_none() {
            hear(Stage::Installing(Tool::CargoLambda.name()));
        }
        let cargo_lambda = tools.install(Tool::CargoLambda).await?;

        hear(Stage::Building { done: 0, total: 0, at: String::new() });
        let mut project = Project::read(&setup.root).await?;
        if setup.queue.is_none() {
            project.background.clear();
        }
        build::build(&project, &home.log("build"), hear).await?;

        hear(Stage::Database);
        let database = DynamoDb::start(Options {
            template: Template::path_from(&setup.root)?,
            table: TABLE.to_owned(),
            data: Data::File(home.data()),
            port: 0,
        })
        .await
        .with_context(|| {
            format!("the data in {} cannot be used; without that file one begins anew", shown(&home.data()))
        })?;

        let total = project.functions.len() + project.background.len();
        hear(Stage::Starting { ready: 0, total });
        let mut gateway = Gateway::start(&cargo_lambda, &project, free_port()?, &home.log("cargo-lambda"))?;
        let listens = tokio::time::timeout(READY_WITHIN, gateway.listens()).await;
        listens.context("cargo lambda watch does not listen")??;
        let environment = Environment {
            table: database.table().to_owned(),
            database: database.endpoint(),
            key_file: home.key_file(),
            runtime: gateway.runtime(),
            queue: setup.queue.clone(),
        };
        let called = project.functions.iter().map(|name| (name, Called::OverHttp));
        let functions = called.chain(project.background.iter().map(|name| (name, Called::ByEvents)));
        let functions = functions
            .map(|(name, called)| {
                Function::start((name, called), project.program(name), &environment, home.log(name))
            })
            .collect::<Result<_>>()?;
        let expected = Expected { issuer: ISSUER.to_owned(), audience: AUDIENCE.to_owned() };
        let authenticator =
            Authenticator::new(KeySource::File(home.key_file()), expected, Arc::new(SystemClock));
        let edge = Edge::new(authenticator, edge::BYTES, SystemTime::now)?;
        let front = Front::start(setup.port, gateway.port(), edge).await?;
        let base_url = format!("http://127.0.0.1:{}", setup.port);
        let mut stack = Self { project, base_url, key, front, functions, gateway, database, home };
        stack.ready(hear).await?;
        Ok(stack)
    }

    /// `http://127.0.0.1:port`, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The key that signs tokens whose `iss` is [`ISSUER`] and whose `aud` is [`AUDIENCE`].
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The names of the functions.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.functions.iter().map(|function| function.name.as_str())
    }

    /// The folder with a log for each of the programs.
    pub fn logs(&self) -> PathBuf {
        self.home.logs()
    }

    /// The address of the embedded DynamoDB, and the name of the table in it.
    pub fn table(&self) -> (String, &str) {
        (self.database.endpoint(), self.database.table())
    }

    /// Stops everything and returns once the data is closed.
    pub async fn stop(self) -> Result<()> {
        let Self { front, functions, gateway, database, home, .. } = self;
        front.stop().await;
        for function in functions {
            function.stop().await;
        }
        gateway.stop().await;
        let stopped = database.stop().await.context("closing the data");
        drop(home);
        stopped
    }

    /// Waits until every function has answered.
    async fn ready(&mut self, hear: Hear<'_>) -> Result<()> {
        let total = self.functions.len();
        let all = async {
            for ready in 0..total {
                self.functions[ready].answers(&mut self.gateway).await?;
                hear(Stage::Starting { ready: ready + 1, total });
            }
            Ok(())
        };
        let answered = tokio::time::timeout(READY_WITHIN, all).await;
        answered.unwrap_or_else(|_| {
            let logs = self.home.logs();
            anyhow::bail!(
                "the functions do not answer after {READY_WITHIN:?}; their logs lie in {}",
                shown(&logs)
            )
        })
    }
}

/// A path as people read it: relative to where they are, if it lies below.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}
