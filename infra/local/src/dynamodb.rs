//! An embedded DynamoDB with the project's table.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use dynoxide::Database;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::template::{TABLE, Table, Template};

/// How often expired items are removed. The service itself takes hours to days; readers rely on
/// neither.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Where the data lies.
#[derive(Debug, Clone)]
pub enum Data {
    /// In memory, gone at the end.
    Memory,
    /// In a file, which survives a restart.
    File(PathBuf),
}

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The template that defines the table; see [`Template::path_from`].
    pub template: PathBuf,
    /// The name that the table gets.
    pub table: String,
    /// Where the data lies.
    pub data: Data,
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
}

/// A running DynamoDB. Dropped, it stops on its own; [`DynamoDb::stop`] waits for it.
#[derive(Debug)]
pub struct DynamoDb {
    address: SocketAddr,
    table: String,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), String>>,
    sweeper: Sweeper,
}

impl DynamoDb {
    /// Starts it and makes the table unless the data has it already.
    pub async fn start(options: Options) -> Result<Self> {
        let definition = Template::read(&options.template)?.table(TABLE)?;
        let database = tokio::task::spawn_blocking({
            let (data, name) = (options.data.clone(), options.table.clone());
            move || open(&data, &name, definition)
        })
        .await??;

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
            .await
            .with_context(|| format!("listening on 127.0.0.1:{}", options.port))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database.clone(), async {
            // An error means that the sender is gone, which is a reason to stop as well.
            let _ = stopped.await;
        }));
        let sweeper = Sweeper::start(database);
        Ok(Self { address, table: options.table, stop, server, sweeper })
    }

    /// Its address, `http://127.0.0.1:port`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The name of its table.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Lets running requests finish and returns once the data is closed.
    pub async fn stop(self) -> Result<()> {
        drop(self.sweeper);
        let _ = self.stop.send(());
        self.server.await?.map_err(|why| anyhow!(why))
    }
}

#[derive(Debug)]
struct Sweeper(JoinHandle<()>);

impl Sweeper {
    fn start(database: Database) -> Self {
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP_EVERY).await;
                let database = database.clone();
                // What a sweep leaves behind the next one takes; readers check the time themselves.
                let _ = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
            }
        }))
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn open(data: &Data, name: &str, definition: Table) -> Result<Database> {
    let database = match data {
        Data::Memory => Database::memory()?,
        Data::File(path) => {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let path = path.to_str().context("the data file's path is not UTF-8")?;
            Database::new(path).with_context(|| format!("opening {path}"))?
        }
    };
    if database.get_table_metadata(name)?.is_some() {
        same_keys(&database, name, &definition.create)?;
        return Ok(database);
    }
    let mut create = definition.create;
    create.insert("TableName".to_owned(), json!(name));
    database.create_table(serde_json::from_value(Value::Object(create))?)?;
    if let Some(attribute) = definition.expires {
        let ttl = json!({"TableName": name, "TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": true}});
        database.update_time_to_live(serde_json::from_value(ttl)?)?;
    }
    Ok(database)
}

/// A data file made from an older definition is refused instead of failing later on.
fn same_keys(database: &Database, name: &str, create: &Map<String, Value>) -> Result<()> {
    let describe = serde_json::from_value(json!({ "TableName": name }))?;
    let described = serde_json::to_value(database.describe_table(describe)?)?;
    let (kept, wanted) = (&described["Table"]["KeySchema"], &create["KeySchema"]);
    ensure!(kept == wanted, "the data file's table has the keys {kept}, the template says {wanted}");
    Ok(())
}
