//! Two queries and a catalog in, a verdict out.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;

use crate::bind::{self, BindError, Bound, SwapTable, Tables};
use crate::compare::Numbers;
use crate::counterexample;
use crate::database::{Schema, position};
use crate::engine::Engine;
use crate::generate::Generator;
use crate::pair::{Pair, Seen};
use crate::prove::{self, Proof};
use crate::verdict::{Coverage, Verdict, Verification};

/// How much to try.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How many databases to generate.
    pub databases: usize,
    /// Where the random numbers start: the same seed gives the same verdict.
    pub seed: u64,
    /// No further database is tried after this time.
    pub time: Duration,
}

impl Default for Options {
    /// What keeps a verdict under 50 ms for most pairs.
    fn default() -> Self {
        Self { databases: 150, seed: 1, time: Duration::from_secs(2) }
    }
}

/// So many databases are tried although a proof was found: should prover and engine contradict each
/// other, the verdict is what can be seen.
const CHECKS_OF_A_PROOF: usize = 8;

/// So many databases on which the two engines disagree end the search.
const MOST_DISAGREEMENTS: usize = 3;

/// Whether the two queries are the same query.
pub fn verify(
    first: &str,
    second: &str,
    dialect: Dialect,
    catalog: &Catalog,
    options: &Options,
) -> Verification {
    let start = Instant::now();
    let (verdict, databases, assumptions) =
        guard::on_large_stack(|| examine(first, second, dialect, catalog, options, start))
            .unwrap_or_else(|error| (Verdict::Unknown { reason: error.to_string() }, 0, Vec::new()));
    Verification { verdict, databases, assumptions, ms: start.elapsed().as_secs_f64() * 1000.0 }
}

type Examined = (Verdict, usize, Vec<String>);

fn unknown(reason: String) -> Examined {
    (Verdict::Unknown { reason }, 0, Vec::new())
}

fn examine(
    first: &str,
    second: &str,
    dialect: Dialect,
    catalog: &Catalog,
    options: &Options,
    start: Instant,
) -> Examined {
    let tables = Tables::new(catalog);
    let bound = |sql: &str, which: &str| {
        bind::bind(sql, dialect, &tables)
            .map_err(|error| format!("the {which} query cannot be verified: {}", describe(&error)))
    };
    let first = match bound(first, "first") {
        Ok(first) => first,
        Err(reason) => return unknown(reason),
    };
    let second = match bound(second, "second") {
        Ok(second) => second,
        Err(reason) => return unknown(reason),
    };
    let mut assumptions: BTreeSet<String> =
        first.assumptions.iter().chain(&second.assumptions).map(|text| (*text).to_owned()).collect();
    if first.tokens == second.tokens {
        return (Verdict::Proved { steps: vec!["both queries are the same text".into()] }, 0, Vec::new());
    }
    let (schema, swaps) = tables.schema();
    for relation in &schema.relations {
        for check in &relation.checks {
            assumptions
                .insert(format!("CHECK ({check}) of {} is not kept by the databases", relation.dotted()));
        }
    }
    let resolve = |parts: &[String]| {
        let name = &catalog.tables().get(position(catalog, parts)?)?.name;
        schema.relations.iter().position(|relation| relation.name == *name)
    };
    let proof = prove::prove(&first.plan, &second.plan, &schema, &resolve, start + options.time / 2);
    let is_loose = !first.traits.loose.is_empty() || !second.traits.loose.is_empty();
    if is_loose && matches!(proof, Proof::Found(_)) {
        assumptions.insert(
            "where the order of rows leaves a choice, both queries choose the same of the same rows".to_owned(),
        );
    }
    let assumptions: Vec<String> = assumptions.into_iter().collect();
    let (verdict, databases) = judge(&first, &second, swaps, &schema, &resolve, options, start, proof);
    (verdict, databases, assumptions)
}

/// What can be said beside the proof, and on how many databases.
fn judge(
    first: &Bound,
    second: &Bound,
    swaps: Vec<Option<Arc<SwapTable>>>,
    schema: &Schema,
    resolve: prove::Resolve<'_>,
    options: &Options,
    start: Instant,
    proof: Proof,
) -> (Verdict, usize) {
    let proved = match proof {
        Proof::Found(steps) => Some(Verdict::Proved { steps }),
        Proof::Missing(_) => None,
    };
    let otherwise = |reason: String| (proved.clone().unwrap_or(Verdict::Unknown { reason }), 0);
    let engine = match Engine::new(swaps, options.time) {
        Ok(engine) => engine,
        Err(error) => return otherwise(format!("the engine does not start: {error}")),
    };
    let planned = engine
        .plan(first)
        .map_err(|error| ("first", error))
        .and_then(|one| Ok((one, engine.plan(second).map_err(|error| ("second", error))?)));
    let (one, two) = match planned {
        Ok(queries) => queries,
        Err((which, error)) => {
            return otherwise(format!("the {which} query cannot be executed: {}", error.strip_backtrace()));
        }
    };
    let numbers = if first.traits.rounds || second.traits.rounds { Numbers::Rounded } else { Numbers::Exact };
    let loose = !first.traits.loose.is_empty() || !second.traits.loose.is_empty();
    let keys = comparable_keys(first, second);
    let pair = Pair { engine: &engine, schema, one, two, keys, numbers, loose };
    let guide = prove::Guide::new([&first.plan, &second.plan], schema, resolve);
    let generator = Generator::guided(schema, options.seed, guide);
    let most = if proved.is_some() { options.databases.min(CHECKS_OF_A_PROOF) } else { options.databases };
    let (found, databases) = search(&pair, &generator, first, second, &Options { databases: most, ..options.clone() }, start);
    match (found, proved) {
        (Verdict::Refuted { counterexample }, _) => (Verdict::Refuted { counterexample }, databases),
        (_, Some(proved)) => (proved, databases),
        (found, None) => (found, databases),
    }
}

/// The outputs on which the second query's order has to be the first's.
fn comparable_keys(first: &Bound, second: &Bound) -> Vec<usize> {
    let outputs = second.schema.fields().len();
    first.ordering.outputs.iter().copied().filter(|&key| key < outputs).collect()
}

fn search(
    pair: &Pair<'_>,
    generator: &Generator<'_>,
    first: &Bound,
    second: &Bound,
    options: &Options,
    start: Instant,
) -> (Verdict, usize) {
    let mut coverage = Coverage::default();
    let mut failure = None;
    let mut disagreements = 0;
    let mut tried = 0;
    while tried < options.databases && start.elapsed() < options.time {
        let database = generator.database(tried as u64);
        tried += 1;
        match pair.see(&database) {
            Seen::Failed(message) => {
                coverage.errors += 1;
                failure.get_or_insert(message);
            }
            Seen::Undetermined => coverage.undetermined += 1,
            Seen::Same { first, second } => {
                coverage.compared += 1;
                coverage.first_returned_rows += usize::from(first > 0);
                coverage.second_returned_rows += usize::from(second > 0);
            }
            Seen::Different(_) => match counterexample::establish(pair, database, first, second) {
                Some(counterexample) => {
                    return (Verdict::Refuted { counterexample: Box::new(counterexample) }, tried);
                }
                None => {
                    disagreements += 1;
                    if disagreements >= MOST_DISAGREEMENTS {
                        let reason =
                            "the engines disagree: DataFusion shows a difference that SQLite does not";
                        return (Verdict::Unknown { reason: reason.into() }, tried);
                    }
                }
            },
        }
    }
    (conclude(coverage, failure, disagreements, first, second), tried)
}

fn conclude(
    coverage: Coverage,
    failure: Option<String>,
    disagreements: usize,
    first: &Bound,
    second: &Bound,
) -> Verdict {
    let reason = if disagreements > 0 {
        "the engines disagree: DataFusion shows a difference that SQLite does not".to_owned()
    } else if coverage.compared == 0 && coverage.undetermined > 0 {
        let names: BTreeSet<&str> =
            first.traits.loose.iter().chain(&second.traits.loose).map(|looseness| looseness.name()).collect();
        format!("not comparable: {}", names.into_iter().collect::<Vec<_>>().join(", "))
    } else if coverage.compared == 0 {
        match failure {
            Some(message) => format!("the queries fail on every database: {message}"),
            None => "no database was tried within the time allowed".to_owned(),
        }
    } else if coverage.first_returned_rows == 0 || coverage.second_returned_rows == 0 {
        format!(
            "not exercised: on {} databases {} never returned a row",
            coverage.compared,
            match (coverage.first_returned_rows, coverage.second_returned_rows) {
                (0, 0) => "both queries",
                (0, _) => "the first query",
                _ => "the second query",
            }
        )
    } else {
        return Verdict::Tested { coverage };
    };
    Verdict::Unknown { reason }
}

fn describe(error: &BindError) -> String {
    match error {
        BindError::Unresolved { message, position: Some(position) } => format!("{message}, at {position}"),
        other => other.to_string(),
    }
}
