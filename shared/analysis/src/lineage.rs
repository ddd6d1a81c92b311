//! Lineages by what they are made from: made once, and found again by whoever asks for the same.

use std::time::Duration;

use jiff::Timestamp;
use sqm_cache::{Address, Addressing, Analysis, Levels, Made, Origin};
use sqm_domain::{Dialect, SqlText, WorkspaceId};
use sqm_http::{Basis, Problem, Scope, compute, json};
use sqm_sql::catalog::Catalog;
use sqm_sql::lineage::{Lineage, Options, Views, trace_script};
use sqm_sql::{ENGINE_VERSION, guard};

use crate::document::{LineageView, On, StoredView};

/// Longest time: the longest script takes a few seconds.
pub const BUDGET: Duration = Duration::from_secs(20);

/// What a lineage is made from.
pub struct Basics<'a> {
    /// SHA-256 of the text.
    pub sql: String,
    /// Its dialect.
    pub dialect: Dialect,
    /// What is known of its tables, as [`Basis::described`].
    pub tables: String,
    /// What is said of that.
    pub basis: &'a Basis,
    /// Stored queries that define views which are followed.
    pub views: &'a [StoredView],
    /// How it is traced.
    pub options: Options,
    /// Where the text comes from.
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
    fn address(&self, workspace: &WorkspaceId) -> Result<Address, Problem> {
        let Options { default_db, default_schema, views } = &self.options;
        let engine = format!("{ENGINE_VERSION} {}", env!("SQM_SOURCES"));
        let begun = Addressing::new(workspace, "lineage", &engine)
            .part(self.dialect.name())
            .part(&self.sql)
            .part(json(self.basis)?)
            .part(json(&self.views)?);
        let begun = begun.part(&self.tables).option(default_db.as_ref()).option(default_schema.as_ref());
        let begun = begun.part(if *views == Views::Follow { "follow" } else { "stop" });
        Ok(begun.parts(self.needs().into_iter().map(Scope::name)).finish())
    }
}

/// Traces a text. One that does not parse is no problem: its lineage says so.
///
/// # Errors
/// The text is longer than what is traced, or took too long.
pub async fn traced(
    sql: SqlText,
    dialect: Dialect,
    catalog: Catalog,
    options: Options,
) -> Result<Lineage, Problem> {
    let work =
        move || guard::with_script(sql.as_str(), dialect, |script| trace_script(script, &catalog, &options));
    Ok(compute(BUDGET, work).await??)
}

/// The document of a lineage, from wherever it is kept. What it is of is asked for where it has to be made.
///
/// # Errors
/// Those of [`traced`], and of what is asked for.
pub async fn lineage(
    levels: &Levels,
    workspace: &WorkspaceId,
    now: Timestamp,
    basics: Basics<'_>,
    of: impl Future<Output = Result<(SqlText, Catalog), Problem>>,
) -> Result<Analysis, Problem> {
    let address = basics.address(workspace)?;
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
    levels.obtain(&address, now, work).await
}
