//! `sqm optimize --database`: on a real server, and where there is none.

use sqm_local::{Door, Postgres, Release, Tools};

use crate::sqm::{Run, command, ndjson, root};

const SCHEMA: &str = "CREATE TABLE o (id INT PRIMARY KEY, k INT NOT NULL); CREATE TABLE i (id INT PRIMARY KEY, o_id INT NOT NULL)";

const COUNTED: &str = "SELECT o.k FROM o WHERE (SELECT COUNT(*) FROM i WHERE i.o_id = o.id) > 0";

fn run(args: &str, dsn: Option<&str>, input: &str) -> Run {
    let mut command = command(args);
    match dsn {
        Some(dsn) => command.env("SQM_DATABASE_URL", dsn),
        None => command.env_remove("SQM_DATABASE_URL"),
    };
    let mut child = command.spawn().unwrap();
    // What ends before it has read everything breaks the pipe.
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn line() -> String {
    ndjson([&serde_json::json!({ "id": 1, "sql": COUNTED, "dialect": "postgres", "schema": SCHEMA })])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rewrites_are_weighed_by_estimate_and_by_time() {
    let server = Postgres::open(&Tools::of_checkout(&root()), Release::V16, Door::Port).await.unwrap();
    let setup = format!(
        "{SCHEMA}; INSERT INTO o SELECT n, n FROM generate_series(1, 500) n; \
         INSERT INTO i SELECT n, n % 400 FROM generate_series(1, 4000) n; \
         ALTER ROLE postgres PASSWORD 'hunter2'"
    );
    server.query(&setup).await.unwrap();
    server.query("ANALYZE").await.unwrap();
    let dsn = format!("postgres://postgres:hunter2@127.0.0.1:{}/postgres", server.port());
    let estimated = run("optimize --ndjson --jobs 2 --database", Some(&dsn), &line()).lines().remove(0);
    let best = &estimated["rewrites"][0];
    assert_eq!(best["benefit"]["method"], "database, estimated cost", "{estimated}");
    assert_eq!(best["recommended"], true, "{estimated}");
    let indexes = estimated["database"]["indexes"].as_array().unwrap();
    assert_eq!(indexes.len(), 2, "{estimated}");

    let script = format!("-- dialect: postgres\n{SCHEMA};\n{COUNTED};\nSELECT 1;\n");
    let text = run("optimize - --database --run", Some(&dsn), &script);
    assert_eq!(text.code, 0, "{}", text.err);
    assert!(
        text.out.contains("times as fast") && text.out.contains("(database, measured time)"),
        "{}",
        text.out
    );
    assert!(text.out.contains("weighed on PostgreSQL 16") && text.out.contains("o_pkey"), "{}", text.out);
    assert!(!text.out.contains("hunter2") && !text.err.contains("hunter2"));
}

#[test]
fn without_a_database_the_rest_is_done() {
    let dsn = "postgres://u:hunter2@127.0.0.1:9/d";
    let answer = run("optimize --ndjson --jobs 1 --database --databases 10", Some(dsn), &line());
    let found = answer.lines().remove(0);
    let method = found["rewrites"][0]["benefit"]["method"].as_str().unwrap();
    assert!(method.starts_with("embedded ") && method.ends_with(", generated data"), "{found}");
    assert!(found["notes"].to_string().contains("cannot be reached"), "{found}");
    assert!(!answer.out.contains("hunter2") && !answer.err.contains("hunter2"));
    let other = run("optimize - --database --dialect mysql", Some(dsn), "SELECT 1");
    assert!(other.out.contains("speaks postgres"), "{}", other.out);
}

#[test]
fn a_dsn_comes_out_of_the_environment_and_is_not_repeated() {
    let none = run("optimize - --database", None, "SELECT 1");
    assert!(none.code == 2 && none.err.contains("SQM_DATABASE_URL"), "{}", none.err);
    let wrong = run("optimize - --database", Some("mysql://u:hunter2@h/d"), "SELECT 1");
    assert!(
        wrong.code == 2 && wrong.err.contains("postgres://") && !wrong.err.contains("hunter2"),
        "{}",
        wrong.err
    );
    assert_eq!(run("optimize - --run", None, "SELECT 1").code, 2);
}
