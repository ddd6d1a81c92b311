//! Standing in a pipe: answers come when they are ready, and a reader may leave.

use std::io::{BufRead, BufReader, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::sqm::{command, sqm_chunks};

/// Far longer than any answer takes; only a hang is.
const HANG: Duration = Duration::from_secs(120);

#[test]
fn an_answer_comes_before_the_next_question() {
    for jobs in [1, 4] {
        let mut child = command(&format!("lineage --ndjson --jobs {jobs}")).spawn().unwrap();
        let (mut stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (send, answers) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                if send.send(line.unwrap()).is_err() {
                    break;
                }
            }
        });
        for id in 0..3 {
            writeln!(stdin, "{}", json!({"id": id, "sql": "SELECT a FROM t"})).unwrap();
            let answer: Value = serde_json::from_str(&answers.recv_timeout(HANG).unwrap()).unwrap();
            assert_eq!(answer["id"], id);
        }
        drop(stdin);
        assert!(child.wait().unwrap().success());
        assert!(answers.recv_timeout(HANG).is_err());
    }
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let line = json!({"id": 1, "sql": "SELECT a, b, c FROM t"}).to_string() + "\n";
    for args in ["lineage --ndjson --jobs 1", "lineage --ndjson --jobs 4", "lint --format json --deny info -"]
    {
        let mut child = command(args).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // Standard output is closed before anything is written to it.
        drop(child.stdout.take());
        let line = line.clone();
        let writer = thread::spawn(move || (0..100_000).all(|_| stdin.write_all(line.as_bytes()).is_ok()));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), err.as_str()),
            (Some(if args.starts_with("lint") { 2 } else { 0 }), err.as_str())
        );
        if args.starts_with("lineage") {
            assert_eq!(err, "");
        }
    }
}

#[test]
fn help_and_text_end_quietly_too() {
    for args in ["lint infra/sample/queries", "lineage infra/sample/queries", "lint --explain all"] {
        let mut child = command(args).spawn().unwrap();
        drop((child.stdin.take(), child.stdout.take()));
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{args}");
    }
}

#[test]
fn a_slow_line_holds_nobody_up_but_those_behind_it() {
    let slow = json!({
        "id": "slow", "q1": "SELECT COUNT(*) FROM t a, t b, t c", "q2": "SELECT COUNT(b.x) FROM t a, t b, t c",
        "dialect": "postgres", "schema": "CREATE TABLE t (x INT NOT NULL, y INT)",
    });
    let quick = |id: usize| json!({"id": id, "q1": "SELECT 1", "q2": "SELECT 1"});
    let chunks = std::iter::once(format!("{slow}\n").into_bytes())
        .chain((0..2_000).map(move |id| format!("{}\n", quick(id)).into_bytes()));
    let run = sqm_chunks("verify --ndjson --jobs 4", chunks);
    let ids: Vec<Value> = run.lines().iter().map(|line| line["id"].clone()).collect();
    let expected: Vec<Value> = std::iter::once(json!("slow")).chain((0..2_000).map(|id| json!(id))).collect();
    assert_eq!(ids, expected);
}
