//! What a message says.

use serde::{Deserialize, Serialize};
use sqm_domain::{JobId, QueryId, WorkspaceId};

/// The analysis of a query, for a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Whose query.
    pub workspace: WorkspaceId,
    /// The job that counts it.
    pub job: JobId,
    /// The query, as it is when the message is read.
    pub query: QueryId,
}

/// A body that is no task. What it says instead is in nobody's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is no task: at line {line}, column {column}")]
pub struct InvalidTask {
    /// Where it stops being one.
    pub line: usize,
    /// Where it stops being one.
    pub column: usize,
}

impl Task {
    /// The body of a message.
    pub fn body(&self) -> String {
        let Self { workspace, job, query } = self;
        format!(r#"{{"workspace":"{workspace}","job":"{job}","query":"{query}"}}"#)
    }

    /// Reads a body.
    ///
    /// # Errors
    /// It is no task.
    pub fn read(body: &str) -> Result<Self, InvalidTask> {
        serde_json::from_str(body).map_err(|error| InvalidTask { line: error.line(), column: error.column() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_reads_back_and_others_are_none() {
        let task = Task {
            workspace: "acme".parse().unwrap(),
            job: JobId::from_parts(1_800_000_000_000, [1; 10]),
            query: QueryId::from_parts(1_800_000_000_001, [2; 10]),
        };
        assert_eq!(Task::read(&task.body()), Ok(task.clone()));
        let other = task.body().replace("acme", "Acme#q");
        for body in ["", "null", "[]", "{}", "\u{0}", other.as_str(), &format!("{}x", task.body())] {
            assert!(Task::read(body).is_err(), "{body}");
        }
    }
}
