//! What a statement would cost with indexes that are not there, by the extension hypopg.

use std::time::Duration;

use crate::error::DatabaseError;
use crate::explain::Estimate;
use crate::session::Session;

/// Most indexes at once.
const MOST: usize = 16;

/// What came of asking.
#[derive(Debug, Clone, PartialEq)]
pub enum Hypothetical {
    /// What the statement would cost.
    Estimate(Box<Estimate>),
    /// The database lacks the extension: `CREATE EXTENSION hypopg` makes it known.
    NotInstalled,
}

impl Session {
    /// What a statement would cost if these indexes were there, each said by a CREATE INDEX. They exist in
    /// the planner of this session alone, and are gone when this returns.
    ///
    /// # Errors
    /// One of them is no CREATE INDEX that this database takes, or there are too many, or the statement
    /// cannot be planned.
    pub async fn cost_with_indexes(
        &mut self,
        sql: &str,
        ddl: &[&str],
    ) -> Result<Hypothetical, DatabaseError> {
        if ddl.len() > MOST {
            return Err(DatabaseError::NotExplained("at most 16 indexes are tried at once"));
        }
        let given = self.mark(None).await?;
        let found = self.hypothetical(sql, ddl, given).await;
        self.back().await?;
        found
    }

    async fn hypothetical(
        &mut self,
        sql: &str,
        ddl: &[&str],
        given: Duration,
    ) -> Result<Hypothetical, DatabaseError> {
        let schema = "SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e \
            JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'hypopg'";
        let schema: String = match self.ask(schema, &[]).await?.first() {
            Some(row) => {
                row.try_get(0).map_err(|_| DatabaseError::Answer("the schema of hypopg is no text"))?
            }
            None => return Ok(Hypothetical::NotInstalled),
        };
        // It keeps indexes in the memory of the session, which no rollback reaches.
        let reset = format!("SELECT {schema}.hypopg_reset()");
        self.ask(&reset, &[]).await?;
        let found = self.with_created(&schema, (sql, given), ddl).await;
        if !self.is_lost() {
            // Where the last statement failed, the transaction takes no other before it went back.
            self.back().await?;
            self.mark(None).await?;
            self.ask(&reset, &[]).await?;
        }
        found.map(|estimate| Hypothetical::Estimate(Box::new(estimate)))
    }

    async fn with_created(
        &mut self,
        schema: &str,
        (sql, given): (&str, Duration),
        ddl: &[&str],
    ) -> Result<Estimate, DatabaseError> {
        let create = format!("SELECT indexrelid::text FROM {schema}.hypopg_create_index($1::text)");
        for ddl in ddl {
            // What is no CREATE INDEX is passed over with a warning.
            if self.ask(&create, &[ddl]).await?.len() != 1 {
                return Err(DatabaseError::NotExplained("what is to be tried is not one CREATE INDEX"));
            }
        }
        self.explain_here(sql, given).await
    }
}
