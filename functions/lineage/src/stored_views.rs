//! Views that the workspace stores as queries: a `CREATE VIEW` is the text of one. Where views are followed,
//! those are followed that a text reads, and those that they read in their turn.

use std::collections::BTreeSet;

use sqm_analysis::{BUDGET, StoredView};
use sqm_domain::{Dialect, SqlText, WorkspaceId};
use sqm_http::{Problem, compute};
use sqm_sql::catalog::{Catalog, Table};
use sqm_sql::lineage::{Options, trace};
use sqm_store::{Filter, Store, StoreError};

/// Most tables that are looked up for one answer, and how many views may stand upon each other.
const MOST_TABLES: usize = 100;
const MOST_LEVELS: usize = 10;

/// Most queries that are looked at for the definition of one view: those that write it, the newest first.
const MOST_WRITERS: usize = 20;

/// Adds the views that a text reads and the workspace stores to what is known of its tables.
pub(crate) async fn add(
    store: &Store,
    workspace: &WorkspaceId,
    (sql, dialect): (&SqlText, Dialect),
    options: &Options,
    mut catalog: Catalog,
) -> Result<(Catalog, Vec<StoredView>), Problem> {
    let mut used = Vec::new();
    let mut asked = BTreeSet::new();
    for _ in 0..MOST_LEVELS {
        let (sql, options) = (sql.clone(), options.clone());
        let read = compute(BUDGET, move || {
            let lineage = trace(sql.as_str(), dialect, &catalog, &options);
            let names = lineage.touched.reads.iter().map(|table| table.name.to_string());
            (names.collect::<Vec<_>>(), catalog)
        });
        let names;
        (names, catalog) = read.await?;
        let before = used.len();
        for name in names {
            if asked.len() < MOST_TABLES && asked.insert(name.to_lowercase()) {
                let Some((table, view)) = defined(store, workspace, &name, dialect).await? else { continue };
                catalog.insert(table);
                used.push(view);
            }
        }
        if used.len() == before {
            break;
        }
    }
    Ok((catalog, used))
}

/// The newest stored definition of a view of this name.
async fn defined(
    store: &Store,
    workspace: &WorkspaceId,
    name: &str,
    dialect: Dialect,
) -> Result<Option<(Table, StoredView)>, Problem> {
    let filter = Filter { writes: Some(name.to_owned()), dialect: Some(dialect), ..Filter::default() };
    let writers = store.list(workspace, &filter, MOST_WRITERS, None).await?;
    for writer in writers.items {
        let query = match store.query(workspace, writer.id).await {
            Ok(query) => query,
            Err(StoreError::NotFound) => continue,
            Err(error) => return Err(error.into()),
        };
        let (sql, version) = (query.sql, query.summary.version);
        let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
        let read = move || {
            let (views, _) = Catalog::from_ddl(sql.as_str(), dialect).ok()?;
            views.find(&parts).filter(|table| table.view.is_some()).cloned()
        };
        if let Some(table) = compute(BUDGET, read).await? {
            let view = StoredView { name: name.to_owned(), query: writer.id, version };
            return Ok(Some((table, view)));
        }
    }
    Ok(None)
}
