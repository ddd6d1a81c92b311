//! Lines that are meant for a client, not for the database, blanked out before tokenizing.
//!
//! MySQL's `DELIMITER`, psql's backslash commands and the data after `COPY … FROM stdin` follow rules of
//! their own that would confuse a tokenizer. Every character keeps its place.

use std::borrow::Cow;

/// The text with such lines blanked, and with a delimiter of the client's replaced by a semicolon.
pub(super) fn mask(text: &str) -> Cow<'_, str> {
    if !may_hold_client_lines(text) {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut delimiter: Option<&str> = None;
    let mut in_data = false;
    for line in text.split_inclusive('\n') {
        let said = line.trim();
        if in_data {
            in_data = said != "\\.";
            blank(line, &mut masked);
        } else if let Some(word) = delimiter_of(said) {
            delimiter = (word != ";").then_some(word);
            blank(line, &mut masked);
        } else if is_client_command(said) {
            blank(line, &mut masked);
        } else {
            match delimiter {
                Some(word) => replace(line, word, &mut masked),
                None => masked.push_str(line),
            }
            in_data = starts_data(said);
        }
    }
    Cow::Owned(masked)
}

fn may_hold_client_lines(text: &str) -> bool {
    let bytes = text.as_bytes();
    let backslash_line = || text.starts_with('\\') || text.contains("\n\\");
    let word = |word: &[u8]| bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    backslash_line() || word(b"delimiter ") || word(b"from stdin")
}

fn delimiter_of(line: &str) -> Option<&str> {
    let (word, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim();
    let is_directive = word.eq_ignore_ascii_case("delimiter")
        && !rest.is_empty()
        && rest.len() <= 8
        && !rest.contains(char::is_alphanumeric)
        && !rest.contains(['\'', '"', '=']);
    is_directive.then_some(rest)
}

/// `\c db`, `\set x 1`, `\.`: a backslash and a letter or a dot at the start of a line.
fn is_client_command(line: &str) -> bool {
    let mut chars = line.chars();
    chars.next() == Some('\\') && chars.next().is_some_and(|c| c.is_ascii_alphabetic() || "!.?".contains(c))
}

fn starts_data(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    line.starts_with("copy ") && line.ends_with(';') && line.contains("from stdin")
}

fn blank(line: &str, masked: &mut String) {
    masked.extend(line.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
}

/// The line with each delimiter turned into a semicolon and blanks.
fn replace(line: &str, delimiter: &str, masked: &mut String) {
    let mut pieces = line.split(delimiter);
    masked.push_str(pieces.next().unwrap_or(""));
    for piece in pieces {
        masked.push(';');
        masked.extend(delimiter.chars().skip(1).map(|_| ' '));
        masked.push_str(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let masked = mask(text);
        assert_eq!(masked, expected);
        assert_eq!(masked.chars().count(), text.chars().count());
    }

    #[test]
    fn client_lines_become_blank() {
        check("select 1 / 2", "select 1 / 2");
        check("\\c shop\nselect 1", "       \nselect 1");
        check(
            "DELIMITER $$\nselect 1; select 2$$\nDELIMITER ;\nselect '$$'",
            "            \nselect 1; select 2; \n           \nselect '$$'",
        );
        check("copy t from stdin;\n1\t'\n\\.\nselect 1", "copy t from stdin;\n   \n  \nselect 1");
        check("select delimiter from t", "select delimiter from t");
    }
}
