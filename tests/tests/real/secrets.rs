//! Keys out of Secrets Manager, through the real client, from moto's server: rotation, and what happens
//! while the service is away.

use std::sync::LazyLock;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::primitives::Blob;
use sqm_http::Kind;
use sqm_http::auth::{KEPT_S, KeySource, MIN_REFRESH_INTERVAL_S, MIN_RETRY_INTERVAL_S, mint};
use sqm_http::serve::secrets_manager;
use sqm_local::{Moto, Tools};
use sqm_testkit::{Calls, Response, TestApp, checkout, local_aws};

const PATH: &str = "/v1/queries";

/// One server for every test here, on a thread of its own, since each test has a runtime of its own. It
/// stops with the process.
static ENDPOINT: LazyLock<String> = LazyLock::new(|| {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let moto = Moto::start(&Tools::of_checkout(&checkout::root())).await;
            let moto = moto.map_err(|error| format!("{error:#}"));
            send.send(moto.as_ref().map(|moto| moto.endpoint().to_owned()).map_err(Clone::clone)).unwrap();
            std::future::pending::<()>().await;
        });
    });
    receive.recv().unwrap().unwrap()
});

/// Its address.
pub async fn endpoint() -> &'static str {
    tokio::task::spawn_blocking(|| ENDPOINT.as_str()).await.unwrap()
}

/// A secret and whoever may change it.
struct Secret {
    client: Client,
    id: &'static str,
}

impl Secret {
    async fn create(endpoint: &str, id: &'static str, key: &str) -> Self {
        let config =
            aws_sdk_secretsmanager::config::Builder::from(&local_aws()).endpoint_url(endpoint).build();
        let client = Client::from_conf(config);
        client.create_secret().name(id).secret_string(key).send().await.unwrap();
        Self { client, id }
    }

    /// What Secrets Manager does at a rotation: the current value becomes the previous one.
    async fn rotate(&self, key: &str) {
        self.client.put_secret_value().secret_id(self.id).secret_string(key).send().await.unwrap();
    }
}

fn source(endpoint: &str, id: &str) -> KeySource {
    secrets_manager(&local_aws(), Some(endpoint), id)
}

async fn app(endpoint: &str, id: &str) -> TestApp {
    TestApp::builder().key_source(source(endpoint, id)).start().await
}

fn key(letter: char) -> String {
    letter.to_string().repeat(64)
}

async fn ask(app: &TestApp, key: &str) -> Response {
    let token = mint(key.as_bytes(), &app.claims("acme")).unwrap();
    app.bearer(token).get(PATH).send().await
}

async fn status(app: &TestApp, key: &str) -> u16 {
    ask(app, key).await.status.as_u16()
}

#[tokio::test]
async fn rotation() {
    let endpoint = endpoint().await;
    let (a, b, c) = (key('a'), key('b'), key('c'));
    let secret = Secret::create(endpoint, "rotation", &a).await;
    let app = app(endpoint, "rotation").await;
    assert_eq!(status(&app, &a).await, 200, "there is no previous value yet");
    assert_eq!(status(&app, &b).await, 401);

    secret.rotate(&b).await;
    assert_eq!(status(&app, &a).await, 200, "old tokens go on");
    assert_eq!(status(&app, &b).await, 401, "the key was fetched a moment ago");
    app.clock.advance(MIN_REFRESH_INTERVAL_S);
    assert_eq!(status(&app, &b).await, 200, "a signature that is not known has the keys fetched");
    assert_eq!(status(&app, &a).await, 200, "the previous key is still taken");

    secret.rotate(&c).await;
    let now = [status(&app, &a).await, status(&app, &b).await];
    assert_eq!(now, [200, 200], "nobody has looked yet");
    app.clock.advance(KEPT_S);
    let now = [status(&app, &a).await, status(&app, &b).await, status(&app, &c).await];
    assert_eq!(now, [401, 200, 200], "the key before the previous one is gone after the cache time");
    app.anonymous().get(PATH).send().await.problem(Kind::Unauthenticated);
}

#[tokio::test]
async fn a_new_process_takes_both_keys() {
    let endpoint = endpoint().await;
    let (a, b) = (key('a'), key('b'));
    let secret = Secret::create(endpoint, "both", &a).await;
    secret.rotate(&b).await;
    let app = app(endpoint, "both").await;
    assert_eq!([status(&app, &b).await, status(&app, &a).await], [200, 200]);
}

#[tokio::test]
async fn a_key_may_be_bytes_and_may_end_in_a_line_break() {
    let endpoint = endpoint().await;
    let secret = Secret::create(endpoint, "bytes", "x").await;
    let binary = Blob::new(format!("{}\n", key('a')));
    secret.client.put_secret_value().secret_id("bytes").secret_binary(binary).send().await.unwrap();
    let app = app(endpoint, "bytes").await;
    assert_eq!(status(&app, &key('a')).await, 200, "a previous value that is too short is in nobody's way");
}

#[tokio::test]
async fn a_secret_that_is_none_says_nothing_of_tokens() {
    let endpoint = endpoint().await;
    Secret::create(endpoint, "short", "too short").await;
    for id in ["short", "not-there"] {
        let app = app(endpoint, id).await;
        let response = ask(&app, &key('a')).await;
        response.problem(Kind::Unavailable);
        assert!(!response.text().contains(id), "what is inside stays inside: {response:?}");
    }
}

#[tokio::test]
async fn while_the_service_is_away() {
    let tools = Tools::of_checkout(&checkout::root());
    let moto = Moto::start(&tools).await.unwrap();
    let endpoint = moto.endpoint().to_owned();
    let a = key('a');
    Secret::create(&endpoint, "away", &a).await;
    let warm = app(&endpoint, "away").await;
    let cold = app(&endpoint, "away").await;
    assert_eq!(status(&warm, &a).await, 200);
    moto.stop().await;

    warm.clock.advance(KEPT_S + 1);
    assert_eq!(status(&warm, &a).await, 200, "the key that was fetched goes on serving");
    assert_eq!(status(&warm, &key('x')).await, 401, "and forged tokens are still told from others");

    let response = ask(&cold, &a).await;
    response.problem(Kind::Unavailable);
    assert_eq!(response.header("retry-after"), MIN_RETRY_INTERVAL_S.to_string());
    cold.anonymous().get("/v1/health").send().await.expect(200);
}
