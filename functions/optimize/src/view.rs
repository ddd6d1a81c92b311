//! Optimizations and verdicts as callers read them. A verdict says how long it took, so what is made twice is not the
//! same; an optimization that is kept is answered as it was made.

use serde::Serialize;
use serde_json::Value;
use sqm_database::{Runs, Weighed};
use sqm_domain::{AnalysisId, ConnectionName, Dialect, QueryId, VersionNumber};
use sqm_http::{Basis, Caller, Problem, Reply, json};
use sqm_sql::indexes::Index;
use sqm_sql::lint::Finding;
use sqm_sql::rewrites::Alternative;
use sqm_store::{Query, Summary};
use sqm_verify::Verification;
use sqm_verify::offer::Offer;

use crate::asked::Include;
use crate::effort::Effort;
use crate::models::ModelView;
use crate::work::Found;
use crate::workload::Found as Workload;

/// What the work was done on.
#[derive(Serialize)]
pub(crate) struct On<'a> {
    #[serde(flatten)]
    pub query: Option<Of>,
    pub dialect: Dialect,
    pub basis: &'a Basis,
    pub options: Effort,
}

/// The stored text that it was.
#[derive(Serialize)]
pub(crate) struct Of {
    pub id: QueryId,
    pub version: VersionNumber,
}

#[derive(Serialize)]
struct OptimizationView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    analysis: Option<AnalysisId>,
    #[serde(flatten)]
    on: On<'a>,
    findings: &'a [Finding],
    rewrites: &'a [Offer],
    refuted_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    refuted: Option<&'a [Offer]>,
    alternatives: &'a [Alternative],
    indexes: &'a [Index],
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<DatabaseView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<ModelView<'a>>,
    notes: &'a [String],
}

/// On what the rewrites were weighed.
#[derive(Serialize)]
struct DatabaseView<'a> {
    connection: &'a ConnectionName,
    runs: Runs,
    #[serde(flatten)]
    weighed: &'a Weighed,
}

#[derive(Serialize)]
struct VerificationView<'a> {
    #[serde(flatten)]
    on: On<'a>,
    #[serde(flatten)]
    verdict: Value,
}

/// An optimization as a document, with its id where it is kept. What was refuted is counted, and shown to whoever asks.
///
/// # Errors
/// It is too long.
pub(crate) fn optimization(
    on: On<'_>,
    found: &Found,
    include: Option<Include>,
    analysis: Option<AnalysisId>,
) -> Result<String, Problem> {
    let Found { optimization: found, weighed, suggested } = found;
    let database = weighed.as_ref();
    json(&OptimizationView {
        analysis,
        on,
        findings: &found.findings,
        rewrites: &found.rewrites,
        refuted_count: found.refuted.len(),
        refuted: include.map(|Include::Refuted| found.refuted.as_slice()),
        alternatives: &found.alternatives,
        indexes: &found.indexes,
        database: database.map(|(connection, runs, weighed)| DatabaseView {
            connection,
            runs: *runs,
            weighed,
        }),
        model: suggested.as_ref().map(|it| it.view(include.is_some())),
        notes: &found.notes,
    })
}

/// The answer about a stored query: which one it is stands before the rest of the document, which is that of every
/// query with this text.
pub(crate) fn of_query(Of { id, version }: Of, document: &str) -> Reply {
    let rest = document.strip_prefix('{').unwrap_or(document);
    Reply::json(format!("{{\"id\":\"{id}\",\"version\":{version},{rest}"))
}

/// A verdict as an answer, in the words of the command line's contract.
pub(crate) fn verification(on: On<'_>, found: &Verification) -> Reply {
    Reply::ok(&VerificationView { on, verdict: found.to_contract() })
}

#[derive(Serialize)]
struct WorkloadView<'a> {
    groups: Vec<GroupView<'a>>,
    next: Option<String>,
    notes: &'a [String],
}

/// Queries of one dialect and catalog.
#[derive(Serialize)]
struct GroupView<'a> {
    dialect: Dialect,
    basis: &'a Basis,
    queries: Vec<WeightedView>,
    indexes: &'a [Index],
    notes: &'a [String],
}

/// A query of a workload.
#[derive(Serialize)]
struct WeightedView {
    #[serde(flatten)]
    of: Of,
    weight: f64,
}

/// The indexes for a workload as an answer, with the cursor that leads on.
pub(crate) fn workload(caller: &Caller, found: &Workload) -> Reply {
    let weighted = |(query, weight): &(Query, f64)| {
        let Summary { id, version, .. } = query.summary;
        WeightedView { of: Of { id, version }, weight: *weight }
    };
    let groups = found.groups.iter().map(|group| GroupView {
        dialect: group.dialect,
        basis: &group.basis,
        queries: group.queries.iter().map(weighted).collect(),
        indexes: &group.advice.indexes,
        notes: &group.advice.notes,
    });
    Reply::ok(&WorkloadView {
        groups: groups.collect(),
        next: found.next.as_ref().map(|position| caller.cursor(position)),
        notes: &found.notes,
    })
}

#[cfg(test)]
mod tests {
    use sqm_sql::catalog::Catalog;
    use sqm_verify::offer::{Candidate, Options, judge};

    use super::*;

    const SQL: &str = "SELECT a FROM t WHERE a NOT IN (SELECT b FROM u)";

    /// What is found where somebody proposes what forgets NULL.
    fn found() -> Found {
        let (catalog, _) =
            Catalog::from_ddl("CREATE TABLE t (a INT); CREATE TABLE u (b INT)", Dialect::Postgres).unwrap();
        let wrong = Candidate {
            sql: "SELECT a FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE b = a)".to_owned(),
            origin: "model:careless".to_owned(),
            title: "NOT EXISTS for NOT IN".to_owned(),
            explanation: "It is faster.".to_owned(),
            conditions: Vec::new(),
        };
        let optimization = judge(SQL, Dialect::Postgres, &catalog, [wrong], &Options::default());
        Found { optimization, weighed: None, suggested: None }
    }

    fn answer(include: Option<Include>) -> Value {
        let basis = Basis::nothing();
        let options = Effort::new(None, None);
        let on = On { query: None, dialect: Dialect::Postgres, basis: &basis, options };
        serde_json::from_str(&optimization(on, &found(), include, None).unwrap()).unwrap()
    }

    #[test]
    fn what_is_refuted_is_shown_to_whoever_asks_with_the_rows_that_show_it() {
        let silent = answer(None);
        assert_eq!(
            (&silent["rewrites"], &silent["refuted_count"]),
            (&Value::from([0; 0].as_slice()), &1.into())
        );
        assert!(silent.get("refuted").is_none(), "{silent}");
        let told = answer(Some(Include::Refuted));
        let refuted = &told["refuted"][0];
        assert_eq!((&refuted["verdict"], &refuted["recommended"]), (&"refuted".into(), &false.into()));
        let counterexample = &refuted["verification"]["counterexample"];
        assert!(counterexample["inserts"][0].as_str().unwrap().starts_with("INSERT INTO "), "{refuted}");
        assert_ne!(counterexample["result1"], counterexample["result2"], "{refuted}");
        assert_eq!(told["rewrites"], silent["rewrites"]);
    }
}
