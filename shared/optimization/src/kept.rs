//! Optimizations by what they are made from: made once, and found again by whoever asks for the same. Not those that ask
//! a database or a model, nor those for which the time did not suffice.

use std::time::Instant;

use jiff::Timestamp;
use sqm_cache::{Address, Addressing, Analysis, Levels, Made, Origin};
use sqm_domain::{Dialect, SqlText, WorkspaceId};
use sqm_http::{Basis, Problem, Scope, json};
use sqm_sql::ENGINE_VERSION;
use sqm_sql::catalog::StatisticsInput;

use crate::document::{Include, On, document};
use crate::effort::{Effort, is_settled};
use crate::work::{Known, judged};

/// What an optimization is made from.
pub struct Basics<'a> {
    /// The text.
    pub sql: SqlText,
    /// Its dialect.
    pub dialect: Dialect,
    /// What is known of its tables.
    pub known: Known,
    /// What is said of that.
    pub basis: &'a Basis,
    /// Statistics as they were given.
    pub statistics: Option<&'a StatisticsInput>,
    /// How much is tried.
    pub effort: Effort,
    /// What the document holds beyond the usual.
    pub include: Option<Include>,
    /// Where the text comes from.
    pub origin: Origin,
}

impl Basics<'_> {
    /// The scopes without which a caller would not have got here.
    fn needs(&self) -> Vec<Scope> {
        let mut needs = vec![Scope::OptimizationsRun];
        match self.origin {
            Origin::Stored => needs.push(Scope::QueriesRead),
            Origin::AdHoc if self.basis.catalog.is_some() => needs.push(Scope::CatalogsRead),
            Origin::AdHoc => {}
        }
        needs
    }

    /// The address of all this. Who may see it is a part of it: what was made for more rights is found by nobody who
    /// has less.
    fn address(&self, workspace: &WorkspaceId) -> Result<Address, Problem> {
        let engine = format!("{ENGINE_VERSION} {}", env!("SQM_SOURCES"));
        let begun = Addressing::new(workspace, "optimization", &engine)
            .part(self.dialect.name())
            .part(self.sql.as_str())
            .part(json(self.basis)?)
            .part(json(&self.effort)?)
            .option(self.statistics.map(json).transpose()?)
            .part(if self.include.is_some() { "with refuted" } else { "" });
        let begun = begun.part(self.basis.described(&self.known.0)?);
        Ok(begun.parts(self.needs().into_iter().map(Scope::name)).finish())
    }
}

/// The document of an optimization, from wherever it is kept.
///
/// # Errors
/// Those of [`judged`].
pub async fn optimized(
    levels: &Levels,
    workspace: &WorkspaceId,
    now: Timestamp,
    basics: Basics<'_>,
) -> Result<Analysis, Problem> {
    let address = basics.address(workspace)?;
    let (needs, until, id) = (basics.needs(), basics.origin.until(now), address.id);
    let work = async move {
        let Basics { sql, dialect, known, basis, effort, include, .. } = basics;
        let begun = Instant::now();
        let found = judged(sql, dialect, known, effort).await?;
        let is_settled = is_settled(&found, begun.elapsed());
        let on = On { query: None, dialect, basis, options: effort };
        let document = document(on, &found, include, is_settled.then_some(id), None::<()>)?.into();
        let needs = needs.into_iter().map(|scope| scope.name().to_owned()).collect();
        let analysis = Analysis { needs, document, until };
        Ok(if is_settled { Made::Kept(analysis) } else { Made::Passing(analysis) })
    };
    levels.obtain(&address, now, work).await
}
