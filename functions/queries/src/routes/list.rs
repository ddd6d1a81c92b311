//! `GET /v1/queries`

use axum::extract::{OriginalUri, State};
use serde::Deserialize;
use sqm_domain::{Dialect, Subject, Tag};
use sqm_http::{Caller, PageAsked, Problem, QueryString, Reply, Scope};
use sqm_sql::{ENGINE_VERSION, rules};
use sqm_store::{Filter, Fingerprint, Listed, Sort, words};

use super::limit;
use crate::App;
use crate::view::{hits_page, page};

/// Longest name of a table to look for, in bytes: what databases take, with room for three parts.
const MAX_TABLE_BYTES: usize = 1_024;

/// Longest text to search for, in bytes.
const MAX_SEARCH_BYTES: usize = 400;

/// Which part of which list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    limit: Option<usize>,
    cursor: Option<String>,
    tag: Option<Tag>,
    owner: Option<Subject>,
    dialect: Option<Dialect>,
    reads: Option<String>,
    writes: Option<String>,
    fingerprint: Option<Fingerprint>,
    finding: Option<String>,
    reads_column: Option<String>,
    writes_column: Option<String>,
    stale: Option<bool>,
    sort: Option<By>,
    q: Option<String>,
}

/// What comes first.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum By {
    Newest,
    Complexity,
}

/// Queries, the newest or the most complex first, that have everything that is asked for: a tag, an owner, a dialect, a table
/// read or written (its name as lineage gives it, in any case), a column likewise, a finding, or the need of analysis. A page may be short, or empty, and still
/// have a next one. With `q` those that have all its words, or words that begin so, the best first.
pub(crate) async fn list(
    caller: Caller,
    QueryString(which): QueryString<Which>,
    asked: PageAsked,
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
) -> Result<Reply, Problem> {
    caller.may(Scope::QueriesRead)?;
    let limit = limit(which.limit)?;
    let from = caller.position(which.cursor.as_deref())?;
    let filter = Filter {
        tag: which.tag,
        owner: which.owner,
        dialect: which.dialect,
        reads: table("reads", which.reads)?,
        writes: table("writes", which.writes)?,
        fingerprint: which.fingerprint,
        finding: finding(which.finding)?,
        reads_column: column("reads_column", which.reads_column)?,
        writes_column: column("writes_column", which.writes_column)?,
        stale: which.stale.unwrap_or_default().then(|| ENGINE_VERSION.to_owned()),
        sort: match &which.sort {
            None | Some(By::Newest) => Sort::Newest,
            Some(By::Complexity) => Sort::Complexity,
        },
    };
    // Before the list is: what is written in between makes its tag an old one.
    let state = app.store.list_state(caller.workspace(), Listed::Queries, app.clock.now()).await?;
    // What is stale depends on catalogs as well, and on what is being analysed.
    let now = asked.now(&caller, state.filter(|_| filter.stale.is_none()));
    if let Some(unchanged) = now.unchanged(|_| true).await {
        return Ok(unchanged);
    }
    if let Some(text) = &which.q {
        if which.sort.is_some() {
            return Err(Problem::parameter("sort", "what is searched for comes in the order of relevance"));
        }
        if text.len() > MAX_SEARCH_BYTES || words(text).next().is_none() {
            let told = format!("words of two letters or more, in at most {MAX_SEARCH_BYTES} bytes");
            return Err(Problem::parameter("q", told));
        }
        let hits = app.store.search(caller.workspace(), text, &filter, limit, from.as_ref()).await?;
        let page = hits_page(&caller, &hits, &without_cursor(uri.query().unwrap_or_default()));
        return Ok(now.made(page).await);
    }
    let found = app.store.list(caller.workspace(), &filter, limit, from.as_ref()).await?;
    let page = page(&caller, &found, &without_cursor(uri.query().unwrap_or_default()));
    Ok(now.made(page).await)
}

fn table(parameter: &'static str, name: Option<String>) -> Result<Option<String>, Problem> {
    match name {
        Some(name) if name.is_empty() || name.len() > MAX_TABLE_BYTES => {
            Err(Problem::parameter(parameter, format!("a name of 1 to {MAX_TABLE_BYTES} bytes")))
        }
        name => Ok(name),
    }
}

fn column(parameter: &'static str, name: Option<String>) -> Result<Option<String>, Problem> {
    match table(parameter, name)? {
        Some(name) if !name.contains('.') => {
            Err(Problem::parameter(parameter, "a column is named with its table: `table.column`"))
        }
        name => Ok(name),
    }
}

fn finding(code: Option<String>) -> Result<Option<String>, Problem> {
    match code {
        Some(code) if !rules::all().any(|meta| meta.code == code) => {
            Err(Problem::parameter("finding", "the code of a rule, such as SQM001"))
        }
        code => Ok(code),
    }
}

/// The list's path with its parameters, as they were written.
fn without_cursor(query: &str) -> String {
    let kept: Vec<_> =
        query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor=")).collect();
    match kept.as_slice() {
        [] => "/v1/queries".to_owned(),
        kept => format!("/v1/queries?{}", kept.join("&")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_the_filter() {
        assert_eq!(without_cursor(""), "/v1/queries");
        assert_eq!(without_cursor("tag=a%3Ab&cursor=x&limit=3"), "/v1/queries?tag=a%3Ab&limit=3");
    }
}
