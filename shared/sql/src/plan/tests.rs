//! Plans as servers print them, cut down to what is read. Whole ones, from running servers, are compared with
//! their texts where the tests reach a server.

use serde_json::json;

use super::*;

fn catalog() -> Catalog {
    let ddl =
        "CREATE TABLE orders (id int, customer int, amount int); CREATE TABLE customers (id int, name text)";
    Catalog::from_ddl(ddl, Dialect::Postgres).unwrap().0
}

fn read_with(plan: &Value, sql: Option<&str>) -> Result<Compared, PlanError> {
    let text = sql.map(|sql| Text { sql, dialect: dialect_of(plan).unwrap_or(Dialect::Postgres) });
    read(plan, text, &catalog(), &Options::default())
}

/// Edges as `source -> target SUBTYPE`, in order.
fn edges(lineage: &Lineage) -> Vec<String> {
    let mut edges: Vec<String> = lineage
        .columns
        .iter()
        .map(|edge| {
            let target = edge.target.as_ref().map_or("all", |target| &target.column);
            format!("{}.{} -> {target} {:?}", edge.source.table, edge.source.column, edge.subtype)
        })
        .collect();
    edges.sort();
    edges.dedup();
    edges
}

fn scan(table: &str, alias: &str, outputs: &[&str]) -> Value {
    json!({ "Node Type": "Seq Scan", "Relation Name": table, "Schema": "public", "Alias": alias, "Output": outputs })
}

#[test]
fn a_plan_is_the_query_that_it_amounts_to() {
    let plan = json!([{ "Plan": {
        "Node Type": "Sort", "Output": ["c.name", "(sum(o.amount))"], "Sort Key": ["(sum(o.amount)) DESC"],
        "Plans": [{
            "Node Type": "Aggregate", "Output": ["c.name", "sum(o.amount)"], "Group Key": ["c.name"],
            "Filter": "(sum(o.amount) > 3)",
            "Plans": [{
                "Node Type": "Hash Join", "Output": ["c.name", "o.amount"], "Hash Cond": "(o.customer = c.id)",
                "Plans": [
                    scan("orders", "o", &["o.customer", "o.amount"]),
                    { "Node Type": "Hash", "Output": ["c.name", "c.id"], "Plans": [scan("customers", "c", &["c.name", "c.id"])] },
                ],
            }],
        }],
    }}]);
    let found = read_with(&plan, None).unwrap();
    assert_eq!(
        found.plan.sql.as_deref(),
        Some(
            "SELECT c.name, (sum(o.amount)) FROM \"public\".\"orders\" AS \"o\" JOIN \"public\".\"customers\" AS \"c\" \
             ON (o.customer = c.id) GROUP BY c.name HAVING (sum(o.amount) > 3) ORDER BY (sum(o.amount))"
        )
    );
    assert_eq!(
        edges(&found.plan.lineage),
        [
            "public.customers.id -> all Join",
            "public.customers.name -> all GroupBy",
            "public.customers.name -> name Identity",
            "public.orders.amount -> <expr> Aggregation",
            "public.orders.amount -> all Filter",
            "public.orders.amount -> all Sort",
            "public.orders.customer -> all Join",
        ]
    );
    let sql =
        "SELECT name, sum(amount) AS s FROM orders o JOIN customers c ON c.id = o.customer GROUP BY name";
    let same = read_with(&plan, Some(sql)).unwrap();
    assert_eq!(same.differences, []);
    assert!(edges(&same.plan.lineage).contains(&"public.orders.amount -> s Aggregation".to_owned()));
    let other = read_with(&plan, Some("SELECT name, max(customer) AS s FROM orders, customers c")).unwrap();
    let said: Vec<String> =
        other.differences.iter().map(|d| format!("{:?} {:?} {}", d.only_in, d.what, d.source)).collect();
    assert_eq!(
        said,
        [
            "Plan Value public.orders.amount",
            "Text Value orders.customer",
            "Plan Column public.customers.id",
            "Plan Column public.orders.amount",
        ]
    );
}

#[test]
fn duckdb_and_mysql_name_what_they_read() {
    let duckdb = json!([{ "name": "PROJECTION", "extra_info": { "Projections": ["name", "s"] }, "children": [{
        "name": "HASH_JOIN", "extra_info": { "Join Type": "INNER", "Conditions": "cust = id" },
        "children": [
            { "name": "SEQ_SCAN ", "children": [], "extra_info": {
                "Table": "memory.main.orders", "Projections": ["cust", "amount"], "Filters": ["st='x'", "id>5"] } },
            { "name": "SEQ_SCAN ", "children": [], "extra_info": {
                "Table": "memory.main.customers", "Projections": "id\nname" } },
        ],
    }] }]);
    let found = read_with(&duckdb, None).unwrap().plan;
    assert_eq!(found.engine, Engine::DuckDb);
    assert_eq!(
        serde_json::to_value(&found.columns_read).unwrap(),
        json!({ "memory.main.customers": ["id", "name"], "memory.main.orders": ["amount", "cust", "id", "st"] })
    );
    assert_eq!(found.lineage.tables_in.len(), 2);
    let mysql = json!({ "query_block": { "select_id": 1, "grouping_operation": { "nested_loop": [
        { "table": { "table_name": "o", "access_type": "ALL", "used_columns": ["customer", "amount"] } },
        { "table": { "table_name": "c", "access_type": "eq_ref", "used_columns": ["id", "name"] } },
        { "table": { "table_name": "<subquery2>", "materialized_from_subquery": { "query_block": {
            "table": { "table_name": "lines", "used_columns": ["id"] } } } } },
    ] } } });
    let found = read_with(&mysql, None).unwrap().plan;
    assert_eq!(found.engine, Engine::MySql);
    assert_eq!(
        serde_json::to_value(&found.columns_read).unwrap(),
        json!({ "c": ["id", "name"], "lines": ["id"], "o": ["amount", "customer"] })
    );
    assert_eq!(found.lineage.findings.len(), 1);
}

#[test]
fn what_is_no_plan_is_refused_with_its_place() {
    let refused = |plan: Value| read_with(&plan, Some("SELECT 1")).unwrap_err().to_string();
    for plan in [json!([]), json!({}), json!(7), json!([[]]), json!({ "plan": 1 })] {
        assert!(refused(plan.clone()).starts_with("this is no plan that is understood"), "{plan}");
    }
    let bare = json!([{ "Plan": { "Node Type": "Seq Scan", "Relation Name": "t" } }]);
    assert_eq!(refused(bare), "the plan names no outputs: ask for it with EXPLAIN (VERBOSE, FORMAT JSON)");
    let nameless = json!([{ "Plan": { "Node Type": "Limit", "Output": ["a"], "Plans": [{ "Plans": [] }] } }]);
    assert_eq!(refused(nameless), "[0].Plan.Plans[0]: expected a node with a \"Node Type\"");
    let no_list = json!([{ "Plan": { "Node Type": "Limit", "Output": ["a"], "Plans": 3 } }]);
    assert_eq!(refused(no_list), "[0].Plan: expected \"Plans\" to be a list");
    let no_node = json!([{ "Plan": { "Node Type": "Limit", "Output": ["a"], "Plans": [3] } }]);
    assert_eq!(refused(no_node), "[0].Plan.Plans[0]: expected a node, which is an object");
    let many = json!({ "Node Type": "Result", "Output": vec!["a"; MOST_TEXTS] });
    assert!(refused(many).starts_with("the plan is too large"));
}

#[test]
fn queries_of_expressions_end() {
    // One that refers to itself, and a chain of which each refers twice to the next.
    let subplan = |number: usize, output: String| json!({ "Node Type": "Result", "Parent Relationship": "SubPlan", "Subplan Name": format!("SubPlan {number}"), "Output": [output] });
    let own = json!({ "Node Type": "Result", "Output": ["(SubPlan 1)"], "Plans": [subplan(1, "(SubPlan 1)".into())] });
    let found = read_with(&own, None).unwrap();
    assert_eq!(found.plan.lineage.findings[0].message, "SubPlan 1 refers to itself");
    let chain: Vec<Value> =
        (1..60).map(|n| subplan(n, format!("((SubPlan {m}) + (SubPlan {m}))", m = n + 1))).collect();
    let chain = json!({ "Node Type": "Result", "Output": ["(SubPlan 1)"], "Plans": chain });
    assert_eq!(read_with(&chain, None).unwrap_err(), PlanError::TooLarge);
}

#[test]
fn what_an_expression_says_beyond_sql_is_said() {
    let plan = json!({ "Node Type": "Seq Scan", "Relation Name": "t", "Alias": "t", "Output": ["t.a", "f(t.b) <~> ~", "t.c)"] });
    let found = read_with(&plan, None).unwrap();
    let messages: Vec<&str> = found.plan.lineage.findings.iter().map(|finding| &*finding.message).collect();
    assert_eq!(messages, ["not understood: f(t.b) <~> ~", "not understood: t.c)"]);
    assert_eq!(edges(&found.plan.lineage), ["t.a -> a Identity"]);
}
