//! `GET /v1/graph/tables/{name}` and `GET /v1/graph/columns/{name}`

use axum::extract::State;
use serde::Deserialize;
use sqm_http::{Caller, PageAsked, Path, Problem, QueryString, Reply, Scope};
use sqm_store::{Direction, Found, Grain, Listed, MAX_PAGE, Reach, Reached};

use super::view::View;
use crate::App;

/// How many queries are on a page where nobody says.
const DEFAULT_LIMIT: usize = 50;

/// How many steps where nobody says, and most: chains of more are rare, and a page should be quick.
const DEFAULT_DEPTH: u8 = 3;
const MOST_DEPTH: u8 = 10;

/// Most tables or columns of one answer.
pub(super) const MOST_NAMES: usize = 200;

/// Longest name, in bytes: what databases take, with room for four parts.
const MAX_NAME_BYTES: usize = 1_024;

/// Which way, how far, and which part.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    direction: Option<Way>,
    depth: Option<u8>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    Downstream,
    Upstream,
}

/// What a table feeds, or what feeds it: through every query that makes one table of another.
pub(crate) async fn tables(
    caller: Caller,
    Path(name): Path<String>,
    QueryString(which): QueryString<Which>,
    asked: PageAsked,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    of(&caller, &app, Grain::Table, &name, &which, asked).await
}

/// The same of a column, as `table.column`.
pub(crate) async fn columns(
    caller: Caller,
    Path(name): Path<String>,
    QueryString(which): QueryString<Which>,
    asked: PageAsked,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    if !name.contains('.') {
        return Err(Problem::parameter("name", "a column is named with its table: `table.column`"));
    }
    of(&caller, &app, Grain::Column, &name, &which, asked).await
}

async fn of(
    caller: &Caller,
    app: &App,
    grain: Grain,
    name: &str,
    which: &Which,
    asked: PageAsked,
) -> Result<Reply, Problem> {
    caller.may(Scope::LineageRead)?;
    caller.may(Scope::QueriesRead)?;
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(Problem::parameter("name", format!("a name of 1 to {MAX_NAME_BYTES} bytes")));
    }
    let depth = which.depth.unwrap_or(DEFAULT_DEPTH);
    if depth > MOST_DEPTH {
        return Err(Problem::parameter("depth", format!("from 0 to {MOST_DEPTH}")));
    }
    let limit = limit(which.limit)?;
    let from = caller.position(which.cursor.as_deref())?;
    let (direction, word) = match which.direction.unwrap_or(Way::Downstream) {
        Way::Downstream => (Direction::Downstream, "downstream"),
        Way::Upstream => (Direction::Upstream, "upstream"),
    };
    // It is made of queries alone, so that what changes their list changes it.
    let state = app.store.list_state(caller.workspace(), Listed::Queries, app.clock.now()).await?;
    let now = asked.now(caller, state);
    if let Some(unchanged) = now.unchanged(|_| true).await {
        return Ok(unchanged);
    }
    let reach = Reach { grain, direction, depth, most: MOST_NAMES };
    let (reached, is_all) = app.store.reach(caller.workspace(), &[name.to_owned()], reach).await?;
    let ways: Vec<Found> = reached.iter().map(|it| way(grain, direction, it)).collect();
    let page = app.store.found(caller.workspace(), &ways, limit, from.as_ref()).await?;
    let next = page.next.as_ref().map(|position| caller.cursor(position));
    let reply = Reply::ok(&View::new(name, word, depth, &reached, is_all, &page.items, next.as_deref()));
    let kind = match grain {
        Grain::Table => "tables",
        Grain::Column => "columns",
    };
    let reply = match &next {
        None => reply,
        Some(cursor) => {
            let name: String = percent(name);
            let link = format!(
                "/v1/graph/{kind}/{name}?direction={word}&depth={depth}&limit={limit}&cursor={cursor}"
            );
            reply.link(&link, "next")
        }
    };
    Ok(now.made(reply).await)
}

/// By what the queries are found that a name leads to: those that read it, or those that make it.
pub(super) fn way(grain: Grain, direction: Direction, reached: &Reached) -> Found {
    let name = reached.name.clone();
    match (grain, direction) {
        (Grain::Table, Direction::Downstream) => Found::Reads(name),
        (Grain::Table, Direction::Upstream) => Found::Writes(name),
        (Grain::Column, Direction::Downstream) => Found::ReadsColumn(name),
        (Grain::Column, Direction::Upstream) => Found::WritesColumn(name),
    }
}

pub(super) fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_PAGE).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::parameter("limit", format!("from 1 to {MAX_PAGE}")))
    }
}

/// A name as it stands in a path.
fn percent(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escape = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    name.bytes().map(escape).collect()
}
