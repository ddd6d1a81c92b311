//! A counterexample as tables, with the INSERT statements that make them.

use std::collections::BTreeMap;

use sqm_domain::Dialect;

use super::insert::inserts;
use crate::bind::Bound;
use crate::compare::Difference;
use crate::database::{Database, Row, Schema};
use crate::verdict::{Counterexample, TableRows};

/// Puts it into words. Tables that hold no rows are shown only where a query reads them.
pub fn render(
    schema: &Schema,
    database: &Database,
    [first, second]: [&Bound; 2],
    [result1, result2]: [Vec<Row>; 2],
    difference: Difference,
    confirmed_by: Vec<String>,
    dialect: Dialect,
) -> Counterexample {
    let tables: BTreeMap<String, TableRows> = schema
        .relations
        .iter()
        .zip(&database.tables)
        .enumerate()
        .filter(|(at, (_, rows))| !rows.is_empty() || !is_only_referred_to(schema, *at))
        .map(|(_, (relation, rows))| {
            let columns = relation.attributes.iter().map(|a| a.name.clone()).collect();
            (relation.dotted(), TableRows { columns, rows: rows.clone() })
        })
        .collect();
    let names = |bound: &Bound| bound.schema.fields().iter().map(|field| field.name().clone()).collect();
    Counterexample {
        tables,
        result1,
        result2,
        outputs1: names(first),
        outputs2: names(second),
        difference,
        inserts: inserts(schema, database, dialect),
        confirmed_by,
    }
}

/// Whether a relation is there for the sake of references alone.
fn is_only_referred_to(schema: &Schema, at: usize) -> bool {
    schema.relations.iter().any(|relation| relation.references.iter().any(|r| r.relation == at))
}
