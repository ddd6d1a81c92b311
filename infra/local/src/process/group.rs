//! A process group of our own making: a signal to it reaches a program and what it started.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

/// How long a group has to end before it is killed.
const GRACE: Duration = Duration::from_secs(2);

/// The same where it is dropped without its child.
const DROP_GRACE: Duration = Duration::from_millis(300);

/// How often one looks whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Gives the command a group of its own, so that it can be stopped with what it starts, and so that the
/// terminal's Ctrl-C reaches us alone.
pub fn own_group(command: &mut Command) {
    command.process_group(0);
}

/// The group of a child. Dropped, it is stopped.
#[derive(Debug)]
pub struct Group {
    leader: Pid,
    forgotten: bool,
}

impl Group {
    /// The group of a child that was started with [`own_group`].
    pub fn of(child: &Child) -> Result<Self> {
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Ok(Self { leader: leader.context("the process has no number")?, forgotten: false })
    }

    /// Its number, which is that of the process that leads it.
    pub fn id(&self) -> i32 {
        self.leader.as_raw_nonzero().get()
    }

    /// The child has ended on its own and was waited for: its number may soon be another's.
    pub fn forget(mut self) {
        self.forgotten = true;
    }

    /// Asks it to end, as Ctrl-C does.
    pub fn interrupt(&self) {
        // An error says that nobody is left.
        let _ = kill_process_group(self.leader, Signal::INT);
    }

    /// Ends it: first asked, then killed. Blocks for at most `GRACE`.
    pub fn end(&mut self, child: &mut Child) {
        // Once a child was waited for, its number may be another's; there the marks find what it left.
        let gone = child.id().is_none() && cfg!(target_os = "linux");
        if !gone && kill_process_group(self.leader, Signal::TERM).is_ok() {
            let until = Instant::now() + GRACE;
            while Instant::now() < until && matches!(child.try_wait(), Ok(None)) {
                std::thread::sleep(LOOK_EVERY);
            }
            // Its children too, where they did not listen.
            let _ = kill_process_group(self.leader, Signal::KILL);
        }
        self.forgotten = true;
        let _ = child.try_wait();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.forgotten && kill_process_group(self.leader, Signal::TERM).is_ok() {
            // Nobody holds the child any more, so that one cannot ask whether it has ended.
            std::thread::sleep(DROP_GRACE);
            let _ = kill_process_group(self.leader, Signal::KILL);
        }
    }
}
