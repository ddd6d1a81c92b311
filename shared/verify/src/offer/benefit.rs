//! What a rewrite brings, by the evidence that there is: estimates or times of a real database, or runs in
//! the embedded engine on generated data. The gate is one for all of it.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// Below this ratio no benefit was shown: runs of one query differ by that much.
pub const SHOWN: f64 = 1.2;

/// What a rewrite brings, and what that rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Benefit {
    /// Time, or cost, of the original divided by that of the rewrite.
    pub ratio: f64,
    /// What it rests on.
    pub evidence: Evidence,
    /// By what it is ranked among those of other rewrites: ratios of two engines do not compare.
    rank: f64,
}

/// What a benefit rests on.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// Runs in an embedded engine at growing sizes, the largest last: a hint of growth, no promise for
    /// another engine.
    Generated(Embedded, Vec<Run>),
    /// What a real database says.
    Database(OnDatabase),
}

/// An engine that runs in the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Embedded {
    /// DataFusion: it knows no indexes, and makes joins of subqueries.
    DataFusion,
    /// SQLite, with the keys and the indexes of the catalog: it runs a subquery that names the query around it
    /// for each row.
    Sqlite,
}

/// What a database says of both queries, with its own data and indexes.
#[derive(Debug, Clone, PartialEq)]
pub struct OnDatabase {
    /// What its planner expects.
    pub estimates: Estimates,
    /// What it did, or why it was not asked to.
    pub runs: Ran,
}

/// The planner's estimates for both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimates {
    /// Total cost of the original, in the database's own unit.
    pub original_cost: f64,
    /// Total cost of the rewrite.
    pub rewrite_cost: f64,
    /// Rows of the original.
    pub original_rows: f64,
    /// Rows of the rewrite.
    pub rewrite_rows: f64,
}

/// Whether both were run on the database.
#[derive(Debug, Clone, PartialEq)]
pub enum Ran {
    /// They were not.
    No {
        /// Why.
        reason: String,
    },
    /// Both, several times in turn.
    Both {
        /// Each turn.
        runs: Vec<Run>,
        /// What a comparison of their results has shown.
        results: Results,
    },
    /// The rewrite ended; the original was stopped after this time.
    OriginalStopped {
        /// Milliseconds of the original until then, and of the rewrite.
        run: Run,
    },
    /// The original ended; the rewrite was stopped after this time.
    RewriteStopped {
        /// Milliseconds of the original, and of the rewrite until then.
        run: Run,
    },
}

/// Whether both gave the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Results {
    /// As bags of rows.
    Same,
    /// They did not: one of them is wrong.
    Different,
    /// They did not, and the original leaves open which rows it returns.
    Undetermined,
    /// There were more rows than are compared.
    NotCompared,
}

/// Both queries once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Run {
    /// Rows of each table, where the data was generated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// Milliseconds of the original.
    pub original_ms: f64,
    /// Milliseconds of the rewrite.
    pub rewrite_ms: f64,
}

impl Benefit {
    /// By runs on generated data; `None` where there are none.
    pub(super) fn generated(engine: Embedded, runs: Vec<Run>) -> Option<Self> {
        let last = runs.last()?;
        let ratio = ratio(last.original_ms, last.rewrite_ms);
        Some(Self { ratio, evidence: Evidence::Generated(engine, runs), rank: ratio })
    }

    /// By what a database says: by times where it ran both, else by its estimates.
    pub fn on_database(found: OnDatabase) -> Self {
        let estimated = ratio(found.estimates.original_cost, found.estimates.rewrite_cost);
        let mut benefit = Self { ratio: estimated, evidence: Evidence::Database(found), rank: estimated };
        if let Some(Run { original_ms, rewrite_ms, .. }) = benefit.typical() {
            benefit.ratio = ratio(original_ms, rewrite_ms);
            benefit.rank = benefit.ratio;
        }
        benefit
    }

    /// The same, ranked by what another engine found.
    pub(super) fn ranked_by(self, other: Option<&Self>) -> Self {
        Self { rank: other.map_or(self.rank, |other| other.rank), ..self }
    }

    /// What it is ranked by.
    pub(super) fn rank(&self) -> f64 {
        self.rank
    }

    /// Whether the rewrite was worse, by more than one run of a query differs from the next.
    pub(super) fn is_loss(&self) -> bool {
        self.ratio <= 1.0 / SHOWN
    }

    /// The run that counts: of generated data the largest, of a database the median of each query.
    pub fn typical(&self) -> Option<Run> {
        let runs = self.runs();
        let last = runs.last()?;
        let median_of = |time: fn(&Run) -> f64| median(runs.iter().map(time).collect());
        Some(match self.evidence {
            Evidence::Generated(..) => *last,
            Evidence::Database(_) => {
                let (original_ms, rewrite_ms) =
                    (median_of(|run| run.original_ms), median_of(|run| run.rewrite_ms));
                Run { rows: None, original_ms, rewrite_ms }
            }
        })
    }

    /// Whether the rewrite was better, by more than one run of a query differs from the next, and nothing
    /// speaks against it.
    pub fn is_shown(&self) -> bool {
        self.ratio >= SHOWN && !self.is_suspect()
    }

    /// Whether a database gave other rows for the rewrite than for the original.
    pub fn is_suspect(&self) -> bool {
        matches!(self.results(), Some(Results::Different | Results::Undetermined))
    }

    /// How it was measured.
    pub fn method(&self) -> &'static str {
        match &self.evidence {
            Evidence::Generated(Embedded::DataFusion, _) => "embedded engine, generated data",
            Evidence::Generated(Embedded::Sqlite, _) => "embedded SQLite, generated data",
            Evidence::Database(OnDatabase { runs: Ran::No { .. }, .. }) => "database, estimated cost",
            Evidence::Database(_) => "database, measured time",
        }
    }

    /// `faster`, `cheaper`, `slower`, `dearer`, `equivalent, benefit not shown`, or that the results differ.
    pub fn summary(&self) -> &'static str {
        let is_estimate = self.method() == "database, estimated cost";
        match self.results() {
            Some(Results::Different) => return "wrong: the database gives other rows",
            Some(Results::Undetermined) => {
                return "the database gives other rows, and the original leaves open which";
            }
            _ => {}
        }
        match (self.ratio, is_estimate) {
            (ratio, false) if ratio >= SHOWN => "faster",
            (ratio, true) if ratio >= SHOWN => "cheaper",
            (ratio, false) if ratio <= 1.0 / SHOWN => "slower",
            (ratio, true) if ratio <= 1.0 / SHOWN => "dearer",
            _ => "equivalent, benefit not shown",
        }
    }

    /// The single measurements; none where there is an estimate alone.
    pub fn runs(&self) -> &[Run] {
        match &self.evidence {
            Evidence::Generated(_, runs)
            | Evidence::Database(OnDatabase { runs: Ran::Both { runs, .. }, .. }) => runs,
            Evidence::Database(OnDatabase {
                runs: Ran::OriginalStopped { run } | Ran::RewriteStopped { run },
                ..
            }) => std::slice::from_ref(run),
            Evidence::Database(OnDatabase { runs: Ran::No { .. }, .. }) => &[],
        }
    }

    /// Whether both gave the same rows, where a database ran both to their end.
    pub fn results(&self) -> Option<Results> {
        match &self.evidence {
            Evidence::Database(OnDatabase { runs: Ran::Both { results, .. }, .. }) => Some(*results),
            _ => None,
        }
    }
}

impl Serialize for Benefit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("method", self.method())?;
        map.serialize_entry("ratio", &self.ratio)?;
        map.serialize_entry("summary", self.summary())?;
        map.serialize_entry("runs", self.runs())?;
        if let Evidence::Database(found) = &self.evidence {
            map.serialize_entry("estimates", &found.estimates)?;
            match &found.runs {
                Ran::No { reason } => map.serialize_entry("not_run", reason)?,
                Ran::Both { results, .. } => map.serialize_entry("results", results)?,
                Ran::OriginalStopped { .. } => map.serialize_entry("stopped", "original")?,
                Ran::RewriteStopped { .. } => map.serialize_entry("stopped", "rewrite")?,
            }
        }
        map.end()
    }
}

/// To two digits behind the point.
fn ratio(original: f64, rewrite: f64) -> f64 {
    (original / rewrite.max(0.001) * 100.0).round() / 100.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => values[middle],
        _ => values[middle - 1].midpoint(values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ESTIMATES: Estimates =
        Estimates { original_cost: 900.0, rewrite_cost: 300.0, original_rows: 5.0, rewrite_rows: 5.0 };

    fn run(original_ms: f64, rewrite_ms: f64) -> Run {
        Run { rows: None, original_ms, rewrite_ms }
    }

    fn found(runs: Ran) -> Benefit {
        Benefit::on_database(OnDatabase { estimates: ESTIMATES, runs })
    }

    #[test]
    fn an_estimate_counts_where_nothing_was_run() {
        let benefit = found(Ran::No { reason: "it may not be run".to_owned() });
        assert!(benefit.is_shown());
        let shown = json!({
            "method": "database, estimated cost", "ratio": 3.0, "summary": "cheaper", "runs": [],
            "estimates": {"original_cost": 900.0, "rewrite_cost": 300.0, "original_rows": 5.0, "rewrite_rows": 5.0},
            "not_run": "it may not be run",
        });
        assert_eq!(serde_json::to_value(&benefit).unwrap(), shown);
    }

    #[test]
    fn times_count_for_more_than_estimates() {
        let runs = vec![run(10.0, 12.0), run(50.0, 11.0), run(11.0, 10.5)];
        let benefit = found(Ran::Both { runs, results: Results::Same });
        assert_eq!((benefit.ratio, benefit.is_shown()), (1.0, false));
        assert_eq!(benefit.summary(), "equivalent, benefit not shown");
    }

    #[test]
    fn other_rows_count_for_more_than_times() {
        for results in [Results::Different, Results::Undetermined] {
            let benefit = found(Ran::Both { runs: vec![run(100.0, 1.0)], results });
            assert!(!benefit.is_shown() && benefit.summary().contains("other rows"), "{results:?}");
        }
        let benefit = found(Ran::Both { runs: vec![run(100.0, 1.0)], results: Results::NotCompared });
        assert!(benefit.is_shown());
    }

    #[test]
    fn what_was_stopped_counts_until_then() {
        assert!(found(Ran::OriginalStopped { run: run(3_000.0, 10.0) }).is_shown());
        assert_eq!(found(Ran::RewriteStopped { run: run(10.0, 3_000.0) }).summary(), "slower");
    }

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(Vec::new()), 0.0);
    }
}
