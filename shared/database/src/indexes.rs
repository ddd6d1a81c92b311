//! Which indexes the tables of a query have: what a rewrite brings depends on them.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::error::DatabaseError;
use crate::explain::Relation;
use crate::session::Session;

/// Most indexes that are told.
pub(crate) const MOST: usize = 200;

const INDEXES: &str = "SELECT i.schemaname::text, i.tablename::text, i.indexname::text, i.indexdef::text \
    FROM pg_catalog.pg_indexes i \
    JOIN unnest($1::text[], $2::text[]) AS t(s, n) ON t.s = i.schemaname AND t.n = i.tablename \
    ORDER BY 1, 2, 3 LIMIT 200";

/// An index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Index {
    /// Its table.
    pub table: Relation,
    /// Its name.
    pub name: String,
    /// The statement that makes it.
    pub definition: String,
}

impl Session {
    /// The indexes of these tables, at most 200.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn indexes(&mut self, of: &BTreeSet<Relation>) -> Result<Vec<Index>, DatabaseError> {
        self.mark(None).await?;
        let schemas: Vec<&str> = of.iter().map(|relation| relation.schema.as_str()).collect();
        let names: Vec<&str> = of.iter().map(|relation| relation.name.as_str()).collect();
        let found = self.ask(INDEXES, &[&schemas, &names]).await;
        self.back().await?;
        let text = |row: &tokio_postgres::Row, at| {
            row.try_get::<_, String>(at).map_err(|_| DatabaseError::Answer("the list of indexes is no list"))
        };
        let index = |row| {
            Ok(Index {
                table: Relation { schema: text(row, 0)?, name: text(row, 1)? },
                name: text(row, 2)?,
                definition: text(row, 3)?,
            })
        };
        found?.iter().map(index).collect()
    }
}
