//! How long a query takes in SQLite, over tables with their keys and the indexes that are declared.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{affinity, load, open, quoted, table_name};
use crate::database::{Database, Schema};

/// After so many steps of its machine SQLite is asked whether the time is over.
const STEPS: i32 = 10_000;

/// A database with rows in it, to run queries on. They are in the forms that [`super::translate`] makes.
pub struct Clock {
    connection: Connection,
}

impl Clock {
    /// Fills a database. `indexes` has those that are no keys, for each relation.
    ///
    /// # Errors
    /// When SQLite refuses a row or an index.
    pub fn over(schema: &Schema, database: &Database, indexes: &[Vec<Vec<usize>>]) -> rusqlite::Result<Self> {
        let connection = open()?;
        connection.pragma_update(None, "case_sensitive_like", true)?;
        load(&connection, schema, database, |attribute| affinity(attribute.kind).to_owned())?;
        for (at, relation) in schema.relations.iter().enumerate() {
            let table = quoted(&table_name(&relation.name));
            let keys = relation.keys.iter().map(|key| ("UNIQUE INDEX", key));
            let others = indexes.get(at).into_iter().flatten().map(|index| ("INDEX", index));
            for (number, (what, columns)) in keys.chain(others).enumerate() {
                let names: Vec<String> = columns
                    .iter()
                    .filter_map(|&at| relation.attributes.get(at))
                    .map(|a| quoted(&a.name))
                    .collect();
                let name = quoted(&format!("i{at}_{number}"));
                connection.execute(&format!("CREATE {what} {name} ON {table} ({})", names.join(", ")), [])?;
            }
        }
        connection.execute_batch("ANALYZE")?;
        Ok(Self { connection })
    }

    /// Runs a query to its end and says how long it took. Indexes of its own it makes only where that is said.
    ///
    /// # Errors
    /// When SQLite refuses it, or it was not done by then.
    pub fn time(&self, sql: &str, makes_indexes: bool, until: Instant) -> rusqlite::Result<Duration> {
        self.connection.pragma_update(None, "automatic_index", makes_indexes)?;
        let mut statement = self.connection.prepare(sql)?;
        self.connection.progress_handler(STEPS, Some(move || Instant::now() > until));
        let start = Instant::now();
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        Ok(start.elapsed())
    }
}
