//! Values that tell what two queries compute from a column apart. Each expression over one column is run on a pool of
//! values; of the values on which all expressions agree in what they say, one is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan, Operator};
use datafusion::physical_expr::PhysicalExpr;

use super::pool;
use crate::bind::{SwapTable, context, origin};
use crate::database::{Attribute, Relation, Row, Schema};
use crate::prove::Resolve;
use crate::value::{Kind, Value, parse_date, parse_moment};

/// Most expressions over one column.
const MOST_EXPRESSIONS: usize = 12;
/// Most columns that are looked at.
const MOST_COLUMNS: usize = 8;
/// Most values that are kept of a column.
const MOST_VALUES: usize = 16;
/// The only name in the table on which expressions are run.
const ONLY: &str = "v";

/// The relation and the attribute.
type Place = (usize, usize);

/// Values by the relation and the attribute that they are for.
pub type Telling = BTreeMap<Place, Vec<Value>>;

/// The values that tell what the plans compute from single columns apart.
pub fn values(plans: [&LogicalPlan; 2], schema: &Schema, resolve: Resolve<'_>) -> Telling {
    let mut found: BTreeMap<Place, Vec<Expr>> = BTreeMap::new();
    for plan in plans {
        gather(plan, schema, resolve, &mut found);
    }
    // Where all is plain, the values that the queries mention do.
    found.retain(|_, expressions| !expressions.iter().all(is_plain));
    let mut telling = Telling::new();
    for (place, expressions) in found.into_iter().take(MOST_COLUMNS) {
        let attribute = &schema.relations[place.0].attributes[place.1];
        let values = apart(attribute, &expressions);
        if !values.is_empty() {
            telling.insert(place, values);
        }
    }
    telling
}

/// The expressions over one attribute each, as expressions over the only column of a table.
fn gather(plan: &LogicalPlan, schema: &Schema, resolve: Resolve<'_>, found: &mut BTreeMap<Place, Vec<Expr>>) {
    let _ = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                if !is_of_interest(part) {
                    return Ok(TreeNodeRecursion::Continue);
                }
                if let Some((place, alone)) = alone(part, node, schema, resolve) {
                    let known = found.entry(place).or_default();
                    if known.len() < MOST_EXPRESSIONS && !known.contains(&alone) {
                        known.push(alone);
                    }
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
}

/// Whether it says something of values, and not of how other expressions about them are combined.
fn is_of_interest(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryExpr(binary) => !matches!(binary.op, Operator::And | Operator::Or),
        Expr::Like(_)
        | Expr::SimilarTo(_)
        | Expr::ScalarFunction(_)
        | Expr::Case(_)
        | Expr::Between(_)
        | Expr::InList(_) => true,
        _ => false,
    }
}

/// Whether it compares the column itself with literals.
fn is_plain(expr: &Expr) -> bool {
    let is_plain = |side: &Expr| matches!(side, Expr::Column(_) | Expr::Literal(..));
    match expr {
        Expr::BinaryExpr(binary) => {
            binary.op.supports_propagation() && is_plain(&binary.left) && is_plain(&binary.right)
        }
        Expr::Between(between) => is_plain(&between.expr),
        Expr::InList(list) => is_plain(&list.expr),
        _ => false,
    }
}

/// The expression over the one column that it has, and the attribute that this is.
fn alone(expr: &Expr, node: &LogicalPlan, schema: &Schema, resolve: Resolve<'_>) -> Option<(Place, Expr)> {
    let mut column: Option<Column> = None;
    let mut is_simple = true;
    let _ = expr.apply(|part| {
        match part {
            Expr::Column(own) if column.as_ref().is_none_or(|known| known == own) => {
                column = Some(own.clone())
            }
            Expr::Column(_)
            | Expr::OuterReferenceColumn(..)
            | Expr::AggregateFunction(_)
            | Expr::WindowFunction(_)
            | Expr::ScalarSubquery(_)
            | Expr::InSubquery(_)
            | Expr::Exists(_)
            | Expr::Placeholder(_) => is_simple = false,
            _ => {}
        }
        Ok(if is_simple { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    let column = column.filter(|_| is_simple)?;
    let place = origin::of_column(node, &column, schema, resolve)?;
    let renamed = expr.clone().transform(|part| match part {
        Expr::Column(_) => Ok(Transformed::yes(Expr::Column(Column::from_name(ONLY)))),
        other => Ok(Transformed::no(other)),
    });
    Some((place, renamed.ok()?.data))
}

/// One value of each kind that the expressions tell apart.
fn apart(attribute: &Attribute, expressions: &[Expr]) -> Vec<Value> {
    let mut texts = Vec::new();
    let mut literals = Vec::new();
    for expr in expressions {
        let _ = expr.apply(|part| {
            if let Expr::Literal(value, _) = part {
                match value {
                    ScalarValue::Utf8(Some(text)) => {
                        let moment = parse_moment(text).map(Value::Timestamp);
                        literals.extend(moment.filter(|_| attribute.kind == Kind::Timestamp));
                        let day = parse_date(text).map(Value::Date);
                        literals.extend(day.filter(|_| attribute.kind == Kind::Date));
                        texts.push(text.clone());
                    }
                    other => literals.extend(crate::prove::constant(other, attribute.kind)),
                }
            }
            Ok(TreeNodeRecursion::Continue)
        });
    }
    let mut pool = pool::of(attribute, &texts, &literals);
    pool.retain(|value| attribute.holds(value));
    let rows: Vec<Row> = pool.iter().map(|value| vec![value.clone()]).collect();
    let only = Attribute { name: ONLY.to_owned(), nullable: true, ..attribute.clone() };
    let relation = Relation { attributes: vec![only], ..Relation::default() };
    let table = SwapTable::new(&relation);
    let Ok(schema) = DFSchema::try_from(table.arrow().as_ref().clone()) else { return Vec::new() };
    let computed: Vec<Vec<Option<ScalarValue>>> = expressions
        .iter()
        .filter_map(|expr| context::session().create_physical_expr(expr.clone(), &schema).ok())
        .map(|expr| run(&expr, &table, &rows))
        .collect();
    let mut seen = BTreeSet::new();
    let is_new = |(at, _): &(usize, Value)| {
        let results: Vec<&Option<ScalarValue>> = computed.iter().map(|results| &results[*at]).collect();
        // What an expression does not take would end a query.
        signature(&results).is_some_and(|signature| seen.insert(signature))
    };
    pool.into_iter().enumerate().filter(is_new).map(|(_, value)| value).take(MOST_VALUES).collect()
}

/// What the expressions say of one value: truths as they are, and of other results which are the same. `None` where
/// one of them fails.
fn signature(results: &[&Option<ScalarValue>]) -> Option<String> {
    let mut text = String::new();
    for (at, result) in results.iter().enumerate() {
        match result {
            None => return None,
            Some(ScalarValue::Boolean(truth)) => {
                text.push(truth.map_or('?', |truth| if truth { 't' } else { 'f' }))
            }
            Some(value) if value.is_null() => text.push('0'),
            Some(value) => {
                let first = results.iter().position(|other| other.as_ref() == Some(value)).unwrap_or(at);
                text.push_str(&format!("{first},"));
            }
        }
    }
    Some(text)
}

/// The results for each row; `None` where there is none, since the expression fails on it.
fn run(expr: &Arc<dyn PhysicalExpr>, table: &SwapTable, rows: &[Row]) -> Vec<Option<ScalarValue>> {
    /// So few rows that they are looked at one by one.
    const FEW: usize = 8;
    let evaluated = table.batch(rows).ok().and_then(|batch| {
        let value = expr.evaluate(&batch).ok()?;
        value.into_array(rows.len()).ok()
    });
    match evaluated {
        Some(array) => scalars(&array),
        None if rows.len() <= 1 => vec![None; rows.len()],
        None if rows.len() <= FEW => {
            rows.iter().flat_map(|row| run(expr, table, std::slice::from_ref(row))).collect()
        }
        None => {
            let (one, other) = rows.split_at(rows.len() / 2);
            let mut all = run(expr, table, one);
            all.extend(run(expr, table, other));
            all
        }
    }
}

fn scalars(array: &ArrayRef) -> Vec<Option<ScalarValue>> {
    if *array.data_type() == DataType::Null {
        return vec![Some(ScalarValue::Null); array.len()];
    }
    (0..array.len()).map(|at| ScalarValue::try_from_array(array, at).ok()).collect()
}
