//! What people see: standard output, colours, and user's text made harmless for a terminal.

mod diff;
mod excerpt;
mod table;
mod width;

pub use diff::unified;
pub use excerpt::excerpt;
pub use table::table;

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use crate::args::Color;

/// Standard output and whether it is coloured.
pub struct Out {
    inner: BufWriter<StdoutLock<'static>>,
    /// How to stress things.
    pub style: Style,
}

impl Out {
    /// Locks standard output.
    pub fn new(color: Color) -> Self {
        let stdout = io::stdout();
        let wanted = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
            }
        };
        Self { inner: BufWriter::new(stdout.lock()), style: Style(wanted) }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// How to stress things: not at all without colour.
#[derive(Debug, Clone, Copy)]
pub struct Style(bool);

impl Style {
    /// No colour.
    #[cfg(test)]
    pub const PLAIN: Self = Self(false);

    fn with(self, code: &str, text: impl Display) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    /// Stressed.
    pub fn bold(self, text: impl Display) -> String {
        self.with("1", text)
    }

    /// Less important.
    pub fn dim(self, text: impl Display) -> String {
        self.with("2", text)
    }

    /// Wrong.
    pub fn red(self, text: impl Display) -> String {
        self.with("1;31", text)
    }

    /// Right.
    pub fn green(self, text: impl Display) -> String {
        self.with("1;32", text)
    }

    /// To be looked at.
    pub fn yellow(self, text: impl Display) -> String {
        self.with("1;33", text)
    }

    /// To be known.
    pub fn cyan(self, text: impl Display) -> String {
        self.with("1;36", text)
    }
}

/// Says on standard error what is in the way. Nothing can be done where that fails too.
pub fn complain(message: &str) {
    let _ = writeln!(io::stderr().lock(), "sqm: {}", harmless(message));
}

/// The text without characters that move a terminal's cursor, change its colours or the direction of
/// writing: what a file says must not be able to pretend to be what we say.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let is_harmful = |c: char| {
        c.is_control() && c != '\n' && c != '\t'
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.chars().any(is_harmful) {
        Cow::Owned(text.chars().map(|c| if is_harmful(c) { '\u{fffd}' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        assert_eq!(harmless("a\x1b[2Jb\u{202e}c\td\r\n"), "a\u{fffd}[2Jb\u{fffd}c\td\u{fffd}\n");
        assert!(matches!(harmless("plain — text"), Cow::Borrowed(_)));
    }

    #[test]
    fn without_colour_nothing_is_added() {
        assert_eq!(Style(false).red("x"), "x");
        assert_eq!(Style(true).red("x"), "\x1b[1;31mx\x1b[0m");
    }
}
