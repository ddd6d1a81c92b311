//! What generated databases reached inside two queries: how often each condition was true, false and NULL,
//! which joins found a row, none and several, which groups were empty. No verdict rests on it; it says how
//! much a verdict that rests on databases is worth.

mod gaps;
mod probe;
mod product;
mod scope;
mod text;
mod walk;

use std::time::Instant;

use serde::Serialize;
use sqm_sql::text::Position;

use crate::bind::Bound;
use crate::engine::Engine;
use crate::generate::Generator;
use walk::probes;

/// What the generated databases reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Databases on which both ran and were compared.
    pub compared: usize,
    /// On how many of these the first query returned rows.
    pub first_returned_rows: usize,
    /// On how many the second did.
    pub second_returned_rows: usize,
    /// Rows of the largest table in these: a difference that takes more of them was not looked for.
    pub largest_table: usize,
    /// Databases on which a query failed (a division by zero, a scalar subquery of two rows).
    pub errors: usize,
    /// Databases on which a query may return one of several results.
    pub undetermined: usize,
    /// Databases on which the inside of both queries was watched: the first of those that were tried. None
    /// where there was no time for it, or DataFusion executes one of the queries not at all.
    pub watched: usize,
    /// What these reached inside the first query.
    pub first: Reached,
    /// What these reached inside the second query.
    pub second: Reached,
    /// What they did not reach, in words: `first query: a > 10 was never NULL`.
    pub gaps: Vec<String>,
}

/// What the databases that were watched reached inside a query. Each count is one of databases.
///
/// A condition is looked at on all rows, and pairs of rows, of the relations that it names, whatever other
/// conditions say of these rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// The conditions of WHERE, ON, HAVING and CASE, those between AND one by one.
    pub predicates: Vec<PredicateReached>,
    /// The joins: pairs of relations with conditions between them, in FROM, WHERE or a correlated subquery.
    pub joins: Vec<JoinReached>,
    /// The aggregations without GROUP BY, whose one group may have no row.
    pub groups: Vec<GroupReached>,
    /// How many conditions, joins and groups were not watched: they cannot be looked at by themselves, or there
    /// was no time for it.
    pub unwatched: usize,
}

/// On how many databases a condition had which value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PredicateReached {
    /// The condition, as it was understood.
    pub predicate: String,
    /// Where the first column stands that it names.
    pub position: Option<Position>,
    /// On how many databases it was true for some row.
    #[serde(rename = "true")]
    pub holds: usize,
    /// On how many it was false.
    #[serde(rename = "false")]
    pub fails: usize,
    /// On how many it was NULL; nothing where it cannot be.
    #[serde(rename = "null")]
    pub is_null: Option<usize>,
}

/// On how many databases a join did what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JoinReached {
    /// The relation on the left, or those that are joined there already.
    pub left: String,
    /// The relation on the right; the inner one of a correlated subquery.
    pub right: String,
    /// The conditions between them.
    pub on: String,
    /// Where the first column stands that these name.
    pub position: Option<Position>,
    /// On how many databases a row found another.
    pub matched: usize,
    /// On how many a row on the left found none.
    pub left_missed: usize,
    /// On how many a row on the right found none.
    pub right_missed: usize,
    /// On how many a row on the left found several.
    pub left_fanned_out: usize,
    /// On how many a row on the right found several.
    pub right_fanned_out: usize,
}

/// On how many databases an aggregation had rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupReached {
    /// Its aggregates.
    pub aggregates: String,
    /// On how many databases there was nothing to aggregate.
    pub empty: usize,
    /// On how many there was.
    pub filled: usize,
}

/// So many databases are watched at least, where there is time.
const FEWEST_WATCHED: usize = 24;

impl Coverage {
    /// Watches both queries on the first of the databases that were tried: on some, then on more as long as
    /// something was not reached and there is time.
    pub fn watch(
        &mut self,
        engine: &Engine,
        generator: &Generator<'_>,
        queries: [&Bound; 2],
        tried: usize,
        until: Instant,
    ) {
        let mut sides = queries.map(|bound| probes(&bound.plan, engine, until));
        for number in 0..tried {
            let is_enough = number >= FEWEST_WATCHED && sides.iter().all(|side| side.reached.has_all());
            if is_enough || Instant::now() >= until {
                break;
            }
            let database = generator.database(number as u64);
            if engine.load(&database).is_err() {
                continue;
            }
            sides.iter_mut().for_each(|side| side.look(engine));
            self.watched += 1;
        }
        let [first, second] = sides;
        (self.first, self.second) = (first.conclude(), second.conclude());
        self.gaps.extend(gaps::of(self));
    }
}
