//! Runs what the prover takes for the same on databases by another seed, in DataFusion and in SQLite, which
//! know nothing of the prover.

use std::time::{Duration, Instant};

use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_verify::bind::{self, Tables};
use sqm_verify::compare::Numbers;
use sqm_verify::counterexample::differ_in_sqlite;
use sqm_verify::database::position;
use sqm_verify::engine::{Engine, Limits};
use sqm_verify::generate::Generator;
use sqm_verify::pair::{Pair, Runs, Seen};
use sqm_verify::prove::{self, Proof};

/// What came of a pair.
pub enum Found {
    /// It does not bind, or not plan.
    Nothing,
    /// It is not proved, and why.
    Unproved(String),
    /// It is proved, and no database shows otherwise.
    Proved,
    /// It is proved, and a database shows that it is wrong.
    Contradiction(String),
}

/// Tries to prove a pair, and then to find a database on which that is wrong.
pub fn examine(
    first: &str,
    second: &str,
    dialect: Dialect,
    catalog: &Catalog,
    seed: u64,
    databases: u64,
) -> Found {
    let tables = Tables::new(catalog, dialect);
    let bound = |sql: &str| bind::bind(sql, dialect, &tables);
    let (Ok(first), Ok(second)) = (bound(first), bound(second)) else { return Found::Nothing };
    if first.schema.fields().len() != second.schema.fields().len() {
        return Found::Nothing;
    }
    let (schema, swaps) = tables.schema();
    let resolve = |parts: &[String]| {
        let name = &catalog.tables().get(position(catalog, parts)?)?.name;
        schema.relations.iter().position(|relation| relation.name == *name)
    };
    let until = Instant::now() + Duration::from_secs(1);
    if let Proof::Missing(reason) = prove::prove(&first.plan, &second.plan, &schema, &resolve, until) {
        return Found::Unproved(reason);
    }
    let limits = Limits { run: Duration::from_secs(2), until: Instant::now() + Duration::from_secs(20) };
    let Ok(engine) = Engine::new(swaps, limits) else { return Found::Nothing };
    let (Ok(one), Ok(two)) = (engine.plan(&first), engine.plan(&second)) else { return Found::Proved };
    let numbers = if first.traits.rounds || second.traits.rounds { Numbers::Rounded } else { Numbers::Exact };
    let loose = [&first, &second].map(|bound| !bound.traits.loose.is_empty());
    let keys = first.ordering.outputs.clone();
    let runs = Runs::Engine { engine: &engine, one: Box::new(one), two: Box::new(two) };
    let orders = [&first.ordering, &second.ordering];
    let pair = Pair { runs, schema: &schema, keys, keyed: None, orders, numbers, loose, dialect };
    let generator = Generator::guided(&schema, seed, [&first.plan, &second.plan], &resolve, dialect);
    for number in 0..databases {
        let database = generator.database(number);
        // DataFusion has wrong results of its own (`NOT IN` of a NULL under OR is one): where SQLite runs
        // both, it has the last word.
        let differ = differ_in_sqlite(&pair, &database, &first, &second);
        let seen = differ.unwrap_or_else(|| matches!(pair.see(&database), Seen::Different(_)));
        if seen {
            let engine = if differ.is_some() { "SQLite" } else { "DataFusion" };
            return Found::Contradiction(format!("{engine}: {database:?}"));
        }
    }
    Found::Proved
}
