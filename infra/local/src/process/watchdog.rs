//! A shell that waits for our end: killed outright, we cannot stop what we started, and it does.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use anyhow::Result;

use super::group::Group;
use super::mark::{Mark, VARIABLE};

/// Reads a line, which dismisses it; an end without one says that we are gone. `$1` is the group to end,
/// `$2` the variable with the mark, as it stands in an environment. It
/// looks several times: who is asked to end may start another before it does, or not listen.
const SCRIPT: &str = r#"
read -r _ && exit 0
kill -TERM -- "-$1" 2>/dev/null
for signal in TERM TERM TERM TERM TERM KILL KILL KILL KILL KILL; do
  found=
  for environment in /proc/[0-9]*/environ; do
    if grep -qzxF "$2" "$environment" 2>/dev/null; then
      found=yes
      process=${environment#/proc/}
      kill "-$signal" "${process%/environ}" 2>/dev/null
    fi
  done
  [ "$found" ] || break
  sleep 0.2
done
kill -KILL -- "-$1" 2>/dev/null
"#;

#[derive(Debug)]
pub(super) struct Watchdog(Child);

impl Watchdog {
    pub(super) fn over(group: &Group, mark: &Mark) -> Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "watchdog", &group.id().to_string()]);
        command.arg(format!("{VARIABLE}={}", mark.text()));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.process_group(0);
        Ok(Self(command.spawn()?))
    }

    /// All is stopped; it may go.
    pub(super) fn dismiss(mut self) {
        if let Some(mut line) = self.0.stdin.take() {
            let _ = line.write_all(b"\n");
        }
        let _ = self.0.wait();
    }
}
