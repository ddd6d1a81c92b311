//! What a record asks for, done.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqm_domain::{CatalogName, Note, QueryId, Subject, VersionNumber};
use sqm_http::{Basis, Caller, Kind, Problem, Scope, compute, new_query_id, sql_text};
use sqm_import::{
    CatalogRecord, CountersRecord, Origin, QueryRecord, Record, RunsRecord, StatisticsRecord, VersionRecord,
};
use sqm_sql::catalog::{Catalog, SchemaInput};
use sqm_store::{Analysis, Brought, CatalogWrite, Change, Content, Counters, Expected, Outlines, StoreError};
use tokio::sync::Mutex;

use super::line::Line;
use super::report::{Done, Outcome};
use crate::App;
use crate::execution::{self, Wrong};
use crate::patch::distinct;

/// Longest time to read the tables of a catalog.
const BUDGET: Duration = Duration::from_secs(10);

/// Attempts of a change that meets others.
const ATTEMPTS: usize = 4;

/// An import under way.
pub(super) struct Import {
    app: App,
    caller: Caller,
    now: Timestamp,
    /// Catalogs that queries of this import name.
    catalogs: Mutex<HashMap<CatalogName, Arc<Catalog>>>,
}

impl Import {
    pub(super) fn new(app: App, caller: Caller) -> Self {
        let now = app.clock.now();
        Self { app, caller, now, catalogs: Mutex::default() }
    }

    pub(super) async fn apply(&self, line: Line) -> Result<Done, Problem> {
        match line.0 {
            Record::Catalog(record) => self.catalog(record).await,
            Record::Query(record) => self.query(record).await,
            Record::Version(record) => self.version(record).await,
            Record::Runs(record) => self.runs(record).await,
            Record::Statistics(record) => self.statistics(record).await,
            Record::Counters(record) => self.counters(record).await,
        }
    }

    async fn catalog(&self, record: CatalogRecord) -> Result<Done, Problem> {
        self.caller.may(Scope::CatalogsWrite)?;
        let CatalogRecord { name, dialect, ddl, tables, version, created_at, updated_at, author, .. } =
            record;
        let source = match (ddl, tables) {
            (Some(ddl), None) => String::from(sql_text("ddl", ddl)?),
            (None, Some(tables)) => tables.get().to_owned(),
            _ => return Err(Problem::field("ddl", "give either ddl or tables")),
        };
        let text = source.clone();
        let read = move || match serde_json::from_str(&text) {
            Ok(tables @ SchemaInput::Tables(_)) => tables.catalog(dialect),
            Ok(SchemaInput::Ddl(_)) | Err(_) => Catalog::from_ddl(&text, dialect),
        };
        let (catalog, _) = compute(BUDGET, read).await??;
        if catalog.is_empty() {
            return Err(Problem::field("ddl", "no table is declared"));
        }
        let author = author.unwrap_or_else(|| self.caller.subject().clone());
        let at = updated_at.unwrap_or(self.now);
        let (workspace, store) = (self.caller.workspace(), &self.app.store);
        let write = CatalogWrite { name, dialect, source, catalog, author, at, begun: self.now };
        let Some(version) = version else {
            let stored = store.put_catalog(workspace, &write, Expected::Whatever).await?;
            let outcome = match (stored.updated == at, stored.version == VersionNumber::FIRST) {
                (false, _) => Outcome::Unchanged,
                (true, true) => Outcome::Created,
                (true, false) => Outcome::Updated,
            };
            return Ok(Done::new(outcome, None));
        };
        self.caller.may(Scope::WorkspaceRestore)?;
        let brought = store.bring_catalog(workspace, &write, version, created_at.unwrap_or(at)).await?;
        Ok(Done::new(outcome(brought), None))
    }

    async fn query(&self, record: QueryRecord) -> Result<Done, Problem> {
        let (origin, imported) = (record.named(), record.content());
        let owner = record.owner.clone();
        let content = content(record, self.caller.subject())?;
        let origin = sqm_store::Origin { name: origin.into(), imported: Some(imported) };
        let catalog = self.known(content.catalog.as_ref()).await?;
        let (workspace, store) = (self.caller.workspace(), &self.app.store);
        let mut found: Option<Analysis> = None;
        for _ in 0..ATTEMPTS {
            let change = self.change(Note::default(), self.now, Some(origin.clone()));
            let Some(id) = store.by_origin(workspace, &origin.name).await? else {
                let found = self.analysed(&mut found, &catalog, &content).await?;
                let id = new_query_id(self.app.clock.as_ref(), self.app.entropy.as_ref());
                match store.create(workspace, id, content.clone(), found, &change).await {
                    Ok(_) => return Ok(Done::new(Outcome::Created, Some(id))),
                    Err(StoreError::Imported) => continue,
                    Err(error) => return Err(error.into()),
                }
            };
            let before = match store.query(workspace, id).await {
                Ok(query) => query,
                // It is deleted at this moment.
                Err(StoreError::NotFound) => continue,
                Err(error) => return Err(error.into()),
            };
            // Who owns it by now stays, unless the record says otherwise.
            let owner = owner.clone().unwrap_or_else(|| before.summary.owner.clone());
            let content = Content { owner, ..content.clone() };
            let known = before.origin().is_some_and(|known| known.imported == origin.imported);
            if known || before.content() == content {
                return Ok(Done::new(Outcome::Unchanged, Some(id)));
            }
            let found = self.analysed(&mut found, &catalog, &content).await?;
            match store.update(workspace, &before, content, found, &change).await {
                Ok(_) => return Ok(Done::new(Outcome::Updated, Some(id))),
                Err(StoreError::VersionConflict { .. } | StoreError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Busy.into())
    }

    async fn version(&self, record: VersionRecord) -> Result<Done, Problem> {
        self.caller.may(Scope::WorkspaceRestore)?;
        let id = record.query;
        let content = Content {
            title: record.title,
            description: record.description,
            sql: sql_text("sql", record.sql)?,
            dialect: record.dialect,
            tags: distinct(record.tags)?,
            owner: record.owner,
            catalog: record.catalog,
        };
        let origin =
            record.origin.map(|origin| sqm_store::Origin { name: origin.into(), imported: record.imported });
        let change =
            Change { author: record.author, ..self.change(record.message, record.updated_at, origin) };
        // A catalog that is gone leaves its name behind.
        let catalog = self.described(content.catalog.as_ref()).await?;
        let found = sqm_analysis::with(catalog, &content).await?;
        let number = (id, record.version);
        let store = &self.app.store;
        let brought = store
            .bring_version(self.caller.workspace(), number, record.created_at, content, found, &change)
            .await;
        match brought {
            Ok(brought) => Ok(Done::new(outcome(brought), Some(id))),
            Err(StoreError::Exists { current }) => Err(Problem::new(Kind::Conflict)
                .detail("another version of this number is there")
                .with("current_version", current.get())),
            Err(error) => Err(error.into()),
        }
    }

    async fn runs(&self, record: RunsRecord) -> Result<Done, Problem> {
        self.caller.may(Scope::RunsWrite)?;
        let id = match (record.query, record.origin) {
            (Some(id), None) => id,
            (None, Some(origin)) => self.of_origin(&origin).await?,
            _ => return Err(Problem::field("query", "give either a query or an origin")),
        };
        let (now, given) = (self.now, record.runs);
        let read = move || {
            let (mut runs, mut outlines, mut expired) = (Vec::new(), Outlines::new(), 0);
            for (at, run) in given.into_iter().enumerate() {
                match execution::read(run, now, &mut outlines) {
                    Ok(run) => runs.push(run),
                    Err(Wrong::Expired) => expired += 1,
                    Err(wrong) => {
                        let (field, why) = wrong.told();
                        return Err(Problem::field(format!("runs[{at}].{field}"), why));
                    }
                }
            }
            Ok((runs, outlines, expired))
        };
        let (runs, outlines, expired) = compute(BUDGET, read).await??;
        let workspace = self.caller.workspace();
        let runs = self.app.store.record_runs(workspace, id, runs, &outlines, self.now).await?;
        Ok(Done { outcome: Outcome::Recorded, query: Some(id), runs, expired })
    }

    async fn statistics(&self, record: StatisticsRecord) -> Result<Done, Problem> {
        self.caller.may(Scope::RunsWrite)?;
        let StatisticsRecord { origin, source, at, calls, total_ms, rows, .. } = record;
        let id = self.of_origin(&origin).await?;
        let counters = Counters { source, at, calls, micros: micros(total_ms)?, rows };
        let (workspace, store) = (self.caller.workspace(), &self.app.store);
        let runs = store.record_counters(workspace, id, &counters, self.now).await?;
        Ok(Done { outcome: Outcome::Recorded, query: Some(id), runs, expired: 0 })
    }

    async fn counters(&self, record: CountersRecord) -> Result<Done, Problem> {
        self.caller.may(Scope::WorkspaceRestore)?;
        let CountersRecord { query, source, at, calls, total_ms, rows, .. } = record;
        let counters = Counters { source, at, calls, micros: micros(total_ms)?, rows };
        let brought = self.app.store.bring_counters(self.caller.workspace(), query, &counters).await?;
        Ok(Done::new(if brought { Outcome::Updated } else { Outcome::Unchanged }, Some(query)))
    }

    async fn of_origin(&self, origin: &Origin) -> Result<QueryId, Problem> {
        let found = self.app.store.by_origin(self.caller.workspace(), origin.as_str()).await?;
        found.ok_or_else(|| Problem::field("origin", "no query of this origin was imported"))
    }

    fn change(&self, message: Note, at: Timestamp, origin: Option<sqm_store::Origin>) -> Change {
        let (author, begun) = (self.caller.subject().clone(), self.now);
        Change { author, message, at, begun, idempotency: None, origin }
    }

    /// The analysis, made once.
    async fn analysed(
        &self,
        found: &mut Option<Analysis>,
        catalog: &Arc<Catalog>,
        content: &Content,
    ) -> Result<Analysis, Problem> {
        if found.is_none() {
            *found = Some(sqm_analysis::with(catalog.clone(), content).await?);
        }
        Ok(found.clone().unwrap_or_default())
    }

    /// The catalog of a query, which has to be there.
    async fn known(&self, name: Option<&CatalogName>) -> Result<Arc<Catalog>, Problem> {
        if !self.catalogs.lock().await.keys().any(|known| Some(known) == name) {
            sqm_analysis::known(&self.app.store, self.caller.workspace(), name).await?;
        }
        self.described(name).await
    }

    /// The tables that a catalog describes, read once.
    async fn described(&self, name: Option<&CatalogName>) -> Result<Arc<Catalog>, Problem> {
        let Some(name) = name else { return Ok(Arc::default()) };
        let mut catalogs = self.catalogs.lock().await;
        if let Some(catalog) = catalogs.get(name) {
            return Ok(catalog.clone());
        }
        let (catalog, _) = Basis::of_query(&self.app.store, self.caller.workspace(), Some(name)).await?;
        let catalog = Arc::new(catalog);
        catalogs.insert(name.clone(), catalog.clone());
        Ok(catalog)
    }
}

fn content(record: QueryRecord, importer: &Subject) -> Result<Content, Problem> {
    Ok(Content {
        title: record.title,
        description: record.description,
        sql: sql_text("sql", record.sql)?,
        dialect: record.dialect,
        tags: distinct(record.tags)?,
        owner: record.owner.unwrap_or_else(|| importer.clone()),
        catalog: record.catalog,
    })
}

fn outcome(brought: Brought) -> Outcome {
    match brought {
        Brought::New => Outcome::Created,
        Brought::Known => Outcome::Unchanged,
    }
}

/// Milliseconds of many executions together as whole microseconds.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn micros(millis: f64) -> Result<u64, Problem> {
    let most = 9_007_199_254_740_992.0;
    if (0.0..=most).contains(&(millis * 1_000.0)) {
        Ok((millis * 1_000.0).round() as u64)
    } else {
        Err(Problem::field("total_ms", "from 0 to 2^53 microseconds"))
    }
}
