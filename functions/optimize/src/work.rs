//! The work itself, kept off the threads that serve requests.

use std::time::{Duration, Instant};

use sqm_database::{Runs, Session, Weighed, advise, weigh};
use sqm_domain::{ConnectionName, Dialect, SqlText, WorkspaceId};
use sqm_http::{Problem, compute};
use sqm_optimization::{BUDGET, Effort, Known, judged};
use sqm_sql::catalog::Catalog;
use sqm_store::Connection;
use sqm_verify::offer::Optimization;
use sqm_verify::{Verification, verify as verify_now};

use crate::databases::{Databases, runs};
use crate::models::{Asking, Suggested};

/// Longest time for a database to say what all rewrites bring.
const WEIGHING: Duration = Duration::from_secs(8);

/// Longest time for both, which leaves some for the way there and back.
const TOGETHER: Duration = Duration::from_secs(24);

/// A database to ask, and for whom.
pub(crate) struct Asked<'a> {
    databases: &'a Databases,
    workspace: &'a WorkspaceId,
    connection: &'a Connection,
}

impl<'a> Asked<'a> {
    /// The one that a request names, if it does.
    pub(crate) fn of(
        databases: &'a Databases,
        workspace: &'a WorkspaceId,
        connection: Option<&'a Connection>,
    ) -> Option<Self> {
        connection.map(|connection| Self { databases, workspace, connection })
    }
}

/// What was found, and on which database it was weighed.
pub(crate) struct Found {
    pub optimization: Optimization,
    pub weighed: Option<(ConnectionName, Runs, Weighed)>,
    /// What a model has brought, where one was wanted.
    pub suggested: Option<Suggested>,
}

/// Everything that can be done for a text, with what a database says of each rewrite where one is asked. One
/// that does not parse has findings that say so. Where the database says nothing, a note says why, and the
/// rewrites are measured as they are without one. What a model brings competes with the rest.
pub(crate) async fn optimize(
    sql: SqlText,
    dialect: Dialect,
    known: Known,
    effort: Effort,
    database: Option<Asked<'_>>,
    asking: Option<Asking<'_>>,
) -> Result<Found, Problem> {
    let begun = Instant::now();
    let Some(Asked { databases, workspace, connection }) = database else {
        let (optimization, suggested) = proposed(sql, dialect, known, effort, asking).await?;
        return Ok(Found { optimization, weighed: None, suggested });
    };
    // Boxed, here and below: a login and what follows are large, and every request would carry them about.
    let mut session = match Box::pin(databases.session(workspace, connection, TOGETHER)).await {
        Ok(session) => session,
        Err(why) => {
            let (mut optimization, suggested) = proposed(sql, dialect, known, effort, asking).await?;
            let note = format!("the database of the connection {} was not asked: {why}", connection.name);
            optimization.notes.push(note);
            return Ok(Found { optimization, weighed: None, suggested });
        }
    };
    // What the embedded engine measures is not wanted where a database is.
    let catalog = known.0.clone();
    let (mut optimization, suggested) =
        proposed(sql.clone(), dialect, known, effort.unmeasured(), asking).await?;
    session.end_within(WEIGHING.min(TOGETHER.saturating_sub(begun.elapsed())));
    let runs = runs(connection, effort.is_measured());
    let weighed = Box::pin(weighed(session, (&sql, dialect), &catalog, &mut optimization, runs)).await;
    let weighed = weighed.map(|weighed| (connection.name.clone(), runs, weighed));
    Ok(Found { optimization, weighed, suggested })
}

/// What the rewrites propose, and beside them what a model does where one is wanted, in one ranking.
async fn proposed(
    sql: SqlText,
    dialect: Dialect,
    known: Known,
    effort: Effort,
    asking: Option<Asking<'_>>,
) -> Result<(Optimization, Option<Suggested>), Problem> {
    let Some(asking) = asking else { return Ok((judged(sql, dialect, known, effort).await?, None)) };
    let suggesting = Box::pin(asking.suggest(sql.clone(), dialect, known.clone(), effort));
    let (optimization, suggested) = tokio::join!(judged(sql, dialect, known, effort), suggesting);
    let (mut optimization, mut suggested) = (optimization?, suggested?);
    suggested.add_to(&mut optimization);
    Ok((optimization, Some(suggested)))
}

async fn weighed(
    mut session: Session,
    (sql, dialect): (&SqlText, Dialect),
    catalog: &Catalog,
    found: &mut Optimization,
    runs: Runs,
) -> Option<Weighed> {
    let weighed = weigh(&mut session, sql.as_str(), found, runs).await;
    let advised = match &weighed {
        Ok(weighed) => advise(&mut session, (sql.as_str(), dialect), catalog, found, weighed).await,
        Err(_) => Ok(()),
    };
    session.close().await;
    if let Err(why) = advised {
        found.notes.push(format!("the database did not say what each index would bring: {why}"));
    }
    match weighed {
        Ok(weighed) => Some(weighed),
        Err(why) => {
            found.notes.push(format!("the database did not say all that it was asked: {why}"));
            None
        }
    }
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
