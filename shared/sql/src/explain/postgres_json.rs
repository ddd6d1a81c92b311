//! `EXPLAIN (FORMAT JSON)` of PostgreSQL.

use super::document::Object;
use super::postgres_kind::{of_json, operation};
use super::postgres_text::{CONDITIONS, add_spill, has_relation};
use super::tree::{Builder, Node, Plan, Relation, Spilled, Total, Workers};
use super::{Engine, ExplainError, Format};

/// Reads a plan.
pub(super) fn read(plan: Object<'_>) -> Result<Plan, ExplainError> {
    let mut builder = Builder::default();
    let root = match plan.get("Plan") {
        Some(root) => Object::of(root, "[0].Plan")?,
        None => plan,
    };
    add(&mut builder, None, root)?;
    let total = Total {
        planning_ms: plan.number(&["Planning Time"]),
        execution_ms: plan.number(&["Execution Time"]),
        ..Total::default()
    };
    builder.finish(Engine::Postgres, Format::Json, total)
}

/// Adds a step and all below it; whoever read the JSON has bounded how deep it is.
fn add(builder: &mut Builder, parent: Option<usize>, object: Object<'_>) -> Result<(), ExplainError> {
    let at = builder.add(parent, step(object))?;
    for (place, child) in object.list("Plans").iter().enumerate() {
        let path = builder.node(at).map_or_else(String::new, |node| node.path.clone());
        add(builder, Some(at), Object::of(child, &format!("step {path}: Plans[{place}]"))?)?;
    }
    Ok(())
}

fn step(object: Object<'_>) -> Node {
    let kind = of_json(object);
    let mut node = Node::new(kind.clone(), operation(&kind));
    node.index = object.text("Index Name").map(str::to_owned);
    if let Some(name) = object.text("Relation Name").filter(|_| has_relation(&kind)) {
        let name = match object.text("Schema") {
            Some(schema) => format!("{schema}.{name}"),
            None => name.to_owned(),
        };
        node.relation = Some(Relation::new(name, object.text("Alias")));
    }
    node.subplan = object.text("Subplan Name").map(str::to_owned);
    for (key, role) in CONDITIONS {
        node.predicate(role, object.text(key).unwrap_or_default());
    }
    node.estimated_rows = object.number(&["Plan Rows"]);
    node.cost = object.number(&["Total Cost"]);
    node.actual_rows = object.number(&["Actual Rows"]);
    node.loops = object.number(&["Actual Loops"]);
    node.time_ms = object.number(&["Actual Total Time"]).filter(|_| node.loops != Some(0.0));
    let removed = ["Rows Removed by Filter", "Rows Removed by Join Filter"];
    node.rows_removed = removed.iter().filter_map(|key| object.number(&[key])).reduce(|a, b| a + b);
    let workers = Workers {
        planned: object.number(&["Workers Planned"]),
        launched: object.number(&["Workers Launched"]),
    };
    if workers != Workers::default() {
        node.workers = Some(workers);
    }
    spill(&mut node, object);
    for worker in object.list("Workers").iter().filter_map(Object::maybe) {
        spill(&mut node, worker);
    }
    node
}

/// What a process could not keep in memory.
fn spill(node: &mut Node, object: Object<'_>) {
    if object.text("Sort Space Type") == Some("Disk") {
        add_spill(node, Spilled::Sort, object.number(&["Sort Space Used"]), None);
    }
    for groups in ["Full-sort Groups", "Pre-sorted Groups"] {
        let disk = object.object(groups).and_then(|groups| groups.object("Sort Space Disk"));
        if let Some(disk) = disk {
            add_spill(node, Spilled::Sort, disk.number(&["Peak Sort Space Used"]), None);
        }
    }
    if object.text("Storage") == Some("Disk") {
        add_spill(node, Spilled::Rows, object.number(&["Maximum Storage"]), None);
    }
    let batches = object.number(&["Hash Batches", "HashAgg Batches"]);
    add_spill(node, Spilled::Hash, object.number(&["Disk Usage"]), batches);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::explain::{Operation, Role};

    fn parsed(plan: &Value) -> Plan {
        read(Object::of(plan, "").unwrap()).unwrap()
    }

    #[test]
    fn a_plan_is_read() {
        let plan = parsed(&json!({
            "Plan": {
                "Node Type": "Gather", "Plan Rows": 5, "Total Cost": 12.5, "Actual Rows": 4.0, "Actual Loops": 1,
                "Workers Planned": 2, "Workers Launched": 2,
                "Plans": [{
                    "Node Type": "Seq Scan", "Parallel Aware": true, "Schema": "public", "Relation Name": "orders",
                    "Alias": "o", "Filter": "(o.total > 5)", "Plan Rows": 2, "Rows Removed by Filter": 30,
                    "Actual Rows": 1.33, "Actual Loops": 3, "Actual Total Time": 0.5,
                }],
            },
            "Planning Time": 0.1, "Execution Time": 0.9,
        }));
        let scan = &plan.root.children[0];
        assert_eq!((&*scan.kind, scan.operation), ("Parallel Seq Scan", Operation::SequentialScan));
        assert_eq!(scan.relation, Some(Relation { name: "public.orders".into(), alias: Some("o".into()) }));
        assert_eq!(scan.predicates[0].role, Role::Filter);
        assert_eq!(scan.total_removed(), Some(90.0));
        assert_eq!(plan.total.execution_ms, Some(0.9));
        assert_eq!(parsed(&json!({"Node Type": "Result"})).total.nodes, 1);
    }

    #[test]
    fn spills_of_all_kinds() {
        for (node, what, bytes, batches) in [
            (json!({"Sort Space Type": "Disk", "Sort Space Used": 2}), Spilled::Sort, Some(2048.0), None),
            (json!({"Hash Batches": 4, "Original Hash Batches": 1}), Spilled::Hash, None, Some(4.0)),
            (json!({"HashAgg Batches": 5, "Disk Usage": 1}), Spilled::Hash, Some(1024.0), Some(5.0)),
            (json!({"Storage": "Disk", "Maximum Storage": 3}), Spilled::Rows, Some(3072.0), None),
            (
                json!({"Workers": [{"Sort Space Type": "Disk", "Sort Space Used": 1}, {"Sort Space Type": "Disk", "Sort Space Used": 1}]}),
                Spilled::Sort,
                Some(2048.0),
                None,
            ),
        ] {
            let mut node = node;
            node["Node Type"] = "Sort".into();
            let spill = parsed(&node).root.spill.unwrap();
            assert_eq!((spill.what, spill.bytes, spill.batches), (what, bytes, batches), "{node}");
        }
        let within = json!({"Node Type": "Hash", "Hash Batches": 1, "Peak Memory Usage": 9});
        assert_eq!(parsed(&within).root.spill, None);
    }

    #[test]
    fn what_is_no_step_is_named() {
        let wrong = json!({"Node Type": "Limit", "Plans": [{"Node Type": "Sort", "Plans": [7]}]});
        let error = read(Object::of(&wrong, "").unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "step 0.0: Plans[0]: expected a step, which is an object");
    }
}
