//! INDIRECT edges, compared with a derivation of its own from the plan that DataFusion binds, before any
//! optimization: predicates, join, group, sort and window keys, conditions of CASE.
//!
//! For the queries of the sample workspace, and for those of TPC-H and TPC-DS where `../shared/corpora`
//! exists. The two share the parser and nothing else.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::common::{Column, DFSchema, JoinType, NullEquality};
use datafusion::logical_expr::expr::{AggregateFunction, WindowFunction};
use datafusion::logical_expr::{Expr, LogicalPlan, Subquery};
use serde_json::Value;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;
use sqm_sql::lineage::{EdgeType, Options, trace};
use sqm_verify::bind::{Tables, bind};

/// How a base column gets into a value or chooses rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Value,
    Conditional,
    Window,
    Join,
    GroupBy,
    Filter,
    Sort,
}

/// Base columns, `table.column`, each with a way.
type Found = BTreeSet<(String, Way)>;

/// All in one way.
fn all_in(way: Way, found: Found) -> Found {
    found.into_iter().map(|(column, _)| (column, way)).collect()
}

/// What a plan's outputs are made of, and what chose its rows.
#[derive(Debug, Clone, Default)]
struct Derived {
    outputs: Vec<Found>,
    rows: Found,
}

/// The plans around a subquery: their schemas, and what their columns are made of.
type Around = Vec<(Arc<DFSchema>, Vec<Found>)>;

/// Derives the influences of plans. A WITH that is used twice is bound twice, so nothing is remembered.
#[derive(Default)]
struct Deriver {
    around: Around,
    /// The queries that refer to themselves, by name, as far as they are known.
    recursive: BTreeMap<String, Derived>,
}

impl Deriver {
    fn plan(&mut self, plan: &LogicalPlan) -> Derived {
        match plan {
            LogicalPlan::TableScan(scan) => {
                let table = scan.table_name.table();
                if let Some(known) = self.recursive.get(table) {
                    return known.clone();
                }
                let column =
                    |name: &String| Found::from([(format!("{table}.{name}").to_lowercase(), Way::Value)]);
                let fields = scan.projected_schema.fields().iter();
                Derived { outputs: fields.map(|field| column(field.name())).collect(), rows: Found::new() }
            }
            LogicalPlan::Projection(projection) => {
                let below = self.plan(&projection.input);
                let outputs = self.each(&projection.expr, projection.input.schema(), &below);
                Derived { outputs, rows: below.rows }
            }
            LogicalPlan::Filter(filter) => {
                let mut below = self.plan(&filter.input);
                let found = self.within(&filter.predicate, Way::Filter, filter.input.schema(), &below);
                below.rows.extend(found);
                below
            }
            LogicalPlan::Window(window) => {
                let mut below = self.plan(&window.input);
                let more = self.each(&window.window_expr, window.input.schema(), &below);
                below.outputs.extend(more);
                below
            }
            LogicalPlan::Aggregate(aggregate) => {
                let mut below = self.plan(&aggregate.input);
                let schema = aggregate.input.schema();
                let mut keys: Vec<Expr> = Vec::new();
                for expr in &aggregate.group_expr {
                    match expr {
                        Expr::GroupingSet(sets) => {
                            keys.extend(sets.distinct_expr().into_iter().cloned());
                        }
                        other => keys.push(other.clone()),
                    }
                }
                let mut outputs = self.each(&keys, schema, &below);
                // A column that says by which keys a row is grouped.
                if aggregate.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_))) {
                    outputs.push(Found::new());
                }
                outputs.extend(self.each(&aggregate.aggr_expr, schema, &below));
                for key in &keys {
                    let found = self.within(key, Way::GroupBy, schema, &below);
                    below.rows.extend(found);
                }
                Derived { outputs, rows: below.rows }
            }
            LogicalPlan::Sort(sort) => {
                let mut below = self.plan(&sort.input);
                for key in &sort.expr {
                    let found = self.within(&key.expr, Way::Sort, sort.input.schema(), &below);
                    below.rows.extend(found);
                }
                below
            }
            LogicalPlan::Join(join) => {
                let (left, right) = (self.plan(&join.left), self.plan(&join.right));
                let set_operation = join.null_equality == NullEquality::NullEqualsNull;
                let mut both = left.clone();
                both.outputs.extend(right.outputs.clone());
                both.rows.extend(right.rows.clone());
                if set_operation {
                    // INTERSECT gives values of both sides; what EXCEPT takes away chooses rows.
                    let (mut outputs, mut rows) = (left.outputs, both.rows);
                    for (output, other) in outputs.iter_mut().zip(right.outputs) {
                        match join.join_type {
                            JoinType::LeftSemi => output.extend(other),
                            _ => rows.extend(all_in(Way::Filter, other)),
                        }
                    }
                    return Derived { outputs, rows };
                }
                let schema = join.left.schema().join(join.right.schema()).unwrap();
                let keys = join.on.iter().flat_map(|(left, right)| [left, right]);
                for condition in keys.chain(&join.filter) {
                    let found = self.within(condition, Way::Join, &schema, &both);
                    both.rows.extend(found);
                }
                if matches!(join.join_type, JoinType::LeftSemi | JoinType::LeftAnti) {
                    both.outputs.truncate(left.outputs.len());
                }
                both
            }
            LogicalPlan::Union(union) => {
                let mut all = Derived::default();
                for input in &union.inputs {
                    let one = self.plan(input);
                    all.outputs.resize_with(one.outputs.len(), Found::new);
                    for (all, one) in all.outputs.iter_mut().zip(one.outputs) {
                        all.extend(one);
                    }
                    all.rows.extend(one.rows);
                }
                all
            }
            LogicalPlan::RecursiveQuery(query) => {
                let mut known = self.plan(&query.static_term);
                loop {
                    self.recursive.insert(query.name.clone(), known.clone());
                    let one = self.plan(&query.recursive_term);
                    let before = format!("{known:?}");
                    for (all, one) in known.outputs.iter_mut().zip(one.outputs) {
                        all.extend(one);
                    }
                    known.rows.extend(one.rows);
                    if format!("{known:?}") == before {
                        return known;
                    }
                }
            }
            LogicalPlan::Distinct(_) | LogicalPlan::SubqueryAlias(_) | LogicalPlan::Limit(_) => {
                self.plan(plan.inputs()[0])
            }
            LogicalPlan::Subquery(subquery) => self.plan(&subquery.subquery),
            LogicalPlan::EmptyRelation(_) => Derived::default(),
            LogicalPlan::Values(values) => Derived {
                outputs: values.schema.fields().iter().map(|_| Found::new()).collect(),
                rows: Found::new(),
            },
            other => panic!("a plan of another kind: {}", other.display()),
        }
    }

    fn each(&mut self, exprs: &[Expr], schema: &Arc<DFSchema>, below: &Derived) -> Vec<Found> {
        exprs.iter().map(|expr| self.expr(expr, schema, &below.outputs)).collect()
    }

    /// An expression that decides: its columns in this way, what its subqueries bring along in their own.
    fn within(&mut self, expr: &Expr, way: Way, schema: &DFSchema, below: &Derived) -> Found {
        self.deciding(expr, way, schema, &below.outputs)
    }

    fn deciding(&mut self, expr: &Expr, way: Way, schema: &DFSchema, columns: &[Found]) -> Found {
        match expr {
            Expr::ScalarSubquery(subquery) => self.subquery(subquery, Some(way), schema, columns),
            Expr::Exists(exists) => self.subquery(&exists.subquery, None, schema, columns),
            Expr::InSubquery(list) => {
                let mut found = self.deciding(&list.expr, way, schema, columns);
                found.extend(self.subquery(&list.subquery, Some(way), schema, columns));
                found
            }
            Expr::Column(_) | Expr::OuterReferenceColumn(..) => all_in(way, self.expr(expr, schema, columns)),
            other => children(other)
                .into_iter()
                .flat_map(|child| self.deciding(child, way, schema, columns))
                .collect(),
        }
    }

    /// What a subquery's rows are chosen by, and its value in the way in which it is used, if it is.
    fn subquery(
        &mut self,
        subquery: &Subquery,
        way: Option<Way>,
        schema: &DFSchema,
        columns: &[Found],
    ) -> Found {
        self.around.push((Arc::new(schema.clone()), columns.to_vec()));
        let derived = self.plan(&subquery.subquery);
        self.around.pop();
        let mut found = derived.rows;
        match way {
            None => {}
            Some(Way::Value) => found.extend(derived.outputs.into_iter().flatten()),
            Some(way) => found.extend(derived.outputs.into_iter().flat_map(|output| all_in(way, output))),
        }
        found
    }

    fn expr(&mut self, expr: &Expr, schema: &DFSchema, columns: &[Found]) -> Found {
        match expr {
            Expr::Column(column) => columns[index(schema, column)].clone(),
            Expr::OuterReferenceColumn(_, column) => {
                let has = |(schema, _): &&(Arc<DFSchema>, Vec<Found>)| {
                    schema.maybe_index_of_column(column).is_some()
                };
                let (schema, columns) = self.around.iter().rev().find(has).unwrap();
                columns[index(schema, column)].clone()
            }
            Expr::Case(case) => {
                let mut found = Found::new();
                for (when, then) in &case.when_then_expr {
                    found.extend(self.deciding(when, Way::Conditional, schema, columns));
                    found.extend(self.expr(then, schema, columns));
                }
                if let Some(tested) = &case.expr {
                    found.extend(self.deciding(tested, Way::Conditional, schema, columns));
                }
                if let Some(otherwise) = &case.else_expr {
                    found.extend(self.expr(otherwise, schema, columns));
                }
                found
            }
            Expr::AggregateFunction(AggregateFunction { params, .. }) => {
                let mut found: Found = Found::new();
                for arg in &params.args {
                    found.extend(self.expr(arg, schema, columns));
                }
                if let Some(filter) = &params.filter {
                    found.extend(self.deciding(filter, Way::Conditional, schema, columns));
                }
                for key in &params.order_by {
                    found.extend(self.deciding(&key.expr, Way::Sort, schema, columns));
                }
                found
            }
            Expr::WindowFunction(function) => {
                let WindowFunction { params, .. } = &**function;
                let mut found: Found = Found::new();
                for arg in &params.args {
                    found.extend(self.expr(arg, schema, columns));
                }
                let keys = params.partition_by.iter().chain(params.order_by.iter().map(|key| &key.expr));
                for key in keys {
                    found.extend(self.deciding(key, Way::Window, schema, columns));
                }
                found
            }
            Expr::ScalarSubquery(subquery) => self.subquery(subquery, Some(Way::Value), schema, columns),
            Expr::Exists(_) | Expr::InSubquery(_) => self.deciding(expr, Way::Conditional, schema, columns),
            other => {
                children(other).into_iter().flat_map(|child| self.expr(child, schema, columns)).collect()
            }
        }
    }
}

fn index(schema: &DFSchema, column: &Column) -> usize {
    schema.maybe_index_of_column(column).unwrap_or_else(|| panic!("{column} in {schema}"))
}

/// The expressions that stand directly in another.
fn children(expr: &Expr) -> Vec<&Expr> {
    use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
    let mut list = Vec::new();
    expr.apply_children(|child| {
        list.push(child);
        Ok(TreeNodeRecursion::Continue)
    })
    .unwrap();
    list
}

/// Every influence as `what way: column`, where what is an output or every row.
fn derived(plan: &LogicalPlan) -> BTreeSet<String> {
    let Derived { outputs, rows } = Deriver::default().plan(plan);
    let names = plan.schema().fields().iter().map(|field| field.name().to_lowercase());
    let mut all = BTreeSet::new();
    for (name, output) in names.zip(outputs) {
        for (column, way) in output.into_iter().filter(|(_, way)| *way != Way::Value) {
            all.insert(format!("{name} {way:?}: {column}"));
        }
    }
    all.extend(rows.into_iter().map(|(column, way)| format!("all {way:?}: {column}")));
    all
}

/// The same of the lineage.
fn traced(sql: &str, dialect: Dialect, catalog: &Catalog) -> BTreeSet<String> {
    let lineage = trace(sql, dialect, catalog, &Options::default());
    let indirect = lineage.columns.iter().filter(|edge| edge.edge_type() == EdgeType::Indirect);
    indirect
        .map(|edge| {
            let what = edge.target.as_ref().map_or("all", |target| &target.column).to_lowercase();
            let source = format!("{}.{}", edge.source.table, edge.source.column).to_lowercase();
            format!("{what} {:?}: {source}", edge.subtype)
        })
        .collect()
}

/// What is known to differ, and why.
const EXPLAINED: &[(&str, &str)] =
    &[("web-funnel", "COUNTIF of a condition is bound as an aggregate over a CASE with that condition")];

/// Compares a set of queries; `least` of them have to be compared.
fn compare(name: &str, queries: &[(String, String, Dialect)], catalog: &Catalog, least: usize) {
    let (mut compared, mut edges, mut wrong) = (0, 0, Vec::new());
    for (id, sql, dialect) in queries {
        let tables = Tables::new(catalog, *dialect);
        let bound = match bind(sql, *dialect, &tables) {
            Ok(bound) => bound,
            Err(why) => {
                println!("{id}: not bound: {why}");
                continue;
            }
        };
        let expected = guard::on_large_stack(|| derived(&bound.plan)).unwrap();
        let found = traced(sql, *dialect, catalog);
        compared += 1;
        edges += expected.len();
        let explained = EXPLAINED.iter().find(|(explained, _)| explained == id);
        assert!(explained.is_none() || expected != found, "{id} differs no more");
        if let Some((_, why)) = explained {
            println!("{id}: {why}");
        } else if expected != found {
            let less: Vec<_> = expected.difference(&found).collect();
            let more: Vec<_> = found.difference(&expected).collect();
            wrong.push(format!("{id}\n  the plan alone: {less:?}\n  the text alone: {more:?}"));
        }
    }
    println!("{name}: {edges} influences of {compared} queries");
    assert!(wrong.is_empty(), "{} of {compared}\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared >= least, "{compared}");
}

#[test]
fn influences_of_the_sample_are_those_of_its_plans() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/sample");
    let schema = std::fs::read_to_string(root.join("schema.sql")).unwrap();
    let catalog = Catalog::from_ddl(&schema, Dialect::Postgres).unwrap().0;
    let mut queries = Vec::new();
    for entry in std::fs::read_dir(root.join("queries")).unwrap() {
        let path = entry.unwrap().path();
        let sql = std::fs::read_to_string(&path).unwrap();
        let dialect = sql.lines().find_map(|line| line.strip_prefix("-- dialect: ")).unwrap();
        let dialect = dialect.split_whitespace().next().unwrap().parse().unwrap();
        queries.push((path.file_stem().unwrap().to_str().unwrap().to_owned(), sql, dialect));
    }
    compare("sample", &queries, &catalog, 20);
}

fn corpus(name: &str, least: usize) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let (Ok(cases), Ok(schema)) = (
        std::fs::read_to_string(root.join(format!("lineage/{name}.jsonl"))),
        std::fs::read_to_string(root.join(format!("equivalence/schemas/{name}.json"))),
    ) else {
        println!("skipped: {name} does not exist");
        return;
    };
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let catalog = Catalog::from_json(&schema.to_string()).unwrap().0;
    let queries: Vec<_> = cases
        .lines()
        .map(|line| {
            let case: Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| case[key].as_str().unwrap().to_owned();
            (text("id"), text("sql"), text("dialect").parse().unwrap())
        })
        .collect();
    compare(name, &queries, &catalog, least);
}

#[test]
fn influences_of_tpc_h_are_those_of_its_plans() {
    corpus("tpch", 22);
}

#[test]
fn influences_of_tpc_ds_are_those_of_its_plans() {
    corpus("tpcds", 70);
}
