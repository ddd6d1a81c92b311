//! `POST /v1/lineage/plan` with what real servers say that they run: the lineage of the plan is that of the
//! text, wherever the planner does not decide otherwise.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use sqm_local::{Postgres, Release, Tools};
use sqm_testkit::{Calls, TestApp, User, checkout};

/// Queries over the sample schema, each with what its plan, or its text, says alone.
const QUERIES: &[(&str, &[&str])] = &[
    (
        "SELECT c.full_name, (SELECT max(o.order_id) FROM orders o WHERE o.customer_id = c.customer_id) AS q, \
         rank() OVER (PARTITION BY c.loyalty_tier ORDER BY c.full_name) FROM customers c \
         WHERE EXISTS (SELECT 1 FROM orders o2 WHERE o2.customer_id = c.customer_id AND o2.status = 'x') ORDER BY 1",
        &[],
    ),
    (
        "WITH t AS MATERIALIZED (SELECT country_code AS cc, count(*) AS n FROM customers GROUP BY 1) \
         SELECT t.cc, n + 1 AS m, x.region FROM t JOIN countries x ON x.country_code = t.cc \
         WHERE n > (SELECT avg(n) FROM t)",
        &[],
    ),
    (
        "SELECT s.a, sum(s.b) FROM (SELECT country_code AS a, length(full_name) AS b FROM customers \
         ORDER BY 2 LIMIT 10) s GROUP BY s.a HAVING sum(s.b) > 3",
        &[],
    ),
    ("SELECT full_name FROM customers UNION ALL SELECT name FROM countries", &[]),
    ("SELECT full_name AS x FROM customers UNION SELECT name FROM countries ORDER BY 1", &[]),
    (
        "SELECT u.n, u.c FROM (SELECT full_name AS n, country_code AS c FROM customers UNION ALL \
         SELECT name, country_code FROM countries) u WHERE u.c = 'DE' ORDER BY u.n",
        &[],
    ),
    ("SELECT DISTINCT country_code FROM customers INTERSECT SELECT country_code FROM countries", &[]),
    ("SELECT country_code FROM customers EXCEPT ALL SELECT country_code FROM countries", &[]),
    (
        "WITH RECURSIVE r AS (SELECT customer_id, referred_by, 1 AS d FROM customers UNION ALL \
         SELECT c.customer_id, c.referred_by, r.d + 1 FROM customers c JOIN r ON c.referred_by = r.customer_id) \
         SELECT * FROM r",
        &[],
    ),
    (
        "SELECT v.x, g FROM (VALUES (1, 'a'), (2, 'b')) v(x, y), generate_series(1, v.x) g, \
         LATERAL (SELECT full_name FROM customers c WHERE c.customer_id = v.x LIMIT 1) l",
        &[],
    ),
    (
        "SELECT c.full_name FROM customers c LEFT JOIN LATERAL (SELECT o.order_id, o.order_total FROM orders o \
         WHERE o.customer_id = c.customer_id ORDER BY o.ordered_at DESC LIMIT 1) l ON true \
         WHERE l.order_total > 5",
        &[],
    ),
    (
        "SELECT loyalty_tier, country_code, count(*), grouping(country_code) FROM customers \
         GROUP BY GROUPING SETS ((loyalty_tier, country_code), (loyalty_tier), ())",
        &[],
    ),
    (
        "SELECT full_name, count(*) FILTER (WHERE marketing_consent) OVER (PARTITION BY country_code) AS k \
         FROM customers",
        &[],
    ),
    (
        "SELECT count(DISTINCT c.country_code), string_agg(c.full_name, ',' ORDER BY c.email) FROM customers c",
        &[],
    ),
    (
        "SELECT ARRAY(SELECT o.order_id FROM orders o WHERE o.customer_id = c.customer_id) AS e FROM customers c",
        &[],
    ),
    ("SELECT * FROM customers c FULL JOIN countries k USING (country_code) WHERE k.name LIKE 'x%'", &[]),
    // Two keys that are one to the planner.
    (
        "DELETE FROM customers USING countries c WHERE c.country_code = customers.country_code RETURNING full_name",
        &[],
    ),
    (
        "WITH gone AS (DELETE FROM customers WHERE loyalty_tier = 'x' RETURNING customer_id, full_name) \
         SELECT full_name FROM gone",
        &[],
    ),
    ("INSERT INTO exchange_rates SELECT currency_code, current_date, 1 FROM countries", &[]),
    // A join that changes nothing is left out: the key is unique, and nothing of the table is asked for.
    (
        "SELECT c.full_name FROM customers c LEFT JOIN countries k ON k.country_code = c.country_code",
        &[
            "text table_in countries",
            "text column customers.country_code",
            "text column countries.country_code",
        ],
    ),
    // What is never true reads nothing.
    (
        "SELECT full_name FROM customers WHERE false",
        &["text table_in customers", "text value customers.full_name", "text column customers.full_name"],
    ),
];

/// The plan; `None` where the server refuses the statement.
async fn explained(server: &Postgres, sql: &str) -> Option<Value> {
    match server.query(&format!("EXPLAIN (VERBOSE, FORMAT JSON) {sql}")).await {
        Ok(plan) => Some(serde_json::from_str(&plan).unwrap()),
        Err(why) => {
            let why = why.to_string();
            assert!(why.contains("ERROR:"), "{why}");
            None
        }
    }
}

/// What the answer says of a plan: differences, and what the plan does not say.
async fn read(ada: &User<'_>, sql: &str, plan: &Value) -> (Vec<String>, Vec<String>) {
    let body = json!({ "plan": plan, "sql": sql, "catalog": "sample" });
    let answer = ada.post("/v1/lineage/plan").json(&body).send().await.ok();
    let of_plan = &answer["plan"];
    assert_eq!(
        (&of_plan["engine"], &of_plan["lineage"]["ok"]),
        (&json!("postgres"), &json!(true)),
        "{answer}"
    );
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let differences = answer["differences"].as_array().unwrap().iter().map(|difference| {
        format!(
            "{} {} {}",
            text(&difference["only_in"]),
            text(&difference["what"]),
            text(&difference["source"])
        )
    });
    let findings = of_plan["lineage"]["findings"].as_array().unwrap();
    (differences.collect(), findings.iter().map(|finding| text(&finding["message"])).collect())
}

/// A server with the sample schema, and a user whose catalog it is.
async fn start(release: Release, app: &TestApp) -> (Postgres, User<'_>) {
    let server = Postgres::start(&Tools::of_checkout(&checkout::root()), release).await.unwrap();
    let ddl = std::fs::read_to_string(checkout::root().join("infra/sample/schema.sql")).unwrap();
    server.query(&ddl).await.unwrap();
    let ada = app.user("acme");
    let catalog = json!({ "ddl": ddl, "dialect": "postgres" });
    ada.put("/v1/catalogs/sample").json(&catalog).send().await.expect(201);
    (server, ada)
}

#[tokio::test]
async fn plans_of_postgres_say_what_their_texts_say() {
    for release in Release::ALL {
        let app = TestApp::start().await;
        let (server, ada) = start(release, &app).await;
        let mut wrong = Vec::new();
        for (sql, expected) in QUERIES {
            let plan = explained(&server, sql).await.unwrap_or_else(|| panic!("not explained: {sql}"));
            let (mut differences, unsaid) = read(&ada, sql, &plan).await;
            let mut expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
            differences.sort();
            expected.sort();
            if differences != expected || !unsaid.is_empty() {
                wrong.push(format!("{release:?}: {sql}\n  {differences:?}\n  {unsaid:?}"));
            }
        }
        server.stop().await;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[tokio::test]
async fn what_plans_leave_open_is_said() {
    let hashed =
        "SELECT full_name FROM customers WHERE customer_id NOT IN (SELECT referred_by FROM customers)";
    let windows = "SELECT row_number() OVER (ORDER BY customer_id) AS a, \
                   row_number() OVER (PARTITION BY country_code ORDER BY full_name) AS b FROM customers";
    let update = "UPDATE customers SET full_name = upper(full_name)";
    for release in Release::ALL {
        let app = TestApp::start().await;
        let (server, ada) = start(release, &app).await;
        for (sql, said_by_18) in [(hashed, true), (windows, true), (update, false)] {
            let plan = explained(&server, sql).await.unwrap();
            let (differences, unsaid) = read(&ada, sql, &plan).await;
            assert!(differences.is_empty(), "{release:?}: {sql}: {differences:?}");
            let is_said = said_by_18 && release == Release::V18;
            assert_eq!(unsaid.is_empty(), is_said, "{release:?}: {sql}: {unsaid:?}");
        }
        server.stop().await;
    }
}

/// Queries whose plans differ from their texts, and why.
type Known = BTreeMap<&'static str, &'static str>;

async fn check_all(server: &Postgres, ada: &User<'_>, queries: &[(String, String)], known: &Known) -> usize {
    let (mut count, mut wrong) = (0, Vec::new());
    for (name, sql) in queries {
        let Some(plan) = explained(server, sql).await else {
            println!("{name}: not explained");
            continue;
        };
        count += 1;
        let (differences, unsaid) = read(ada, sql, &plan).await;
        match known.get(&**name) {
            Some(why) => {
                println!("{name}: {why}: {differences:?} {unsaid:?}");
                assert!(!differences.is_empty() || !unsaid.is_empty(), "{name} differs no more");
            }
            None if differences.is_empty() && unsaid.is_empty() => {}
            None => wrong.push(format!("{name}\n  {differences:?}\n  {unsaid:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    count
}

#[tokio::test]
async fn plans_of_the_sample_workspace() {
    let app = TestApp::start().await;
    let (server, ada) = start(Release::V18, &app).await;
    let mut queries = Vec::new();
    for entry in std::fs::read_dir(checkout::root().join("infra/sample/queries")).unwrap() {
        let path = entry.unwrap().path();
        let sql = std::fs::read_to_string(&path).unwrap();
        if sql.contains("-- dialect: postgres") {
            queries.push((path.file_stem().unwrap().to_str().unwrap().to_owned(), sql));
        }
    }
    let known = Known::from([
        ("order-export", "a join with the unique key of a table of which nothing else is read is left out"),
        ("load-daily-sales", "names of a subquery that only the text gives"),
        ("promote-loyal-customers", "a plan does not say which columns UPDATE sets"),
    ]);
    assert!(check_all(&server, &ada, &queries, &known).await >= 20);
    server.stop().await;
}

/// TPC-H and TPC-DS, where the corpora exist.
#[tokio::test]
async fn plans_of_tpc() {
    let corpora = checkout::root().join("../shared/corpora");
    for (name, least, known) in [
        ("tpch", 21, Known::new()),
        ("tpcds", 79, Known::from([("tpcds/72", "a join with the unique key of a table is left out")])),
    ] {
        let Some((queries, schema)) = corpus(&corpora, name) else {
            println!("skipped: {name} does not exist");
            continue;
        };
        let server = Postgres::start(&Tools::of_checkout(&checkout::root()), Release::V18).await.unwrap();
        server.query(&ddl(&schema)).await.unwrap();
        let catalog = json!({ "ddl": ddl(&schema), "dialect": "postgres" });
        let app = TestApp::start().await;
        let ada = app.user("acme");
        ada.put("/v1/catalogs/sample").json(&catalog).send().await.expect(201);
        let count = check_all(&server, &ada, &queries, &known).await;
        println!("{name}: {count} plans");
        assert!(count >= least, "{count}");
        server.stop().await;
    }
}

fn corpus(folder: &Path, name: &str) -> Option<(Vec<(String, String)>, Value)> {
    let cases = std::fs::read_to_string(folder.join(format!("lineage/{name}.jsonl"))).ok()?;
    let schema = std::fs::read_to_string(folder.join(format!("equivalence/schemas/{name}.json"))).ok()?;
    let cases = cases.lines().map(|line| {
        let case: Value = serde_json::from_str(line).unwrap();
        (case["id"].as_str().unwrap().to_owned(), case["sql"].as_str().unwrap().to_owned())
    });
    Some((cases.collect(), serde_json::from_str(&schema).unwrap()))
}

fn ddl(schema: &Value) -> String {
    let table = |(name, table): (&String, &Value)| {
        let columns = table["cols"].as_object().unwrap().iter();
        let mut parts: Vec<String> =
            columns.map(|(column, of)| format!("{column} {}", of.as_str().unwrap())).collect();
        let key: Vec<&str> = table["pk"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        if !key.is_empty() {
            parts.push(format!("PRIMARY KEY ({})", key.join(", ")));
        }
        format!("CREATE TABLE {name} ({});", parts.join(", "))
    };
    schema.as_object().unwrap().iter().map(table).collect()
}
