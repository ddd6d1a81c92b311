//! What the views that a query reads call, by their definitions: a plan prints no LIMIT and no frame of a window, and
//! either may call anything.

use std::collections::BTreeSet;

use crate::calls::called;
use crate::error::DatabaseError;
use crate::session::Session;

/// Most views that are looked at.
const MOST: usize = 200;

/// The definitions of these relations where they are views, and of the views that those read.
const DEFINITIONS: &str = "WITH RECURSIVE reached(oid) AS ( \
    SELECT pg_catalog.to_regclass(n)::oid FROM unnest($1::text[]) n \
    UNION \
    SELECT d.refobjid FROM reached r \
    JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid \
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid \
        AND d.refclassid = 'pg_catalog.pg_class'::regclass) \
    SELECT pg_catalog.pg_get_viewdef(c.oid) FROM reached r \
    JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.relkind = 'v' LIMIT 201";

impl Session {
    /// The functions that the views among these relations call, and what those read, as the definitions have them.
    /// `None` where there are too many views to be sure.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn behind_views(
        &mut self,
        relations: &BTreeSet<Vec<String>>,
    ) -> Result<Option<BTreeSet<String>>, DatabaseError> {
        // What stands before the schema is the database, which is this one or none that can be read.
        let names: Vec<String> = relations
            .iter()
            .map(|parts| {
                let last = parts.len().saturating_sub(2);
                let quoted = |part: &String| format!("\"{}\"", part.replace('"', "\"\""));
                parts[last..].iter().map(quoted).collect::<Vec<_>>().join(".")
            })
            .collect();
        self.mark(None).await?;
        let found = self.ask(DEFINITIONS, &[&names]).await;
        self.back().await?;
        let found = found?;
        if found.len() > MOST {
            return Ok(None);
        }
        let mut calls = BTreeSet::new();
        for row in &found {
            let definition: String =
                row.try_get(0).map_err(|_| DatabaseError::Answer("the definition of a view is no text"))?;
            calls.extend(called(&definition));
        }
        Ok(Some(calls))
    }
}
