//! What people see, as snapshots over the sample workspace. What the verifier finds is its own business
//! and left out: verdicts have tests of their own.

use insta::assert_snapshot;

use crate::sqm::{Run, sqm};

const SCHEMA: &str = "--schema infra/sample/schema.sql --schema-dialect postgres";

fn shown(args: &str, input: &str) -> String {
    let Run { code, out, err } = sqm(args, input);
    let err = if err.is_empty() { String::new() } else { format!("--- standard error\n{err}") };
    format!("{out}{err}--- exit code {code}\n")
}

/// Without the verdicts and what they assume.
fn without_verdicts(text: &str) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        let verdict =
            ["proved: ", "tested: ", "unknown: "].iter().find(|name| line.trim_start().starts_with(**name));
        match verdict {
            Some(_) => kept.push_str("   <verdict>\n"),
            None if line.starts_with("     ") && kept.ends_with("<verdict>\n") => {}
            None => {
                kept.push_str(line);
                kept.push('\n');
            }
        }
    }
    kept
}

#[test]
fn lineage() {
    let query = |name: &str| shown(&format!("lineage {SCHEMA} infra/sample/queries/{name}.sql"), "");
    assert_snapshot!("lineage_insert", query("load-daily-sales"));
    assert_snapshot!("lineage_merge", query("merge-customer-dimension"));
    assert_snapshot!("lineage_star", query("products-without-cost"));
    let script = "CREATE TEMP TABLE a AS SELECT x FROM t JOIN u ON t.k = u.k;\n\
                  SELEKT 1;\n\
                  INSERT INTO b SELECT x FROM a;\n";
    assert_snapshot!("lineage_script", shown("lineage -d postgres", script));
}

#[test]
fn lint() {
    let only = |rule: &str, more: &str, files: &[&str]| {
        let files: Vec<String> =
            files.iter().map(|name| format!("infra/sample/queries/{name}.sql")).collect();
        shown(&format!("lint {SCHEMA} --only {rule} {more} {}", files.join(" ")), "")
    };
    let files = ["customers-with-open-orders", "people-per-store", "store-league"];
    assert_snapshot!("lint_several", only("count-for-existence,or-in-join", "--deny warning", &files));
    assert_snapshot!("lint_clean", only("equals-null", "", &files[..1]));
    let args = "lint -d postgres --only equals-null --level equals-null=error";
    assert_snapshot!("lint_fix", shown(args, "SELECT a\r\nFROM t\r\nWHERE\ta = NULL\r\n"));
    assert_snapshot!("lint_unread", shown("lint -d postgres", "SELECT a FROM t WHERE (a = 1"));
}

#[test]
fn optimize() {
    let query = |name: &str, more: &str| {
        let effort = "--databases 20 --timeout 600 --no-measure";
        without_verdicts(&shown(
            &format!("optimize {SCHEMA} {effort} {more} infra/sample/queries/{name}.sql"),
            "",
        ))
    };
    assert_snapshot!("optimize_diff", query("orders-above-own-average", ""));
    assert_snapshot!("optimize_sql", query("stores-with-returns", "--show sql"));
    assert_snapshot!("optimize_nothing", query("stage-orders", ""));
}

#[test]
fn verify() {
    let args = format!("verify {SCHEMA} infra/sample/queries/customers-with-open-orders.sql -");
    assert_snapshot!("verify_unknown", shown(&args, "SELECT nothing FROM nowhere"));
}

/// As PostgreSQL prints it for a query of the sample.
const PLAN: &str = "\
Seq Scan on customers c  (cost=0.00..9.00 rows=300 width=8) (actual time=0.05..900.00 rows=120 loops=1)
  Filter: ((SubPlan 1) > 0)
  Rows Removed by Filter: 780
  SubPlan 1
    ->  Aggregate  (cost=0.00..9.00 rows=1 width=8) (actual time=0.90..0.90 rows=1 loops=900)
          ->  Seq Scan on orders o  (cost=0.00..8.00 rows=1 width=4) (actual time=0.10..0.80 rows=0 loops=900)
                Filter: ((customer_id = c.customer_id) AND (status = 'open'::text))
                Rows Removed by Filter: 5000
Planning Time: 0.200 ms
Execution Time: 901.000 ms
";

#[test]
fn plan() {
    let query = "--sql infra/sample/queries/customers-with-open-orders.sql";
    assert_snapshot!("plan_findings", shown(&format!("plan - {query} {SCHEMA} --deny warning"), PLAN));
    assert_snapshot!("plan_nothing", shown("plan -", "QUERY PLAN\n`--SEARCH t USING INDEX i (a=?)\n"));
    assert_snapshot!("plan_unread", shown("plan -", "SELECT 1"));
}
