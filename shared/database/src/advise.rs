//! Index advice on the scales of a database: what it has is not advised again, and what it has not is estimated.

use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::indexes::{self, Advice, Estimate, mark_alternatives};
use sqm_verify::offer::{Optimization, SHOWN};

use crate::error::DatabaseError;
use crate::hypothetical::Hypothetical;
use crate::session::Session;
use crate::weigh::Weighed;

/// What is said where the estimates are missing.
const NOT_INSTALLED: &str = "what the advised indexes would bring is not known: the database lacks the extension hypopg, \
    which makes its planner try indexes that are not there";

/// The advice for a text whose tables have the indexes of the catalog, and those that a database was seen to have.
/// `None` where those say nothing new.
pub fn beside_existing(sql: &str, dialect: Dialect, catalog: &Catalog, weighed: &Weighed) -> Option<Advice> {
    let tables: Vec<[String; 2]> =
        weighed.indexes.iter().map(|index| [index.table.schema.clone(), index.table.name.clone()]).collect();
    let existing = tables.iter().zip(&weighed.indexes);
    let existing = existing.map(|(table, index)| (table.as_slice(), index.definition.as_str()));
    let known = catalog.with_indexes(existing, dialect).ok().filter(|known| known != catalog)?;
    indexes::advise(sql, dialect, &known).ok()
}

/// Takes out of the advice what the database has already, and has its planner say what each index would bring.
/// Those that bring most come first, those that bring nothing last.
///
/// # Errors
/// The database does not answer any more; what it has said until then stands.
pub async fn advise(
    session: &mut Session,
    (sql, dialect): (&str, Dialect),
    catalog: &Catalog,
    found: &mut Optimization,
    weighed: &Weighed,
) -> Result<(), DatabaseError> {
    if found.indexes.is_empty() {
        return Ok(());
    }
    if let Some(advice) = beside_existing(sql, dialect, catalog, weighed) {
        found.indexes = advice.indexes;
    }
    let without = match session.explain(sql).await {
        Ok(without) => without,
        Err(error) if session.is_lost() => return Err(error),
        // A note says so already.
        Err(_) => return Ok(()),
    };
    let estimated = each(session, sql, without.cost, found).await;
    let gain = |index: &indexes::Index| index.estimate.map_or(0.0, |estimate| estimate.ratio);
    found.indexes.sort_by(|one, other| gain(other).total_cmp(&gain(one)));
    mark_alternatives(&mut found.indexes);
    estimated
}

async fn each(
    session: &mut Session,
    sql: &str,
    cost_without: f64,
    found: &mut Optimization,
) -> Result<(), DatabaseError> {
    for index in &mut found.indexes {
        match session.cost_with_indexes(sql, &[&index.ddl]).await {
            Ok(Hypothetical::Estimate(with)) => {
                let ratio = (cost_without / with.cost.max(f64::MIN_POSITIVE) * 100.0).round() / 100.0;
                let pays = ratio >= SHOWN;
                index.estimate = Some(Estimate { cost_without, cost_with: with.cost, ratio, pays });
            }
            Ok(Hypothetical::NotInstalled) => {
                found.notes.push(NOT_INSTALLED.to_owned());
                return Ok(());
            }
            Err(error) if session.is_lost() => return Err(error),
            Err(error) => found.notes.push(format!("the database did not estimate `{}`: {error}", index.ddl)),
        }
    }
    Ok(())
}
