//! Unique indexes that are no keys, which generated rows keep: each is bound as the outputs of a query over its table.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_expr::PhysicalExpr;
use sqm_domain::Dialect;
use sqm_sql::catalog::{IndexPart, Table, UniqueIndex};

use crate::bind::{SwapTable, context};
use crate::checks;
use crate::database::{NullsInKeys, Relation, Row};
use crate::dialects::quoted;

/// Most indexes of one table that are kept.
const MOST: usize = 12;

/// A unique index as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    parts: Vec<String>,
    condition: Option<String>,
    has_one_null: bool,
}

/// A unique index ready to be asked about rows.
#[derive(Clone)]
pub struct Unique {
    declared: Declared,
    /// The columns that it speaks of.
    pub columns: Vec<usize>,
    parts: Vec<Arc<dyn PhysicalExpr>>,
    condition: Option<Arc<dyn PhysicalExpr>>,
    table: Arc<SwapTable>,
}

impl Declared {
    /// Those of a table.
    pub fn of(table: &Table, dialect: Dialect) -> Vec<Self> {
        let part = |part: &IndexPart| match part {
            IndexPart::Column(at) => Some(quoted(&table.columns.get(*at as usize)?.name, dialect)),
            IndexPart::Expression(text) => Some(text.clone()),
        };
        let declared = |index: &UniqueIndex| {
            let UniqueIndex { parts, condition, has_one_null } = index;
            let parts = parts.iter().map(part).collect::<Option<_>>()?;
            Some(Self { parts, condition: condition.clone(), has_one_null: *has_one_null })
        };
        table.unique_indexes.iter().filter_map(declared).collect()
    }
}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", self.parts.join(", "))?;
        self.condition.iter().try_for_each(|condition| write!(f, " WHERE {condition}"))
    }
}

impl Unique {
    /// What of the row occurs once, as one text; `None` where it may repeat.
    pub fn value(&self, row: &Row, nulls: NullsInKeys) -> Option<String> {
        let batch = self.table.batch(std::slice::from_ref(row)).ok()?;
        let of = |expr: &Arc<dyn PhysicalExpr>| {
            let value = expr.evaluate(&batch).ok()?.into_array(1).ok()?;
            ScalarValue::try_from_array(&value, 0).ok()
        };
        let is_meant = match &self.condition {
            None => true,
            Some(condition) => of(condition)? == ScalarValue::Boolean(Some(true)),
        };
        let values: Vec<ScalarValue> = self.parts.iter().map(of).collect::<Option<_>>()?;
        let absent = values.iter().filter(|value| value.is_null()).count();
        let nulls = if self.declared.has_one_null { NullsInKeys::Bound } else { nulls };
        (is_meant && nulls.bind(absent, values.len())).then(|| format!("{values:?}"))
    }
}

impl fmt::Debug for Unique {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.declared.fmt(f)
    }
}

impl PartialEq for Unique {
    fn eq(&self, other: &Self) -> bool {
        self.declared == other.declared
    }
}

/// Takes over the unique indexes of a relation that can be kept; the others remain where they are.
pub fn keep(relation: &mut Relation, dialect: Dialect) {
    if relation.unique.is_empty() {
        return;
    }
    let rows = Arc::new(SwapTable::new(relation));
    for declared in std::mem::take(&mut relation.unique) {
        let kept = (relation.kept_unique.len() < MOST).then(|| unique(&declared, relation, dialect, &rows));
        match kept.flatten() {
            Some(unique) => relation.kept_unique.push(unique),
            None => relation.unique.push(declared),
        }
    }
}

fn unique(
    declared: &Declared,
    relation: &Relation,
    dialect: Dialect,
    table: &Arc<SwapTable>,
) -> Option<Unique> {
    let outputs = declared.parts.iter().chain(&declared.condition);
    let outputs: Vec<String> = outputs.enumerate().map(|(at, text)| format!("({text}) AS o{at}")).collect();
    let bound = checks::over(relation, dialect, |name| format!("SELECT {} FROM {name}", outputs.join(", ")))?;
    let LogicalPlan::Projection(projection) = &bound.plan else { return None };
    let mut columns = BTreeSet::new();
    let mut exprs = Vec::with_capacity(projection.expr.len());
    for expr in &projection.expr {
        columns.extend(expr.column_refs().into_iter().filter_map(|name| relation.attribute(&name.name)));
        exprs.push(context::session().create_physical_expr(expr.clone(), projection.input.schema()).ok()?);
    }
    let condition = declared.condition.as_ref().and_then(|_| exprs.pop());
    let columns = columns.into_iter().collect();
    Some(Unique { declared: declared.clone(), columns, parts: exprs, condition, table: Arc::clone(table) })
}
