//! CHECK constraints that generated rows keep: each is bound as the condition of a query over its table.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column as Name, DFSchema, ScalarValue};
use datafusion::logical_expr::{Expr, Filter, LogicalPlan, Volatility};
use datafusion::physical_expr::PhysicalExpr;
use sqm_domain::Dialect;
use sqm_sql::catalog::{Catalog, Column, Table};

use crate::bind::{self, Bound, SwapTable, Tables, context};
use crate::database::{Relation, Row};
use crate::prove;
use crate::value::Value;

/// Most constraints of one table that are kept.
const MOST: usize = 24;

/// A constraint ready to be asked about rows.
#[derive(Clone)]
pub struct Check {
    text: String,
    /// The columns that it speaks of.
    pub columns: Vec<usize>,
    /// What it compares them with.
    pub mentions: Vec<(usize, Value)>,
    condition: Arc<dyn PhysicalExpr>,
    table: Arc<SwapTable>,
    filter: Filter,
    /// Whether what it means rests on something, such as what the clock says.
    is_conditional: bool,
}

impl Check {
    /// The constraint as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The condition, over the columns of its table in their order, where it is the same at any time and rests on
    /// nothing: a row that was checked yesterday need not keep what the clock says today.
    pub fn lasting(&self) -> Option<(&Expr, &DFSchema)> {
        let is_moved = |part: &Expr| match part {
            Expr::ScalarFunction(call) => call.func.signature().volatility != Volatility::Immutable,
            Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) => true,
            _ => false,
        };
        let is_moved = self.filter.predicate.exists(|part| Ok(is_moved(part))).unwrap_or(true);
        (!is_moved && !self.is_conditional)
            .then(|| (&self.filter.predicate, self.filter.input.schema().as_ref()))
    }
}

/// The first of the constraints, which are those of one table, that the row breaks: of which it is false. What
/// cannot be computed is refused by the database as well.
pub fn broken<'c>(checks: &'c [Check], row: &Row) -> Option<&'c Check> {
    let first = checks.first()?;
    let Ok(batch) = first.table.batch(std::slice::from_ref(row)) else { return Some(first) };
    checks.iter().find(|check| {
        let value = check.condition.evaluate(&batch).and_then(|value| value.into_array(1));
        let holds = value.is_ok_and(|value| {
            value.as_boolean_opt().is_some_and(|truth| truth.is_null(0) || truth.value(0))
        });
        !holds
    })
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Check").field(&self.text).finish()
    }
}

impl PartialEq for Check {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Takes over the constraints of a relation that can be kept; the others remain where they are.
pub fn keep(relation: &mut Relation, dialect: Dialect) {
    if relation.checks.is_empty() {
        return;
    }
    let rows = Arc::new(SwapTable::new(relation));
    for text in std::mem::take(&mut relation.checks) {
        let read = || {
            let bound = over(relation, dialect, |name| format!("SELECT 1 FROM {name} WHERE ({text})"))?;
            check(text.clone(), &bound, relation, &rows)
        };
        match (relation.kept.len() < MOST).then(read).flatten() {
            Some(check) => relation.kept.push(check),
            None => relation.checks.push(text),
        }
    }
}

/// A query over nothing but the relation, which is given a name, as it is bound.
pub fn over(relation: &Relation, dialect: Dialect, sql: impl Fn(&str) -> String) -> Option<Bound> {
    const NAME: &str = "t";
    let columns = relation.attributes.iter().map(|attribute| Column {
        name: attribute.spelled.clone(),
        data_type: attribute.written.clone(),
        not_null: !attribute.nullable,
        ..Column::default()
    });
    let table = Table { name: vec![NAME.to_owned()], columns: columns.collect(), ..Table::default() };
    let catalog = Catalog::from(vec![table]);
    let tables = Tables::new(&catalog, dialect);
    bind::bind(&sql(NAME), dialect, &tables).ok()
}

fn check(text: String, bound: &Bound, relation: &Relation, table: &Arc<SwapTable>) -> Option<Check> {
    let LogicalPlan::Projection(projection) = &bound.plan else { return None };
    let LogicalPlan::Filter(filter) = projection.input.as_ref() else { return None };
    let mut columns = BTreeSet::new();
    let mut mentions = Vec::new();
    let at = |name: &Name| relation.attribute(&name.name);
    let mut mention = |one: &Expr, other: &Expr| {
        if let (Expr::Column(name), Expr::Literal(value, _)) = (one, other)
            && let Some(at) = at(name)
            && let Some(value) = constant(value, relation, at)
        {
            mentions.push((at, value));
        }
    };
    filter
        .predicate
        .apply(|part| {
            match part {
                Expr::Column(name) => columns.extend(at(name)),
                Expr::BinaryExpr(binary) => {
                    mention(&binary.left, &binary.right);
                    mention(&binary.right, &binary.left);
                }
                Expr::Between(between) => {
                    mention(&between.expr, &between.low);
                    mention(&between.expr, &between.high);
                }
                Expr::InList(list) => list.list.iter().for_each(|item| mention(&list.expr, item)),
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        })
        .ok()?;
    let condition =
        context::session().create_physical_expr(filter.predicate.clone(), filter.input.schema()).ok()?;
    Some(Check {
        text,
        columns: columns.into_iter().collect(),
        mentions,
        condition,
        table: Arc::clone(table),
        filter: filter.clone(),
        is_conditional: !bound.assumptions.is_empty(),
    })
}

fn constant(value: &ScalarValue, relation: &Relation, at: usize) -> Option<Value> {
    prove::constant(value, relation.attributes[at].kind)
}
