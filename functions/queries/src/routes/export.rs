//! `GET /v1/exports`

use axum::extract::State;
use serde::Deserialize;
use serde_json::value::RawValue;
use sqm_http::{Caller, Problem, QueryString, Reply, Scope};
use sqm_import::{CatalogRecord, CountersRecord, Execution, Kind, Origin, Record, RunsRecord, VersionRecord};
use sqm_sql::catalog::SchemaInput;
use sqm_store::{Counters, Exported, Outlines, Query, Run, StoredCatalog};

use crate::App;
use crate::execution::millis;

/// About how many bytes a page has, so that it goes into one import, quotes escaped.
const PAGE_BYTES: usize = 1024 * 1024;

/// Which part of the export.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    cursor: Option<String>,
}

/// All catalogs and queries of the workspace with their versions, and what ran: one JSON object a line, page by page.
/// Each page can be imported as it is, in their order.
pub(crate) async fn export(
    caller: Caller,
    QueryString(which): QueryString<Which>,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::QueriesRead)?;
    caller.may(Scope::CatalogsRead)?;
    let from = caller.position(which.cursor.as_deref())?;
    let page = app.store.export(caller.workspace(), PAGE_BYTES, from.as_ref()).await?;
    let mut text = String::new();
    for item in page.items {
        text += &serde_json::to_string(&record(item)?).map_err(Problem::internal)?;
        text.push('\n');
    }
    let reply = Reply::text(text, "application/x-ndjson");
    Ok(match &page.next {
        None => reply,
        Some(position) => reply.link(&format!("/v1/exports?cursor={}", caller.cursor(position)), "next"),
    })
}

fn record(item: Exported) -> Result<Record, Problem> {
    Ok(match item {
        Exported::Catalog(stored) => Record::Catalog(catalog(*stored)?),
        Exported::Version(query, origin) => Record::Version(version(*query, origin)?),
        Exported::Runs(query, runs, outlines) => {
            let runs = runs.into_iter().map(|run| execution(run, &outlines)).collect();
            Record::Runs(RunsRecord { kind: Kind::Runs, query: Some(query), origin: None, runs })
        }
        Exported::Counters(query, counters) => {
            let Counters { source, at, calls, micros, rows } = counters;
            let total_ms = millis(micros);
            Record::Counters(CountersRecord {
                kind: Kind::Counters,
                query,
                source,
                at,
                calls,
                total_ms,
                rows,
            })
        }
    })
}

fn catalog(stored: StoredCatalog) -> Result<CatalogRecord, Problem> {
    let (summary, source) = (stored.summary, stored.source);
    // No DDL that declares a table is JSON as well.
    let (ddl, tables) = match serde_json::from_str(&source) {
        Ok(SchemaInput::Tables(_)) => (None, Some(RawValue::from_string(source).map_err(Problem::internal)?)),
        Ok(SchemaInput::Ddl(_)) | Err(_) => (Some(source), None),
    };
    Ok(CatalogRecord {
        kind: Kind::Catalog,
        name: summary.name,
        dialect: summary.dialect,
        ddl,
        tables,
        version: Some(summary.version),
        created_at: Some(summary.created),
        updated_at: Some(summary.updated),
        author: Some(summary.author),
    })
}

fn version(query: Query, origin: Option<sqm_store::Origin>) -> Result<VersionRecord, Problem> {
    let (name, imported) = origin.map_or((None, None), |origin| (Some(origin.name), origin.imported));
    let summary = query.summary;
    Ok(VersionRecord {
        kind: Kind::Version,
        query: summary.id,
        version: summary.version,
        created_at: summary.created,
        updated_at: summary.updated,
        author: summary.author,
        message: summary.message,
        origin: name.map(Origin::try_from).transpose().map_err(Problem::internal)?,
        imported,
        title: summary.title,
        description: summary.description,
        dialect: summary.dialect,
        tags: summary.tags.into_iter().collect(),
        owner: summary.owner,
        catalog: summary.catalog,
        sql: query.sql.into(),
    })
}

fn execution(run: Run, outlines: &Outlines) -> Execution {
    Execution {
        id: run.id,
        at: run.at,
        duration_ms: millis(run.micros),
        calls: Some(run.calls).filter(|calls| calls.get() > 1),
        rows: run.rows,
        bytes: run.bytes,
        engine: run.engine,
        parameters_hash: run.parameters,
        plan: None,
        plan_outline: run.plan.as_ref().and_then(|shape| outlines.get(shape)).cloned(),
    }
}
