//! One server for every test here, which stops with the process.

use std::sync::LazyLock;
use std::time::Duration;

use sqm_database::{Connector, Dsn, Session};
use sqm_local::{Door, Postgres, Release, Tools};
use sqm_testkit::checkout;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// Two tables: one in which a correlated aggregate hurts as long as it has no index, and one that has one.
/// Views, functions, and a role that may write: what keeps it from that is ours.
const SETUP: &str = "
CREATE ROLE reader LOGIN PASSWORD 'hunter2';
CREATE TABLE orders (order_id int PRIMARY KEY, customer_id int NOT NULL, total numeric NOT NULL, weight float8);
INSERT INTO orders SELECT n, n % 400, (n * 37) % 1000, n / 7.0 FROM generate_series(1, 3000) n;
CREATE TABLE lines (line_id int PRIMARY KEY, order_id int NOT NULL, price int NOT NULL, code int);
INSERT INTO lines SELECT n, n % 2000, n % 97, n FROM generate_series(1, 20000) n;
CREATE INDEX lines_order ON lines (order_id);
CREATE SEQUENCE numbers;
CREATE TABLE touched (at int);
CREATE FUNCTION touch(int) RETURNS int LANGUAGE plpgsql AS
    'BEGIN INSERT INTO touched VALUES ($1); RETURN $1; END';
CREATE FUNCTION lower(orders) RETURNS text LANGUAGE sql AS 'SELECT ''mine''';
CREATE VIEW sleeping AS SELECT order_id, pg_sleep(60) IS NULL AS slept FROM orders;
CREATE VIEW numbered AS SELECT order_id, nextval('numbers') AS n FROM orders;
CREATE VIEW limited AS SELECT order_id FROM orders LIMIT length(pg_sleep(60)::text) + 5;
CREATE VIEW framed AS SELECT sum(total) OVER (ORDER BY order_id
    ROWS BETWEEN length(pg_sleep(60)::text) PRECEDING AND CURRENT ROW) AS total FROM orders;
CREATE VIEW around AS SELECT order_id FROM limited;
CREATE VIEW harmless AS SELECT order_id, abs(total) AS total FROM orders;
CREATE EXTENSION hypopg;
CREATE DATABASE bare;
GRANT ALL ON ALL TABLES IN SCHEMA public TO reader;
GRANT ALL ON SEQUENCE numbers TO reader;
";

struct Started {
    port: u16,
    folder: String,
    asks: UnboundedSender<(String, oneshot::Sender<String>)>,
}

static SERVER: LazyLock<Started> = LazyLock::new(|| {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let tools = Tools::of_checkout(&checkout::root());
            let server = Postgres::open(&tools, Release::V15, Door::Port).await.unwrap();
            for statement in SETUP.split_inclusive(";\n") {
                server.query_alone(statement).await.unwrap();
            }
            server.query_alone("ANALYZE").await.unwrap();
            let folder = server.folder().to_str().unwrap().to_owned();
            let (asks, mut asked) = unbounded_channel::<(String, oneshot::Sender<String>)>();
            send.send(Started { port: server.port(), folder, asks }).unwrap();
            while let Some((sql, answer)) = asked.recv().await {
                let _ = answer.send(server.query_alone(&sql).await.unwrap());
            }
        });
    });
    receive.recv().unwrap()
});

async fn server() -> &'static Started {
    tokio::task::spawn_blocking(|| &*SERVER).await.unwrap()
}

/// What the server says to its owner.
pub async fn ask(sql: &str) -> String {
    let (send, answer) = oneshot::channel();
    server().await.asks.send((sql.to_owned(), send)).unwrap();
    answer.await.unwrap().trim().to_owned()
}

/// A DSN for the role, in one of the databases.
pub async fn dsn(database: &str) -> String {
    format!("postgres://reader:hunter2@127.0.0.1:{}/{database}", server().await.port)
}

/// The same by the socket.
pub async fn dsn_by_socket() -> String {
    let Started { port, folder, .. } = server().await;
    format!("postgres://postgres@{}:{port}/postgres", folder.replace('/', "%2F"))
}

/// Connects to whatever this machine has.
pub fn connector() -> Connector {
    Connector::new("127.0.0.1".parse().unwrap())
}

/// A session in one of the databases.
pub async fn session_in(database: &str) -> Session {
    let dsn: Dsn = dsn(database).await.parse().unwrap();
    connector().connect(&dsn, Duration::from_secs(20)).await.unwrap()
}

/// A session.
pub async fn session() -> Session {
    session_in("postgres").await
}
