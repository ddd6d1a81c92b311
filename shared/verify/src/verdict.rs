//! What the verifier says. A verdict is made here alone and never turns into another.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::compare::Difference;
use crate::coverage::Coverage;
use crate::database::Row;

/// Whether two queries are the same query.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Equal on every database that keeps the catalog's constraints.
    Proved {
        /// The derivation, each step with the condition that it used.
        #[serde(rename = "proof")]
        steps: Vec<String>,
    },
    /// No difference on any generated database, and both returned rows on some.
    Tested {
        /// What the databases reached.
        coverage: Box<Coverage>,
    },
    /// They differ.
    Refuted {
        /// On this database.
        counterexample: Box<Counterexample>,
    },
    /// Neither: what was not understood, or could not be compared.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// A table of a counterexample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableRows {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A database on which two queries differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Counterexample {
    /// The tables that the queries read, and those that these refer to where they hold rows.
    pub tables: BTreeMap<String, TableRows>,
    /// What the first query returns.
    pub result1: Vec<Row>,
    /// What the second query returns.
    pub result2: Vec<Row>,
    /// Names of the first query's outputs.
    pub outputs1: Vec<String>,
    /// Names of the second query's outputs.
    pub outputs2: Vec<String>,
    /// How the results differ.
    pub difference: Difference,
    /// The database as INSERT statements, in an order that foreign keys allow.
    pub inserts: Vec<String>,
    /// The engines that showed the difference.
    pub confirmed_by: Vec<String>,
}

/// A verdict and how it came about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verification {
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// How many databases were tried.
    pub databases: usize,
    /// What the verdict rests on, in words: how the dialect was read, which constraints were not kept.
    pub assumptions: Vec<String>,
    /// How long it took, in milliseconds.
    pub ms: f64,
}

impl Counterexample {
    /// That of two queries whose outputs have other names: every database shows it, one without rows as well.
    pub(crate) fn of_names(outputs1: Vec<String>, outputs2: Vec<String>) -> Self {
        Self {
            tables: BTreeMap::new(),
            result1: Vec::new(),
            result2: Vec::new(),
            outputs1,
            outputs2,
            difference: Difference::Names,
            inserts: Vec::new(),
            confirmed_by: Vec::new(),
        }
    }
}

impl Verdict {
    /// Its name in the contract of `sqm verify`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Proved { .. } => "proved",
            Self::Tested { .. } => "tested",
            Self::Refuted { .. } => "refuted",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// What it rests on, in one sentence.
    pub fn reason(&self) -> String {
        match self {
            Self::Proved { steps } => steps.join("; "),
            Self::Tested { coverage } => format!(
                "no difference on {} generated databases; rows came back on {} and {} of them",
                coverage.compared, coverage.first_returned_rows, coverage.second_returned_rows
            ),
            Self::Refuted { counterexample } => match counterexample.difference {
                Difference::Rows => "the results differ on the database shown".into(),
                Difference::Order => "the results come in another order on the database shown".into(),
                Difference::Names => "the results have columns of other names".into(),
            },
            Self::Unknown { reason } => reason.clone(),
        }
    }

    /// The counterexample of a refutation.
    pub fn counterexample(&self) -> Option<&Counterexample> {
        match self {
            Self::Refuted { counterexample } => Some(counterexample),
            _ => None,
        }
    }
}

impl Verification {
    /// The answer in the contract of `sqm verify --ndjson`, without the id.
    pub fn to_contract(&self) -> serde_json::Value {
        let proof = match &self.verdict {
            Verdict::Proved { steps } => Some(steps),
            _ => None,
        };
        let coverage = match &self.verdict {
            Verdict::Tested { coverage } => Some(coverage),
            _ => None,
        };
        serde_json::json!({
            "verdict": self.verdict.name(),
            "reason": self.verdict.reason(),
            "databases": self.databases,
            "ms": (self.ms * 1000.0).round() / 1000.0,
            "counterexample": self.verdict.counterexample(),
            "proof": proof,
            "coverage": coverage,
            "assumptions": self.assumptions,
        })
    }
}
