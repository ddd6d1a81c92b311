//! `POST /v1/plans` with what real servers print of statements that they ran: what is wrong is found, in text as
//! in JSON, and what is right has no finding.

use serde_json::{Value, json};
use sqm_local::{Postgres, Release, Tools};
use sqm_testkit::{Calls, TestApp, User, checkout};

const SCHEMA: &str = "\
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, region text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, status text NOT NULL, total int NOT NULL,
  a int NOT NULL, b int NOT NULL, c int NOT NULL, note text NOT NULL);
CREATE TABLE words (word text NOT NULL);
";

const ROWS: &str = "\
INSERT INTO customers SELECT i, 'c' || i, 'r' || i % 10 FROM generate_series(1, 20000) i;
INSERT INTO orders SELECT i, 1 + i % 20000, CASE WHEN i % 10000 = 0 THEN 'lost' ELSE 'paid' END, i % 997,
  i % 100, i % 100, i % 100, md5(i::text) FROM generate_series(1, 100000) i;
INSERT INTO words SELECT 'w' || i FROM generate_series(1, 2000) i;
ANALYZE;
";

/// A statement, the settings that make it go wrong, and what is found then: code, table, and the words in the
/// statement that it is about.
struct Case {
    settings: &'static str,
    sql: &'static str,
    found: &'static [(&'static str, Option<&'static str>, Option<&'static str>)],
}

const CASES: &[Case] = &[
    Case {
        settings: "",
        sql: "SELECT *\nFROM orders o\nWHERE o.status = 'lost' AND o.total >= 0",
        found: &[("sequential-scan", Some("orders"), Some("o.status = 'lost'"))],
    },
    Case {
        settings: "",
        sql: "SELECT x.note FROM (SELECT note, status AS s FROM orders) x WHERE x.s = 'lost'",
        found: &[("sequential-scan", Some("orders"), Some("x.s = 'lost'"))],
    },
    Case {
        settings: "SET LOCAL work_mem = '64kB';",
        sql: "SELECT id FROM orders ORDER BY note",
        found: &[("sort-spill", None, None)],
    },
    Case {
        settings: "SET LOCAL work_mem = '64kB'; SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = off;",
        sql: "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id",
        found: &[("hash-spill", None, None)],
    },
    Case {
        settings: "SET LOCAL work_mem = '64kB'; SET LOCAL enable_sort = off;",
        sql: "SELECT note, count(*) FROM orders GROUP BY note",
        found: &[("hash-spill", None, None)],
    },
    Case {
        settings: "SET LOCAL enable_seqscan = on;",
        sql: "SELECT * FROM orders WHERE a = 1 AND b = 1 AND c = 1",
        found: &[
            ("misestimate", Some("orders"), Some("a = 1")),
            ("sequential-scan", Some("orders"), Some("a = 1")),
        ],
    },
    Case {
        settings: "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;",
        sql: "SELECT count(*) FROM words v JOIN words w ON w.word = v.word || 'x'",
        found: &[
            ("misestimate", None, None),
            ("nested-loop", Some("words"), Some("w.word = v.word || 'x'")),
        ],
    },
    Case {
        settings: "",
        sql: "SELECT total FROM orders WHERE id::text = '77'",
        found: &[
            ("sequential-scan", Some("orders"), Some("id::text = '77'")),
            ("unused-index", Some("orders"), Some("id::text = '77'")),
        ],
    },
    Case {
        settings: "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;",
        sql: "SELECT total FROM orders WHERE id < 60000 AND status = 'lost'",
        found: &[("late-filter", Some("orders"), Some("status = 'lost'"))],
    },
    Case {
        settings: "SET LOCAL max_parallel_workers_per_gather = 2; SET LOCAL min_parallel_table_scan_size = 0;
                   SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL max_parallel_workers = 0;",
        sql: "SELECT count(*) FROM orders",
        found: &[("parallelism-lost", None, None)],
    },
    // What is right.
    Case { settings: "", sql: "SELECT total FROM orders WHERE id = 77", found: &[] },
    Case {
        settings: "",
        sql: "SELECT c.region, sum(o.total) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY 1 ORDER BY 2",
        found: &[],
    },
    Case { settings: "", sql: "SELECT note FROM orders ORDER BY id LIMIT 10", found: &[] },
    Case {
        settings: "",
        sql: "SELECT name FROM customers c WHERE c.id < 50 AND EXISTS (SELECT 1 FROM orders o WHERE o.id = c.id)",
        found: &[],
    },
    Case { settings: "", sql: "SELECT word FROM words WHERE word LIKE 'w1%'", found: &[] },
];

/// What EXPLAIN prints with these options.
async fn printed(server: &Postgres, case: &Case, options: &str) -> String {
    let off = "SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off;";
    let statement = format!("{off} {} EXPLAIN ({options}) {}", case.settings, case.sql);
    server.query(&statement).await.unwrap_or_else(|why| panic!("{}: {why}", case.sql))
}

async fn explained(ada: &User<'_>, plan: Value, sql: &str) -> Value {
    let body = json!({ "plan": plan, "sql": sql, "schema": SCHEMA });
    ada.post("/v1/plans").json(&body).send().await.ok()
}

/// The text at a place of a finding.
fn words<'t>(sql: &'t str, place: &Value) -> Option<&'t str> {
    let number = |end: &str, name: &str| place[end][name].as_u64().map(|number| number as usize);
    let line = number("start", "line")?;
    assert_eq!(number("end", "line"), Some(line), "{place}");
    Some(&sql.lines().nth(line - 1)?[number("start", "column")? - 1..number("end", "column")? - 1])
}

async fn server(release: Release) -> Postgres {
    let server = Postgres::start(&Tools::of_checkout(&checkout::root()), release).await.unwrap();
    server.query(SCHEMA).await.unwrap();
    server.query(ROWS).await.unwrap();
    server
}

#[tokio::test]
async fn what_postgres_did_badly_is_found_and_nothing_else() {
    for release in Release::ALL {
        let app = TestApp::start().await;
        let ada = app.user("acme");
        let server = server(release).await;
        let mut wrong = Vec::new();
        for case in CASES {
            let text = printed(&server, case, "ANALYZE, TIMING OFF, SUMMARY OFF").await;
            let answer = explained(&ada, json!(text), case.sql).await;
            assert_eq!((&answer["engine"], &answer["format"]), (&json!("postgres"), &json!("text")));
            let findings = answer["findings"].as_array().unwrap();
            let mut found: Vec<_> = findings
                .iter()
                .map(|finding| {
                    let table = finding["table"].as_str();
                    (finding["code"].as_str().unwrap(), table, words(case.sql, &finding["predicate_at"]))
                })
                .collect();
            found.sort();
            if found != case.found {
                wrong.push(format!("{release:?}: {}\n{text}\n{findings:#?}", case.sql));
            }
            // The same in JSON, as a value and as what was printed.
            let json = printed(&server, case, "ANALYZE, TIMING OFF, SUMMARY OFF, FORMAT JSON").await;
            let value: Value = serde_json::from_str(&json).unwrap();
            for plan in [value, json!(json)] {
                let same = explained(&ada, plan, case.sql).await;
                assert_eq!(same["format"], "json");
                assert_eq!(same["plan"], answer["plan"], "{release:?}: {}\n{text}", case.sql);
                assert_eq!(same["findings"], answer["findings"], "{release:?}: {}\n{text}", case.sql);
            }
        }
        server.stop().await;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[tokio::test]
async fn every_way_to_print_a_plan_of_postgres_is_read() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let server = server(Release::V18).await;
    for case in CASES {
        for options in [
            "COSTS OFF",
            "VERBOSE",
            "ANALYZE, BUFFERS, VERBOSE, WAL, SETTINGS, MEMORY",
            "FORMAT JSON",
            "ANALYZE, BUFFERS, VERBOSE, FORMAT JSON",
        ] {
            let text = printed(&server, case, options).await;
            let answer = explained(&ada, json!(text), case.sql).await;
            let steps = text.matches(if text.starts_with('[') { "\"Node Type\"" } else { "->" }).count();
            let steps = if text.starts_with('[') { steps } else { steps + 1 };
            assert_eq!(answer["total"]["nodes"], steps, "{options}: {text}");
            let measured = options.contains("ANALYZE");
            assert_eq!(answer["total"]["measured"], measured, "{options}: {text}");
        }
    }
    // What was not run is told from its costs.
    let text = printed(&server, &CASES[0], "VERBOSE").await;
    let answer = explained(&ada, json!(text), CASES[0].sql).await;
    assert_eq!(answer["findings"][0]["code"], "sequential-scan", "{answer}");
    server.stop().await;
}
