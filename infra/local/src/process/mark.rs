//! A mark in the environment of a program, which everything that it starts inherits: the way to find
//! them all, whatever group they are in.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;

/// The name of the variable.
pub(crate) const VARIABLE: &str = "SQM_STARTED_BY";

/// How long marked processes have to end before they are killed, and how often one looks.
const GRACE: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The mark of one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(String);

impl Mark {
    /// A mark that no other program has.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // What ends it keeps the first from being the beginning of the tenth.
        Self(format!("{}{}_", Self::of_this_process(), NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    /// What the marks of all programs begin with that this process starts.
    pub fn of_this_process() -> String {
        static STARTED: std::sync::OnceLock<u128> = std::sync::OnceLock::new();
        // Process numbers are used again; the time tells their users apart.
        let started = STARTED
            .get_or_init(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos());
        format!("{}-{started}-", std::process::id())
    }

    /// The text of it.
    pub fn text(&self) -> String {
        self.0.clone()
    }

    pub(super) fn put_on(&self, command: &mut Command) {
        command.env(VARIABLE, &self.0);
    }
}

impl Default for Mark {
    fn default() -> Self {
        Self::new()
    }
}

/// Ends every process whose mark begins with `mark`: first asked, then killed. Where the system does not
/// show the environment of processes (elsewhere than on Linux) none is found.
pub fn stop_marked(mark: &str) {
    for signal in [Signal::TERM, Signal::KILL] {
        let until = Instant::now() + GRACE;
        while Instant::now() < until {
            let marked = marked(mark);
            if marked.is_empty() {
                return;
            }
            for process in marked {
                let _ = kill_process(process, signal);
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

/// The living processes with such a mark.
pub(super) fn marked(mark: &str) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.filter(|number| has_mark(*number, mark)).filter_map(Pid::from_raw).collect()
}

fn has_mark(process: i32, mark: &str) -> bool {
    // What has ended but was not waited for has an empty environment.
    let Ok(environment) = std::fs::read(format!("/proc/{process}/environ")) else { return false };
    environment.split(|byte| *byte == 0).any(|pair| {
        let value = pair.strip_prefix(VARIABLE.as_bytes()).and_then(|rest| rest.strip_prefix(b"="));
        value.is_some_and(|value| value.starts_with(mark.as_bytes()))
    })
}
