//! The work itself, kept off the threads that serve requests, and how it may be asked for.

use std::time::Duration;

use serde::Deserialize;
use sqm_domain::{Dialect, SqlText};
use sqm_http::{Problem, compute};
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;
use sqm_sql::lineage::{Lineage, Options, Views, trace_script};

use crate::form::{Format, Job, Shown};
use crate::names::Qualifier;

/// Longest time: the longest script takes a few seconds.
pub(crate) const BUDGET: Duration = Duration::from_secs(20);

/// What a view of the catalog is to a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ViewsAsked {
    /// A table like any other.
    #[default]
    Stop,
    /// Its query.
    Follow,
}

/// The options of a trace out of what a request says.
pub(crate) fn options(
    views: Option<ViewsAsked>,
    default_db: Option<Qualifier>,
    default_schema: Option<Qualifier>,
) -> Options {
    Options {
        default_db: default_db.map(Qualifier::into_string),
        default_schema: default_schema.map(Qualifier::into_string),
        views: match views.unwrap_or_default() {
            ViewsAsked::Stop => Views::Stop,
            ViewsAsked::Follow => Views::Follow,
        },
    }
}

/// Traces a text. One that does not parse is no problem: its lineage says so.
pub(crate) async fn traced(
    sql: SqlText,
    dialect: Dialect,
    catalog: Catalog,
    options: Options,
) -> Result<Lineage, Problem> {
    let work =
        move || guard::with_script(sql.as_str(), dialect, |script| trace_script(script, &catalog, &options));
    Ok(compute(BUDGET, work).await??)
}

/// Traces a text and shows it in a form. Where it does not parse there is nothing to draw.
pub(crate) async fn shown(
    sql: SqlText,
    dialect: Dialect,
    catalog: Catalog,
    options: Options,
    format: Format,
    job: Job,
) -> Result<Shown, Problem> {
    let work = move || {
        let lineage =
            guard::with_script(sql.as_str(), dialect, |script| trace_script(script, &catalog, &options));
        format.show(&lineage?, sql.as_str(), dialect, job)
    };
    compute(BUDGET, work).await?
}
