//! A counterexample as tables and as INSERT statements.

use std::collections::BTreeMap;

use crate::bind::Bound;
use crate::compare::Difference;
use crate::database::{Database, Relation, Row, Schema};
use crate::value::Value;
use crate::verdict::{Counterexample, TableRows};

/// Puts it into words. Tables that hold no rows are shown only where a query reads them.
pub fn render(
    schema: &Schema,
    database: &Database,
    [first, second]: [&Bound; 2],
    [result1, result2]: [Vec<Row>; 2],
    difference: Difference,
    confirmed_by: Vec<String>,
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
        inserts: inserts(schema, database),
        confirmed_by,
    }
}

/// Whether a relation is there for the sake of references alone.
fn is_only_referred_to(schema: &Schema, at: usize) -> bool {
    schema.relations.iter().any(|relation| relation.references.iter().any(|r| r.relation == at))
}

/// INSERT statements in an order that foreign keys allow, as far as they form no cycle.
pub fn inserts(schema: &Schema, database: &Database) -> Vec<String> {
    schema
        .parents_first()
        .into_iter()
        .flat_map(|at| {
            let relation = &schema.relations[at];
            in_order(relation, at, &database.tables[at]).into_iter().map(|row| insert(relation, row))
        })
        .collect()
}

/// Rows that refer to rows of the same table come after them.
fn in_order<'r>(relation: &Relation, at: usize, rows: &'r [Row]) -> Vec<&'r Row> {
    let mut rest: Vec<&Row> = rows.iter().collect();
    let mut done: Vec<&Row> = Vec::with_capacity(rest.len());
    let key = |row: &Row, columns: &[usize]| crate::database::key_text(row, columns);
    while !rest.is_empty() {
        let ready = rest.iter().position(|row| {
            relation.references.iter().filter(|r| r.relation == at).all(|reference| {
                match key(row, &reference.columns) {
                    None => true,
                    wanted => {
                        wanted == key(row, &reference.referred)
                            || done.iter().any(|other| key(other, &reference.referred) == wanted)
                    }
                }
            })
        });
        done.push(rest.remove(ready.unwrap_or(0)));
    }
    done
}

fn insert(relation: &Relation, row: &[Value]) -> String {
    let columns: Vec<&str> = relation.attributes.iter().map(|a| a.name.as_str()).collect();
    let values: Vec<String> = row.iter().map(Value::literal).collect();
    format!("INSERT INTO {} ({}) VALUES ({});", relation.dotted(), columns.join(", "), values.join(", "))
}
