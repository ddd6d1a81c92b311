//! A store for each test, and short ways to say what is in it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sqm_domain::{Dialect, QueryId, SqlText, WorkspaceId};
use sqm_local::{Data, DynamoDb, Options, Template};
use sqm_store::{Analysis, Change, Content, Parse, Query, References, Store, StoreConfig};

/// A store and the database under it.
pub struct Setup {
    pub store: Store,
    pub database: DynamoDb,
}

impl Setup {
    pub async fn start() -> Self {
        Self::on(Data::Memory).await
    }

    pub async fn on(data: Data) -> Self {
        let template = Template::path_from(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let options = Options { template, table: "sqm".into(), data, port: 0 };
        let database = DynamoDb::start(options).await.unwrap();
        Self { store: Store::local(&config(&database)), database }
    }

    /// The database without the store before it.
    pub fn raw(&self) -> Client {
        let settings = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(self.database.endpoint())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("x", "x", None, None, "test"));
        Client::from_conf(settings.build())
    }

    /// Every key of the table, as `pk sk`, without the counters of changes and the list of workspaces, which stay.
    pub async fn keys(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        let mut from = None;
        loop {
            let page =
                self.raw().scan().table_name("sqm").set_exclusive_start_key(from).send().await.unwrap();
            let text = |value: &AttributeValue| value.as_s().unwrap().clone();
            keys.extend(
                page.items().iter().map(|item| format!("{} {}", text(&item["pk"]), text(&item["sk"]))),
            );
            from = page.last_evaluated_key;
            if from.is_none() {
                keys.retain(|key| !key.contains("#g ") && !key.starts_with("~w "));
                return keys;
            }
        }
    }

    /// Creates a query with this text in `acme`.
    pub async fn create(&self, sql: &str) -> Query {
        self.create_with(content(sql), Analysis::default()).await
    }

    pub async fn create_with(&self, content: Content, analysis: Analysis) -> Query {
        self.store.create(&acme(), id(), content, analysis, &change(0)).await.unwrap().query
    }

    /// The next version of a query, with this text.
    pub async fn update(&self, before: &Query, sql: &str) -> Query {
        let content = Content { sql: text(sql), ..before.content() };
        let written = self.store.update(&acme(), before, content, before.analysis(), &change(1)).await;
        written.unwrap().query
    }
}

pub fn config(database: &DynamoDb) -> StoreConfig {
    StoreConfig { table: database.table().into(), endpoint: Some(database.endpoint()) }
}

pub fn acme() -> WorkspaceId {
    "acme".parse().unwrap()
}

/// Ids that grow, a millisecond apart.
pub fn id() -> QueryId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut random = [0; 10];
    random[2..].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    QueryId::from_parts(1_800_000_000_000 + n, random)
}

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub fn change(second: i64) -> Change {
    Change {
        author: "ada".parse().unwrap(),
        message: "why".parse().unwrap(),
        at: at(second),
        begun: at(second),
        idempotency: None,
        origin: None,
    }
}

pub fn text(sql: &str) -> SqlText {
    SqlText::try_from(sql.to_owned()).unwrap()
}

pub fn content(sql: &str) -> Content {
    Content {
        title: "A query".parse().unwrap(),
        description: Default::default(),
        sql: text(sql),
        dialect: Dialect::Postgres,
        tags: BTreeSet::new(),
        owner: "ada".parse().unwrap(),
        catalog: None,
    }
}

pub fn reading<S: Into<String>>(tables: impl IntoIterator<Item = S>) -> Analysis {
    let reads = tables.into_iter().map(Into::into).collect();
    Analysis {
        parse: Parse::Parsed,
        complexity: None,
        fingerprint: None,
        terms: None,
        references: References { reads, writes: BTreeSet::new() },
    }
}

/// Text of this many bytes that does not compress.
pub fn noise(bytes: usize) -> String {
    let mut state = 7_u64;
    let mut text = String::from("-- ");
    while text.len() + 2 <= bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.extend(char::from_u32(0x80 + (state >> 40) as u32 % 0x780));
    }
    text.extend(std::iter::repeat_n('x', bytes - text.len()));
    text
}
