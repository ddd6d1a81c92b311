//! Two planned queries, run on one database after another.

use crate::compare::{Difference, Numbers, difference};
use crate::database::{Database, Row, Schema};
use crate::engine::{Engine, Outcome, Query};

/// Two queries over the same tables.
pub struct Pair<'a> {
    /// Runs them.
    pub engine: &'a Engine,
    /// The tables.
    pub schema: &'a Schema,
    /// The first query.
    pub one: Query,
    /// The second query.
    pub two: Query,
    /// The outputs by which the first query is ordered.
    pub keys: Vec<usize>,
    /// What counts as the same number.
    pub numbers: Numbers,
    /// Whether a query may return one of several results.
    pub loose: bool,
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
    Failed(String),
    /// Another order of the stored rows gives a query another result, so neither is *the* result.
    Undetermined,
}

impl Pair<'_> {
    /// Runs both on the database and compares.
    pub fn see(&self, database: &Database) -> Seen {
        let (one, two) = match self.results(database) {
            Ok(results) => results,
            Err(message) => return Seen::Failed(message),
        };
        let found = difference(&one, &two, &self.keys, self.numbers);
        if (self.loose || found == Some(Difference::Order)) && !self.is_determined(database, &one, &two) {
            return Seen::Undetermined;
        }
        match found {
            Some(difference) => Seen::Different(difference),
            None => Seen::Same { first: one.len(), second: two.len() },
        }
    }

    /// What both return.
    ///
    /// # Errors
    /// The failure of either, in words.
    pub fn results(&self, database: &Database) -> Result<(Vec<Row>, Vec<Row>), String> {
        self.engine.load(database)?;
        let finite = |outcome: Outcome| {
            outcome.and_then(
                |rows| if is_finite(&rows) { Ok(rows) } else { Err("a result is not a number".into()) },
            )
        };
        Ok((finite(self.engine.run(&self.one))?, finite(self.engine.run(&self.two))?))
    }

    /// Whether the results stay the same when the stored rows come in other orders.
    fn is_determined(&self, database: &Database, one: &[Row], two: &[Row]) -> bool {
        permutations(database).iter().all(|other| {
            self.results(other).is_ok_and(|(again_one, again_two)| {
                difference(one, &again_one, &[], self.numbers).is_none()
                    && difference(two, &again_two, &[], self.numbers).is_none()
            })
        })
    }
}

/// The same rows in other orders: backwards, and each table turned by one.
fn permutations(database: &Database) -> Vec<Database> {
    let mut backwards = database.clone();
    backwards.tables.iter_mut().for_each(|rows| rows.reverse());
    let mut turned = database.clone();
    for rows in &mut turned.tables {
        if rows.len() > 2 {
            rows.rotate_left(1);
        }
    }
    if turned == *database { vec![backwards] } else { vec![backwards, turned] }
}

/// Infinity and NaN are how the engine's floats hide a division by zero.
fn is_finite(rows: &[Row]) -> bool {
    use crate::value::Value;
    rows.iter().flatten().all(|value| !matches!(value, Value::Float(x) if !x.is_finite()))
}
