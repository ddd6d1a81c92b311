//! `EXPLAIN FORMAT=TREE` and `EXPLAIN ANALYZE` of MySQL, and the second version of its JSON, which says the
//! same of each step and holds the line of the tree.

use serde_json::Value;

use super::document::Object;
use super::tree::{Builder, Node, Operation, Plan, Relation, Role, Total, number};
use super::{Engine, ExplainError, Format};

/// Reads a tree.
pub(super) fn read(text: &str) -> Result<Plan, ExplainError> {
    let mut builder = Builder::default();
    // The steps that may get children, and where their arrows stand.
    let mut open: Vec<(usize, usize)> = Vec::new();
    for line in text.lines() {
        let rest = line.trim_start();
        let Some(words) = rest.strip_prefix("-> ") else { continue };
        let column = line.len() - rest.len();
        while open.last().is_some_and(|(above, _)| *above >= column) {
            open.pop();
        }
        let at = builder.add(open.last().map(|(_, above)| *above), step(words.trim_end()))?;
        open.push((column, at));
    }
    builder.finish(Engine::MySql, Format::Text, Total::default())
}

/// A step out of its line.
fn step(line: &str) -> Node {
    let figures_at = ["(cost=", "(actual ", "(never executed)", "(rows="]
        .iter()
        .filter_map(|start| line.rfind(&format!("  {start}")).or_else(|| line.rfind(&format!(" {start}"))))
        .min()
        .unwrap_or(line.len());
    let (words, figures) = line.split_at(figures_at);
    let mut node = of_words(words.trim());
    let (estimated, actual) = match figures.find("(actual") {
        Some(at) => figures.split_at(at),
        None => (figures, ""),
    };
    let figure = |text: &str, name: &str| -> Option<f64> {
        let rest = &text[text.find(name)? + name.len()..];
        number(rest.split([' ', ')', ',']).next()?)
    };
    // Where the cost to the first row is known too: `cost=0.25..0.35`.
    node.cost = estimated.find("cost=").and_then(|at| {
        let cost = estimated[at + 5..].split([' ', ')', ',']).next()?;
        number(cost.rsplit("..").next()?)
    });
    node.estimated_rows = figure(estimated, "rows=");
    if figures.contains("(never executed)") {
        (node.actual_rows, node.loops) = (Some(0.0), Some(0.0));
    } else {
        node.actual_rows = figure(actual, "rows=");
        node.loops = figure(actual, "loops=");
        node.time_ms = actual.split_once("..").and_then(|(_, rest)| number(rest.split(' ').next()?));
    }
    node
}

/// A step out of what stands before its figures.
fn of_words(words: &str) -> Node {
    let starts = |start: &str| words.starts_with(start);
    let has = |part: &str| words.contains(part);
    let operation = if starts("Table scan on ") {
        Operation::SequentialScan
    } else if has("lookup on ") || has("index scan on ") || starts("Index ") || starts("Constant row from ") {
        Operation::IndexScan
    } else if starts("Filter") {
        Operation::Filter
    } else if starts("Nested loop") {
        Operation::NestedLoop
    } else if has("hash join") || has("hash semijoin") || has("hash antijoin") {
        Operation::HashJoin
    } else if starts("Sort") {
        Operation::Sort
    } else if starts("Limit") {
        Operation::Limit
    } else if has("ggregate") || starts("Group") || has("duplicates") || has("deduplication") {
        Operation::Aggregate
    } else if words == "Hash" {
        Operation::Hash
    } else if has("aterialize") || has("emporary table") {
        Operation::Materialize
    } else if starts("Append") || starts("Union") {
        Operation::Append
    } else if starts("Update ") || starts("Delete ") || starts("Insert ") {
        Operation::Modify
    } else {
        Operation::Other
    };
    let (kind, rest) = match operation {
        Operation::Filter | Operation::Sort | Operation::Limit => {
            words.split_once(':').unwrap_or((words, ""))
        }
        Operation::HashJoin | Operation::NestedLoop => match words.split_once(" (") {
            Some((kind, rest)) => (kind, rest.strip_suffix(')').unwrap_or(rest)),
            None => (words, ""),
        },
        Operation::SequentialScan | Operation::IndexScan => {
            words.split_once(" on ").or_else(|| words.split_once(" from ")).unwrap_or((words, ""))
        }
        _ => (words, ""),
    };
    let mut node = Node::new(kind.trim(), operation);
    match operation {
        Operation::Filter => node.predicate(Role::Filter, rest.trim()),
        Operation::HashJoin | Operation::NestedLoop => node.predicate(Role::Join, rest),
        Operation::SequentialScan | Operation::IndexScan => scan(&mut node, rest),
        _ => {}
    }
    // A subquery gives its rows to an expression, not to the step above.
    if starts("Select #") {
        node.subplan = words.split([' ', '(']).nth(1).map(|number| format!("select {number}"));
    }
    node
}

/// `t using i (a=1), with index condition: (b > 2)`, `<temporary>`, `t using i over (1 < a)`.
fn scan(node: &mut Node, words: &str) {
    let (table, rest) = words.split_once(' ').unwrap_or((words, ""));
    if table.starts_with('<') {
        node.operation = Operation::OtherScan;
    } else {
        node.relation = Some(Relation::new(table.trim_matches('`'), None));
    }
    let Some(rest) = rest.strip_prefix("using ") else { return };
    let (index, rest) = rest.split_once([' ', ',']).unwrap_or((rest, ""));
    node.index = Some(index.trim_matches('`').to_owned());
    let (condition, pushed) = rest.split_once(", with index condition: ").unwrap_or((rest, ""));
    let condition = condition.trim().trim_start_matches("over ").trim();
    node.predicate(Role::Index, condition.split("  (").next().unwrap_or(condition));
    node.predicate(Role::Index, pushed);
}

/// The second version of the JSON.
pub(super) fn read_json(plan: Object<'_>) -> Result<Plan, ExplainError> {
    let mut builder = Builder::default();
    let root = plan.object("query_plan").unwrap_or(plan);
    // What holds the query and one step only is no step of its own.
    let root = match root.list("inputs") {
        [only] if root.get("operation").is_none() => Object::of(only, "inputs[0]")?,
        _ => root,
    };
    add(&mut builder, None, root)?;
    builder.finish(Engine::MySql, Format::Json, Total::default())
}

fn add(builder: &mut Builder, parent: Option<usize>, object: Object<'_>) -> Result<(), ExplainError> {
    let mut node = of_words(object.text("operation").unwrap_or("Rows"));
    if let (Some(relation), Some(table)) = (&mut node.relation, object.text("table_name")) {
        let alias = object.text("alias").unwrap_or(relation.name.as_str()).to_owned();
        let name = match object.text("schema_name") {
            Some(schema) => format!("{schema}.{table}"),
            None => table.to_owned(),
        };
        *relation = Relation::new(name, Some(&alias));
    }
    node.estimated_rows = object.number(&["estimated_rows"]);
    node.cost = object.number(&["estimated_total_cost"]);
    node.actual_rows = object.number(&["actual_rows"]);
    node.loops = object.number(&["actual_loops"]);
    node.time_ms = object.number(&["actual_last_row_ms"]);
    let at = builder.add(parent, node)?;
    for key in ["inputs", "inputs_from_select_list", "inputs_from_condition", "inputs_from_having"] {
        for (place, input) in object.list(key).iter().enumerate() {
            let input = match input {
                Value::Array(list) => list.first().unwrap_or(input),
                input => input,
            };
            add(builder, Some(at), Object::of(input, &format!("{key}[{place}]"))?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tree_is_read() {
        let plan = read(
            "-> Limit: 10 row(s)  (cost=120.5 rows=10) (actual time=5.1..5.2 rows=10 loops=1)\n    \
             -> Nested loop inner join  (cost=120.5 rows=33) (actual time=0.1..5.1 rows=10 loops=1)\n        \
             -> Filter: (o.`status` = 'a  (cost=')  (cost=60 rows=33.3) (actual time=0.1..4.9 rows=10 loops=1)\n            \
             -> Table scan on o  (cost=60 rows=1e+5) (actual time=0.1..3.5 rows=100000 loops=1)\n        \
             -> Single-row index lookup on c using PRIMARY (id=o.customer_id)  (cost=0.25 rows=1) (never executed)\n",
        )
        .unwrap();
        let join = &plan.root.children[0];
        assert_eq!((plan.root.operation, join.operation), (Operation::Limit, Operation::NestedLoop));
        let [filter, lookup] = &join.children[..] else { panic!("{join:?}") };
        assert_eq!(filter.predicates[0].text, "(o.`status` = 'a  (cost=')");
        assert_eq!((filter.estimated_rows, filter.actual_rows), (Some(33.3), Some(10.0)));
        let scan = &filter.children[0];
        assert_eq!((scan.estimated_rows, scan.time_ms), (Some(1e5), Some(3.5)));
        assert_eq!(lookup.relation, Some(Relation { name: "c".into(), alias: None }));
        assert_eq!((lookup.index.as_deref(), lookup.loops), (Some("PRIMARY"), Some(0.0)));
        assert_eq!(lookup.predicates[0].text, "(id=o.customer_id)");
    }

    #[test]
    fn the_words_of_steps() {
        for (words, operation) in [
            ("Inner hash join (a.x = b.y)", Operation::HashJoin),
            ("Left hash join (no condition)", Operation::HashJoin),
            ("Sort: o.total DESC, limit input to 10 row(s) per chunk", Operation::Sort),
            ("Aggregate using temporary table", Operation::Aggregate),
            ("Group aggregate: count(0)", Operation::Aggregate),
            ("Covering index scan on o using by_status", Operation::IndexScan),
            ("Index range scan on o using by_at over ('2024-01-01' < at)", Operation::IndexScan),
            ("Table scan on <temporary>", Operation::OtherScan),
            ("Materialize CTE recent", Operation::Materialize),
            ("Temporary table with deduplication", Operation::Aggregate),
            ("Stream results", Operation::Other),
        ] {
            assert_eq!(of_words(words).operation, operation, "{words}");
        }
        let subquery = of_words("Select #2 (subquery in projection; dependent)");
        assert_eq!(subquery.subplan.as_deref(), Some("select #2"));
    }

    #[test]
    fn the_second_json_is_the_tree() {
        let plan = json!({
            "query": "/* select#1 */ select 1",
            "inputs": [{
                "operation": "Filter: (o.total > 5)", "access_type": "filter", "estimated_rows": 33.0,
                "inputs": [{
                    "operation": "Table scan on o", "access_type": "table", "table_name": "orders", "alias": "o",
                    "schema_name": "shop", "estimated_rows": 100.0, "estimated_total_cost": 10.5,
                    "actual_rows": 120.0, "actual_loops": 1, "actual_last_row_ms": 0.25,
                }],
            }],
        });
        let plan = read_json(Object::of(&plan, "").unwrap()).unwrap();
        assert_eq!((plan.total.nodes, plan.root.operation), (2, Operation::Filter));
        let scan = &plan.root.children[0];
        assert_eq!(scan.relation, Some(Relation { name: "shop.orders".into(), alias: Some("o".into()) }));
        assert_eq!((scan.actual_rows, scan.cost), (Some(120.0), Some(10.5)));
    }
}
