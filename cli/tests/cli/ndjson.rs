//! The contract of `--ndjson`: line N answers line N, whatever it holds.

use serde_json::{Value, json};

use crate::sqm::{Run, ndjson, sqm};

const PAIR_SCHEMA: &str = "CREATE TABLE t (a INT NOT NULL, b INT)";

#[test]
fn order_is_kept_at_any_number_of_jobs() {
    let sql = |n: usize| match n % 3 {
        0 => format!("SELECT c{n} FROM t"),
        1 => format!("INSERT INTO u SELECT {} FROM t", vec![format!("a{n} + b"); 60].join(", ")),
        _ => "SELEKT".to_owned(),
    };
    let lines: Vec<Value> =
        (0..400).map(|n| json!({"id": n, "sql": sql(n), "dialect": "postgres"})).collect();
    let input = ndjson(&lines);
    let one = sqm("lineage --ndjson --jobs 1", &input);
    assert_eq!(one.code, 0);
    let ids: Vec<u64> = one.lines().iter().map(|line| line["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (0..400).collect::<Vec<u64>>());
    for jobs in ["--jobs 4", "--jobs 64", ""] {
        assert!(sqm(&format!("lineage --ndjson {jobs}"), &input).out == one.out, "{jobs}");
    }
}

#[test]
fn ids_come_back_as_they_are() {
    let ids = [
        "7",
        "\"x\"",
        "null",
        "true",
        "[1, {\"a\": 2}]",
        "{\"b\":1,\"a\":2}",
        "1e400",
        "123456789012345678901234567890",
        "\"\\u00e4\"",
    ];
    let input: String = ids.iter().map(|id| format!("{{\"sql\": \"SELECT 1\", \"id\": {id}}}\n")).collect();
    for command in ["lineage", "lint", "optimize"] {
        let run = sqm(&format!("{command} --ndjson --jobs 1"), format!("{input}{{\"sql\": \"SELECT 1\"}}\n"));
        let expected: Vec<String> = ids.iter().chain([&"null"]).map(|id| format!("{{\"id\":{id},")).collect();
        assert_eq!(run.out.lines().count(), expected.len());
        for (line, start) in run.out.lines().zip(expected) {
            assert!(line.starts_with(&start), "{command}: {line}");
        }
    }
}

#[test]
fn lineage_has_the_form_of_the_contract() {
    let line = json!({
        "id": "x", "sql": "INSERT INTO s.t SELECT a, COUNT(*) FROM u WHERE b = 1 GROUP BY a", "dialect": "postgres",
        "schema": {"db.s.u": ["a", "b"]}, "opts": {"default_db": "db", "default_schema": "s", "z": 1}, "more": [1],
    });
    let run = sqm("lineage --ndjson --jobs 1", ndjson([&line]));
    let answer = &run.lines()[0];
    assert_eq!(answer["ok"], true);
    assert_eq!(answer["error"], Value::Null);
    assert_eq!((&answer["tables_in"], &answer["tables_out"]), (&json!(["db.s.u"]), &json!(["db.s.t"])));
    assert_eq!(answer["statements"][0]["kind"], "INSERT");
    let edges: Vec<(Value, Value, &str, &str)> = answer["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| {
            let text = |key: &str| edge[key].as_str().unwrap();
            (edge["source"].clone(), edge["target"].clone(), text("type"), text("subtype"))
        })
        .collect();
    let column = |table: &str, column: &str| json!({"table": table, "column": column});
    assert!(
        edges.contains(&(column("db.s.u", "a"), column("db.s.t", "a"), "DIRECT", "IDENTITY")),
        "{edges:?}"
    );
    assert!(edges.contains(&(column("db.s.u", "b"), Value::Null, "INDIRECT", "FILTER")), "{edges:?}");
    assert!(edges.contains(&(column("db.s.u", "a"), Value::Null, "INDIRECT", "GROUP_BY")), "{edges:?}");
    let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    for key in ["columns", "error", "findings", "id", "ok", "statements", "tables_in", "tables_out"] {
        assert!(keys.contains(&&key.to_owned()), "{key}");
    }
}

#[test]
fn a_dialect_without_a_grammar_of_its_own_is_said() {
    let of = |dialect: &str| json!({"id": dialect, "sql": "SELECT a FROM t", "dialect": dialect});
    let input = ndjson(&[
        of("trino"),
        of("klingon"),
        of("mysql, normalization_strategy = lowercase"),
        of("Snowflake"),
    ]);
    let lines = sqm("lineage --ndjson --jobs 1", &input).lines();
    let said: Vec<Option<&str>> = lines
        .iter()
        .map(|line| line["findings"].get(0).and_then(|finding| finding["message"].as_str()))
        .collect();
    assert_eq!(
        said,
        [
            Some("trino is read with the grammar of generic"),
            Some("no dialect klingon is known; it is read as generic"),
            None,
            None,
        ]
    );
    assert_eq!(lines[3]["tables_in"], json!(["T"]));
    let notes = &sqm("lint --ndjson --jobs 1", &input).lines()[0]["notes"];
    assert_eq!(*notes, json!(["trino is read with the grammar of generic"]));
}

#[test]
fn verify_has_the_form_of_the_contract() {
    let pair = |id: &str, q2: &str| json!({"id": id, "q1": "SELECT a FROM t WHERE a > 1", "q2": q2, "dialect": "postgres", "schema": PAIR_SCHEMA});
    let lines = [
        pair("same", "select a from t where a > 1"),
        pair("other", "SELECT a FROM t WHERE a > 2"),
        pair("alike", "SELECT a FROM t WHERE NOT a <= 1"),
        pair("open", "SELECT x FROM nowhere"),
    ];
    let answers = sqm("verify --ndjson", ndjson(&lines)).lines();
    let verdicts: Vec<&str> = answers.iter().map(|answer| answer["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts[..2], ["proved", "refuted"]);
    assert!(["proved", "tested"].contains(&verdicts[2]), "{verdicts:?}");
    assert_eq!(verdicts[3], "unknown");
    assert!(answers[0]["proof"][0].is_string());
    let counterexample = &answers[1]["counterexample"];
    assert_eq!(counterexample["tables"]["t"]["columns"], json!(["a", "b"]));
    assert_ne!(counterexample["result1"], counterexample["result2"]);
    for answer in &answers {
        assert!(
            answer["reason"].is_string() && answer["databases"].is_u64() && answer["ms"].is_number(),
            "{answer}"
        );
    }
}

#[test]
fn lint_and_optimize_have_the_form_of_the_contract() {
    let sql = "SELECT o.k FROM o WHERE (SELECT COUNT(*) FROM i WHERE i.o_id = o.id) > 0 AND o.k = NULL";
    let schema = "CREATE TABLE o (id INT PRIMARY KEY, k INT); CREATE TABLE i (id INT PRIMARY KEY, o_id INT)";
    let line = json!({"id": 1, "sql": sql, "dialect": "postgres", "schema": schema});
    let answer = sqm("lint --ndjson --jobs 1", ndjson([&line])).lines().remove(0);
    let finding = &answer["findings"][0];
    for key in ["code", "name", "severity", "message"] {
        assert!(finding[key].is_string(), "{finding}");
    }
    for key in ["line", "column", "end_line", "end_column"] {
        assert!(finding[key].is_u64(), "{finding}");
    }
    let line =
        json!({"id": 1, "sql": sql.replace(" AND o.k = NULL", ""), "dialect": "postgres", "schema": schema});
    let answer = sqm("optimize --ndjson --jobs 1 --databases 20", ndjson([&line])).lines().remove(0);
    let rewrite = &answer["rewrites"][0];
    assert!(rewrite["sql"].as_str().unwrap().contains("EXISTS"), "{rewrite}");
    assert!(rewrite["origin"].as_str().unwrap().starts_with("rule:"));
    assert!(rewrite["verdict"] == "tested" || rewrite["verdict"] == "proved", "{rewrite}");
    assert!(rewrite["benefit"]["ratio"].is_number(), "{rewrite}");
    assert!(answer["indexes"].is_array() && answer["findings"].is_array());
}

#[test]
fn stats_are_the_last_thing_said() {
    let line = json!({"id": 1, "q1": "SELECT a FROM t", "q2": "SELECT a FROM t", "sql": "SELECT a FROM t"});
    let input = format!("{}not json\n", ndjson([&line, &line]));
    for command in ["lineage", "lint", "optimize", "verify"] {
        for jobs in [1, 3] {
            let Run { code, out, err } = sqm(&format!("{command} --ndjson --stats --jobs {jobs}"), &input);
            assert_eq!((code, out.lines().count()), (0, 3));
            let stats: Value = serde_json::from_str(err.trim_end()).unwrap();
            assert_eq!(stats["items"], 3);
            let keys: Vec<&String> = stats.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["cpu_s", "items", "peak_rss_mb", "wall_s"]);
            assert!(
                stats["cpu_s"].as_f64().unwrap() > 0.0 && stats["wall_s"].as_f64().unwrap() > 0.0,
                "{stats}"
            );
            assert!(stats["peak_rss_mb"].as_f64().unwrap() > 1.0, "{stats}");
        }
    }
}

#[test]
fn arguments_hold_for_lines_that_say_nothing() {
    let schema = root_file("infra/sample/schema.sql");
    assert!(schema.contains("CREATE TABLE stores"));
    let lines = [
        json!({"id": 1, "sql": "SELECT * FROM STORES"}),
        json!({"id": 2, "sql": "SELECT * FROM STORES", "dialect": "snowflake", "schema": {"STORES": ["A"]}}),
    ];
    let args =
        "lineage --ndjson --jobs 1 --dialect postgres --schema infra/sample/schema.sql --default-schema shop";
    let answers = sqm(args, ndjson(&lines)).lines();
    let targets = |answer: &Value| answer["columns"].as_array().unwrap().len();
    assert_eq!((targets(&answers[0]), targets(&answers[1])), (7, 1));
    assert_eq!(answers[0]["tables_in"], json!(["shop.stores"]));
}

fn root_file(path: &str) -> String {
    std::fs::read_to_string(crate::sqm::root().join(path)).unwrap()
}
