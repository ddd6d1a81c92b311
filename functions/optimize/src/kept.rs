//! Optimizations by what they are made from: made once, and found again by whoever asks for the same. Not those that ask
//! a database or a model, nor those for which the time did not suffice.

use std::time::Instant;

use sqm_cache::{Address, Addressing, Analysis, Made, Origin};
use sqm_domain::{Dialect, SqlText};
use sqm_http::{Basis, Caller, Problem, Scope, json};
use sqm_sql::ENGINE_VERSION;
use sqm_sql::catalog::StatisticsInput;

use crate::App;
use crate::asked::Include;
use crate::effort::{Effort, is_settled};
use crate::view::{On, optimization};
use crate::work::{self, Known};

/// What an optimization is made from.
pub(crate) struct Basics<'a> {
    pub sql: SqlText,
    pub dialect: Dialect,
    pub known: Known,
    pub basis: &'a Basis,
    /// As they were given.
    pub statistics: Option<&'a StatisticsInput>,
    pub effort: Effort,
    pub include: Option<Include>,
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
    fn address(&self, caller: &Caller) -> Result<Address, Problem> {
        let engine = format!("{ENGINE_VERSION} {}", env!("SQM_SOURCES"));
        let begun = Addressing::new(caller.workspace(), "optimization", &engine)
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
pub(crate) async fn optimized(app: &App, caller: &Caller, basics: Basics<'_>) -> Result<Analysis, Problem> {
    let address = basics.address(caller)?;
    let now = app.clock.now();
    let (needs, until, id) = (basics.needs(), basics.origin.until(now), address.id);
    let work = async move {
        let Basics { sql, dialect, known, basis, effort, include, .. } = basics;
        let begun = Instant::now();
        let found = work::optimize(sql, dialect, known, effort, None, None).await?;
        let is_settled = is_settled(&found.optimization, begun.elapsed());
        let on = On { query: None, dialect, basis, options: effort };
        let document = optimization(on, &found, include, is_settled.then_some(id))?.into();
        let needs = needs.into_iter().map(|scope| scope.name().to_owned()).collect();
        let analysis = Analysis { needs, document, until };
        Ok(if is_settled { Made::Kept(analysis) } else { Made::Passing(analysis) })
    };
    app.levels.obtain(&address, now, work).await
}
