//! The work itself, kept off the threads that serve requests.

use std::time::Duration;

use sqm_domain::{Dialect, SqlText};
use sqm_http::{Problem, compute};
use sqm_sql::catalog::Catalog;
use sqm_verify::offer::{Optimization, optimize as optimize_now};
use sqm_verify::{Verification, verify as verify_now};

use crate::effort::Effort;

/// Longest time for an answer, which the budgets of [`crate::effort`] keep to: the backstop for what
/// does not, such as planning.
pub(crate) const BUDGET: Duration = Duration::from_secs(20);

/// Everything that can be done for a text. One that does not parse has findings that say so.
pub(crate) async fn optimize(
    sql: SqlText,
    dialect: Dialect,
    catalog: Catalog,
    effort: Effort,
) -> Result<Optimization, Problem> {
    let options = effort.optimization();
    compute(BUDGET, move || optimize_now(sql.as_str(), dialect, &catalog, &options)).await
}

/// Whether two queries are the same.
pub(crate) async fn verify(
    [first, second]: [SqlText; 2],
    dialect: Dialect,
    catalog: Catalog,
    effort: Effort,
) -> Result<Verification, Problem> {
    let options = effort.verification();
    compute(BUDGET, move || verify_now(first.as_str(), second.as_str(), dialect, &catalog, &options)).await
}
