//! What is broken, huge or hostile is answered, and the lines after it as well.

use serde_json::{Value, json};

use crate::sqm::{ndjson, sqm, sqm_chunks};

const COMMANDS: [&str; 4] = ["lineage", "lint", "optimize", "verify"];

fn good() -> Value {
    let schema = json!({"t": {"cols": {"a": "INT"}}});
    json!({"id": "good", "sql": "SELECT a FROM t", "q1": "SELECT a FROM t", "q2": "select a FROM t", "schema": schema})
}

#[test]
fn bad_lines_are_answered_in_their_place() {
    let bad: Vec<(&[u8], Value)> = vec![
        (b"", json!(null)),
        (b"   ", json!(null)),
        (b"not json", json!(null)),
        (b"[]", json!(null)),
        (b"\"text\"", json!(null)),
        (b"null", json!(null)),
        (b"{}", json!(null)),
        (b"{\"id\": 1}", json!(1)),
        (b"{\"id\": 2, \"sql\": 5, \"q1\": 5, \"q2\": 5}", json!(2)),
        (b"{\"id\": 3, \"sql\": [], \"q1\": {}, \"q2\": true}", json!(3)),
        (b"{\"id\": 4, \"sql\": \"SELECT", json!(4)),
        (b"{\"id\": 5, \"sql\": \"\xff\xfe\", \"q1\": \"\xff\"}", json!(5)),
        (b"{\"id\": 6, \"sql\": \"SELECT 1\", \"q1\": \"SELECT 1\", \"q2\": \"SELECT 1\", \"dialect\": 5}", json!(6)),
        (b"{\"id\": 7, \"sql\": \"SELECT 1\", \"q1\": \"SELECT 1\", \"q2\": \"SELECT 1\", \"schema\": 5}", json!(7)),
        (b"{\"id\": 8, \"sql\": \"SELECT 1\", \"q1\": \"SELECT 1\", \"q2\": \"SELECT 1\", \"schema\": {\"t\": 1}}", json!(8)),
        (b"{\"id\": 9, \"sql\": \"SELECT 1\", \"q1\": \"SELECT 1\", \"q2\": \"SELECT 1\", \"opts\": 5}", json!(9)),
        (b"{\"id\": 10, \"sql\": \"\\ud800\", \"q1\": \"\\ud800\"}", json!(10)),
        (b"{\"id\": 11, \"sql\": \"a\", \"sql\": \"b\", \"q1\": \"a\", \"q1\": \"b\"}", json!(11)),
        (b"\x00\x01\x02", json!(null)),
    ];
    let mut input = Vec::new();
    for (line, _) in &bad {
        input.extend_from_slice(line);
        input.extend_from_slice(b"\n");
        input.extend_from_slice(ndjson([&good()]).as_bytes());
    }
    for command in COMMANDS {
        for jobs in [1, 4] {
            let run = sqm(&format!("{command} --ndjson --jobs {jobs}"), &input);
            assert_eq!((run.code, run.err.as_str()), (0, ""), "{command}");
            let answers = run.lines();
            assert_eq!(answers.len(), 2 * bad.len());
            for (pair, (line, id)) in answers.chunks(2).zip(&bad) {
                let shown = String::from_utf8_lossy(line);
                assert_eq!(pair[0]["id"], *id, "{command}: {shown}");
                assert_eq!(pair[0]["ok"], false, "{command}: {shown}");
                assert!(
                    pair[0]["error"]["message"].as_str().is_some_and(|it| !it.is_empty()),
                    "{command}: {shown}"
                );
                assert!(has_form(command, &pair[0]), "{command}: {}", pair[0]);
                assert_eq!(pair[1]["id"], "good", "{command}: {shown}");
                assert!(pair[1].get("ok").is_none_or(|ok| ok == true), "{command}: {shown}");
                assert!(has_form(command, &pair[1]), "{command}: {}", pair[1]);
            }
        }
    }
}

/// Whether the answer has the fields that the contract names.
fn has_form(command: &str, answer: &Value) -> bool {
    let lists = |keys: &[&str]| keys.iter().all(|key| answer[key].is_array());
    match command {
        "lineage" => {
            answer["ok"].is_boolean()
                && lists(&["statements", "tables_in", "tables_out", "columns", "findings"])
        }
        "lint" => lists(&["findings"]),
        "optimize" => lists(&["rewrites", "indexes", "findings"]),
        _ => {
            let has = |key| answer.get(key).is_some();
            answer["verdict"].is_string()
                && answer["reason"].is_string()
                && has("counterexample")
                && has("proof")
        }
    }
}

#[test]
fn sql_that_does_not_parse_says_where() {
    let line = json!({"id": 1, "sql": "SELECT 1;\n  SELEKT 2;\nSELECT a FROM t", "dialect": "postgres"});
    let answer = sqm("lineage --ndjson --jobs 1", ndjson([&line])).lines().remove(0);
    assert_eq!((&answer["ok"], &answer["tables_in"]), (&json!(true), &json!(["t"])));
    let error = &answer["statements"][1]["error"];
    assert_eq!((&error["line"], &error["column"]), (&json!(2), &json!(3)));
    let line = json!({"id": 1, "sql": "SELECT a FROM\n", "dialect": "postgres"});
    let answer = sqm("lineage --ndjson --jobs 1", ndjson([&line])).lines().remove(0);
    assert_eq!((&answer["ok"], &answer["error"]["line"]), (&json!(false), &json!(1)));
    let answer = sqm("lint --ndjson --jobs 1", ndjson([&line])).lines().remove(0);
    assert_eq!(answer["findings"][0]["code"], "SQM000");
}

#[test]
fn carriage_returns_and_marks_are_no_trouble() {
    let line =
        json!({"id": "ä", "sql": "\u{feff}SELECT a\r\nFROM t\r\n;\r\nSELECT b\r\nFROM u", "dialect": "tsql"});
    let input = format!("\u{feff}{line}\r\n{line}\r\n{line}");
    for jobs in [1, 2] {
        let answers = sqm(&format!("lineage --ndjson --jobs {jobs}"), &input).lines();
        assert_eq!(answers.len(), 3);
        for answer in answers {
            assert_eq!((&answer["id"], &answer["tables_in"]), (&json!("ä"), &json!(["t", "u"])));
        }
    }
    for command in COMMANDS {
        assert_eq!(sqm(&format!("{command} --ndjson"), "").out, "");
    }
}

#[test]
fn a_line_of_a_hundred_megabytes_costs_no_such_memory() {
    let megabyte = vec![b'x'; 1 << 20];
    for jobs in [1, 2] {
        let chunks = std::iter::once(b"{\"id\": \"long\", \"sql\": \"".to_vec())
            .chain(std::iter::repeat_n(megabyte.clone(), 100))
            .chain([b"\"}\n".to_vec(), ndjson([&good()]).into_bytes()]);
        let run = sqm_chunks(&format!("lineage --ndjson --stats --jobs {jobs}"), chunks);
        let answers = run.lines();
        assert_eq!((&answers[0]["id"], &answers[0]["ok"]), (&json!("long"), &json!(false)));
        assert!(answers[0]["error"]["message"].as_str().unwrap().contains("33554432 bytes"));
        assert_eq!((&answers[1]["id"], &answers[1]["ok"]), (&json!("good"), &json!(true)));
        let stats: Value = serde_json::from_str(run.err.trim_end()).unwrap();
        assert!(stats["peak_rss_mb"].as_f64().unwrap() < 160.0, "{stats}");
    }
}

#[test]
fn a_verdict_on_what_multiplies_takes_bounded_memory() {
    let many = (0..12).map(|n| format!("t AS t{n}")).collect::<Vec<_>>().join(", ");
    let queries = [
        "SELECT repeat(s, 100000000) FROM t".to_owned(),
        "WITH RECURSIVE r AS (SELECT s FROM t UNION ALL SELECT s || s FROM r) SELECT s FROM r".to_owned(),
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r".to_owned(),
        format!("SELECT t0.a FROM {many}"),
        format!("SELECT string_agg(t0.s, ',') FROM {many}"),
        format!("SELECT t0.s, count(*) FROM {many} GROUP BY t0.s, t1.s, t2.s, t3.s, t4.s, t5.s, t6.s, t7.s"),
    ];
    let lines: Vec<Value> = queries.iter().map(|sql| {
        let schema = "CREATE TABLE t (a INT, s VARCHAR(40))";
        json!({"id": sql, "q1": sql, "q2": format!("{sql} LIMIT 7"), "dialect": "postgres", "schema": schema})
    }).collect();
    let run = sqm("verify --ndjson --stats --jobs 1", ndjson(&lines));
    assert_eq!(run.lines().len(), queries.len());
    let stats: Value = serde_json::from_str(run.err.trim_end()).unwrap();
    assert!(stats["peak_rss_mb"].as_f64().unwrap() < 512.0, "{stats}");
}

#[test]
fn many_lines_wait_outside_of_memory() {
    // 150 MB of lines of one megabyte, which nobody can answer faster than they come.
    let line = json!({"id": 1, "sql": format!("SELECT '{}'", "x".repeat(1 << 20))}).to_string() + "\n";
    let chunks = std::iter::repeat_n(line.into_bytes(), 150);
    let run = sqm_chunks("lineage --ndjson --stats --jobs 2", chunks);
    assert_eq!(run.out.lines().count(), 150);
    assert!(run.lines()[149]["error"]["message"].as_str().unwrap().contains("at most 1048576 are taken"));
    let stats: Value = serde_json::from_str(run.err.trim_end()).unwrap();
    assert!(stats["peak_rss_mb"].as_f64().unwrap() < 140.0, "{stats}");
}

#[test]
fn deep_and_long_texts_are_answered() {
    let chain = format!("SELECT {}1 AS x", "1+".repeat(125_000));
    let union = vec!["SELECT a FROM t"; 500].join(" UNION ALL ");
    let nested = format!("SELECT {}1{} AS x", "(".repeat(20_000), ")".repeat(20_000));
    let statement = format!("INSERT INTO u SELECT a + 1, '{}' FROM t;\n", "x".repeat(4_000));
    let script = statement.repeat((1 << 20) / statement.len());
    let too_long = format!("SELECT '{}'", "x".repeat(256 * 1024));
    let texts = [chain, union, nested, script, too_long];
    let lines: Vec<Value> = texts
        .iter()
        .map(|sql| json!({"id": sql.len(), "sql": sql, "q1": sql, "q2": "SELECT 1 AS x", "dialect": "postgres"}))
        .collect();
    for command in COMMANDS {
        let run = sqm(&format!("{command} --ndjson --jobs 1"), ndjson(&lines));
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{command}");
        let answers = run.lines();
        assert_eq!(answers.len(), texts.len());
        for (answer, text) in answers.iter().zip(&texts) {
            assert_eq!(answer["id"], text.len());
            assert!(has_form(command, answer), "{command}");
        }
        if command == "lineage" {
            let ok: Vec<&Value> = answers.iter().map(|answer| &answer["ok"]).collect();
            assert_eq!(
                (ok[0], ok[1], ok[3], ok[4]),
                (&json!(true), &json!(true), &json!(true), &json!(false))
            );
            assert_eq!(answers[1]["columns"].as_array().unwrap().len(), 1);
            let said = answers[4]["error"]["message"].as_str().unwrap();
            assert!(said.contains("at most 262144 are taken"), "{said}");
        }
    }
}
