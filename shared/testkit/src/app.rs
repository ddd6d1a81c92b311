//! The application as a test sees it.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{Credentials, SharedCredentialsProvider};
use axum::body::Body;
use http::{Request, Response};
use serde::Serialize;
use serde_json::Value;
use sqm_cache::Levels;
use sqm_http::auth::{Authenticator, Claims, Expected, KeySource};
use sqm_http::caching::Edge;
use sqm_http::serve::secrets_client;
use sqm_http::settings::Settings;
use sqm_http::{Clock, Entropy, Secrets, SystemEntropy, finish};
use sqm_local::{Data, DynamoDb, Options};
use sqm_store::{Store, StoreConfig};

use crate::caller::{Anonymous, Bearer, Calls, User};
use crate::checkout;
use crate::clock::TestClock;
use crate::faults::FaultyWire;
use crate::gateway::{Functions, Gateway, Operation, watch_routes};
use crate::keys::KeyFile;

/// How long the tokens of users hold, in seconds: longer than any test turns the clock.
const TOKEN_S: i64 = 400 * 86_400;

/// The whole application in this process: every function as its binary serves it, on a database of its
/// own. Nothing of it outlives the test.
pub struct TestApp {
    /// The clock of everything in it.
    pub clock: Arc<TestClock>,
    /// The key that signs tokens, unless the test brought another source.
    pub keys: KeyFile,
    /// The database.
    pub database: DynamoDb,
    /// The wire to the database, if it can be cut.
    pub wire: Option<FaultyWire>,
    /// The store that all functions write to.
    pub store: Store,
    /// What the lineage function keeps.
    pub levels: Levels,
    pub(crate) gateway: Gateway,
    expected: Expected,
}

/// What a test wants other than usual.
#[derive(Default)]
pub struct Builder {
    source: Option<KeySource>,
    data: Option<Data>,
    faults: Faults,
    secrets: Option<Client>,
    database_hosts: Option<String>,
    edge: Edge,
    cache_bytes: Option<u64>,
    model: Vec<(&'static str, String)>,
}

/// Whether the wire to the database can be cut.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Faults {
    #[default]
    Impossible,
    Possible,
}

impl Builder {
    /// Keys from elsewhere than a file.
    pub fn key_source(mut self, source: KeySource) -> Self {
        self.source = Some(source);
        self
    }

    /// Data in a file.
    pub fn data(mut self, data: Data) -> Self {
        self.data = Some(data);
        self
    }

    /// Secrets of connections from this Secrets Manager; else there is none.
    pub fn secrets(mut self, client: Client) -> Self {
        self.secrets = Some(client);
        self
    }

    /// Where connections may lead, as `SQM_DATABASE_HOSTS` says it.
    pub fn database_hosts(mut self, hosts: &str) -> Self {
        self.database_hosts = Some(hosts.to_owned());
        self
    }

    /// What stands before the functions; else nothing that they know of.
    pub fn edge(mut self, edge: Edge) -> Self {
        self.edge = edge;
        self
    }

    /// How much each function keeps of analyses; else as much as where nobody says otherwise.
    pub fn cache_bytes(mut self, bytes: u64) -> Self {
        self.cache_bytes = Some(bytes);
        self
    }

    /// A model to ask at this base URL, which is on this machine.
    pub fn model(self, url: &str) -> Self {
        let settings = [("SQM_MODEL_URL", url), ("SQM_MODEL", "fake-1"), ("SQM_MODEL_HOSTS", "127.0.0.1")];
        settings.into_iter().fold(self, |builder, (name, value)| builder.model_setting(name, value))
    }

    /// A setting of the model.
    pub fn model_setting(mut self, name: &'static str, value: &str) -> Self {
        self.model.push((name, value.to_owned()));
        self
    }

    /// A wire to the database that can be cut.
    pub fn faults(mut self) -> Self {
        self.faults = Faults::Possible;
        self
    }

    /// Starts it. `SQM_LOG=error` shows why an answer is a fault of ours, which no answer says.
    pub async fn start(self) -> TestApp {
        if let Ok(filter) = std::env::var("SQM_LOG") {
            sqm_http::log::start(&filter);
        }
        let options = Options {
            template: checkout::root().join("infra/template.yaml"),
            table: "sqm".to_owned(),
            data: self.data.unwrap_or(Data::Memory),
            port: 0,
        };
        let database = DynamoDb::start(options).await.unwrap();
        let wire = match self.faults {
            Faults::Impossible => None,
            Faults::Possible => Some(FaultyWire::start(&database.endpoint()).await),
        };
        let keys = KeyFile::default();
        let clock = Arc::new(TestClock::default());
        let expected = Expected { issuer: "https://issuer.example".to_owned(), audience: "sqm".to_owned() };
        let source = self.source.unwrap_or_else(|| keys.source());
        let authenticator = Arc::new(Authenticator::new(source, expected.clone(), clock.clone()));
        let endpoint = wire.as_ref().map_or_else(|| database.endpoint(), FaultyWire::endpoint);
        let store =
            Store::local(&StoreConfig { table: database.table().to_owned(), endpoint: Some(endpoint) });
        let reached = reached(self.secrets, self.database_hosts, &self.model, &clock);
        let bytes = self.cache_bytes.unwrap_or(sqm_cache::DEFAULT_BYTES);
        let levels = Levels::new(bytes, None, store.clone());
        let kept = (self.edge, bytes, levels.clone());
        let gateway = Gateway::new(functions(&store, &clock, &authenticator, kept, reached));
        TestApp { clock, keys, database, wire, store, levels, gateway, expected }
    }
}

/// The databases of users and the model, as the settings of the function say.
fn reached(
    secrets: Option<Client>,
    hosts: Option<String>,
    model: &[(&str, String)],
    clock: &Arc<TestClock>,
) -> (sqm_optimize::Databases, sqm_optimize::Models) {
    let of_model = |name: &str| model.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
    let settings = Settings::read(|name| match name {
        "SQM_DATABASE_HOSTS" => hosts.clone(),
        "SQM_TABLE" | "SQM_TOKEN_ISSUER" | "SQM_TOKEN_AUDIENCE" | "SQM_TOKEN_SECRET_ID" => {
            Some("sqm".to_owned())
        }
        name => of_model(name),
    });
    // Nobody listens at this port.
    let secrets = secrets.unwrap_or_else(|| secrets_client(&local_aws(), Some("http://127.0.0.1:9")));
    let (settings, secrets) = (settings.unwrap(), Secrets::new(secrets, clock.clone()));
    let models = sqm_optimize::Models::new(settings.model.as_ref(), secrets.clone()).unwrap();
    (sqm_optimize::Databases::new(&settings, secrets).unwrap(), models)
}

/// AWS as tests have it: a region, and credentials that open nothing.
pub fn local_aws() -> SdkConfig {
    let credentials = Credentials::new("x", "x", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// Every function, finished as its binary finishes it.
fn functions(
    store: &Store,
    clock: &Arc<TestClock>,
    authenticator: &Arc<Authenticator>,
    (edge, bytes, kept): (Edge, u64, Levels),
    (databases, models): (sqm_optimize::Databases, sqm_optimize::Models),
) -> Functions {
    let clock: Arc<dyn Clock> = clock.clone();
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let queries = sqm_queries::App { store: store.clone(), clock: clock.clone(), entropy: entropy.clone() };
    let lineage = sqm_lineage::App { store: store.clone(), clock: clock.clone(), levels: kept };
    let levels = Levels::new(bytes, None, store.clone());
    let optimize = sqm_optimize::App { store: store.clone(), clock, databases, models, levels };
    let finished = |routes| finish(routes, authenticator.clone(), entropy.clone(), edge);
    Functions::from([
        ("queries", finished(sqm_queries::routes(queries))),
        ("lineage", finished(sqm_lineage::routes(lineage))),
        ("optimize", finished(sqm_optimize::routes(optimize))),
    ])
}

impl TestApp {
    /// As usual.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Other than usual.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// What the gateway answers, without a look at it.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        self.gateway.call(request).await
    }

    /// Another one who takes the same tokens.
    pub fn authenticator(&self) -> Authenticator {
        Authenticator::new(self.keys.source(), self.expected.clone(), self.clock.clone())
    }

    /// Its address on this machine, for clients that need a socket. It is there as long as the runtime of the test.
    pub async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let gateway = self.gateway.clone();
        let answer = async move |request| gateway.call(request).await;
        tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
        format!("http://{address}")
    }

    /// What the token of a user says, signed: for clients that send it themselves.
    pub fn signed(&self, workspace: &str) -> String {
        self.keys.sign(&self.claims(workspace))
    }

    /// Nobody known.
    pub fn anonymous(&self) -> Anonymous<'_> {
        Anonymous(self)
    }

    /// Somebody who may do everything in this workspace.
    pub fn user(&self, workspace: &str) -> User<'_> {
        self.user_named("ada", workspace)
    }

    /// The same by name.
    pub fn user_named(&self, subject: &str, workspace: &str) -> User<'_> {
        let claims = Claims { sub: subject.to_owned(), ..self.claims(workspace) };
        User(self.token(&claims))
    }

    /// Every operation: each method that the function of a path allows.
    pub async fn operations(&self) -> Vec<Operation> {
        let mut operations = Vec::new();
        for route in watch_routes().into_iter().filter(|route| !route.catches_all()) {
            let refused = self.user("acme").call("TRACE", &route.path).send().await;
            assert_eq!(refused.status, 405, "{refused:?}");
            for method in refused.header("allow").split(',').filter(|method| *method != "HEAD") {
                operations.push(Operation { method: method.to_owned(), route: route.clone() });
            }
        }
        operations.sort();
        operations
    }

    /// Whoever has a token that says this, signed with the current key.
    pub fn token(&self, claims: &impl Serialize) -> Bearer<'_> {
        self.bearer(self.keys.sign(claims))
    }

    /// Whoever sends this text as a token.
    pub fn bearer(&self, token: impl Into<String>) -> Bearer<'_> {
        Bearer { app: self, token: token.into() }
    }

    /// What the token of a user says who may do everything in this workspace.
    pub fn claims(&self, workspace: &str) -> Claims {
        Claims::everything(&self.expected, "ada", workspace, self.clock.seconds() + TOKEN_S)
    }

    /// The same with changes: `null` removes a claim.
    pub fn claims_with(&self, workspace: &str, changes: &Value) -> Value {
        let mut claims = serde_json::to_value(self.claims(workspace)).unwrap();
        let all = claims.as_object_mut().unwrap();
        for (claim, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => all.remove(claim),
                value => all.insert(claim.clone(), value.clone()),
            };
        }
        claims
    }

    /// Somebody in this workspace who may only do this.
    pub fn scoped(&self, workspace: &str, scopes: &str) -> Bearer<'_> {
        self.token(&Claims { scope: scopes.to_owned(), ..self.claims(workspace) })
    }
}
