//! `sqm import` and `sqm export`: what sources give without a server, and what a real one has afterwards.

use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use sqm_testkit::{Calls, TestApp};

use crate::sqm::{Run, command, sqm};

/// Runs it against a server.
pub async fn against(app: &TestApp, args: &str) -> Run {
    let (address, token, args) = (app.listen().await, app.signed("acme"), args.to_owned());
    let work = move || {
        let output = command(&args).env("SQM_SERVER", address).env("SQM_TOKEN", token).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_of_files_becomes_queries_and_stays_the_same() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "daily/revenue.sql", "-- title: Daily revenue\n-- tags: finance\nSELECT total FROM orders\n");
    write(root, "b.sql", "-- dialect: snowflake\nSELECT 1");
    write(root, "wrong.sql", "-- tags: a b\nSELECT 1");
    write(root, "bytes.sql", b"SELECT '\xff\xfe\xfd'");
    write(root, "note.txt", "no SQL");
    let args = format!("import sql {} --dialect postgres --tag git", root.display());
    let first = against(&app, &args).await;
    assert_eq!(
        (first.code, first.out.lines().next()),
        (2, Some("2 created, 0 updated, 0 unchanged, 0 failed, 2 left out")),
        "{}",
        first.err
    );
    assert!(
        first.err.contains("wrong.sql: line 1: tag:") && first.err.contains("bytes.sql"),
        "{}",
        first.err
    );

    let ada = app.user("acme");
    let mut queries = ada.all("/v1/queries?tag=git").await;
    queries.sort_by_key(|query| query["title"].to_string());
    let told: Vec<_> =
        queries.iter().map(|query| (&query["title"], &query["dialect"], &query["tags"])).collect();
    assert_eq!(
        told,
        [
            (&json!("Daily revenue"), &json!("postgres"), &json!(["finance", "git"])),
            (&json!("b"), &json!("snowflake"), &json!(["git"])),
        ]
    );
    let again = against(&app, &args).await;
    assert!(again.out.starts_with("0 created, 0 updated, 2 unchanged"), "{}", again.out);
    write(root, "b.sql", "-- dialect: snowflake\nSELECT 2");
    let changed = against(&app, &args).await;
    assert!(changed.out.starts_with("0 created, 1 updated, 1 unchanged"), "{}", changed.out);

    // What a server refuses is told, and the rest is done.
    let refused = against(&app, &format!("import sql {} --catalog none", root.display())).await;
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("file:b.sql: there is no catalog none (catalog)"), "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_imported_elsewhere() {
    let (from, to) = (TestApp::start().await, TestApp::start().await);
    let ada = from.user("acme");
    ada.store_catalog("shop", "CREATE TABLE t (a INT)").await;
    for n in 0..40 {
        let query = ada.store(&format!("SELECT {n} -- {}", "x".repeat(60_000))).await;
        ada.patch(&query.path)
            .if_match("*")
            .json(&json!({ "title": format!("T{n}") }))
            .send()
            .await
            .expect(200);
        let runs = json!({ "runs": [{ "at": "2027-01-15T07:00:00Z", "duration_ms": 1.25 }] });
        ada.post(&format!("{}/runs", query.path)).json(&runs).send().await.expect(200);
    }
    let exported = against(&from, "export").await;
    assert_eq!((exported.code, exported.out.lines().count()), (0, 1 + 40 * 3), "{}", exported.err);
    let folder = tempfile::tempdir().unwrap();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(exported.out.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let file = write(folder.path(), "export.ndjson.gz", &packed);
    let imported = against(&to, &format!("import records {file}")).await;
    assert_eq!(imported.code, 0, "{}", imported.err);
    assert_eq!(
        imported.out,
        "81 created, 0 updated, 0 unchanged, 0 failed, 0 left out\nexecutions: 40 recorded, 0 known, 0 too old to be kept\n"
    );
    assert_eq!(against(&to, "export").await.out, exported.out);

    let broken = write(folder.path(), "broken.gz", &packed[..packed.len() / 2]);
    let told = against(&to, &format!("import records {broken}")).await;
    assert_eq!(told.code, 2);
    assert!(told.err.contains("broken.gz: it ends too early"), "{}", told.err);
}

#[test]
fn histories_and_statistics_become_records() {
    let folder = tempfile::tempdir().unwrap();
    let history = "QUERY_ID,QUERY_TEXT,START_TIME,TOTAL_ELAPSED_TIME,EXECUTION_STATUS,QUERY_PARAMETERIZED_HASH\n\
                   a-1,\"SELECT a\nFROM t WHERE b = 10\",2026-11-02 03:04:05.678 -0800,12,SUCCESS,h1\n\
                   a-2,SELECT a FROM t WHERE b = 20,2026-11-02 03:04:06.678 -0800,13,SUCCESS,h1\n\
                   a-3,SELECT 1 FROM,2026-11-02 03:04:06.678 -0800,13,FAIL,h2\n";
    let file = write(folder.path(), "history.csv", history);
    let run = sqm(&format!("import snowflake {file} --dry-run --catalog wh"), "");
    assert_eq!(run.code, 0);
    assert!(run.err.contains("line 5: it did not succeed (fail)"), "{}", run.err);
    let lines = run.lines();
    assert_eq!((lines.len(), &lines[0]["kind"], &lines[1]["kind"]), (2, &json!("query"), &json!("runs")));
    assert_eq!((&lines[0]["origin"], &lines[0]["catalog"]), (&json!("snowflake:h1"), &json!("wh")));
    assert_eq!(lines[1]["runs"].as_array().unwrap().len(), 2);

    let statistics = "queryid,query,calls,total_exec_time,rows\n1,SELECT $1,3,4.5,3\n";
    let run = sqm("import pg-stat-statements - --dry-run --at 2027-01-15T07:00:00Z", statistics);
    let lines = run.lines();
    assert_eq!((&lines[1]["calls"], &lines[1]["at"]), (&json!(3), &json!("2027-01-15T07:00:00Z")));
    let bad = sqm("import pg-stat-statements - --dry-run", "a,b\n1,2\n");
    assert!(bad.err.contains("no column query"), "{}", bad.err);
}

#[test]
fn what_cannot_be_imported_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display();
    let check = |args: &str, told: &str| {
        let run = sqm(args, "");
        assert_eq!(run.code, 2, "{args}: {}", run.out);
        assert!(run.err.contains(told), "{args}: {}", run.err);
    };
    check(&format!("import sql {place}"), "name the server");
    check(&format!("import sql {place} --dry-run"), "no .sql file");
    check(&format!("import dbt {place} --dry-run"), "after `dbt compile`");
    check("import records /none --dry-run", "/none");
    check("export --server http://example.com --token-file /none", "only to https");
    check("export --server https://example.com --token-file /none", "/none");
    write(
        folder.path(),
        "manifest.json",
        r#"{"metadata": {"dbt_schema_version": "https://x/v99.json"}, "nodes": {}}"#,
    );
    check(&format!("import dbt {place} --dry-run"), "version 99");
    let closed =
        format!("export --server http://127.0.0.1:9 --token-file {}", write(folder.path(), "token", "abc"));
    check(&closed, "given up after 6 attempts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_not_taken() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().unwrap();
    let token = write(folder.path(), "token", "abc.def.ghi\n");
    let run = against(&app, &format!("export --token-file {token}")).await;
    assert_eq!(run.code, 2);
    assert!(run.err.contains("401"), "{}", run.err);
}
