//! What people see: results on standard output, all else on standard error.

use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Where nobody watches, how often a stage that goes on may be told.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// A line of a result. What nobody reads any more is no error.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A line about what goes on.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// How a stage looks whose end cannot be told, and one of a number of steps.
const SPINNER: &str = "{spinner} {msg} {elapsed:>4}";
const COUNT: &str = "{spinner} {prefix} {bar:24} {pos}/{len} {elapsed} {wide_msg}";

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// What goes on at the moment: one line that changes on a terminal, lines now and then elsewhere.
pub struct Progress {
    bar: ProgressBar,
    told: Mutex<Option<(String, Instant)>>,
}

impl Progress {
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style(SPINNER));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, told: Mutex::new(None) }
    }

    /// A stage whose end cannot be told.
    pub fn stage(&self, what: &str) {
        self.bar.set_style(style(SPINNER));
        self.bar.set_message(what.to_owned());
        self.line(what, "");
    }

    /// A stage of `total` steps of which `done` are done; `at` says what is in hand.
    pub fn count(&self, what: &str, done: u64, total: u64, at: &str) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.bar.set_prefix(what.to_owned());
        self.bar.set_message(at.to_owned());
        self.bar.set_style(style(COUNT));
        self.line(what, &format!(" ({done} of {total})"));
    }

    /// Takes the line away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, what: &str, more: &str) {
        if !self.bar.is_hidden() {
            return;
        }
        let Ok(mut told) = self.told.lock() else { return };
        let again = told.as_ref().is_some_and(|(last, at)| last == what && at.elapsed() < LINE_EVERY);
        if !again {
            note(&format!("{what}{more}"));
            *told = Some((what.to_owned(), Instant::now()));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
