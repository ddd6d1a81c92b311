//! From a database on which two queries differ to one that a person can read, confirmed by running it
//! again, here and on a second engine.

mod doubt;
mod insert;
mod minimize;
mod render;

use std::time::Instant;

use crate::bind::Bound;
use crate::compare::{Numbers, difference};
use crate::database::{Database, Row};
use crate::pair::{Pair, Runs, Seen};
use crate::sqlite;
use crate::verdict::Counterexample;

pub use doubt::rests_on_case;
pub use insert::inserts;

/// Makes the database small, as far as there is time, and confirms it; `None` where SQLite runs both queries and finds them equal.
pub fn establish(
    pair: &Pair<'_>,
    database: Database,
    first: &Bound,
    second: &Bound,
    until: Instant,
) -> Option<Counterexample> {
    let agreed = |database: &Database| differ_in_sqlite(pair, database, first, second);
    let before = agreed(&database);
    if before == Some(false) {
        return None;
    }
    let small = minimize::minimize(pair, &database, until);
    // What was made smaller has to convince the second engine as the larger one did.
    let (database, confirmed) = match agreed(&small) {
        Some(false) => (database, before),
        answer => (small, answer),
    };
    let Seen::Different(difference) = pair.see(&database) else { return None };
    let native = native_results(pair, &database, first, second);
    let (result1, result2) = native.or_else(|| pair.results(&database).ok())?;
    let mut confirmed_by = match pair.runs {
        Runs::Engine { .. } => vec!["DataFusion".to_owned()],
        Runs::Sqlite { .. } => Vec::new(),
    };
    if confirmed == Some(true) {
        confirmed_by.push("SQLite".to_owned());
    }
    Some(render::render(
        pair.schema,
        &database,
        [first, second],
        [result1, result2],
        difference,
        confirmed_by,
        pair.dialect,
    ))
}

/// What SQLite returns for the queries as they are written, where they are written for it.
fn native_results(
    pair: &Pair<'_>,
    database: &Database,
    first: &Bound,
    second: &Bound,
) -> Option<(Vec<Row>, Vec<Row>)> {
    let (first, second) = (first.native.as_deref()?, second.native.as_deref()?);
    sqlite::native_results(pair.schema, database, first, second).ok()
}

/// Whether both queries return different results in SQLite; `None` where they do not run there.
pub fn differ_in_sqlite(pair: &Pair<'_>, database: &Database, first: &Bound, second: &Bound) -> Option<bool> {
    let translated = || {
        let (first, second) = (first.sqlite.as_deref()?, second.sqlite.as_deref()?);
        sqlite::results(pair.schema, database, first, second).ok()
    };
    let (one, two) = native_results(pair, database, first, second).or_else(translated)?;
    let sequence = pair.sequence(database).ok()?;
    Some(difference(&one, &two, &sequence, Numbers::Rounded).is_some())
}
