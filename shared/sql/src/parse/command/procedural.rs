//! Statements that only procedures have.

use sqlparser::tokenizer::Token;

use super::super::source::Source;
use super::Command;

/// First words of such statements.
const WORDS: &[&str] = &[
    "NULL",
    "EXIT",
    "CONTINUE",
    "LEAVE",
    "ITERATE",
    "GOTO",
    "BREAK",
    "RAISE",
    "RETURN",
    "CALL",
    "PERFORM",
    "OPEN",
    "FETCH",
    "CLOSE",
    "EXECUTE",
    "SIGNAL",
    "RESIGNAL",
    "GET",
    "PIPE",
    "LET",
    "THROW",
    "CURSOR",
    "AWAIT",
    "CANCEL",
    "FUNCTION",
    "PROCEDURE",
    "PRAGMA",
    "TYPE",
    "SUBTYPE",
    "ASSERT",
    "MOVE",
];

/// What the statement does, inside a body; everywhere for an assignment.
pub(super) fn recognise(source: &Source, in_body: bool) -> Option<Command> {
    if is_assignment(source) {
        return Some(Command::new("SET"));
    }
    if !in_body {
        return None;
    }
    if let Some(word) = WORDS.iter().find(|word| source.is(0, word)) {
        return Some(Command::new(*word));
    }
    is_call(source).then(|| Command::new("CALL"))
}

/// `x := …`, `a.b(1) := …`, `LET x INT := …`.
fn is_assignment(source: &Source) -> bool {
    let end = source.len().min(12);
    let operator = source.find(0, end, |at| source.is_token(at, &Token::Assignment));
    operator.is_some_and(|at| {
        at > 0
            && (0..at)
                .all(|at| !source.is_any(at, &["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "WITH"]))
    })
}

/// `a.b(1, 2)` or a name alone.
fn is_call(source: &Source) -> bool {
    let name = source.after_name(0);
    let end = if source.is_token(name, &Token::LParen) { source.after_group(name) } else { name };
    name > 0 && end == source.len()
}
