//! The one door for SQL: limits before tokenizing, and a large stack for whatever touches a syntax tree.
//!
//! A tree of a flat chain (`1+1+…`) is as deep as the chain is long, and even dropping it recurses, so
//! parse, walk, print and drop happen on one thread whose stack is sized for the longest statement that
//! is taken. What leaves the door is the caller's own representation, never a tree.

use std::any::Any;
use std::cell::Cell;

use sqm_domain::Dialect;
use sqm_domain::limits::{MAX_SCRIPT_BYTES, MAX_STATEMENT_BYTES};

use crate::parse::{self, LineIndex, Script};
use crate::text::Position;

/// Stack of the thread on which trees live, in bytes: 256 KiB of `1+1+…` are 131,072 levels, and the
/// largest frame of the operations on them stays under 2 KiB; frames of a build that is not optimised
/// are some times larger. It is address space that ordinary SQL never touches.
pub const STACK_BYTES: usize = if cfg!(debug_assertions) { 1024 } else { 256 } * 1024 * 1024;

/// Why a text was not looked at, or the look at it did not end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// Over [`MAX_SCRIPT_BYTES`].
    #[error("the script has {bytes} bytes; at most {most} are taken", most = MAX_SCRIPT_BYTES)]
    ScriptTooLong {
        /// Its length.
        bytes: usize,
    },
    /// A statement over [`MAX_STATEMENT_BYTES`].
    #[error(
        "statement {statement}, at {position}, has {bytes} bytes; at most {most} are taken",
        most = MAX_STATEMENT_BYTES
    )]
    StatementTooLong {
        /// Which one, from 1.
        statement: usize,
        /// Where it starts.
        position: Position,
        /// Its length.
        bytes: usize,
    },
    /// The thread for the work could not be made.
    #[error("no thread for the analysis: {0}")]
    NoThread(String),
    /// The work panicked: a defect of ours. Its message may quote the text and is for us alone.
    #[error("the analysis broke off, by a defect of ours")]
    Panicked(String),
}

impl GuardError {
    /// Where in the text the cause lies, if it lies at one place.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::StatementTooLong { position, .. } => Some(*position),
            _ => None,
        }
    }
}

thread_local! {
    static IS_LARGE: Cell<bool> = const { Cell::new(false) };
}

/// Does the work on a thread with a stack of [`STACK_BYTES`]; on such a thread already, right here.
///
/// Starting the thread costs about 30 µs: whoever looks at many texts wraps the whole loop in one call.
pub fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, GuardError> {
    if IS_LARGE.get() {
        return Ok(work());
    }
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("sql".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || {
                IS_LARGE.set(true);
                work()
            })
            .map_err(|error| GuardError::NoThread(error.to_string()))?
            .join()
            .map_err(|panic| GuardError::Panicked(message_of(&*panic)))
    })
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}

/// Parses the text and hands the script to the work: all of it, and dropping the trees, behind the door.
pub fn with_script<T: Send>(
    sql: &str,
    dialect: Dialect,
    work: impl FnOnce(&Script<'_>) -> T + Send,
) -> Result<T, GuardError> {
    check_limits(sql)?;
    on_large_stack(|| work(&parse::parse(sql, dialect)))
}

/// Refuses by name what is too long, before anything is tokenized.
///
/// # Errors
/// [`GuardError::ScriptTooLong`], [`GuardError::StatementTooLong`].
pub fn check_limits(sql: &str) -> Result<(), GuardError> {
    if sql.len() > MAX_SCRIPT_BYTES {
        return Err(GuardError::ScriptTooLong { bytes: sql.len() });
    }
    if sql.len() > MAX_STATEMENT_BYTES {
        let mut start = 0;
        for (at, piece) in parse::rough_pieces(sql).enumerate() {
            let bytes = piece.trim().len();
            if bytes > MAX_STATEMENT_BYTES {
                let start = start + (piece.len() - piece.trim_start().len());
                let position = LineIndex::new(sql).position(start);
                return Err(GuardError::StatementTooLong { statement: at + 1, position, bytes });
            }
            start += piece.len();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_calls_stay_on_the_thread() {
        let ids = on_large_stack(|| {
            let outer = std::thread::current().id();
            (outer, on_large_stack(|| std::thread::current().id()))
        });
        let (outer, inner) = ids.unwrap();
        assert_eq!(inner, Ok(outer));
        assert_ne!(outer, std::thread::current().id());
    }

    #[test]
    fn a_panic_becomes_an_error() {
        let result: Result<(), _> = on_large_stack(|| panic!("on purpose"));
        assert_eq!(result, Err(GuardError::Panicked("on purpose".to_owned())));
    }

    #[test]
    fn limits_name_statement_and_place() {
        let refused = |sql: &str| with_script(sql, Dialect::Generic, |_| ()).unwrap_err();
        assert_eq!(
            refused(&" ".repeat(MAX_SCRIPT_BYTES + 1)),
            GuardError::ScriptTooLong { bytes: MAX_SCRIPT_BYTES + 1 }
        );
        let long = format!("SELECT 'a;b';\n  SELECT '{}'; SELECT 2", "x".repeat(MAX_STATEMENT_BYTES));
        assert_eq!(
            refused(&long),
            GuardError::StatementTooLong {
                statement: 2,
                position: Position { line: 2, column: 3 },
                bytes: MAX_STATEMENT_BYTES + 10
            }
        );
    }
}
