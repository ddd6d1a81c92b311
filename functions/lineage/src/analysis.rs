//! The work itself, kept off the threads that serve requests, and how it may be asked for.

use serde::Deserialize;
use sqm_analysis::BUDGET;
use sqm_domain::{Dialect, SqlText};
use sqm_http::{Problem, compute};
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;
use sqm_sql::lineage::{Options, Views, trace_script};

use crate::form::{Format, Job, Shown};
use crate::names::Qualifier;

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
