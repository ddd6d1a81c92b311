//! What a proposal has to keep before the verifier looks at it: one query that reads, names that exist, no other
//! tables, the same outputs, no function that is new and doubtful.

use sqm_sql::catalog::Catalog;
use sqm_sql::lineage::{self, Lineage, Severity};
use sqm_sql::shape;
use sqm_verify::output_kinds;

use super::original::{Original, origins, reads};

/// A proposal that may be verified.
pub(super) struct Passed {
    /// Outputs whose values come from elsewhere than in the original: a proof may say that this is the same, tests
    /// are not enough.
    pub moved: Vec<String>,
}

/// Looks at a proposal with its literals put back. What is wrong is said in words that name nothing of the original but
/// names.
pub(super) fn check(sql: &str, original: &Original, catalog: &Catalog) -> Result<Passed, String> {
    let dialect = original.statement.dialect;
    if squeezed(sql) == squeezed(&original.sql) {
        return Err("it is the original".to_owned());
    }
    let shape = shape::of(sql, dialect).map_err(|error| error.to_string())?;
    let lineage = lineage::trace(sql, dialect, catalog, &lineage::Options::default());
    names_exist(&lineage, original, catalog)?;
    if let Some(other) = reads(&lineage).difference(&original.reads).next() {
        return Err(format!("it reads {other}, which the original does not read"));
    }
    if let Some(other) =
        shape.functions.iter().find(|it| !original.functions.contains(*it) && !shape::is_steady(it))
    {
        return Err(format!(
            "it calls {other}, which the original does not call and which is not known to be steady"
        ));
    }
    let outputs = shape::outputs(sql, dialect, catalog);
    if outputs != original.outputs {
        let list =
            |names: &Option<Vec<String>>| names.as_ref().map_or("not known".to_owned(), |it| it.join(", "));
        return Err(format!(
            "its outputs are {}; those of the original are {}",
            list(&outputs),
            list(&original.outputs)
        ));
    }
    let kinds =
        output_kinds(sql, dialect, catalog).map_err(|error| format!("it is not verified: {error}"))?;
    if kinds != original.kinds {
        let (one, other) = (kinds.join(", "), original.kinds.join(", "));
        return Err(format!("the types of its outputs are {one}; those of the original are {other}"));
    }
    let found = origins(&lineage);
    let names = original.outputs.iter().flatten();
    let moved = names.filter(|name| {
        let name = name.to_lowercase();
        found.get(&name) != original.origins.get(&name)
    });
    Ok(Passed { moved: moved.cloned().collect() })
}

/// Whether every table and column is in the catalog, as far as those of the original are.
fn names_exist(lineage: &Lineage, original: &Original, catalog: &Catalog) -> Result<(), String> {
    if !lineage.is_whole() {
        return Err("it is not understood".to_owned());
    }
    let doubts = |of: &Lineage| of.findings.iter().filter(|it| it.severity == Severity::Warning).count();
    let known = doubts(&original.statement.lineage);
    if doubts(lineage) > known
        && let Some(doubt) = lineage.findings.iter().find(|it| it.severity == Severity::Warning)
    {
        return Err(doubt.message.clone());
    }
    for table in &lineage.tables_in {
        let parts: Vec<&str> = table.name.split('.').collect();
        let is_known = catalog.find(&parts).is_some() || original.reads.contains(&table.name.to_lowercase());
        if !is_known {
            return Err(format!("there is no table {}", table.name));
        }
    }
    Ok(())
}

/// Without white space, in which texts may differ and say the same.
fn squeezed(sql: &str) -> String {
    sql.trim_end_matches([';', ' ', '\n']).split_whitespace().collect::<Vec<_>>().join(" ")
}
