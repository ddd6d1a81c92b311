//! Two queries and a catalog in, a verdict out.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::arrow::datatypes::{DataType, FieldRef};
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;

use crate::bind::{self, Bound, SwapTable, Tables, Trait, odd_columns};
use crate::compare::Numbers;
use crate::database::{Schema, position};
use crate::engine::{Engine, Limits};
use crate::generate::Generator;
use crate::outputs::{self, Names};
use crate::pair::{Pair, Runs};
use crate::prove::{self, Proof};
use crate::search::Search;
use crate::trust;
use crate::verdict::{Counterexample, Verdict, Verification};

/// How much to try.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How many databases to generate.
    pub databases: usize,
    /// Where the random numbers start: the same seed gives the same databases, in the same order. How many of
    /// them there is time for is the machine's business.
    pub seed: u64,
    /// Longest time from the texts to the verdict. Planning alone cannot be cut short; it is bounded by the
    /// size of what is taken, and where it took long a proof still gets half of this.
    pub time: Duration,
    /// Whether the names of the outputs are compared too, in any case.
    pub names: bool,
}

impl Default for Options {
    /// What keeps a verdict under 50 ms for most pairs.
    fn default() -> Self {
        Self { databases: 150, seed: 1, time: Duration::from_secs(2), names: false }
    }
}

/// So many databases are tried before a proof is looked for: most pairs that differ show it there.
const BEFORE_A_PROOF: usize = 12;

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
    let is_same = matches!(verdict, Verdict::Proved { .. } | Verdict::Tested { .. });
    let names = (options.names && is_same).then(|| outputs::names([first, second], dialect, catalog));
    let verdict = match names {
        None | Some(Names::Same) => verdict,
        Some(Names::Other(one, other)) => {
            Verdict::Refuted { counterexample: Box::new(Counterexample::of_names(one, other)) }
        }
        Some(Names::Open(reason)) => Verdict::Unknown { reason },
    };
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
    let tables = Tables::new(catalog, dialect);
    let bound = |sql: &str, which: &str| {
        bind::bind(sql, dialect, &tables)
            .map_err(|error| format!("the {which} query cannot be verified: {}", bind::describe(&error)))
    };
    let is_same_text = first == second;
    let first = match bound(first, "first") {
        Ok(first) => first,
        Err(reason) => return unknown(reason),
    };
    let second = match bound(second, "second") {
        Ok(second) => second,
        Err(reason) => return unknown(reason),
    };
    if first.approximates != second.approximates {
        return unknown("one of the queries approximates, and the other one is exact".to_owned());
    }
    let unnamed = |bound: &Bound| bound.placeholders.iter().filter(|value| value.written == "?").count();
    if unnamed(&first) != unnamed(&second) {
        return unknown(format!(
            "the first query has {} placeholders ?, and the second {}: which of them is the same value is not known; write their values",
            unnamed(&first),
            unnamed(&second)
        ));
    }
    if let Some(reason) = outputs::other_spans(&first.schema, &second.schema) {
        return unknown(reason);
    }
    let mut assumptions: BTreeSet<String> =
        first.assumptions.iter().chain(&second.assumptions).map(|text| (*text).to_owned()).collect();
    if unnamed(&first) > 1 {
        assumptions.insert(
            "each ? of the first query has the value of the same ? of the second, counted from the first one"
                .to_owned(),
        );
    }
    let (mut schema, swaps) = tables.schema();
    if let Some(relation) = schema.relations.iter().find(|relation| relation.is_ambiguous && !is_same_text) {
        return unknown(format!(
            "names that differ in case alone leave open what {} and its columns are, which is not verified",
            relation.dotted()
        ));
    }
    // Texts would not do: what is a word and what a value in them is the dialect's business.
    if first.plan == second.plan && !first.traits.loose.contains(&Trait::Volatile) {
        // What is the same word for word rests on nothing.
        let assumptions = if is_same_text { Vec::new() } else { assumptions.into_iter().collect() };
        return (Verdict::Proved { steps: vec!["both queries have the same plan".into()] }, 0, assumptions);
    }
    if let Some([part, whole]) = tables.shared_rows() {
        return unknown(format!("the rows of {part} are rows of {whole} too, which is not verified"));
    }
    if let Some(column) = trust::without_case(&schema) {
        return unknown(format!("the collation of {column} is not verified"));
    }
    for bound in [&first, &second] {
        if let Some(what) = odd_columns::asked_for_own_order(&bound.plan, &schema) {
            return unknown(format!(
                "the order of values of {what} is that of its type, and is not verified"
            ));
        }
    }
    let seen = [&first, &second].map(|bound| odd_columns::seen_blanks(&bound.plan, &schema, dialect));
    schema.fill(&seen.into_iter().flatten().collect());
    schema.keep_constraints(dialect);
    assumptions.extend(trust::in_declarations(dialect, &schema));
    let resolve = |parts: &[String]| {
        let name = &catalog.tables().get(position(catalog, parts)?)?.name;
        schema.relations.iter().position(|relation| relation.name == *name)
    };
    let is_loose = !first.traits.loose.is_empty() || !second.traits.loose.is_empty();
    let (verdict, databases) = judge(&first, &second, swaps, &schema, &resolve, options, start);
    if is_loose && matches!(verdict, Verdict::Proved { .. }) {
        assumptions.insert(
            "where the order of rows leaves a choice, both queries choose the same of the same rows"
                .to_owned(),
        );
    }
    if matches!(verdict, Verdict::Proved { .. } | Verdict::Tested { .. }) {
        assumptions.extend(outputs::other_numbers(&first.schema, &second.schema));
    }
    let is_float = |field: &FieldRef| matches!(field.data_type(), DataType::Float32 | DataType::Float64);
    let computes = [&first, &second].iter().any(|bound| bound.traits.adds_floats);
    if matches!(verdict, Verdict::Tested { .. }) && first.schema.fields().iter().any(is_float)
        || matches!(verdict, Verdict::Proved { .. }) && computes
    {
        assumptions.insert("floats that differ by rounding alone are the same".to_owned());
    }
    (verdict, databases, assumptions.into_iter().collect())
}

/// A few databases, then a proof, then the rest of the databases. The few come before a proof as well:
/// should prover and engine contradict each other, the verdict is what can be seen.
fn judge(
    first: &Bound,
    second: &Bound,
    swaps: Vec<Option<Arc<SwapTable>>>,
    schema: &Schema,
    resolve: prove::Resolve<'_>,
    options: &Options,
    start: Instant,
) -> (Verdict, usize) {
    // Values of other kinds may look the same.
    let unlike = outputs::unlike(&first.schema, &second.schema);
    let proof = || {
        if let Some(reason) = &unlike {
            return Proof::Missing(reason.clone());
        }
        // What bounds a proof is its fuel; the clock only steps in. Planning that took long leaves it some time.
        let until = (start + options.time * 4 / 5).max(Instant::now() + options.time / 2);
        prove::prove(&first.plan, &second.plan, schema, resolve, until)
    };
    let otherwise = |reason: String| match proof() {
        Proof::Found(steps) => (Verdict::Proved { steps }, 0),
        Proof::Missing(_) => (Verdict::Unknown { reason }, 0),
    };
    let unexecuted = first.unexecuted.as_ref().or(second.unexecuted.as_ref());
    if let (Some(reason), false) =
        (unexecuted, first.placeholders.is_empty() && second.placeholders.is_empty())
    {
        return otherwise(reason.clone());
    }
    // One run that takes long leaves time for others: another database may be smaller.
    let limits = Limits { run: options.time / 4, until: start + options.time };
    let engine = match Engine::new(swaps, limits) {
        Ok(engine) => engine,
        Err(error) => return otherwise(format!("the engine does not start: {error}")),
    };
    let planned = engine
        .plan(first)
        .map_err(|error| ("first", error))
        .and_then(|one| Ok((one, engine.plan(second).map_err(|error| ("second", error))?)));
    let runs = match planned {
        Ok((one, two)) => Runs::Engine { engine: &engine, one: Box::new(one), two: Box::new(two) },
        Err((which, error)) => match Runs::in_sqlite(first, second) {
            Some(runs) => runs,
            None => {
                let why = error.strip_backtrace();
                return otherwise(format!("the {which} query cannot be executed: {why}"));
            }
        },
    };
    let rounds = first.traits.rounds || second.traits.rounds || matches!(runs, Runs::Sqlite { .. });
    let numbers = if rounds { Numbers::Rounded } else { Numbers::Exact };
    let loose = [&first, &second].map(|bound| !bound.traits.loose.is_empty());
    let keys = comparable_keys(first, second);
    let orders = [&first.ordering, &second.ordering];
    let keyed = first.keyed.as_ref().and_then(|keyed| {
        let bound = Bound { plan: keyed.plan.clone(), ..first.clone() };
        Some((Box::new(engine.plan(&bound).ok()?), &keyed.ordering))
    });
    let pair = Pair { runs, schema, keys, keyed, orders, numbers, loose, dialect: first.dialect };
    let plans = [&first.plan, &second.plan];
    let mut generator = Generator::guided(schema, options.seed, plans, resolve, first.dialect);
    if first.traits.trims || second.traits.trims {
        generator.with_blanks();
    }
    let mut search = Search::new(&pair, &generator, first, second, start + options.time);
    let first_look = options.databases.min(BEFORE_A_PROOF);
    if let Some(verdict) = search.run(first_look, start + options.time / 4) {
        return (verdict, search.tried);
    }
    if let Proof::Found(steps) = proof() {
        return (Verdict::Proved { steps }, search.tried);
    }
    // Some is left for the last database to end, and a little to say what the databases reached.
    let watching = options.time / 40;
    if let Some(verdict) = search.run(options.databases, start + options.time * 9 / 10) {
        return (verdict, search.tried);
    }
    let tried = search.tried;
    let mut verdict = search.conclude();
    // Some of the rows were never asked for what cannot be told of them.
    if let (Some(reason), false) = (unexecuted, matches!(verdict, Verdict::Refuted { .. })) {
        return (Verdict::Unknown { reason: reason.clone() }, tried);
    }
    if let (Verdict::Tested { .. }, Some(reason)) = (&verdict, unlike) {
        return (Verdict::Unknown { reason }, tried);
    }
    if let (Verdict::Tested { coverage }, Runs::Engine { engine, .. }) = (&mut verdict, &pair.runs) {
        let until = (Instant::now() + watching).min(start + options.time);
        coverage.watch(engine, &generator, [first, second], tried, until);
    }
    (verdict, tried)
}

/// The outputs on which the second query's order has to be the first's.
fn comparable_keys(first: &Bound, second: &Bound) -> Vec<usize> {
    let outputs = second.schema.fields().len();
    first.ordering.outputs.iter().copied().filter(|&key| key < outputs).collect()
}
