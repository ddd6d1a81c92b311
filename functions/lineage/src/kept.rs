//! Lineages by what they are made from: made once, and found again by whoever asks for the same.

use sqm_cache::{Address, Addressing, Analysis, Made, Origin};
use sqm_domain::{Dialect, SqlText};
use sqm_http::{Basis, Caller, Problem, Scope, json};
use sqm_sql::ENGINE_VERSION;
use sqm_sql::catalog::Catalog;
use sqm_sql::lineage::{Options, Views};

use crate::App;
use crate::analysis::traced;
use crate::stored_views::StoredView;
use crate::view::{LineageView, On};

/// What a lineage is made from.
pub(crate) struct Basics<'a> {
    /// SHA-256 of the text.
    pub sql: String,
    pub dialect: Dialect,
    /// As [`Basis::described`].
    pub tables: String,
    pub basis: &'a Basis,
    pub views: &'a [StoredView],
    pub options: Options,
    pub origin: Origin,
}

impl Basics<'_> {
    /// The scopes without which a caller would not have got here.
    fn needs(&self) -> Vec<Scope> {
        let mut needs = vec![Scope::LineageRead];
        if self.origin == Origin::Stored || !self.views.is_empty() {
            needs.push(Scope::QueriesRead);
        }
        if self.origin == Origin::AdHoc && self.basis.catalog.is_some() {
            needs.push(Scope::CatalogsRead);
        }
        needs
    }

    /// The address of all this. Who may see it is a part of it: what was made for more rights is found by nobody who
    /// has less.
    fn address(&self, caller: &Caller) -> Result<Address, Problem> {
        let Options { default_db, default_schema, views } = &self.options;
        let engine = format!("{ENGINE_VERSION} {}", env!("SQM_SOURCES"));
        let begun = Addressing::new(caller.workspace(), "lineage", &engine)
            .part(self.dialect.name())
            .part(&self.sql)
            .part(json(self.basis)?)
            .part(json(&self.views)?);
        let begun = begun.part(&self.tables).option(default_db.as_ref()).option(default_schema.as_ref());
        let begun = begun.part(if *views == Views::Follow { "follow" } else { "stop" });
        Ok(begun.parts(self.needs().into_iter().map(Scope::name)).finish())
    }
}

/// The document of a lineage, from wherever it is kept. What it is of is asked for where it has to be made.
pub(crate) async fn lineage(
    app: &App,
    caller: &Caller,
    basics: Basics<'_>,
    of: impl Future<Output = Result<(SqlText, Catalog), Problem>>,
) -> Result<Analysis, Problem> {
    let address = basics.address(caller)?;
    let now = app.clock.now();
    let (needs, until, id) = (basics.needs(), basics.origin.until(now), address.id);
    let work = async move {
        let Basics { dialect, basis, views, options, .. } = basics;
        let (sql, catalog) = of.await?;
        let lineage = traced(sql, dialect, catalog, options).await?;
        let on = On { dialect, basis, views };
        let document = json(&LineageView { analysis: id, on, lineage: &lineage })?;
        let needs = needs.into_iter().map(|scope| scope.name().to_owned()).collect();
        Ok(Made::Kept(Analysis { needs, document: document.into(), until }))
    };
    app.levels.obtain(&address, now, work).await
}
