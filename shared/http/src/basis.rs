//! What an analysis rests on: the version of the engine, and the tables that it was told of. Every answer
//! that holds an analysis says both.

use serde::Serialize;
use sqm_domain::{CatalogName, Dialect, VersionNumber, WorkspaceId};
use sqm_sql::ENGINE_VERSION;
use sqm_sql::catalog::{Catalog, CatalogProblem, SchemaInput};
use sqm_store::{CatalogState, Store, StoreError};

use crate::answer::json;
use crate::compute::compute;
use crate::problem::Problem;

/// Longest time to read a schema that comes with a request.
const SCHEMA_BUDGET: std::time::Duration = std::time::Duration::from_secs(10);

/// What an analysis rests on, as an answer says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Basis {
    /// [`ENGINE_VERSION`].
    pub engine: &'static str,
    /// The stored catalog that was used; none where a schema came with the request, or nothing did.
    pub catalog: Option<CatalogUsed>,
    /// A hash of what the stored catalog says.
    #[serde(skip)]
    content: Option<String>,
    /// What of a schema that came with the request was not understood.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schema_problems: Vec<CatalogProblem>,
}

/// A stored catalog, as far as an answer names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogUsed {
    /// Its name.
    pub name: CatalogName,
    /// The version that was used; `None` where a query names a catalog that is not there (any more).
    pub version: Option<VersionNumber>,
}

impl Basis {
    /// No tables are known.
    pub fn nothing() -> Self {
        Self::new(None)
    }

    fn new(catalog: Option<CatalogUsed>) -> Self {
        Self { engine: ENGINE_VERSION, catalog, content: None, schema_problems: Vec::new() }
    }

    /// The tables that a request describes: by the name of a stored catalog, by a schema, or not at all.
    pub async fn of_request(
        store: &Store,
        workspace: &WorkspaceId,
        dialect: Dialect,
        catalog: Option<CatalogName>,
        schema: Option<SchemaInput>,
    ) -> Result<(Catalog, Self), Problem> {
        match (catalog, schema) {
            (Some(_), Some(_)) => Err(Problem::field("schema", "give either a catalog or a schema")),
            (None, None) => Ok((Catalog::default(), Self::nothing())),
            (Some(name), None) => match store.catalog(workspace, &name).await {
                Ok(stored) => {
                    let version = Some(stored.summary.version);
                    let basis = Self::new(Some(CatalogUsed { name, version }));
                    Ok((stored.catalog, Self { content: Some(stored.sha256), ..basis }))
                }
                Err(StoreError::NotFound) => Err(Problem::field("catalog", "there is no such catalog")),
                Err(error) => Err(error.into()),
            },
            (None, Some(schema)) => {
                let (catalog, problems) = compute(SCHEMA_BUDGET, move || schema.catalog(dialect)).await??;
                Ok((catalog, Self { schema_problems: problems, ..Self::new(None) }))
            }
        }
    }

    /// The tables that the catalog of a stored query describes. A catalog that is not there describes
    /// nothing, and the answer says so.
    pub async fn of_query(
        store: &Store,
        workspace: &WorkspaceId,
        catalog: Option<&CatalogName>,
    ) -> Result<(Catalog, Self), Problem> {
        let Some(name) = catalog else { return Ok((Catalog::default(), Self::nothing())) };
        let used = |version| Self::new(Some(CatalogUsed { name: name.clone(), version }));
        match store.catalog(workspace, name).await {
            Ok(stored) => {
                let basis = used(Some(stored.summary.version));
                Ok((stored.catalog, Self { content: Some(stored.sha256), ..basis }))
            }
            Err(StoreError::NotFound) => Ok((Catalog::default(), used(None))),
            Err(error) => Err(error.into()),
        }
    }

    /// What an analysis of a query rests on that names a stored catalog, or none, by what the head of that tells.
    pub fn of_state(name: Option<CatalogName>, state: Option<CatalogState>) -> Self {
        let version = state.as_ref().map(|state| state.version);
        let basis = Self::new(name.map(|name| CatalogUsed { name, version }));
        Self { content: state.map(|state| state.sha256), ..basis }
    }

    /// What the tables are that an analysis was told of, for the address of it. A stored catalog is named by what it says,
    /// since one that is written anew begins to count its versions anew.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub fn described(&self, catalog: &Catalog) -> Result<String, Problem> {
        match &self.content {
            Some(content) => Ok(content.clone()),
            None => json(catalog),
        }
    }

    /// The part of an entity tag that names this basis.
    pub fn tag(&self) -> String {
        let catalog = self.catalog.as_ref().and_then(|used| used.version).map_or(0, VersionNumber::get);
        format!("c{catalog}-e{}", self.engine)
    }
}
