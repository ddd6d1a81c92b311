//! `sqm optimize --model`: on an endpoint that speaks the wire format, and where there is none.

use serde_json::json;
use sqm_testkit::{FakeModel, Step};

use crate::sqm::{Run, command};

const SCRIPT: &str = "-- dialect: postgres\nCREATE TABLE o (id INT PRIMARY KEY, k INT NOT NULL);\n\
    SELECT a.k FROM o a WHERE a.id IN (SELECT b.id FROM o b WHERE b.k > 4242);\nSELECT 1;\n";

const RIGHT: &str = "SELECT a.k FROM o a WHERE a.k > :integer_1";

fn run(args: &str, environment: &[(&str, &str)], input: &str) -> Run {
    let mut command = command(args);
    for name in ["SQM_MODEL_URL", "SQM_MODEL", "SQM_MODEL_KEY", "SQM_MODEL_HOSTS"] {
        command.env_remove(name);
    }
    command.envs(environment.iter().copied());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_models_rewrite_stands_among_the_others_in_its_place() {
    let model = FakeModel::answering(|asked| {
        let is_it = asked.text().contains("b.k");
        let proposed = if is_it { json!([{"sql": RIGHT, "title": "No subquery"}]) } else { json!([]) };
        Step::json(&json!({"rewrites": proposed}))
    })
    .await;
    let url = model.url();
    let environment =
        [("SQM_MODEL_URL", url.as_str()), ("SQM_MODEL", "fake-1"), ("SQM_MODEL_KEY", "hunter2")];
    let found = run("optimize - --model --no-measure --show sql", &environment, SCRIPT);
    assert_eq!(found.code, 0, "{}", found.err);
    assert!(found.out.contains("model:fake-1") && found.out.contains("No subquery"), "{}", found.out);
    let whole = SCRIPT.replace(
        "SELECT a.k FROM o a WHERE a.id IN (SELECT b.id FROM o b WHERE b.k > 4242)",
        "SELECT a.k FROM o a WHERE a.k > 4242",
    );
    assert!(found.out.contains(whole.trim_end()), "{}", found.out);
    for asked in model.asked() {
        assert!(asked.head.contains("Bearer hunter2") && !asked.text().contains("4242"));
    }
    assert!(!found.out.contains("hunter2") && !found.err.contains("hunter2"));
}

#[test]
fn what_is_missing_or_forbidden_is_named() {
    let sql = "SELECT 1";
    let none = run("optimize - --model", &[], sql);
    assert!(none.code == 2 && none.err.contains("SQM_MODEL_URL"), "{}", none.err);
    let metadata = [("SQM_MODEL_URL", "http://2852039166/v1"), ("SQM_MODEL", "m")];
    let refused = run("optimize - --model", &metadata, sql);
    assert!(refused.code == 2 && refused.err.contains("not allowed"), "{}", refused.err);
}
