//! What is found in plans, and where in the text.

use super::*;
use crate::lint::Severity;
use crate::text::Span;

const SHOP: &str = "CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT, status VARCHAR(10), code VARCHAR(10) UNIQUE);\
                    CREATE TABLE customers (id INT PRIMARY KEY, name TEXT)";

fn explained(plan: &str, sql: Option<&str>) -> Explained {
    let parsed = parse(Printed::Text(plan), None).unwrap();
    let dialect = parsed.engine.dialect();
    let (catalog, _) = Catalog::from_ddl(SHOP, Dialect::Postgres).unwrap();
    examine(parsed, sql.map(|sql| Text { sql, dialect }), &catalog).unwrap()
}

fn codes(plan: &str) -> Vec<Code> {
    explained(plan, None).findings.iter().map(|finding| finding.code).collect()
}

/// A scan that was run, with these rows.
fn scan(estimated: u64, actual: u64, removed: u64) -> String {
    format!(
        "Seq Scan on orders  (cost=0.00..9000.00 rows={estimated} width=8) (actual time=0.1..9.5 rows={actual} loops=1)\n  \
         Filter: (customer_id = 5)\n  Rows Removed by Filter: {removed}\n"
    )
}

#[test]
fn thresholds_are_kept_on_both_sides() {
    for (plan, expected) in [
        (scan(10, 10, 9_980), &[][..]),
        (scan(10, 10, 9_990), &[Code::SequentialScan]),
        (scan(1_000, 1_000, 9_000), &[Code::SequentialScan]),
        (scan(1_001, 1_001, 9_000), &[]),
        (scan(101, 1_000, 0), &[]),
        (scan(100, 1_000, 0), &[Code::Misestimate]),
        (scan(99, 999, 0), &[]),
        (scan(10_000, 1_000, 0), &[Code::Misestimate]),
    ] {
        assert_eq!(codes(&plan), expected, "{plan}");
    }
    let fewer = explained(&scan(10_000, 1_000, 0), None);
    assert_eq!(fewer.findings[0].severity, Severity::Info);
}

#[test]
fn a_plan_that_was_not_run_is_told_by_its_costs() {
    let plan = |cost: u64, rows: u64| {
        format!(
            "Seq Scan on orders  (cost=0.00..{cost}.00 rows={rows} width=8)\n  Filter: (customer_id = 5)\n"
        )
    };
    assert_eq!(codes(&plan(1_000, 125)), [Code::SequentialScan]);
    assert_eq!(codes(&plan(1_000, 126)), []);
    assert_eq!(codes(&plan(999, 1)), []);
}

#[test]
fn an_error_is_told_where_it_arises() {
    let plan = "\
Sort  (cost=0.00..9.00 rows=10 width=8) (actual time=0.1..9.5 rows=5000 loops=1)
  ->  Hash Join  (cost=0.00..9.00 rows=10 width=8) (actual time=0.1..9.5 rows=5000 loops=1)
        Hash Cond: (o.customer_id = c.id)
        ->  Seq Scan on orders o  (cost=0.00..9.00 rows=10 width=8) (actual time=0.1..9.5 rows=5000 loops=1)
        ->  Hash  (cost=0.00..9.00 rows=10 width=8) (actual time=0.1..9.5 rows=10 loops=1)
              ->  Seq Scan on customers c  (cost=0.00..9.00 rows=10 width=8) (actual time=0.1..9.5 rows=10 loops=1)
";
    let found = explained(plan, None).findings;
    let found: Vec<_> = found.iter().map(|finding| (finding.code, finding.node.as_str())).collect();
    assert_eq!(found, [(Code::Misestimate, "0.0.0")]);
    // Where a join makes it worse by as much again, the join is told too.
    let worse = plan.replacen("rows=5000", "rows=60000", 2);
    let found = explained(&worse, None).findings;
    let found: Vec<_> = found.iter().map(|finding| finding.node.as_str()).collect();
    assert_eq!(found, ["0.0", "0.0.0"]);
}

#[test]
fn what_a_limit_stops_is_no_error() {
    let plan = |above: &str| {
        format!(
            "Limit  (cost=0.00..1.00 rows=10 width=8) (actual time=0.1..0.2 rows=10 loops=1)\n{above}        \
             ->  Seq Scan on orders  (cost=0.00..9000.00 rows=90000 width=8) (actual time=0.1..0.2 rows=10 loops=1)\n"
        )
    };
    assert_eq!(codes(&plan("")), []);
    let sorted = "  ->  Sort  (cost=0.00..1.00 rows=90000 width=8) (actual time=0.1..0.2 rows=10 loops=1)\n";
    assert_eq!(codes(&plan(sorted)), [Code::Misestimate]);
}

#[test]
fn loops_over_large_inputs() {
    let plan = |outer: u64, inner: &str| {
        format!(
            "Nested Loop  (cost=0.00..9.00 rows={outer} width=8) (actual time=0.1..9.5 rows={outer} loops=1)\n  \
             Join Filter: (o.customer_id = c.id)\n  \
             ->  Seq Scan on customers c  (cost=0.00..9.00 rows={outer} width=8) (actual time=0.1..9.5 rows={outer} loops=1)\n  \
             ->  {inner}  (cost=0.00..9.00 rows=1 width=8) (actual time=0.1..0.2 rows=1 loops={outer})\n"
        )
    };
    assert_eq!(codes(&plan(99_000, "Index Scan using orders_pkey on orders o")), []);
    assert_eq!(codes(&plan(100_000, "Index Scan using orders_pkey on orders o")), [Code::NestedLoop]);
    assert_eq!(codes(&plan(100_000, "Materialize")), []);
    assert_eq!(codes(&plan(1_000_000, "Materialize")), [Code::NestedLoop]);
}

#[test]
fn the_place_is_found_through_names_that_change() {
    let plan = "\
Seq Scan on orders  (cost=0.00..9000.00 rows=10 width=8) (actual time=0.1..9.5 rows=10 loops=1)
  Filter: (((status)::text = 'open'::text) AND (customer_id > 5))
  Rows Removed by Filter: 99990
";
    for (sql, relation, predicate) in [
        ("SELECT * FROM orders WHERE customer_id > 5 AND status = 'open'", (1, 15), Some((1, 28))),
        ("SELECT * FROM (SELECT status s FROM orders) x WHERE s = 'open'", (1, 37), Some((1, 53))),
        (
            "WITH w AS (SELECT id, status AS s FROM orders) SELECT * FROM w\nWHERE w.s = 'open'",
            (1, 40),
            Some((2, 7)),
        ),
        ("SELECT 1 FROM customers c JOIN orders ON orders.customer_id > 5", (1, 32), Some((1, 42))),
        ("SELECT * FROM orders", (1, 15), None),
        ("EXPLAIN ANALYZE SELECT * FROM orders WHERE status = 'open'", (1, 31), Some((1, 44))),
        ("UPDATE orders SET id = 1 WHERE status = 'open'", (1, 8), Some((1, 32))),
    ] {
        let finding = &explained(plan, Some(sql)).findings[0];
        let start = |place: Option<Span>| place.map(|span| (span.start.line, span.start.column));
        assert_eq!(
            (start(finding.relation_at), start(finding.predicate_at)),
            (Some(relation), predicate),
            "{sql}"
        );
    }
    // Which of two is meant cannot be told.
    let twice = "SELECT * FROM orders WHERE id = 1 UNION ALL SELECT * FROM orders WHERE id = 2";
    assert_eq!(explained(plan, Some(twice)).findings[0].relation_at, None);
    // Here one alone has the condition.
    let once = "SELECT * FROM orders WHERE id = 1 UNION ALL SELECT * FROM orders WHERE status = 'open'";
    assert!(explained(plan, Some(once)).findings[0].relation_at.is_some());
    // PostgreSQL numbers what has the same name.
    let numbered = plan.replace("on orders ", "on orders orders_1 ");
    assert!(explained(&numbered, Some(once)).findings[0].relation_at.is_some());
}

#[test]
fn keys_that_a_condition_cannot_use() {
    let plan = |condition: &str| {
        format!("Seq Scan on orders  (cost=0.00..900.00 rows=500 width=8)\n  Filter: ({condition})\n")
    };
    for (condition, said) in [
        ("(id)::text = '5'::text", Some("casts id to text")),
        ("abs(id) = 5", Some("calls abs on id")),
        ("(id + 1) = 5", Some("computes something of id")),
        ("id = 5", Some("is not used: see whether it is there")),
        ("upper((code)::text) = 'X'::text", Some("calls upper on code")),
        ("(code)::text > 'x'::text", None),
        ("id > 5", None),
        ("customer_id = 5", None),
    ] {
        let found = explained(&plan(condition), None).findings;
        match said {
            Some(said) => {
                assert!(found.len() == 1 && found[0].message.contains(said), "{condition}: {found:?}")
            }
            None => assert_eq!(found, [], "{condition}"),
        }
    }
}

#[test]
fn findings_of_the_other_databases() {
    for (plan, expected) in [
        (
            "-> Filter: (orders.status = 'open')  (cost=1e4 rows=500) (actual time=0.1..90 rows=20 loops=1)\n    \
             -> Table scan on orders  (cost=1e4 rows=5e4) (actual time=0.1..80 rows=50000 loops=1)\n",
            &[Code::SequentialScan][..],
        ),
        (
            r#"{"query_block": {"select_id": 1, "table": {"table_name": "orders", "access_type": "ALL", "possible_keys": ["by_status"],
               "rows_examined_per_scan": 50000, "filtered": "1.00", "attached_condition": "(`orders`.`status` = 'open')"}}}"#,
            &[Code::SequentialScan, Code::UnusedIndex],
        ),
        (
            r#"[{"name": "SEQ_SCAN", "timing": 0.01, "cardinality": 10, "operator_rows_scanned": 500000, "children": [],
               "extra_info": {"Table": "memory.main.orders", "Filters": "status='open'", "Estimated Cardinality": "11"}}]"#,
            &[Code::SequentialScan],
        ),
        (
            r#"{"operator": [{"name": "CROSS_PRODUCT", "timing": 0.1, "intermediate_rows": 4000000, "extra_info": {}, "children": [
               {"name": "SEQ_SCAN", "timing": 0.1, "intermediate_rows": 2000, "extra_info": {"Table": "a"}},
               {"name": "SEQ_SCAN", "timing": 0.1, "intermediate_rows": 2000, "extra_info": {"Table": "b"}}]}],
               "query": {"sql": "x"}, "system": {"total_bytes_spilled": 9000000}}"#,
            &[Code::Spill, Code::NestedLoop],
        ),
        ("QUERY PLAN\n|--SCAN a\n`--SCAN b\n", &[Code::NestedLoop]),
        (
            "QUERY PLAN\n|--SCAN a\n`--SEARCH b USING AUTOMATIC COVERING INDEX (x=?)\n",
            &[Code::AutomaticIndex],
        ),
        ("QUERY PLAN\n|--SCAN a\n`--SEARCH b USING INDEX i (x=?)\n", &[]),
        (
            "Operations:\n1:0     ->CartesianJoin  joinFilter: (A.X < B.X)\n1:1          ->Filter  A.STATUS = 'open'\n\
             1:2               ->TableScan  A  X  {partitionsTotal=500, partitionsAssigned=500}\n\
             1:3          ->TableScan  B  X  {partitionsTotal=500, partitionsAssigned=5}\n",
            &[Code::NestedLoop, Code::SequentialScan],
        ),
    ] {
        assert_eq!(codes(plan), expected, "{plan}");
    }
}

#[test]
fn the_names_of_codes_are_those_of_answers() {
    let finding = &explained(&scan(10, 10, 99_990), None).findings[0];
    assert_eq!(serde_json::to_value(finding).unwrap()["code"], finding.code.name());
    for engine in Engine::ALL {
        assert_eq!(engine.name().parse(), Ok(engine));
        assert_eq!(serde_json::to_value(engine).unwrap(), engine.name());
    }
    assert!("oracle".parse::<Engine>().unwrap_err().contains("known are postgres, mysql"));
}

#[test]
fn whatever_is_sent_is_answered() {
    let pieces = [
        "->",
        "  ->  ",
        "Seq Scan on t",
        "(cost=1..2 rows=",
        ")",
        "|--",
        "`--",
        "SCAN t",
        "1|0|0|x",
        "┌─┐",
        "│",
        "└┬┘",
        "{\"Plan\":{}}",
        "[[1,1,1,\"\"]]",
        "GlobalStats:",
        "1:0 ->",
        "\"",
        "+--+",
        "| a |",
        "\n",
        "Filter: (",
        "é",
        "🦀",
        "  ",
    ];
    // Every pair and triple of them, which is where parsers cut.
    for a in pieces {
        for b in pieces {
            for c in pieces {
                let text = format!("{a}{b}{c}");
                if let Ok(plan) = parse(Printed::Text(&text), None) {
                    assert!(examine(plan, None, &Catalog::default()).is_ok());
                }
            }
        }
    }
}
