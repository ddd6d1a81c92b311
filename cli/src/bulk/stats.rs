//! What the work costs: processor time, time in which any of it went on, and memory.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// Measures the work alone, on however many threads.
pub struct Meter {
    is_on: bool,
    totals: Mutex<Totals>,
}

#[derive(Default)]
struct Totals {
    items: u64,
    cpu: Duration,
    wall: Duration,
    /// How many threads are at work.
    busy: usize,
    /// Since when at least one is.
    since: Option<Instant>,
}

impl Meter {
    /// One that measures, or only counts.
    pub fn new(is_on: bool) -> Self {
        Self { is_on, totals: Mutex::default() }
    }

    /// Does the work and notes what it cost. It has to stay on this thread.
    pub fn measure<T>(&self, work: impl FnOnce() -> T) -> T {
        if !self.is_on {
            return work();
        }
        self.with(|totals| {
            if totals.busy == 0 {
                totals.since = Some(Instant::now());
            }
            totals.busy += 1;
        });
        let before = thread_time();
        let done = work();
        let cpu = thread_time().saturating_sub(before);
        self.with(|totals| {
            totals.cpu += cpu;
            totals.busy -= 1;
            if totals.busy == 0
                && let Some(since) = totals.since.take()
            {
                totals.wall += since.elapsed();
            }
        });
        done
    }

    /// Counts a line, of whatever kind.
    pub fn count(&self) {
        self.with(|totals| totals.items += 1);
    }

    /// What was measured, in the form of the contract.
    pub fn report(&self) -> Value {
        self.with(|totals| {
            json!({
                "items": totals.items,
                "cpu_s": rounded(totals.cpu.as_secs_f64(), 1e6),
                "wall_s": rounded(totals.wall.as_secs_f64(), 1e6),
                "peak_rss_mb": peak_memory().map(|bytes| rounded(bytes / (1024.0 * 1024.0), 1e2)),
            })
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut Totals) -> T) -> T {
        look(&mut self.totals.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn rounded(number: f64, digits: f64) -> f64 {
    (number * digits).round() / digits
}

/// Processor time of this thread.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// The most memory that the process held at a time, in bytes, where the system tells.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_costs_time_and_what_is_between_does_not() {
        let meter = Meter::new(true);
        let spin = || {
            let before = thread_time();
            while thread_time() - before < Duration::from_millis(5) {}
        };
        meter.measure(spin);
        spin();
        meter.measure(spin);
        meter.count();
        let report = meter.report();
        let cpu = report["cpu_s"].as_f64().unwrap();
        assert!((0.010..0.015).contains(&cpu), "{report}");
        assert!(report["wall_s"].as_f64().unwrap() >= cpu, "{report}");
        assert!(report["peak_rss_mb"].as_f64().unwrap() > 1.0, "{report}");
        assert_eq!(report["items"], 1);
    }
}
