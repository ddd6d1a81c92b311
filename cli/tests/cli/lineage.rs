//! Lineage in forms for other programs, and lineage by plan.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::sqm::sqm;

const SQL: &str = "SELECT c.name FROM customers AS c WHERE c.region = 'north'";

fn file(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    path.display().to_string()
}

#[test]
fn drawings_and_events_name_what_is_read() {
    let show = |form: &str| {
        let run = sqm(&format!("lineage --format {form} -d postgres -"), SQL);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{form}");
        assert!(run.out.contains("customers") && run.out.ends_with('\n'), "{form}: {}", run.out);
        run
    };
    assert!(show("dot").out.starts_with("digraph"));
    assert!(show("mermaid").out.starts_with("flowchart"));
    let svg = show("svg").out;
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"), "{svg}");
    let event = show("openlineage").lines().remove(0);
    assert_eq!(event["job"]["namespace"], "sqm");
    assert_eq!(event["inputs"][0]["namespace"], "postgres");
    let args = "lineage --format openlineage -d postgres --job-namespace daily --dataset-namespace db:1 -";
    let event = sqm(args, SQL).lines().remove(0);
    assert_eq!(event["job"]["namespace"], "daily");
    assert_eq!(event["inputs"][0]["namespace"], "db:1");
    assert!(event["eventTime"].as_str().unwrap().ends_with('Z'), "{event}");
}

#[test]
fn what_cannot_be_drawn_is_said() {
    for form in ["dot", "mermaid", "svg", "openlineage"] {
        let run = sqm(&format!("lineage --format {form} -d postgres -"), "\n SELECT FROM WHERE");
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{form}: {}", run.err);
        assert!(run.err.contains(":2:"), "{form}: {}", run.err);
    }
    let run = sqm("lineage --format svg infra/sample/queries", "");
    assert_eq!(run.code, 2);
    assert!(run.err.contains("name one file"), "{}", run.err);
    let events = sqm("lineage --format openlineage infra/sample/queries", "");
    assert_eq!(events.code, 0, "{}", events.err);
    let queries = fs::read_dir(crate::sqm::root().join("infra/sample/queries")).unwrap().count();
    assert_eq!(events.lines().len(), queries);
}

#[test]
fn a_plan_is_read_and_compared_with_its_text() {
    let folder = TempDir::new().unwrap();
    let scan = json!([{ "Plan": {
        "Node Type": "Seq Scan", "Relation Name": "customers", "Schema": "public", "Alias": "c",
        "Output": ["name"], "Filter": "(c.region = 'north'::text)",
    }}]);
    let plan = file(&folder, "plan.json", scan.to_string());
    let text = file(&folder, "text.sql", SQL);
    let other = file(&folder, "other.sql", "SELECT c.name FROM customers AS c WHERE c.city = 'x'");
    let run = |more: &str| sqm(&format!("lineage --plan {plan} {more}"), "");

    let alone = run("");
    assert_eq!((alone.code, alone.err.as_str()), (0, ""));
    assert!(alone.out.contains("reads   public.customers"), "{}", alone.out);
    let same = run(&text);
    assert_eq!(same.code, 0, "{}", same.out);
    assert!(same.out.contains("says the same"), "{}", same.out);
    let differs = run(&other);
    assert_eq!(differs.code, 1);
    assert!(
        differs.out.contains("only the plan reads the column public.customers.region"),
        "{}",
        differs.out
    );
    assert!(differs.out.contains("only the text reads the column customers.city"), "{}", differs.out);
    let document: Value = run(&format!("--format json {text}")).lines().remove(0);
    assert_eq!(document["plan"]["engine"], "postgres");
    assert_eq!(document["differences"], json!([]));
}

#[test]
fn what_is_no_plan_is_said() {
    let folder = TempDir::new().unwrap();
    let check = |content: &str, more: &str, said: &str| {
        let plan = file(&folder, "plan", content);
        let run = sqm(&format!("lineage --plan {plan} {more}"), "");
        assert_eq!(run.code, 2, "{content}: {}", run.out);
        assert!(run.err.contains(said), "{content}: {}", run.err);
        assert!(run.err.contains(Path::new(&plan).file_name().unwrap().to_str().unwrap()), "{}", run.err);
    };
    check("Seq Scan on t", "", "no plan in JSON");
    check("{}", "", "no plan that is understood");
    check(&"[".repeat(100_000), "", "no plan in JSON");
    check(r#"[{"Plan": {"Node Type": "Seq Scan"}}]"#, "", "VERBOSE");
}
