//! How `sqm` ends: the exit codes, in one place.

use std::process::ExitCode;

/// The end of the run. Ordered by what counts more where several files end differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// All was done.
    Done,
    /// All was done, and a verdict is open.
    Unknown,
    /// All was done, and something was found that a pipeline should stop at.
    Found,
    /// An argument, a file or a line of it could not be used.
    Unusable,
}

/// What `--help` says about it.
pub const HELP: &str = "\
Exit codes:
  0  done (with --ndjson whatever the lines say: each has its answer)
  1  done, and there is something to stop at: lint or plan has a finding at or above
     --deny, verify refutes, lineage or optimize meet a statement that cannot be read,
     a query of a job has failed
  2  a wrong argument, or a file that cannot be read
  3  verify cannot tell";

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(match status {
            Status::Done => 0,
            Status::Found => 1,
            Status::Unusable => 2,
            Status::Unknown => 3,
        })
    }
}
