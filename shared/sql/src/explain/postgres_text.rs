//! What EXPLAIN of PostgreSQL prints for people: a line a step, below it lines that say more of it.
//!
//! A step belongs to the last one before it that stands further to the left, and so does a line that says more.

use super::postgres_kind::operation;
use super::tree::{Builder, Node, Operation, Plan, Relation, Role, Spill, Spilled, Total, Workers, number};
use super::{Engine, ExplainError, Format};

/// Steps that do none of what all databases do.
const OTHERS: [&str; 6] = ["Result", "WindowAgg", "LockRows", "ProjectSet", "Values Scan", "Function Scan"];

/// Whether a plan may start with this line.
pub(super) fn is_plan(line: &str) -> bool {
    let name = line.split("  (").next().unwrap_or(line);
    if ["(cost=", "(actual ", "(never executed)"].iter().any(|figures| line.contains(figures)) {
        return name.starts_with(|c: char| c.is_ascii_uppercase());
    }
    // Without costs there is nothing but names.
    let kind = name.split(" on ").next().unwrap_or(name);
    let kind = kind.split(" using ").next().unwrap_or(kind).trim();
    let is_known = match operation(kind) {
        Operation::Other | Operation::OtherScan => OTHERS.contains(&kind),
        Operation::Modify => line.contains(" on "),
        _ => kind.split(' ').all(|word| word.starts_with(|c: char| c.is_ascii_uppercase())),
    };
    is_known && name.len() < 500
}

/// A step that may get children.
struct Open {
    at: usize,
    /// Where its name starts.
    column: usize,
}

/// Reads a plan.
pub(super) fn read(text: &str) -> Result<Plan, ExplainError> {
    let mut builder = Builder::default();
    let mut total = Total::default();
    let mut open: Vec<Open> = Vec::new();
    let mut subplan = None;
    for line in text.lines() {
        let rest = line.trim_start();
        if rest.is_empty() {
            continue;
        }
        let indent = line.len() - rest.len();
        let arrow = rest.strip_prefix("->").map(str::trim_start);
        if arrow.is_some() || builder.is_empty() {
            let name = arrow.unwrap_or(rest);
            let column = indent + (rest.len() - name.len());
            while open.last().is_some_and(|last| last.column >= column) {
                open.pop();
            }
            let mut node = step(name);
            node.subplan = subplan.take();
            let at = builder.add(open.last().map(|above| above.at), node)?;
            open.push(Open { at, column });
        } else if let Some(above) = open.iter().rev().find(|above| above.column < indent) {
            if is_heading(rest) {
                subplan = Some(rest.trim_end().to_owned());
            } else if let Some(node) = builder.node(above.at) {
                property(node, rest.trim_end());
            }
        } else if let Some((key, value)) = rest.split_once(": ") {
            let ms = || number(value.trim().trim_end_matches(" ms"));
            match key {
                "Planning Time" | "Planning time" => total.planning_ms = ms(),
                "Execution Time" | "Execution time" | "Total runtime" => total.execution_ms = ms(),
                _ => {}
            }
        }
    }
    builder.finish(Engine::Postgres, Format::Text, total)
}

/// `InitPlan 1 (returns $0)`, `SubPlan 2`, `CTE recent`.
fn is_heading(line: &str) -> bool {
    ["InitPlan ", "SubPlan ", "CTE "].iter().any(|start| line.starts_with(start))
}

/// A step out of its line.
fn step(line: &str) -> Node {
    let figures_at = ["  (cost=", " (cost=", "  (actual ", " (actual ", "  (never ", " (never "]
        .iter()
        .filter_map(|start| line.find(start))
        .min()
        .unwrap_or(line.len());
    let (name, figures) = line.split_at(figures_at);
    let (head, on) = match name.split_once(" on ") {
        Some((head, on)) => (head, Some(on.trim())),
        None => (name.trim_end(), None),
    };
    let (kind, index) = match head.split_once(" using ") {
        Some((kind, index)) => (kind, Some(index)),
        None => (head, None),
    };
    let mut node = Node::new(kind.trim(), operation(kind.trim()));
    node.index = index.map(|index| name_of(index).0);
    if let Some(on) = on {
        if kind.trim() == "Bitmap Index Scan" {
            node.index = Some(name_of(on).0);
        } else if has_relation(kind.trim()) {
            let (name, rest) = name_of(on);
            let alias = (!rest.trim().is_empty()).then(|| name_of(rest.trim()).0);
            node.relation = Some(Relation::new(name, alias.as_deref()));
        }
    }
    node.cost = after(figures, "..").and_then(word).filter(|_| figures.contains("(cost="));
    let (estimated, actual) = match figures.find("(actual") {
        Some(at) => figures.split_at(at),
        None => (figures, ""),
    };
    node.estimated_rows = after(estimated, "rows=").and_then(word);
    if figures.contains("(never executed)") {
        (node.actual_rows, node.loops) = (Some(0.0), Some(0.0));
    } else {
        node.actual_rows = after(actual, "rows=").and_then(word);
        node.loops = after(actual, "loops=").and_then(word);
        node.time_ms = after(actual, "..").and_then(word);
    }
    node
}

/// Whether what stands behind `on` is a table.
pub(super) fn has_relation(kind: &str) -> bool {
    let kind = kind.strip_prefix("Parallel ").unwrap_or(kind);
    let reads = [
        "Seq Scan",
        "Sample Scan",
        "Bitmap Heap Scan",
        "Foreign Scan",
        "Insert",
        "Update",
        "Delete",
        "Merge",
    ];
    reads.contains(&kind)
        || ["Index", "Tid ", "Custom Scan", "Foreign "].iter().any(|start| kind.starts_with(start))
}

/// A name, with those of its schema, and what stands behind it; quotes are taken off.
fn name_of(text: &str) -> (String, &str) {
    let (mut name, mut in_quotes) = (String::new(), false);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if in_quotes && chars.peek().is_some_and(|(_, next)| *next == '"') => {
                name.push('"');
                chars.next();
            }
            '"' => in_quotes = !in_quotes,
            c if c.is_whitespace() && !in_quotes => return (name, &text[at..]),
            c => name.push(c),
        }
    }
    (name, "")
}

/// What stands behind the first of these words.
fn after<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    text.find(word).map(|at| &text[at + word.len()..])
}

/// The number at the start of a text.
fn word(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-')));
    number(&text[..end.unwrap_or(text.len())])
}

/// A line that says more of a step.
fn property(node: &mut Node, line: &str) {
    let Some((key, value)) = line.split_once(':') else { return };
    let value = value.trim();
    if let Some((_, role)) = CONDITIONS.iter().find(|(name, _)| *name == key) {
        return node.predicate(*role, value);
    }
    match key {
        "Rows Removed by Filter" | "Rows Removed by Join Filter" => {
            if let Some(rows) = word(value) {
                node.rows_removed = Some(node.rows_removed.unwrap_or(0.0) + rows);
            }
        }
        "Workers Planned" => node.workers.get_or_insert_with(Workers::default).planned = word(value),
        "Workers Launched" => node.workers.get_or_insert_with(Workers::default).launched = word(value),
        _ => spill(node, line),
    }
}

/// What conditions are called and what they are for, in the order in which a step says them.
pub(super) const CONDITIONS: [(&str, Role); 8] = [
    ("Index Cond", Role::Index),
    ("Recheck Cond", Role::Index),
    ("TID Cond", Role::Index),
    ("Hash Cond", Role::Join),
    ("Merge Cond", Role::Join),
    ("Join Filter", Role::Join),
    ("One-Time Filter", Role::Filter),
    ("Filter", Role::Filter),
];

/// What did not fit into memory: `Sort Method: external merge  Disk: 1234kB`, `Batches: 8  Memory Usage: 40kB`,
/// the same of one worker, or `Storage: Disk  Maximum Storage: 80kB`.
fn spill(node: &mut Node, line: &str) {
    let kilobytes = |word_before: &str| after(line, word_before).and_then(word);
    let is_sort = line.contains("Sort Method");
    let on_disk = if is_sort {
        kilobytes("Peak Disk: ").or_else(|| kilobytes("Disk: "))
    } else if line.starts_with("Storage: Disk") {
        kilobytes("Maximum Storage: ")
    } else {
        kilobytes("Disk Usage: ")
    };
    let batches = if is_sort { None } else { after(line, "Batches: ").and_then(word) };
    if line.starts_with("Output") || line.starts_with("Sort Key") || line.starts_with("Group Key") {
        return;
    }
    let what = if is_sort {
        Spilled::Sort
    } else if line.starts_with("Storage: ") {
        Spilled::Rows
    } else {
        Spilled::Hash
    };
    add_spill(node, what, on_disk, batches);
}

/// Adds what one process could not keep in memory; one batch and no disk is nothing.
pub(super) fn add_spill(node: &mut Node, what: Spilled, kilobytes: Option<f64>, batches: Option<f64>) {
    let bytes = kilobytes.filter(|size| *size > 0.0).map(|size| size * 1024.0);
    let batches = batches.filter(|count| *count > 1.0);
    if bytes.is_none() && batches.is_none() {
        return;
    }
    let before = node.spill.unwrap_or(Spill { what, bytes: None, batches: None });
    let sum = |a: Option<f64>, b: Option<f64>| a.map_or(b, |a| Some(a + b.unwrap_or(0.0)));
    let most = |a: Option<f64>, b: Option<f64>| a.map_or(b, |a| Some(a.max(b.unwrap_or(0.0))));
    let what = before.what;
    node.spill =
        Some(Spill { what, bytes: sum(before.bytes, bytes), batches: most(before.batches, batches) });
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "\
Sort  (cost=1.00..2.50 rows=10 width=8) (actual time=5.000..6.250 rows=9000 loops=1)
  Sort Key: o.total
  Sort Method: external merge  Disk: 120kB
  CTE recent
    ->  Index Scan Backward using orders_at on orders  (cost=0.1..0.2 rows=1 width=4) (never executed)
          Index Cond: (at > now())
  ->  Hash Left Join  (cost=0.50..2.00 rows=10 width=8) (actual time=1.0..4.0 rows=9000 loops=1)
        Hash Cond: (o.customer_id = c.id)
        ->  Gather  (cost=0.00..1.00 rows=10 width=8) (actual time=1.0..4.0 rows=9000 loops=1)
              Workers Planned: 2
              Workers Launched: 1
              ->  Parallel Seq Scan on shop.\"Open Orders\" o  (cost=0.0..1.0 rows=5 width=8) (actual rows=4500.00 loops=2)
                    Filter: (status = 'a: b'::text)
                    Rows Removed by Filter: 70
        ->  Hash  (cost=0.2..0.2 rows=3 width=4) (actual time=0.1..0.1 rows=3 loops=1)
              Buckets: 1024 (originally 1024)  Batches: 8 (originally 1)  Memory Usage: 40kB
              ->  Seq Scan on customers c  (cost=0.0..0.1 rows=3 width=4) (actual time=0.1..0.1 rows=3 loops=1)
Planning Time: 0.250 ms
Execution Time: 7.500 ms
";

    #[test]
    fn a_plan_is_read() {
        let plan = read(PLAN).unwrap();
        assert_eq!((plan.total.planning_ms, plan.total.execution_ms), (Some(0.25), Some(7.5)));
        assert_eq!((plan.total.nodes, plan.total.cost), (7, Some(2.5)));
        let sort = &plan.root;
        assert_eq!(sort.spill, Some(Spill { what: Spilled::Sort, bytes: Some(122_880.0), batches: None }));
        assert_eq!(
            (sort.estimated_rows, sort.actual_rows, sort.time_ms),
            (Some(10.0), Some(9000.0), Some(6.25))
        );
        let [cte, join] = &sort.children[..] else { panic!("{sort:?}") };
        assert_eq!(cte.subplan.as_deref(), Some("CTE recent"));
        assert_eq!((&*cte.kind, cte.index.as_deref()), ("Index Scan Backward", Some("orders_at")));
        assert_eq!((cte.actual_rows, cte.loops), (Some(0.0), Some(0.0)));
        assert_eq!(join.operation, Operation::HashJoin);
        let gather = &join.children[0];
        assert_eq!(gather.workers, Some(Workers { planned: Some(2.0), launched: Some(1.0) }));
        let scan = &gather.children[0];
        assert_eq!(
            scan.relation,
            Some(Relation { name: "shop.Open Orders".into(), alias: Some("o".into()) })
        );
        assert_eq!((scan.rows_removed, scan.loops, scan.total_rows()), (Some(70.0), Some(2.0), Some(9000.0)));
        assert_eq!(scan.predicates[0].text, "(status = 'a: b'::text)");
        assert_eq!(scan.path, "0.1.0.0");
        let hash = &join.children[1];
        assert_eq!(hash.spill, Some(Spill { what: Spilled::Hash, bytes: None, batches: Some(8.0) }));
    }

    #[test]
    fn workers_add_up() {
        let plan = read(
            "Gather Merge  (cost=1.0..2.0 rows=1 width=4)\n  ->  Sort  (cost=1.0..2.0 rows=1 width=4)\n        \
             Sort Method: external merge  Disk: 10kB\n        Worker 0:  Sort Method: external merge  Disk: 20kB\n        \
             Worker 1:  Sort Method: quicksort  Memory: 30kB\n",
        )
        .unwrap();
        assert_eq!(plan.root.children[0].spill.unwrap().bytes, Some(30.0 * 1024.0));
    }

    #[test]
    fn costs_may_be_off() {
        for (line, is) in [
            ("Seq Scan on t", true),
            ("Hash Join", true),
            ("Result", true),
            ("Update on t", true),
            ("Update", false),
            ("Limit", true),
            ("Dear all on board", false),
            ("SELECT 1 (cost=", false),
        ] {
            assert_eq!(is_plan(line), is || line.contains("(cost="), "{line}");
        }
        let plan = read("Limit\n  ->  Seq Scan on t x\n        Filter: (a = 1)\n").unwrap();
        assert_eq!(
            plan.root.children[0].relation,
            Some(Relation { name: "t".into(), alias: Some("x".into()) })
        );
        assert_eq!(read("").unwrap_err(), ExplainError::Empty(Engine::Postgres));
        let two = "Seq Scan on t\n->  Seq Scan on u\n";
        assert_eq!(read(two).unwrap().total.nodes, 2);
    }

    #[test]
    fn what_is_deep_is_refused() {
        let deep: String = (0..10_000).map(|n| format!("{}->  Limit\n", " ".repeat(n % 300))).collect();
        assert_eq!(read(&deep).unwrap_err(), ExplainError::TooDeep);
    }
}
