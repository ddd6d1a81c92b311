//! What rewrites bring on PostgreSQL: each query of TPC-H, with primary keys alone and again with the usual indexes,
//! and of the sample workspace on generated data. Prints for each the best rewrite that is recommended by
//! estimated cost, and what both then really cost: processor time of the server's process, so that other work on
//! the machine counts little.
//!
//! `cargo xtask bench --bench postgres [-- SCALE]`; the scale of TPC-H is 0.1 where nothing is said. The
//! queries of TPC-H are those of the corpora beside the checkout.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Duration;

use sqm_database::{Connector, Dsn, Runs, weigh};
use sqm_domain::Dialect;
use sqm_local::{Door, Postgres, Release, Tool, Tools};
use sqm_sql::catalog::Catalog;
use sqm_testkit::checkout;
use sqm_verify::bind::{self, Tables};
use sqm_verify::counterexample::inserts;
use sqm_verify::generate::Generator;
use sqm_verify::offer::{Estimates, Evidence, Offer, Options, optimize};
use tokio::process::Command;

/// A query that takes longer is stopped, and has cost this at least.
const LONGEST: Duration = Duration::from_secs(240);

/// Rows of each table of the sample workspace.
const SAMPLE_ROWS: usize = 2_000;

const TABLES: &[(&str, &str, &str)] = &[
    ("region", "r_regionkey int PRIMARY KEY, r_name char(25) NOT NULL, r_comment varchar(152)", ""),
    (
        "nation",
        "n_nationkey int PRIMARY KEY, n_name char(25) NOT NULL, n_regionkey int NOT NULL, n_comment varchar(152)",
        "FOREIGN KEY (n_regionkey) REFERENCES region (r_regionkey)",
    ),
    (
        "supplier",
        "s_suppkey int PRIMARY KEY, s_name char(25) NOT NULL, s_address varchar(40) NOT NULL, s_nationkey int NOT NULL,
         s_phone char(15) NOT NULL, s_acctbal numeric(15, 2) NOT NULL, s_comment varchar(101) NOT NULL",
        "FOREIGN KEY (s_nationkey) REFERENCES nation (n_nationkey)",
    ),
    (
        "part",
        "p_partkey int PRIMARY KEY, p_name varchar(55) NOT NULL, p_mfgr char(25) NOT NULL, p_brand char(10) NOT NULL,
         p_type varchar(25) NOT NULL, p_size int NOT NULL, p_container char(10) NOT NULL,
         p_retailprice numeric(15, 2) NOT NULL, p_comment varchar(23) NOT NULL",
        "",
    ),
    (
        "partsupp",
        "ps_partkey int NOT NULL, ps_suppkey int NOT NULL, ps_availqty int NOT NULL,
         ps_supplycost numeric(15, 2) NOT NULL, ps_comment varchar(199) NOT NULL, PRIMARY KEY (ps_partkey, ps_suppkey)",
        "FOREIGN KEY (ps_partkey) REFERENCES part (p_partkey), FOREIGN KEY (ps_suppkey) REFERENCES supplier (s_suppkey)",
    ),
    (
        "customer",
        "c_custkey int PRIMARY KEY, c_name varchar(25) NOT NULL, c_address varchar(40) NOT NULL,
         c_nationkey int NOT NULL, c_phone char(15) NOT NULL, c_acctbal numeric(15, 2) NOT NULL,
         c_mktsegment char(10) NOT NULL, c_comment varchar(117) NOT NULL",
        "FOREIGN KEY (c_nationkey) REFERENCES nation (n_nationkey)",
    ),
    (
        "orders",
        "o_orderkey int PRIMARY KEY, o_custkey int NOT NULL, o_orderstatus char(1) NOT NULL,
         o_totalprice numeric(15, 2) NOT NULL, o_orderdate date NOT NULL, o_orderpriority char(15) NOT NULL,
         o_clerk char(15) NOT NULL, o_shippriority int NOT NULL, o_comment varchar(79) NOT NULL",
        "FOREIGN KEY (o_custkey) REFERENCES customer (c_custkey)",
    ),
    (
        "lineitem",
        "l_orderkey int NOT NULL, l_partkey int NOT NULL, l_suppkey int NOT NULL, l_linenumber int NOT NULL,
         l_quantity numeric(15, 2) NOT NULL, l_extendedprice numeric(15, 2) NOT NULL, l_discount numeric(15, 2) NOT NULL,
         l_tax numeric(15, 2) NOT NULL, l_returnflag char(1) NOT NULL, l_linestatus char(1) NOT NULL,
         l_shipdate date NOT NULL, l_commitdate date NOT NULL, l_receiptdate date NOT NULL,
         l_shipinstruct char(25) NOT NULL, l_shipmode char(10) NOT NULL, l_comment varchar(44) NOT NULL,
         PRIMARY KEY (l_orderkey, l_linenumber)",
        "FOREIGN KEY (l_orderkey) REFERENCES orders (o_orderkey),
         FOREIGN KEY (l_partkey, l_suppkey) REFERENCES partsupp (ps_partkey, ps_suppkey)",
    ),
];

const INDEXES: &str = "
CREATE INDEX ON nation (n_regionkey);
CREATE INDEX ON supplier (s_nationkey);
CREATE INDEX ON partsupp (ps_suppkey);
CREATE INDEX ON customer (c_nationkey);
CREATE INDEX ON orders (o_custkey);
CREATE INDEX ON orders (o_orderdate);
CREATE INDEX ON lineitem (l_partkey);
CREATE INDEX ON lineitem (l_partkey, l_suppkey);
CREATE INDEX ON lineitem (l_suppkey);
CREATE INDEX ON lineitem (l_shipdate);
";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let scale = std::env::args().skip(1).find(|text| text.parse::<f64>().is_ok()).unwrap_or("0.1".to_owned());
    let tools = Tools::of_checkout(&checkout::root());
    tpch(&tools, &scale).await;
    sample(&tools).await;
}

/// TPC-H in both settings.
async fn tpch(tools: &Tools, scale: &str) {
    let Some(lines) = checkout::corpus("lineage/tpch.jsonl") else { return };
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(tools.install(Tool::Tpch).await.unwrap())
        .args(["csv", "-s", scale, "--output-dir"])
        .arg(folder.path())
        .status()
        .await
        .unwrap();
    assert!(made.success(), "the rows of TPC-H are not made");
    let schema: String = TABLES
        .iter()
        .map(|(name, columns, references)| {
            let comma = if references.is_empty() { "" } else { ", " };
            format!("CREATE TABLE {name} ({columns}{comma}{references});\n")
        })
        .collect();
    let bench = Bench::start(tools, &schema).await;
    for (name, ..) in TABLES {
        let file = folder.path().join(format!("{name}.csv"));
        bench.do_alone(&format!("\\copy {name} FROM '{}' CSV HEADER", file.display())).await;
    }
    bench.do_alone("VACUUM ANALYZE").await;
    let queries: Vec<(String, String)> = lines
        .iter()
        .map(|line| {
            let text = |key: &str| line[key].as_str().unwrap().to_owned();
            (text("id"), text("sql").trim().trim_end_matches(';').to_owned())
        })
        .collect();
    bench.print(&format!("TPC-H {scale}, primary keys alone"), &queries).await;
    bench.do_alone(&format!("{INDEXES} ANALYZE;")).await;
    bench.print(&format!("TPC-H {scale}, with the usual indexes"), &queries).await;
    bench.server.stop().await;
}

/// The queries of the sample workspace in PostgreSQL's dialect, on rows that the verifier generates.
async fn sample(tools: &Tools) {
    let folder = checkout::root().join("infra/sample");
    let schema = std::fs::read_to_string(folder.join("schema.sql")).unwrap();
    let bench = Bench::start(tools, &schema).await;
    let mut queries = Vec::new();
    for entry in std::fs::read_dir(folder.join("queries")).unwrap() {
        let path = entry.unwrap().path();
        let sql = std::fs::read_to_string(&path).unwrap();
        if sql.contains("-- dialect: postgres") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            queries.push((name, sql.trim().trim_end_matches(';').to_owned()));
        }
    }
    queries.sort();
    let tables = Tables::new(&bench.catalog, Dialect::Postgres);
    let all: Vec<String> = bench
        .catalog
        .tables()
        .iter()
        .map(|table| format!("SELECT 1 FROM {}", table.name.join(".")))
        .collect();
    for sql in &all {
        let _ = bind::bind(sql, Dialect::Postgres, &tables);
    }
    let (mut rows, _) = tables.schema();
    rows.keep_constraints(Dialect::Postgres);
    let filled = inserts(&rows, &Generator::new(&rows, 1).volume(SAMPLE_ROWS), Dialect::Postgres);
    for part in filled.chunks(5_000) {
        bench.do_alone(&format!("BEGIN;\n{}\nCOMMIT;", part.join("\n"))).await;
    }
    bench.do_alone("VACUUM ANALYZE").await;
    bench.print(&format!("sample workspace, {SAMPLE_ROWS} generated rows a table"), &queries).await;
    bench.server.stop().await;
}

/// A server with tables.
struct Bench {
    server: Postgres,
    catalog: Catalog,
    dsn: Dsn,
}

/// What a query returned, and the processor time that it took.
struct Run {
    cpu: Duration,
    rows: Vec<String>,
}

impl Bench {
    async fn start(tools: &Tools, schema: &str) -> Self {
        let server = Postgres::open(tools, Release::V15, Door::Port).await.unwrap();
        let (catalog, _) = Catalog::from_ddl(schema, Dialect::Postgres).unwrap();
        // What cannot be deferred is checked at the end of each row: rows come in the order of their references.
        server.query(schema).await.unwrap();
        server.query("CREATE ROLE bench LOGIN PASSWORD 'bench' SUPERUSER").await.unwrap();
        let dsn = format!("postgres://bench:bench@127.0.0.1:{}/postgres", server.port()).parse().unwrap();
        Self { server, catalog, dsn }
    }

    async fn do_alone(&self, sql: &str) {
        self.server.query_alone(sql).await.unwrap();
    }

    /// A line for each query, and the figures of all.
    async fn print(&self, setting: &str, queries: &[(String, String)]) {
        println!(
            "\n{setting}\n{:<26} {:<34} {:<8} {:>9} {:>9}  rows",
            "query", "rewrite", "verdict", "cost", "cpu"
        );
        let (mut offered, mut slower, mut wrong) = (0, 0, 0);
        for (name, sql) in queries {
            let (best, found) = self.recommended(sql).await;
            let Some(best) = best else {
                println!("{name:<26} none of {found} recommended");
                continue;
            };
            offered += 1;
            let cost =
                estimates(&best).map_or(0.0, |found| found.original_cost / found.rewrite_cost.max(1e-9));
            let (one, two) = (self.run(sql).await, self.run(&best.sql).await);
            let (cpu, note) = match (&one, &two) {
                (Some(one), Some(two)) => {
                    let is_same = sorted(&one.rows) == sorted(&two.rows);
                    wrong += usize::from(!is_same);
                    let ratio = one.cpu.as_secs_f64().max(0.005) / two.cpu.as_secs_f64().max(0.005);
                    (ratio, if is_same { "same" } else { "DIFFERENT" })
                }
                (None, Some(two)) => {
                    (LONGEST.as_secs_f64() / two.cpu.as_secs_f64().max(0.005), "original stopped: at least")
                }
                (Some(one), None) => {
                    (one.cpu.as_secs_f64() / LONGEST.as_secs_f64(), "REWRITE STOPPED: at most")
                }
                (None, None) => (1.0, "both stopped"),
            };
            slower += usize::from(cpu < 0.9);
            let origin: String = best.origin.trim_start_matches("rule:").chars().take(34).collect();
            println!("{name:<26} {origin:<34} {:<8} {cost:>8.1}x {cpu:>8.2}x  {note}", best.verdict);
        }
        println!("{offered} of {} recommended, {slower} below 0.9x, {wrong} with other rows", queries.len());
    }

    /// The best rewrite that is recommended by estimated cost, and how many were found.
    async fn recommended(&self, sql: &str) -> (Option<Offer>, usize) {
        let options = Options { measure: false, time: Duration::from_secs(30), ..Options::default() };
        let mut found = optimize(sql, Dialect::Postgres, &self.catalog, &options);
        let connector = Connector::new("127.0.0.1".parse().unwrap());
        let mut session = connector.connect(&self.dsn, Duration::from_secs(30)).await.unwrap();
        if let Err(why) = weigh(&mut session, sql, &mut found, Runs::Refused).await {
            println!("  {why}");
        }
        session.close().await;
        let count = found.rewrites.len();
        (found.rewrites.into_iter().find(|offer| offer.recommended), count)
    }

    /// Runs a query in a process of its own; `None` where it is stopped.
    async fn run(&self, sql: &str) -> Option<Run> {
        const MARK: &str = "=====";
        let cpu = format!("SELECT '{MARK}' || pg_read_file('/proc/self/stat')");
        let limit = LONGEST.as_millis();
        let script = format!(
            "SET statement_timeout = {limit}; SET jit = off; SET max_parallel_workers_per_gather = 0;\n{cpu};\n{sql};\n{cpu};"
        );
        let printed = self.server.query(&script).await.ok()?;
        let mut rows: Vec<&str> = printed.lines().filter(|line| !line.is_empty()).collect();
        let ticks = |line: &str| {
            // The name of the process stands in parentheses; times are the 14th and 15th field of all.
            let fields: Vec<u64> = line
                .rsplit(')')
                .next()
                .unwrap()
                .split(' ')
                .skip(12)
                .take(2)
                .map(|n| n.parse().unwrap())
                .collect();
            fields.iter().sum::<u64>()
        };
        let (first, last) = (ticks(rows.remove(0)), ticks(rows.pop().unwrap()));
        // A tick is a hundredth of a second on every Linux that there is.
        Some(Run {
            cpu: Duration::from_millis((last - first) * 10),
            rows: rows.iter().map(|row| plain(row)).collect(),
        })
    }
}

fn estimates(offer: &Offer) -> Option<Estimates> {
    match &offer.benefit.as_ref()?.evidence {
        Evidence::Database(found) => Some(found.estimates),
        Evidence::Generated(..) => None,
    }
}

/// A row with numbers as they are compared: floats differ in their last digits, and `1.50` is `1.5`.
fn plain(line: &str) -> String {
    let field =
        |text: &str| text.parse::<f64>().map_or_else(|_| text.to_owned(), |number| format!("{number:.6e}"));
    line.split('|').map(field).collect::<Vec<_>>().join("|")
}

fn sorted(rows: &[String]) -> Vec<&String> {
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort();
    rows
}
