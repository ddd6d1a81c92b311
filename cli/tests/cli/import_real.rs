//! Imports out of what real tools leave behind: the artifacts of a dbt project, and the statistics of a PostgreSQL.

use std::path::Path;

use serde_json::{Value, json};
use sqm_local::{Postgres, Tool, Tools};
use sqm_testkit::{Calls, TestApp};
use tokio::process::Command;

use crate::sqm::{Run, command, root};

/// A project with a model of each kind. The seed is a file of CSV that dbt loads.
const PROJECT: &[(&str, &str)] = &[
    (
        "dbt_project.yml",
        "name: shop\nversion: '1.0.0'\nprofile: shop\nmodels:\n  shop:\n    +materialized: view\n\
         flags:\n  send_anonymous_usage_stats: false\n",
    ),
    (
        "profiles.yml",
        "shop:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: shop.duckdb\n",
    ),
    ("seeds/raw_orders.csv", "id,customer,total\n1,7,10.5\n2,7,20\n3,8,1\n"),
    ("models/stg_orders.sql", "select id, customer, total from {{ ref('raw_orders') }}\n"),
    (
        "models/only_here.sql",
        "{{ config(materialized='ephemeral') }}\nselect customer from {{ ref('stg_orders') }}\n",
    ),
    (
        "models/customers.sql",
        "{{ config(materialized='table', tags=['daily']) }}\n\
         select o.customer, sum(o.total) as spent from {{ ref('stg_orders') }} o\n\
         join {{ ref('only_here') }} h on h.customer = o.customer group by o.customer\n",
    ),
    (
        "models/schema.yml",
        "models:\n  - name: customers\n    description: What each has spent.\n    columns:\n      - name: customer\n        tests: [not_null]\n",
    ),
];

async fn against(app: &TestApp, args: &str) -> Run {
    let (address, token, args) = (app.listen().await, app.signed("acme"), args.to_owned());
    let work = move || {
        let output = command(&args).env("SQM_SERVER", address).env("SQM_TOKEN", token).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

async fn dbt(program: &Path, project: &Path, args: &[&str]) {
    let mut command = Command::new(program);
    command.args(args).args(["--profiles-dir", "."]).current_dir(project);
    let output = command.env("DBT_SEND_ANONYMOUS_USAGE_STATS", "false").output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dbt_project() {
    let program = Tools::of_checkout(&root()).install(Tool::Dbt).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in PROJECT {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dbt(&program, folder.path(), &["build"]).await;
    dbt(&program, folder.path(), &["docs", "generate"]).await;

    let app = TestApp::start().await;
    let args = format!("import dbt {}", folder.path().join("target").display());
    let run = against(&app, &args).await;
    assert_eq!(
        (run.code, run.out.as_str()),
        (0, "3 created, 0 updated, 0 unchanged, 0 failed, 0 left out\n"),
        "{}",
        run.err
    );

    let ada = app.user("acme");
    let catalog = ada.get("/v1/catalogs/shop").send().await.ok();
    let names: Vec<&str> =
        catalog["tables"].as_array().unwrap().iter().map(|table| table["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["shop.main.customers", "shop.main.raw_orders", "shop.main.stg_orders"], "{catalog}");
    let queries = ada.all("/v1/queries").await;
    let of = |title: &str| queries.iter().find(|query| query["title"] == title).unwrap();
    let customers = of("customers");
    assert_eq!(
        (&customers["description"], &customers["tags"], &customers["dialect"], &customers["catalog"]),
        (&json!("What each has spent."), &json!(["daily"]), &json!("duckdb"), &json!("shop"))
    );
    // Lineage goes from the seed through the view to the table.
    let lineage = |query: &Value| format!("/v1/queries/{}/lineage", query["id"].as_str().unwrap());
    let staged = ada.get(&lineage(of("stg_orders"))).send().await.ok();
    assert_eq!((&staged["parse"]["ok"], &of("stg_orders")["parse"]["ok"]), (&Value::Null, &json!(true)));
    let read = ada.get(&format!("/v1/queries/{}", customers["id"].as_str().unwrap())).send().await.ok();
    assert_eq!(read["writes"], json!(["shop.main.customers"]), "{read}");
    assert_eq!(read["reads"], json!(["shop.main.stg_orders"]), "{read}");

    let again = against(&app, &args).await;
    assert_eq!(again.out, "0 created, 0 updated, 3 unchanged, 0 failed, 0 left out\n", "{}", again.err);
}

const DUMP: &str = "COPY (SELECT s.* FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid \
    WHERE query LIKE '%orders%' AND query NOT LIKE 'COPY%' ORDER BY queryid) TO STDOUT WITH (FORMAT csv, HEADER)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_statistics_of_a_database() {
    let server = Postgres::counting(&Tools::of_checkout(&root())).await.unwrap();
    server.query("CREATE TABLE orders (id int, \"the total\" int, note text)").await.unwrap();
    server.query("SELECT pg_stat_statements_reset()").await.unwrap();
    let busy = async |times: u32| {
        for n in 0..times {
            server
                .query_alone(&format!("SELECT \"the total\",\n  note\nFROM orders WHERE id = {n}"))
                .await
                .unwrap();
        }
    };
    busy(5).await;
    server
        .query_alone("INSERT INTO orders SELECT n, n, 'a, \"b\"' FROM generate_series(1, 10) n")
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump.csv");
    std::fs::write(&file, server.query_alone(DUMP).await.unwrap()).unwrap();

    let app = TestApp::start().await;
    let args = |at: &str| format!("import pg-stat-statements {} --at {at}", file.display());
    let run = against(&app, &args("2027-01-14T07:00:00Z")).await;
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(
        run.out,
        "2 created, 0 updated, 0 unchanged, 0 failed, 0 left out\nexecutions: 2 recorded, 0 known, 0 too old to be kept\n"
    );
    // Seven more, in the next dump.
    busy(7).await;
    std::fs::write(&file, server.query_alone(DUMP).await.unwrap()).unwrap();
    for expected in ["executions: 1 recorded, 1 known", "executions: 0 recorded, 2 known"] {
        let run = against(&app, &args("2027-01-15T07:00:00Z")).await;
        assert!(
            run.out.contains("0 created, 0 updated, 2 unchanged") && run.out.contains(expected),
            "{}",
            run.out
        );
    }
    let ada = app.user("acme");
    let select = ada.all("/v1/queries?reads=orders").await.remove(0);
    let path = format!("/v1/queries/{}", select["id"].as_str().unwrap());
    let stored = ada.get(&path).send().await.ok();
    assert_eq!(stored["sql"], "SELECT \"the total\",\n  note\nFROM orders WHERE id = $1");
    let runs = ada.get(&format!("{path}/runs")).send().await.ok();
    let days: Vec<_> = runs["windows"].as_array().unwrap().iter().map(|day| &day["runs"]).collect();
    assert_eq!(days, [&json!(5), &json!(7)], "{runs}");
    assert!(runs["total"]["p50_ms"].as_f64().unwrap() > 0.0);
    server.stop().await;
}
