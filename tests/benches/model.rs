//! What comes of a model that knows the answers: it proposes the second query of each pair of the equivalence
//! corpora, right or wrong, over a real socket. Prints how many of either kind are offered, what a talk costs, and
//! where its time goes; and what a dead model costs everything else.
//!
//! `cargo xtask bench --bench model`; the pairs are those of the corpora beside the checkout.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqm_ai::provider::{Backoff, Budget, Completion, Endpoint, Provider, ProviderError, Question};
use sqm_ai::{Dialogue, Model, Original, Statement, Workers, converse};
use sqm_domain::Dialect;
use sqm_reach::Trust;
use sqm_sql::catalog::{Catalog, SchemaInput};
use sqm_testkit::checkout::{corpus, corpus_text};
use sqm_testkit::{FakeModel, Step};
use sqm_verify::offer::{Options, optimize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const FILES: &[&str] = &[
    "sqlsolver_calcite",
    "sqlsolver_spark",
    "sqlsolver_tpcc",
    "sqlsolver_tpch",
    "sqlsolver_tpcds",
    "sqlsolver_job",
    "sqlglot_tpch",
    "mutants",
];

/// A model whose answers are timed, and beside each a bare exchange over a socket: what of the time is the machine's.
struct Timed<'a> {
    provider: &'a Provider,
    calls: Mutex<Vec<Duration>>,
    socket: tokio::sync::Mutex<TcpStream>,
    bare: Mutex<Vec<Duration>>,
}

/// As many bytes as a question has, about.
const EXCHANGED: usize = 4_096;

/// Somebody who says everything again.
async fn echo() -> TcpStream {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut bytes = [0; EXCHANGED];
        while client.read_exact(&mut bytes).await.is_ok() {
            client.write_all(&bytes).await.unwrap();
        }
    });
    TcpStream::connect(address).await.unwrap()
}

impl Model for Timed<'_> {
    async fn ask(&self, question: &Question<'_>, budget: &mut Budget) -> Result<Completion, ProviderError> {
        let begun = Instant::now();
        let answer = self.provider.ask(question, None, budget).await;
        self.calls.lock().unwrap().push(begun.elapsed());
        let (mut socket, begun) = (self.socket.lock().await, Instant::now());
        let mut bytes = [0; EXCHANGED];
        socket.write_all(&bytes).await.unwrap();
        socket.read_exact(&mut bytes).await.unwrap();
        self.bare.lock().unwrap().push(begun.elapsed());
        answer
    }
}

/// Judges here, and counts how long that takes.
#[derive(Default)]
struct Judging(Mutex<Duration>);

impl Workers for Judging {
    type Error = Infallible;

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Infallible> {
        let begun = Instant::now();
        let done = work();
        *self.0.lock().unwrap() += begun.elapsed();
        Ok(done)
    }
}

/// What was counted of pairs with one label.
#[derive(Default)]
struct Counted {
    pairs: usize,
    not_asked: usize,
    proved: usize,
    tested: usize,
    refuted: usize,
    rejected: BTreeMap<String, usize>,
    rounds: u32,
    tokens: u64,
    offered: Vec<String>,
}

fn provider(model: &FakeModel) -> Provider {
    let endpoint = Endpoint::new(&model.url(), "scripted", "127.0.0.1".parse().unwrap()).unwrap();
    let quick = Backoff { first: Duration::from_millis(1), most: Duration::from_millis(2), attempts: 4 };
    Provider::new(endpoint, Trust::default()).waiting(quick)
}

/// The kind of a reason: its first words.
fn kind(reason: &str) -> String {
    reason
        .split([':', ';'])
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .take(3)
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::main]
async fn main() {
    let proposed = Arc::new(Mutex::new(String::new()));
    let says = proposed.clone();
    let model = FakeModel::answering(move |_| {
        let sql = says.lock().unwrap().clone();
        Step::json(&json!({"rewrites": [{"sql": sql, "title": "", "explanation": "", "conditions": []}]}))
    })
    .await;
    let provider = provider(&model);
    let socket = tokio::sync::Mutex::new(echo().await);
    let timed = Timed { provider: &provider, calls: Mutex::default(), socket, bare: Mutex::default() };
    let (judging, mut reading) = (Judging::default(), Duration::ZERO);
    let mut counted: BTreeMap<String, Counted> = BTreeMap::new();
    let mut schemas: BTreeMap<String, Arc<Catalog>> = BTreeMap::new();
    for case in FILES.iter().flat_map(|file| corpus(&format!("equivalence/{file}.jsonl")).unwrap_or_default())
    {
        let text = |name: &str| case[name].as_str().unwrap_or_default().to_owned();
        let dialect = text("dialect").parse().unwrap_or(Dialect::Generic);
        let schema = text("schema_ref");
        let catalog = schemas.entry(schema.clone()).or_insert_with(|| catalog(&schema)).clone();
        let count = counted.entry(text("label")).or_default();
        count.pairs += 1;
        let (sql, begun) = (text("q1"), Instant::now());
        let original = Statement::read(&sql, dialect, &catalog)
            .and_then(|statement| Original::read(&sql, statement, &catalog));
        reading += begun.elapsed();
        let Ok(original) = original else {
            count.not_asked += 1;
            continue;
        };
        *proposed.lock().unwrap() = text("q2");
        let options = Options { measure: false, ..Options::default() };
        let dialogue = Dialogue::new(Arc::new(original), catalog, "scripted", options);
        let mut budget = Budget::new(Duration::from_secs(60), 200_000);
        let Ok(found) = converse(&timed, &judging, dialogue, &mut budget).await;
        let outcome = found.outcome;
        count.rounds += outcome.rounds;
        count.tokens += budget.used().tokens();
        count.refuted += outcome.verdicts.refuted.len();
        for offer in &outcome.verdicts.offers {
            match offer.verdict {
                "proved" => count.proved += 1,
                _ => count.tested += 1,
            }
            count.offered.push(format!("{} ({})", text("id"), offer.verdict));
        }
        for rejected in &outcome.verdicts.rejected {
            *count.rejected.entry(kind(&rejected.reason)).or_default() += 1;
        }
    }
    if counted.is_empty() {
        println!("there are no corpora beside the checkout");
    }
    print(&counted);
    let calls = timed.calls.into_inner().unwrap();
    let waiting: Duration = calls.iter().sum();
    for (what, mut times) in [
        ("calls, all our side but for the socket", calls),
        ("bare exchanges beside them", timed.bare.into_inner().unwrap()),
    ] {
        times.sort();
        let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
        println!("{} {what}: median {:?}, p90 {:?}, p99 {:?}", times.len(), at(50), at(90), at(99));
    }
    println!(
        "reading originals {reading:?}, waiting for the model {waiting:?}, judging {:?}",
        judging.0.into_inner().unwrap()
    );
    dead().await;
}

fn catalog(schema: &str) -> Arc<Catalog> {
    let text = corpus_text(&format!("equivalence/schemas/{schema}.json")).unwrap_or_else(|| "{}".to_owned());
    let input: SchemaInput = serde_json::from_str(&text).unwrap();
    Arc::new(input.catalog(Dialect::Generic).map(|(catalog, _)| catalog).unwrap_or_default())
}

#[allow(clippy::cast_precision_loss)]
fn print(counted: &BTreeMap<String, Counted>) {
    for (label, count) in counted {
        let asked = count.pairs - count.not_asked;
        let offers = count.proved + count.tested;
        println!(
            "{label}: {} pairs, {} not asked about; offered {offers} ({} proved, {} tested), {:.1} % of those asked \
             about; refuted {}",
            count.pairs,
            count.not_asked,
            count.proved,
            count.tested,
            100.0 * offers as f64 / asked.max(1) as f64,
            count.refuted
        );
        println!(
            "  {:.2} rounds and {:.0} tokens a talk",
            f64::from(count.rounds) / asked.max(1) as f64,
            count.tokens as f64 / asked.max(1) as f64
        );
        for (reason, number) in &count.rejected {
            println!("  rejected {number}: {reason}");
        }
        if label == "not_equivalent" {
            println!("  offered: {:?}", count.offered);
        }
    }
}

/// What a dead model costs: the rest of an optimization without one, and with one that does not answer.
async fn dead() {
    let model = FakeModel::saying([Step::Drop]).await;
    let provider = provider(&model);
    let ddl = "CREATE TABLE t (a INT PRIMARY KEY, b INT); CREATE TABLE u (c INT PRIMARY KEY, a INT NOT NULL)";
    let (catalog, _) = Catalog::from_ddl(ddl, Dialect::Postgres).unwrap();
    let sql = "SELECT b FROM t WHERE (SELECT count(*) FROM u WHERE u.a = t.a) > 0";
    let options = Options { measure: false, ..Options::default() };
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let begun = Instant::now();
        optimize(sql, Dialect::Postgres, &catalog, &options);
        without.push(begun.elapsed());
        let begun = Instant::now();
        let messages = [sqm_ai::provider::Message::user(sql)];
        let schema = Value::Object(serde_json::Map::new());
        let question = Question { messages: &messages, name: "x", schema: &schema, answer_tokens: 100 };
        let mut budget = Budget::new(Duration::from_secs(5), 10_000);
        let asking = provider.ask(&question, None, &mut budget);
        let working = tokio::task::spawn_blocking({
            let (catalog, options) = (catalog.clone(), options.clone());
            move || optimize(sql, Dialect::Postgres, &catalog, &options)
        });
        let (answer, _) = tokio::join!(asking, working);
        assert!(answer.is_err());
        with.push(begun.elapsed());
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    println!(
        "an optimization {:?} without a model, {:?} beside a dead one",
        median(&mut without),
        median(&mut with)
    );
}
