//! Where a plan and its text disagree.
//!
//! Names are compared without case, and as far as both give them: a plan names schemas that a text leaves out.
//! Values are compared edge by edge, for a plan says as much of them as a text. Influences are compared column by
//! column, for it is the planner's business whether it joins, filters or sorts.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Engine, PlanLineage, is_direct};
use crate::lineage::{ColumnRef, Lineage, TableRef};

/// One thing that one of them says and the other does not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// What it is.
    pub what: What,
    /// Who says it.
    pub only_in: Where,
    /// The table, or the column that is read.
    pub source: String,
    /// The column that it goes into, where the value comes through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A table that is read.
    TableIn,
    /// A table that is written.
    TableOut,
    /// A value that comes through.
    Value,
    /// A column that is read in any way.
    Column,
}

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Where {
    /// The plan alone.
    Plan,
    /// The text alone.
    Text,
}

pub(super) fn differences(plan: &PlanLineage, text: &Lineage) -> Vec<Difference> {
    let mut found = Vec::new();
    let tables =
        |list: &[TableRef]| list.iter().map(|table| (table.name.to_string(), None)).collect::<Said>();
    found.extend(compared(What::TableIn, &tables(&plan.lineage.tables_in), &tables(&text.tables_in)));
    if plan.engine == Engine::Postgres {
        found.extend(compared(What::TableOut, &tables(&plan.lineage.tables_out), &tables(&text.tables_out)));
    }
    // Without a catalog the text does not say all: what the plan says then is no disagreement.
    if text.columns.iter().any(|edge| &*edge.source.column == "*" || &*edge.source.table == "?") {
        return found;
    }
    let is_whole = plan.engine == Engine::Postgres && !plan.lineage.findings.iter().any(|f| f.code == "plan");
    if is_whole {
        found.extend(compared(What::Value, &values(&plan.lineage), &values(text)));
    }
    let of_text = text.columns.iter().map(|edge| (name(&edge.source), None)).collect();
    let of_plan = plan
        .columns_read
        .iter()
        .flat_map(|(table, columns)| columns.iter().map(move |column| (format!("{table}.{column}"), None)));
    let mut columns = compared(What::Column, &of_plan.collect(), &of_text);
    // What a plan leaves open it may well read.
    columns.retain(|column| is_whole || plan.engine != Engine::Postgres || column.only_in == Where::Plan);
    found.extend(columns);
    found
}

/// Sources, with targets.
type Said = BTreeSet<(String, Option<String>)>;

fn values(lineage: &Lineage) -> Said {
    let direct = lineage.columns.iter().filter(|edge| is_direct(edge));
    direct.map(|edge| (name(&edge.source), edge.target.as_ref().map(name))).collect()
}

fn name(column: &ColumnRef) -> String {
    format!("{}.{}", column.table, column.column)
}

fn compared(what: What, plan: &Said, text: &Said) -> Vec<Difference> {
    let only = |one: &Said, other: &Said, only_in: Where| -> Vec<Difference> {
        let lacks = |said: &&(String, Option<String>)| {
            !other.iter().any(|(source, target)| {
                is_same(&said.0, source)
                    && match (&said.1, target) {
                        (Some(one), Some(other)) => is_same(one, other),
                        (one, other) => one == other,
                    }
            })
        };
        let new = |(source, target): &(String, Option<String>)| Difference {
            what,
            only_in,
            source: source.clone(),
            target: target.clone(),
        };
        one.iter().filter(lacks).map(new).collect()
    };
    let mut found = only(plan, text, Where::Plan);
    found.extend(only(text, plan, Where::Text));
    found
}

/// Whether two names may be the same: the parts that both have are.
fn is_same(one: &str, other: &str) -> bool {
    let mut parts = one.rsplit('.').zip(other.rsplit('.'));
    parts.all(|(one, other)| one.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_far_as_both_give_them() {
        assert!(is_same("public.orders", "orders"));
        assert!(is_same("public.orders.id", "ORDERS.ID"));
        assert!(!is_same("public.orders.id", "lines.id"));
        assert!(!is_same("orders", "lines"));
    }
}
