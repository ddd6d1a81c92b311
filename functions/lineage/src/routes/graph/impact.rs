//! `POST /v1/impact`

use std::collections::BTreeSet;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sqm_analysis::BUDGET;
use sqm_domain::{CatalogName, QueryId};
use sqm_http::{Caller, Json, NoParameters, Problem, Reply, Scope, compute, sql_text};
use sqm_sql::catalog::{Catalog, Change, ChangeKind, SchemaInput};
use sqm_sql::lineage::{Options, trace};
use sqm_sql::text::Span;
use sqm_store::{Direction, Found, Grain, Query, Reach, Reached, StoredCatalog, Summary};

use super::reach::{MOST_NAMES, limit};
use super::view::QueryView;
use crate::App;
use crate::source::Source;

/// Most changes of one request.
const MOST_CHANGES: usize = 50;

/// How many steps where nobody says, and most.
const DEFAULT_DEPTH: u8 = 3;
const MOST_DEPTH: u8 = 10;

/// Most places that are shown of one query.
const MOST_PLACES: usize = 20;

/// A change of a catalog.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    catalog: CatalogName,
    /// Statements that change it.
    change: Option<String>,
    /// What it is to be as a whole.
    schema: Option<SchemaInput>,
    depth: Option<u8>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct View<'a> {
    changes: &'a [Change],
    truncated: bool,
    items: Vec<Item<'a>>,
    next: Option<&'a str>,
}

/// A query that a change reaches.
#[derive(Serialize)]
struct Item<'a> {
    /// The change, by its place among them.
    change: usize,
    /// The table or column through which.
    name: &'a str,
    depth: u8,
    effect: Effect,
    query: QueryView<'a>,
    places: Vec<Span>,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Effect {
    /// It names what is no longer there.
    Breaks,
    /// It reads all columns, or one whose type is another one.
    MayBreak,
    /// It rests on what is made of it.
    Depends,
}

/// A way by which queries are found, and what is known by it.
struct Way {
    change: usize,
    reached: Reached,
    found: Found,
}

/// The queries that a change of a catalog breaks, and those that rest on what these make.
pub(crate) async fn impact(
    caller: Caller,
    _: NoParameters,
    State(app): State<App>,
    Json(asked): Json<Asked>,
) -> Result<Reply, Problem> {
    caller.may(Scope::LineageRead)?;
    caller.may(Scope::QueriesRead)?;
    caller.may(Scope::CatalogsRead)?;
    let limit = limit(asked.limit)?;
    let depth = asked.depth.unwrap_or(DEFAULT_DEPTH);
    if depth > MOST_DEPTH {
        return Err(Problem::field("depth", format!("from 0 to {MOST_DEPTH}")));
    }
    let from = caller.position(asked.cursor.as_deref())?;
    let stored = app.store.catalog(caller.workspace(), &asked.catalog).await;
    let stored = match stored {
        Err(sqm_store::StoreError::NotFound) => {
            return Err(Problem::field("catalog", "there is no such catalog"));
        }
        stored => stored?,
    };
    let after = changed(&stored, asked.change, asked.schema).await?;
    let changes = stored.catalog.changes(&after);
    if changes.len() > MOST_CHANGES {
        return Err(Problem::field("change", format!("{} changes; at most {MOST_CHANGES}", changes.len())));
    }
    let (ways, is_all) = ways(&caller, &app, &changes, depth).await?;
    let found: Vec<Found> = ways.iter().map(|way| way.found.clone()).collect();
    let page = app.store.found(caller.workspace(), &found, limit, from.as_ref()).await?;
    let direct = page.items.iter().filter(|(at, _)| ways[*at].reached.depth == 0);
    let ids: BTreeSet<QueryId> = direct.map(|(_, summary)| summary.id).collect();
    let texts = app.store.texts(caller.workspace(), &ids).await?;
    let catalog = stored.catalog;
    let looked = page.items.iter().map(|(at, summary)| {
        let way = &ways[*at];
        let query = texts.get(&summary.id).filter(|_| way.reached.depth == 0).cloned();
        (query, way.reached.name.clone())
    });
    let looked: Vec<_> = looked.collect();
    let places = compute(BUDGET, move || {
        looked.iter().map(|(query, name)| places(query.as_ref(), &catalog, name)).collect::<Vec<_>>()
    });
    let places = places.await?;
    let next = page.next.as_ref().map(|position| caller.cursor(position));
    let items = page.items.iter().zip(places);
    let items = items.map(|((at, summary), places)| item(&ways[*at], summary, places, &changes));
    Ok(Reply::ok(&View {
        changes: &changes,
        truncated: !is_all,
        items: items.collect(),
        next: next.as_deref(),
    }))
}

/// The catalog as it is to be.
async fn changed(
    stored: &StoredCatalog,
    change: Option<String>,
    schema: Option<SchemaInput>,
) -> Result<Catalog, Problem> {
    let dialect = stored.summary.dialect;
    match (change, schema) {
        (Some(change), None) => {
            let change = sql_text("change", change)?;
            let Source::Ddl(ddl) = Source::of_kept(&stored.source) else {
                return Err(Problem::field(
                    "change",
                    "the catalog was given as JSON: send what it is to be as a whole, as `schema`",
                ));
            };
            let whole = sql_text("change", format!("{ddl}\n;\n{}", change.as_str()))?;
            let (after, _) = compute(BUDGET, move || Catalog::from_ddl(whole.as_str(), dialect)).await??;
            Ok(after)
        }
        (None, Some(schema)) => Ok(compute(BUDGET, move || schema.catalog(dialect)).await??.0),
        _ => Err(Problem::field("change", "give either a change or a schema")),
    }
}

/// Every way to a query that a change reaches: what names it, and what reads what is made of it.
async fn ways(
    caller: &Caller,
    app: &App,
    changes: &[Change],
    depth: u8,
) -> Result<(Vec<Way>, bool), Problem> {
    let (mut ways, mut is_all) = (Vec::new(), true);
    for (change, what) in changes.iter().enumerate() {
        let mut add = |reached: Reached, found: Found| ways.push(Way { change, reached, found });
        let (grain, start) = match &what.column {
            None => (Grain::Table, what.table.clone()),
            Some(column) => (Grain::Column, format!("{}.{column}", what.table)),
        };
        let reach = Reach { grain, direction: Direction::Downstream, depth, most: MOST_NAMES };
        let (reached, whole) = app.store.reach(caller.workspace(), &[start], reach).await?;
        is_all &= whole;
        for it in reached {
            let name = it.name.clone();
            match (grain, it.depth) {
                (Grain::Table, 0) => {
                    add(it.clone(), Found::Reads(name.clone()));
                    add(it, Found::Writes(name));
                }
                (Grain::Table, _) => add(it, Found::Reads(name)),
                (Grain::Column, 0) => {
                    add(it.clone(), Found::ReadsColumn(name.clone()));
                    add(it, Found::WritesColumn(name));
                    // Who reads all columns and knows none.
                    let all = format!("{}.*", what.table.to_lowercase());
                    let reached = Reached { depth: 0, name: all.clone(), from: None };
                    add(reached, Found::ReadsColumn(all));
                }
                (Grain::Column, _) => add(it, Found::ReadsColumn(name)),
            }
        }
    }
    Ok((ways, is_all))
}

fn item<'a>(way: &'a Way, summary: &'a Summary, places: Vec<Span>, changes: &[Change]) -> Item<'a> {
    let effect = match (way.reached.depth, changes[way.change].kind) {
        (1.., _) => Effect::Depends,
        (0, ChangeKind::TypeChanged) => Effect::MayBreak,
        (0, _) if way.reached.name.ends_with(".*") => Effect::MayBreak,
        (0, _) => Effect::Breaks,
    };
    let (name, depth) = (way.reached.name.as_str(), way.reached.depth);
    Item { change: way.change, name, depth, effect, query: QueryView::from(summary), places }
}

/// Where a text names a table or a column.
fn places(query: Option<&Query>, catalog: &Catalog, name: &str) -> Vec<Span> {
    let Some(query) = query else { return Vec::new() };
    let lineage = trace(query.sql.as_str(), query.summary.dialect, catalog, &Options::default());
    let mut places = BTreeSet::new();
    for table in lineage.tables() {
        if table.name.eq_ignore_ascii_case(name) {
            places.extend(table.spans);
        }
    }
    let edges = lineage.statements.iter().flat_map(|statement| &statement.columns);
    for edge in edges {
        let is_it = |table: &str, column: &str| format!("{table}.{column}").to_lowercase() == name;
        if is_it(&edge.source.table, &edge.source.column) {
            // The reference to the source comes last.
            places.extend(edge.spans.last().copied());
        }
        // What is written there comes first.
        if edge.target.as_ref().is_some_and(|target| is_it(&target.table, &target.column)) {
            places.extend(edge.spans.first().copied());
        }
    }
    places.into_iter().take(MOST_PLACES).collect()
}
