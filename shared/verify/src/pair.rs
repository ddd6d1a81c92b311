//! Two planned queries, run on one database after another.

use std::slice::from_ref;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use sqm_domain::Dialect;

use crate::bind::{Bound, Ordering};
use crate::compare::{Difference, Numbers, Sequence, difference};
use crate::database::{Database, Row, Schema};
use crate::dialects::says_truth_by_number;
use crate::engine::{Engine, Outcome, Query};
use crate::sqlite;
use crate::value::Value;

/// How both queries are run.
pub enum Runs<'a> {
    /// By DataFusion.
    Engine {
        /// Runs them.
        engine: &'a Engine,
        /// The first query.
        one: Box<Query>,
        /// The second query.
        two: Box<Query>,
    },
    /// By SQLite alone: DataFusion binds one of them, and has no way to execute it.
    Sqlite {
        /// The first query.
        first: &'a str,
        /// The second query.
        second: &'a str,
    },
}

impl<'a> Runs<'a> {
    /// Both in SQLite, where both have a form there and end.
    pub fn in_sqlite(first: &'a Bound, second: &'a Bound) -> Option<Self> {
        // A scalar subquery of two rows is an error, and SQLite does not see it.
        let is_scalar = |bound: &Bound| bound.plan.display_indent().to_string().contains("single_value(");
        if [first, second].into_iter().any(|bound| bound.traits.recursive || is_scalar(bound)) {
            return None;
        }
        Some(Self::Sqlite { first: first.sqlite.as_deref()?, second: second.sqlite.as_deref()? })
    }
}

/// Two queries over the same tables.
pub struct Pair<'a> {
    /// The queries and what runs them.
    pub runs: Runs<'a>,
    /// The tables.
    pub schema: &'a Schema,
    /// The outputs by which the first query is ordered.
    pub keys: Vec<usize>,
    /// The first query with its keys behind its outputs, where some of them are none, and its order.
    pub keyed: Option<(Box<Query>, &'a Ordering)>,
    /// How each query says that its result is sorted.
    pub orders: [&'a Ordering; 2],
    /// What counts as the same number.
    pub numbers: Numbers,
    /// Whether each query may return one of several results.
    pub loose: [bool; 2],
    /// The dialect of both.
    pub dialect: Dialect,
}

/// How a run of both ended without two results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Why, in words.
    pub message: String,
    /// Which of the queries failed, the first or the second, where the other one did not.
    pub alone: Option<usize>,
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self { message, alone: None }
    }
}

/// What a database showed.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// The same result; how many rows of each.
    Same {
        /// Rows of the first.
        first: usize,
        /// Rows of the second.
        second: usize,
    },
    /// Another result.
    Different(Difference),
    /// A query failed.
    Failed(Failure),
    /// Another order of the stored rows gives a query another result, so neither is *the* result.
    Undetermined {
        /// Whether the other query has one result all the same.
        one_sided: bool,
    },
}

impl Pair<'_> {
    /// Runs both on the database and compares.
    pub fn see(&self, database: &Database) -> Seen {
        let (one, two) = match self.results(database) {
            Ok(results) => results,
            Err(failure) => return Seen::Failed(failure),
        };
        let sequence = match self.sequence(database) {
            Ok(sequence) => sequence,
            Err(message) => return Seen::Failed(message.into()),
        };
        let found = difference(&one, &two, &sequence, self.numbers);
        if found == Some(Difference::Order) && !(self.orders[0].is_kept(&one) && self.orders[1].is_kept(&two))
        {
            return Seen::Failed("the engine did not sort a result as its query asks".to_owned().into());
        }
        if self.loose.contains(&true) || found == Some(Difference::Order) {
            let Determined { same, is_out_of_reach } = self.determined(database, (&one, &two), found);
            if same != [true, true] && !is_out_of_reach {
                return Seen::Undetermined { one_sided: same[0] != same[1] };
            }
        }
        match found {
            Some(difference) => Seen::Different(difference),
            None => Seen::Same { first: one.len(), second: two.len() },
        }
    }

    /// The sequence in which the first query returns its rows.
    ///
    /// # Errors
    /// When it cannot be told, in words.
    pub fn sequence(&self, database: &Database) -> Result<Sequence, String> {
        let (Runs::Engine { engine, .. }, Some((query, ordering))) = (&self.runs, &self.keyed) else {
            return Ok(Sequence::Keys(self.keys.clone()));
        };
        engine.load(database)?;
        let rows = engine.run(query)?;
        if !ordering.is_kept(&rows) {
            return Err("the engine did not sort a result as its query asks".into());
        }
        Ok(Sequence::of_keyed(&rows, ordering.outputs.first().copied().unwrap_or(0)))
    }

    /// What both return.
    ///
    /// # Errors
    /// The failure of either, in words.
    pub fn results(&self, database: &Database) -> Result<(Vec<Row>, Vec<Row>), Failure> {
        let (mut one, mut two) = self.run(database)?;
        if says_truth_by_number(self.dialect) {
            for value in one.iter_mut().chain(&mut two).flatten() {
                if let Value::Bool(is_true) = *value {
                    *value = Value::Int(i64::from(is_true));
                }
            }
        }
        Ok((one, two))
    }

    fn run(&self, database: &Database) -> Result<(Vec<Row>, Vec<Row>), Failure> {
        let (engine, one, two) = match &self.runs {
            Runs::Engine { engine, one, two } => (engine, one, two),
            Runs::Sqlite { first, second } => {
                return sqlite::results(self.schema, database, first, second)
                    .map_err(|error| error.to_string().into());
            }
        };
        engine.load(database)?;
        let finite = |outcome: Outcome| {
            outcome.and_then(
                |rows| if is_finite(&rows) { Ok(rows) } else { Err("a result is not a number".into()) },
            )
        };
        match (finite(engine.run(one)), finite(engine.run(two))) {
            (Ok(one), Ok(two)) => Ok((one, two)),
            (Err(message), Err(_)) => Err(message.into()),
            (Err(message), Ok(_)) => Err(Failure { message, alone: Some(0) }),
            (Ok(_), Err(message)) => Err(Failure { message, alone: Some(1) }),
        }
    }

    /// What becomes of the results, between which this was found, when the stored rows come in other orders.
    fn determined(
        &self,
        database: &Database,
        (one, two): (&[Row], &[Row]),
        found: Option<Difference>,
    ) -> Determined {
        // One query alone may choose, and has not chosen what the other one has.
        let is_open = found == Some(Difference::Rows) && self.loose[0] != self.loose[1];
        let any = Sequence::Keys(Vec::new());
        let is_same = |before: &[Row], again: &[Row]| difference(before, again, &any, self.numbers).is_none();
        let has = |rows: &[Row], row: &Row| rows.iter().any(|other| is_same(from_ref(row), from_ref(other)));
        let mut same = [true, true];
        let (fixed, chosen) = if self.loose[0] { (two, one) } else { (one, two) };
        let mut counts_alike = fixed.len() == chosen.len();
        let mut missed: Vec<&Row> = fixed.iter().filter(|row| is_open && !has(chosen, row)).collect();
        // Most databases show no difference that could be laid to a choice.
        let shuffles = match found {
            Some(_) if is_open => MANY_SHUFFLES,
            Some(_) if self.loose.contains(&true) => SHUFFLES,
            _ => 0,
        };
        for other in permutations(database, shuffles) {
            let Ok((again_one, again_two)) = self.results(&other) else {
                return Determined { same: [false, false], is_out_of_reach: false };
            };
            same[0] &= is_same(one, &again_one);
            same[1] &= is_same(two, &again_two);
            counts_alike |= again_one.len() == again_two.len();
            let chosen = if self.loose[0] { &again_one } else { &again_two };
            missed.retain(|row| !has(chosen, row));
        }
        let is_fixed = same[usize::from(self.loose[0])];
        Determined { same, is_out_of_reach: is_open && is_fixed && (!counts_alike || !missed.is_empty()) }
    }
}

/// What other orders of the stored rows make of results.
struct Determined {
    /// Whether that of each query stays the same.
    same: [bool; 2],
    /// Whether the query that may choose can choose nothing that is what the other one has: it has another number of
    /// rows, or lacks one, in every order.
    is_out_of_reach: bool,
}

/// So many orders more are tried where a query may choose between rows: two of them leave many choices unseen.
const SHUFFLES: u64 = 8;

/// The same before a difference is laid to no choice: that one row in seven comes first in none of so many orders is rare.
const MANY_SHUFFLES: u64 = 32;

/// The same rows in other orders: backwards, each table turned by one, and in so many more orders.
fn permutations(database: &Database, shuffles: u64) -> Vec<Database> {
    let mut backwards = database.clone();
    backwards.tables.iter_mut().for_each(|rows| rows.reverse());
    let mut turned = database.clone();
    for rows in &mut turned.tables {
        if rows.len() > 2 {
            rows.rotate_left(1);
        }
    }
    let mut all = if turned == *database { vec![backwards] } else { vec![backwards, turned] };
    for seed in 0..shuffles {
        let mut random = StdRng::seed_from_u64(seed);
        let mut shuffled = database.clone();
        shuffled.tables.iter_mut().for_each(|rows| rows.shuffle(&mut random));
        if shuffled != *database && !all.contains(&shuffled) {
            all.push(shuffled);
        }
    }
    all
}

/// Infinity and NaN are how the engine's floats hide a division by zero.
fn is_finite(rows: &[Row]) -> bool {
    rows.iter().flatten().all(|value| !matches!(value, Value::Float(x) if !x.is_finite()))
}
