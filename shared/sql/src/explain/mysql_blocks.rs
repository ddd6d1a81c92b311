//! `EXPLAIN FORMAT=JSON` of MySQL in its first version and of MariaDB: blocks of queries with operations
//! in one another, and the tables that are joined.

use serde_json::Value;

use super::document::Object;
use super::mysql::{Access, add_joined};
use super::tree::{Builder, Node, Operation, Plan, Role, Total};
use super::{Engine, ExplainError, Format};

/// Members that hold an operation, and what it is.
const OPERATIONS: [(&str, &str, Operation); 10] = [
    ("ordering_operation", "Order", Operation::Other),
    ("grouping_operation", "Group", Operation::Aggregate),
    ("duplicates_removal", "Remove duplicates", Operation::Aggregate),
    ("windowing", "Window", Operation::Other),
    ("buffer_result", "Buffer", Operation::Materialize),
    ("filesort", "Sort", Operation::Sort),
    ("temporary_table", "Temporary table", Operation::Materialize),
    ("read_sorted_file", "Read sorted rows", Operation::Other),
    ("union_result", "Union", Operation::Append),
    ("expression_cache", "Cache", Operation::Materialize),
];

/// Members that hold queries, as a list or alone.
const QUERIES: [&str; 9] = [
    "query_specifications",
    "subqueries",
    "attached_subqueries",
    "optimized_away_subqueries",
    "select_list_subqueries",
    "having_subqueries",
    "order_by_subqueries",
    "group_by_subqueries",
    "materialized_from_subquery",
];

/// Reads a plan.
pub(super) fn read(plan: Object<'_>) -> Result<Plan, ExplainError> {
    let mut builder = Builder::default();
    let block = plan
        .object("query_block")
        .ok_or_else(|| ExplainError::Malformed { place: "query_block".to_owned(), expected: "an object" })?;
    add_block(&mut builder, None, block, None)?;
    builder.finish(Engine::MySql, Format::Json, Total::default())
}

fn add_block(
    builder: &mut Builder,
    parent: Option<usize>,
    block: Object<'_>,
    subplan: Option<String>,
) -> Result<(), ExplainError> {
    let mut node = Node::new("Query", Operation::Other);
    node.subplan = subplan;
    node.cost = block.object("cost_info").and_then(|cost| cost.number(&["query_cost"]));
    node.cost = node.cost.or_else(|| block.number(&["cost"]));
    node.time_ms = block.number(&["r_total_time_ms"]);
    let at = builder.add(parent, node)?;
    add_inside(builder, at, block)
}

/// Adds what stands in a block, or in an operation of one.
fn add_inside(builder: &mut Builder, at: usize, inside: Object<'_>) -> Result<(), ExplainError> {
    for (member, kind, operation) in OPERATIONS {
        let Some(object) = inside.object(member) else { continue };
        let operation = if object.is("using_filesort") { Operation::Sort } else { operation };
        let below = builder.add(Some(at), Node::new(kind, operation))?;
        add_inside(builder, below, object)?;
    }
    let joined: Vec<Object<'_>> = inside.list("nested_loop").iter().filter_map(Object::maybe).collect();
    add_joined(builder, Some(at), joined, &mut |builder, parent, item| {
        if item.has(&["table", "block-nl-join"]) {
            return add_table(builder, parent, item);
        }
        let rows = builder.add(parent, Node::new("Rows", Operation::Other))?;
        add_inside(builder, rows, item)
    })?;
    add_table(builder, Some(at), inside)?;
    for member in QUERIES {
        let single = inside.get(member).filter(|value| value.is_object()).map(std::slice::from_ref);
        for (place, query) in single.unwrap_or_else(|| inside.list(member)).iter().enumerate() {
            let query = Object::of(query, &format!("{member}[{place}]"))?;
            let Some(block) = query.object("query_block") else { continue };
            // The arms of a union give their rows to it; other queries give theirs to expressions.
            let is_input = matches!(member, "query_specifications" | "materialized_from_subquery");
            let id = block.number(&["select_id"]).map_or(String::new(), |id| format!(" #{id}"));
            add_block(builder, Some(at), block, (!is_input).then(|| format!("select{id}")))?;
        }
    }
    Ok(())
}

/// Adds the table of a block, or of an item of a join, if it has one.
fn add_table(builder: &mut Builder, parent: Option<usize>, item: Object<'_>) -> Result<(), ExplainError> {
    let buffered = item.object("block-nl-join");
    let holder = buffered.unwrap_or(item);
    let Some(table) = holder.object("table") else { return Ok(()) };
    let mut node = step(table);
    if buffered.is_some() {
        for condition in holder.texts("attached_condition") {
            node.predicate(Role::Join, condition);
        }
    }
    let at = builder.add(parent, node)?;
    for member in ["materialized", "materialized_from_subquery"] {
        if let Some(block) = table.object(member).and_then(|made| made.object("query_block")) {
            add_block(builder, Some(at), block, None)?;
        }
    }
    for query in table.list("attached_subqueries").iter().filter_map(Object::maybe) {
        if let Some(block) = query.object("query_block") {
            let id = block.number(&["select_id"]).map_or(String::new(), |id| format!(" #{id}"));
            add_block(builder, Some(at), block, Some(format!("select{id}")))?;
        }
    }
    Ok(())
}

fn step(table: Object<'_>) -> Node {
    let access = Access {
        table: table.text("table_name").unwrap_or_default(),
        access: table.text("access_type").unwrap_or_default(),
        key: table.text("key"),
        examined: table.number(&["rows_examined_per_scan", "rows"]),
        filtered: table.number(&["filtered"]),
    };
    let mut node = access.step();
    node.possible_indexes = table.texts("possible_keys").into_iter().map(str::to_owned).collect();
    node.predicate(Role::Index, table.text("index_condition").unwrap_or_default());
    node.predicate(Role::Filter, table.text("attached_condition").unwrap_or_default());
    node.cost = table.object("cost_info").and_then(|cost| cost.number(&["prefix_cost"]));
    node.cost = node.cost.or_else(|| table.number(&["cost"]));
    node.loops = table.number(&["r_loops"]);
    if let Some(examined) = table.number(&["r_rows"]) {
        let kept = examined * (table.number(&["r_filtered"]).unwrap_or(100.0) / 100.0).min(1.0);
        node.actual_rows = Some(kept);
        node.rows_removed = Some(examined - kept);
    }
    let ms = table.number(&["r_total_time_ms"]).or_else(|| table.number(&["r_table_time_ms"]));
    node.time_ms = ms.zip(node.loops).map(|(ms, loops)| ms / loops.max(1.0)).or(ms);
    if let Some(Value::String(message)) = table.get("message") {
        node.kind.clone_from(message);
    }
    node
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::explain::tree::Relation;

    fn parsed(plan: &Value) -> Plan {
        read(Object::of(plan, "").unwrap()).unwrap()
    }

    #[test]
    fn blocks_of_mysql() {
        let plan = parsed(&json!({"query_block": {
            "select_id": 1,
            "cost_info": {"query_cost": "5120.50"},
            "ordering_operation": {
                "using_filesort": true,
                "nested_loop": [
                    {"table": {
                        "table_name": "o", "access_type": "ALL", "possible_keys": ["by_customer"],
                        "rows_examined_per_scan": 50000, "rows_produced_per_join": 5000, "filtered": "10.00",
                        "cost_info": {"prefix_cost": "5000.00"},
                        "attached_condition": "(`shop`.`o`.`status` = 'open')",
                    }},
                    {"table": {
                        "table_name": "c", "access_type": "eq_ref", "key": "PRIMARY",
                        "rows_examined_per_scan": 1, "filtered": "100.00",
                    }},
                ],
            },
            "optimized_away_subqueries": [{"query_block": {"select_id": 2, "table": {"table_name": "x", "access_type": "ALL"}}}],
        }}));
        assert_eq!(plan.total.cost, Some(5120.5));
        let [sort, subquery] = &plan.root.children[..] else { panic!("{plan:?}") };
        assert_eq!((sort.operation, subquery.subplan.as_deref()), (Operation::Sort, Some("select #2")));
        let o = &sort.children[0].children[0];
        assert_eq!(
            (o.estimated_rows, o.estimated_removed, o.cost),
            (Some(5000.0), Some(45_000.0), Some(5000.0))
        );
        assert_eq!(o.relation, Some(Relation { name: "o".into(), alias: None }));
        assert_eq!(subquery.children[0].relation, Some(Relation { name: "x".into(), alias: None }));
    }

    #[test]
    fn mariadb_measures() {
        let plan = parsed(&json!({"query_block": {
            "select_id": 1, "r_total_time_ms": 20.5,
            "filesort": {"sort_key": "o.total desc", "temporary_table": {"nested_loop": [
                {"table": {
                    "table_name": "o", "access_type": "ALL", "r_loops": 1, "rows": 900, "r_rows": 1000,
                    "filtered": 100, "r_filtered": 2.5, "attached_condition": "o.`status` = 'open'",
                }},
                {"block-nl-join": {
                    "table": {"table_name": "c", "access_type": "ALL", "rows": 10, "r_rows": 10, "r_loops": 1},
                    "buffer_type": "flat", "attached_condition": "c.x < o.x",
                }},
            ]}},
        }}));
        let nested = &plan.root.children[0].children[0].children[0];
        let [o, c] = &nested.children[..] else { panic!("{nested:?}") };
        assert_eq!((o.actual_rows, o.rows_removed), (Some(25.0), Some(975.0)));
        assert_eq!((c.predicates[0].role, &*c.predicates[0].text), (Role::Join, "c.x < o.x"));
    }
}
