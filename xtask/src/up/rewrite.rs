//! The best rewrite as people see it: what changes, whether it is the same query, what it brings.

use serde_json::Value;
use similar::TextDiff;

/// The lines about findings and the best rewrite.
pub fn show(sql: &str, optimizations: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in optimizations["findings"].as_array().into_iter().flatten() {
        let text = |name: &str| finding[name].as_str().unwrap_or_default();
        lines.push(format!(
            "Found {} {} in line {}: {}",
            text("code"),
            text("name"),
            finding["line"],
            text("message")
        ));
    }
    let rewrites = optimizations["rewrites"].as_array().map_or(&[][..], Vec::as_slice);
    let Some(best) = rewrites.first() else {
        lines.push("No rewrite is offered.".to_owned());
        return lines;
    };
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(format!("Rewrite: {}", best["title"].as_str().unwrap_or_default()));
    lines.push(String::new());
    lines.extend(difference(sql, best["sql"].as_str().unwrap_or_default()));
    lines.push(String::new());
    lines.push(verdict(best));
    lines.push(benefit(best));
    if rewrites.len() > 1 {
        let (more, verb) = (rewrites.len() - 1, if rewrites.len() == 2 { " is" } else { "s are" });
        lines.push(format!("({more} more rewrite{verb} offered.)"));
    }
    lines
}

/// The two texts, line by line.
fn difference(before: &str, after: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for change in diff.iter_all_changes() {
        let line = change.value().trim_end_matches('\n');
        lines.push(format!("  {} {line}", change.tag()));
    }
    lines
}

/// What the verifier says, and what it rests on.
fn verdict(rewrite: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let verification = &rewrite["verification"];
    let databases = verification["databases"].as_u64().unwrap_or(0);
    let mut line = format!("Verdict: {}", text(&rewrite["verdict"]));
    if databases > 0 {
        line.push_str(&format!(", on {databases} generated databases"));
    }
    if let Some(coverage) = verification["coverage"].as_object() {
        let count = |name: &str| coverage.get(name).and_then(Value::as_u64).unwrap_or(0);
        line.push_str(&format!(
            ", {} of which compared, {} with rows in the result",
            count("compared"),
            count("first_returned_rows")
        ));
    }
    if let Some(steps) = verification["proof"].as_array() {
        line.push_str(&format!(", proved in {} steps", steps.len()));
    }
    format!("{line} ({:.0} ms)", verification["ms"].as_f64().unwrap_or(0.0))
}

/// What was measured: in short, and at each size.
fn benefit(rewrite: &Value) -> String {
    let benefit = &rewrite["benefit"];
    let Some(summary) = benefit["summary"].as_str() else { return "Benefit: not measured".to_owned() };
    let runs = benefit["runs"].as_array().into_iter().flatten().map(|run| {
        let ms = |name: &str| run[name].as_f64().unwrap_or(0.0);
        format!("{} rows {:.1} → {:.1} ms", run["rows"], ms("original_ms"), ms("rewrite_ms"))
    });
    let runs: Vec<_> = runs.collect();
    let method = benefit["method"].as_str().unwrap_or_default();
    format!("Benefit: {summary} ({method}: {})", runs.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_best_one_is_shown_with_what_it_rests_on() {
        let answer = json!({
            "findings": [{"code": "SQM113", "name": "x", "line": 3, "message": "slow"}],
            "rewrites": [
                {
                    "title": "Join", "sql": "SELECT 2\nFROM t", "verdict": "tested",
                    "verification": {"databases": 150, "ms": 12,
                                     "coverage": {"compared": 149, "first_returned_rows": 100}},
                    "benefit": {"summary": "faster", "method": "here",
                                "runs": [{"rows": 9, "original_ms": 4.04, "rewrite_ms": 1.0}]},
                },
                {"title": "Other"},
            ],
        });
        let expected = "\
Found SQM113 x in line 3: slow

Rewrite: Join

  - SELECT 1
  + SELECT 2
    FROM t

Verdict: tested, on 150 generated databases, 149 of which compared, 100 with rows in the result (12 ms)
Benefit: faster (here: 9 rows 4.0 → 1.0 ms)
(1 more rewrite is offered.)";
        assert_eq!(show("SELECT 1\nFROM t", &answer).join("\n"), expected);
    }

    #[test]
    fn none_is_said() {
        assert_eq!(show("SELECT 1", &json!({"findings": [], "rewrites": []})), ["No rewrite is offered."]);
    }
}
