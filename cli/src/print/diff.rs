//! The difference of two texts as `diff -u` shows it.

use std::time::Duration;

use similar::TextDiff;

use super::{Style, harmless};

/// After this long any difference will do; the shortest one of two long texts may take minutes.
const LONGEST: Duration = Duration::from_secs(1);

/// The difference, line by line, removed lines red and added ones green.
pub fn unified(old: &str, new: &str, name: &str, style: Style) -> String {
    let diff = TextDiff::configure().timeout(LONGEST).diff_lines(old, new);
    let plain = diff
        .unified_diff()
        .context_radius(3)
        .missing_newline_hint(false)
        .header(name, &format!("{name} (rewritten)"))
        .to_string();
    let mut out = String::with_capacity(plain.len());
    for line in harmless(&plain.replace("\r\n", "\n")).lines() {
        let line = match line.as_bytes().first() {
            Some(b'+') => style.green(line),
            Some(b'-') => style.red(line),
            Some(b'@') => style.cyan(line),
            _ => line.to_owned(),
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}
