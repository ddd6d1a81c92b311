//! `sequential-scan`: a table is read from end to end, and nearly all of it is thrown away.

use super::super::Engine;
use super::super::tree::Operation;
use super::figures::{count, percent, rows};
use super::scan::Scan;
use super::{Code, Context, Finding, nested_loop};
use crate::lint::Severity;

/// Fewer rows are read faster than an index is worth: at some 100 rows a page these are 100 pages, the cost of
/// 25 at random (`random_page_cost` 4 to `seq_page_cost` 1 in PostgreSQL).
const LEAST_READ: f64 = 10_000.0;

/// A tenth of the rows and more lies on nearly every page of a table, so that an index saves little. MySQL takes a
/// tenth for a comparison of which it knows nothing (`COND_FILTER_EQUALITY`).
const MOST_KEPT: f64 = 0.1;

/// Rows of a row group of DuckDB, the least that it can leave out.
const ROW_GROUP: f64 = 122_880.0;

/// Where a plan of PostgreSQL was not run, its cost says how much is read: as much as 250 pages at random.
const LEAST_COST: f64 = 1_000.0;

/// What a row costs that is fetched at random: a page, by `random_page_cost`, and half of the gain to be sure of one.
const COST_PER_ROW: f64 = 2.0 * 4.0;

/// Parts of a table of Snowflake, each of 50 to 500 MB before compression, below which leaving some out saves little.
const LEAST_PARTITIONS: f64 = 100.0;

/// Leaving out less than a tenth of them is leaving out none.
const MOST_PRUNED: f64 = 0.1;

pub(super) fn check(cx: &Context<'_>, at: usize) -> Option<Finding> {
    if let Some(finding) = partitions(cx, at) {
        return Some(finding);
    }
    let scan = Scan::of(cx, at).filter(Scan::is_filtered)?;
    let relation = scan.about.relation?;
    let kept = scan.kept?;
    let name = &relation.name;
    let message = match scan.read {
        Some(read) => {
            let least = if cx.engine == Engine::DuckDb { ROW_GROUP } else { LEAST_READ };
            if read < least || kept > read * MOST_KEPT || nested_loop::is_inner(cx, at) {
                return None;
            }
            let verb = if scan.is_measured { "were read" } else { "would be read, by the estimate," };
            format!("{} of {name} {verb} to keep {} ({})", rows(read), count(kept), percent(kept, read))
        }
        None => {
            let cost = scan.cost.filter(|_| cx.engine == Engine::Postgres && !scan.is_measured)?;
            if cost < LEAST_COST || kept * COST_PER_ROW > cost {
                return None;
            }
            format!(
                "the whole of {name} would be read, at a cost of {}, to keep {} by the estimate",
                count(cost),
                rows(kept)
            )
        }
    };
    let (severity, remedy) = match cx.engine {
        Engine::DuckDb => (
            Severity::Info,
            "rows that are stored in the order of a column of the condition let it leave out row groups",
        ),
        _ => (
            Severity::Warning,
            "an index on the columns of the condition would read nothing but what is kept",
        ),
    };
    let message = format!("{message}: {remedy}");
    Some(cx.finding(at, (Code::SequentialScan, severity), scan.about, message))
}

/// A table of Snowflake all of whose parts are read though a condition stands above.
fn partitions(cx: &Context<'_>, at: usize) -> Option<Finding> {
    let node = cx.node(at);
    let parts = node.partitions.filter(|parts| parts.total >= LEAST_PARTITIONS)?;
    let scan = Scan::of(cx, at).filter(Scan::is_filtered)?;
    let is_filter =
        cx.above(at).is_some_and(|above| above.operation == Operation::Filter && above.kind == "Filter");
    if !is_filter || parts.read < parts.total * (1.0 - MOST_PRUNED) {
        return None;
    }
    let message = format!(
        "{} of {} micro-partitions of {} are read though a condition stands above: compare the columns by which the table is clustered as they are, without functions around them, or cluster it by those of the condition",
        count(parts.read),
        count(parts.total),
        scan.about.relation?.name,
    );
    Some(cx.finding(at, (Code::SequentialScan, Severity::Warning), scan.about, message))
}
