//! Optimizations and verdicts as callers read them. A verdict says how long it took, so what is made twice is not the
//! same; an optimization that is kept is answered as it was made.

use serde::Serialize;
use serde_json::Value;
use sqm_database::{Runs, Weighed};
use sqm_domain::{ConnectionName, Dialect};
use sqm_http::{Basis, Caller, Problem, Reply};
use sqm_optimization::{Include, Of, On, document};
use sqm_sql::indexes::Index;
use sqm_store::{Query, Summary};
use sqm_verify::Verification;

use crate::models::ModelView;
use crate::work::Found;
use crate::workload::Found as Workload;

/// What a database and a model have said, beside what the rewrites propose.
#[derive(Serialize)]
struct Beside<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<DatabaseView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<ModelView<'a>>,
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

/// An optimization as a document, with what a database and a model have said.
///
/// # Errors
/// It is too long.
pub(crate) fn optimization(on: On<'_>, found: &Found, include: Option<Include>) -> Result<String, Problem> {
    let Found { optimization, weighed, suggested } = found;
    let database =
        weighed.as_ref().map(|(connection, runs, weighed)| DatabaseView { connection, runs: *runs, weighed });
    let model = suggested.as_ref().map(|it| it.view(include.is_some()));
    document(on, optimization, include, None, Some(Beside { database, model }))
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
    use sqm_optimization::Effort;
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
        serde_json::from_str(&optimization(on, &found(), include).unwrap()).unwrap()
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
