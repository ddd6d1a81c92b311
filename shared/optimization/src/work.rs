//! The work itself, kept off the threads that serve requests.

use std::time::Duration;

use sqm_domain::{Dialect, SqlText};
use sqm_http::{Problem, compute};
use sqm_sql::catalog::{Catalog, Statistics};
use sqm_verify::offer::{Optimization, Options, optimize};

use crate::effort::Effort;

/// Longest time for an answer, which the budgets of [`Effort`] keep to: the backstop for what does not, such as planning.
pub const BUDGET: Duration = Duration::from_secs(20);

/// The tables, and what is known of their rows.
pub type Known = (Catalog, Statistics);

/// What the rewrites propose for a text and the verifier says of it. A text that does not parse has findings that say so.
///
/// # Errors
/// It took too long.
pub async fn judged(
    sql: SqlText,
    dialect: Dialect,
    (catalog, statistics): Known,
    effort: Effort,
) -> Result<Optimization, Problem> {
    let options = Options { statistics, ..effort.optimization() };
    compute(BUDGET, move || optimize(sql.as_str(), dialect, &catalog, &options)).await
}
