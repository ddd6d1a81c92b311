//! `POST /v1/queries`

use axum::extract::State;
use serde::Deserialize;
use sqm_domain::{CatalogName, Dialect, Note, Subject, Tag, Title};
use sqm_http::{Caller, NoParameters, Problem, Reply, Scope, new_query_id, sql_text};
use sqm_store::{Content, Query};

use crate::App;
use crate::asked::Asked;
use crate::patch::distinct;
use crate::view::{QueryView, etag, location};

/// A query as it is given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    title: Title,
    sql: String,
    dialect: Dialect,
    #[serde(default)]
    description: Note,
    #[serde(default)]
    tags: Vec<Tag>,
    owner: Option<Subject>,
    catalog: Option<CatalogName>,
    #[serde(default)]
    message: Note,
}

/// Store a query. SQL that does not parse is stored as well, and the answer says where it fails. The owner
/// is the caller where none is given.
pub(crate) async fn create(
    caller: Caller,
    _: NoParameters,
    State(app): State<App>,
    asked: Asked<New>,
) -> Result<Reply, Problem> {
    caller.may(Scope::QueriesWrite)?;
    if let Some(done) = asked.repeated(&app, &caller).await? {
        return Ok(created(&done.query));
    }
    let change = asked.change(&app, &caller, asked.body.message.clone());
    let content = asked.body.content(&caller)?;
    sqm_analysis::known(&app.store, caller.workspace(), content.catalog.as_ref()).await?;
    let found = sqm_analysis::of(&app.store, caller.workspace(), &content).await?;
    let id = new_query_id(app.clock.as_ref(), app.entropy.as_ref());
    let written = app.store.create(caller.workspace(), id, content, found, &change).await?;
    Ok(created(&written.query))
}

impl New {
    fn content(self, caller: &Caller) -> Result<Content, Problem> {
        Ok(Content {
            title: self.title,
            description: self.description,
            sql: sql_text("sql", self.sql)?,
            dialect: self.dialect,
            tags: distinct(self.tags)?,
            owner: self.owner.unwrap_or_else(|| caller.subject().clone()),
            catalog: self.catalog,
        })
    }
}

fn created(query: &Query) -> Reply {
    let reply = Reply::created(&QueryView::from(query), &location(query.summary.id));
    reply.etag(etag(query.summary.version))
}
