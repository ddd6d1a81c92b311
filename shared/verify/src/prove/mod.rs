//! Proofs: two queries are the same on every database that keeps the catalog's constraints.
//!
//! Both plans, unoptimized, are brought into one algebra (`lower`), made simpler by rules each of which
//! names its condition (`normalize`), and compared (`equal`) with a solver (`solve`) that knows three-valued
//! logic, keys, foreign keys, NOT NULL and order. Knows nothing of generated databases.
//!
//! Conventions. An error is not a value: queries that differ only in which errors they raise (overflow,
//! division by zero, a scalar subquery of two rows) are the same. Rows that a LIMIT without a total order
//! or a window function over ties may choose are chosen the same way from the same rows.

mod build;
mod equal;
mod guide;
mod lower;
mod normalize;
mod prover;
mod rebuild;
mod solve;
mod substitute;
mod term;
mod weight;

use std::time::Instant;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::LogicalPlan;

use crate::database::Schema;
use crate::value::{Kind, Value};
pub use guide::{Guide, WishedRow};
use lower::Lower;
pub use lower::Resolve;
use prover::Prover;
use solve::Scene;

/// Consistency checks that one proof may take; a check takes about 50 µs.
const FUEL: u32 = 6_000;

/// What came of a search for a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// They are the same, by these steps.
    Found(Vec<String>),
    /// None was found, and why.
    Missing(String),
}

/// Looks for a proof that both plans give the same bag of rows and, where the first is ordered, in the
/// sequence of its keys.
pub fn prove(
    first: &LogicalPlan,
    second: &LogicalPlan,
    schema: &Schema,
    resolve: Resolve<'_>,
    until: Instant,
) -> Proof {
    match attempt(first, second, schema, resolve, until) {
        Ok(steps) => Proof::Found(steps),
        Err(reason) => Proof::Missing(reason),
    }
}

/// A constant as a value of a column of this kind.
pub fn constant(value: &ScalarValue, kind: Kind) -> Option<Value> {
    match lower::literal(value) {
        term::Term::Literal(literal, _) => guide::value(&literal, kind),
        _ => None,
    }
}

fn attempt(
    first: &LogicalPlan,
    second: &LogicalPlan,
    schema: &Schema,
    resolve: Resolve<'_>,
    until: Instant,
) -> Result<Vec<String>, String> {
    let prover = Prover::new(schema, FUEL).until(until);
    let mut lower = Lower::new(&prover, resolve);
    let promises = (0..schema.relations.len()).map(|table| lower.promises(table)).collect();
    let _ = prover.promises.set(promises);
    let mut one = lower.root(first)?;
    let mut two = lower.root(second)?;
    if lower::most_rows(&one.query).is_some_and(|rows| rows <= 1) {
        // One row comes in no order.
        for block in &mut one.query.blocks {
            block.outputs.truncate(one.width);
        }
        one.keys.clear();
    }
    if one.width != two.width {
        return Err("the queries have different numbers of columns".into());
    }
    if !two.keys.starts_with(&one.keys) {
        return Err("the queries are ordered differently".into());
    }
    let width = two.width + one.keys.len();
    for block in &mut two.query.blocks {
        block.outputs.truncate(width);
    }
    let scene = Scene::default();
    for splits in [false, true] {
        prover.splits.set(splits);
        prover.simplified.borrow_mut().clear();
        let first = normalize::query(&prover, &scene, &one.query, normalize::Mode::Bag);
        let second = normalize::query(&prover, &scene, &two.query, normalize::Mode::Bag);
        if equal::same_bag(&prover, &scene, &first, &second) {
            prover.note(match first.blocks.len() {
                0 => "both queries return no row on any database".to_owned(),
                1 => "both queries have the same sources, and conditions and outputs that entail each other".to_owned(),
                n => format!("the queries fall into {n} parts each, and part by part they have the same sources, and conditions and outputs that entail each other"),
            });
            return Ok(prover.take_steps());
        }
        let may_split = [&first, &second].into_iter().any(normalize::sums_a_case);
        if prover.is_spent() || !may_split {
            break;
        }
    }
    Err(if prover.is_spent() { "no proof was found within the budget" } else { "no proof was found" }.into())
}
