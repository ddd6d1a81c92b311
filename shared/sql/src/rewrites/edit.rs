//! Edits of the user's text: replacements that do not overlap.
//!
//! Everything that no edit names stays byte for byte as it was: formatting, comments, names.

use std::ops::Range;

use super::source::{Source, Tokens};

/// A set of replacements, collected in any order.
#[derive(Debug, Clone, Default)]
pub(super) struct Edits {
    replacements: Vec<(Range<usize>, String)>,
    /// Set when an edit names tokens that the text does not have.
    broken: bool,
}

impl Edits {
    /// Replaces these tokens and all between them.
    pub(super) fn replace(&mut self, source: &Source<'_>, tokens: &Tokens, with: impl Into<String>) {
        match source.bytes(tokens) {
            Some(bytes) => self.replacements.push((bytes, with.into())),
            None => self.broken = true,
        }
    }

    /// Takes these tokens out, with the blanks before them; a comment before them stays.
    pub(super) fn remove(&mut self, source: &Source<'_>, tokens: &Tokens) {
        let Some(bytes) = source.bytes(tokens) else {
            self.broken = true;
            return;
        };
        let gap = &source.text[source.end_before(tokens.start)..bytes.start];
        let kept = gap.trim_end().len();
        // After a line comment the line break has to stay.
        let blanks = if gap[..kept].is_empty() { gap.len() } else { 0 };
        self.replacements.push((bytes.start - blanks..bytes.end, String::new()));
    }

    /// Takes these tokens out, with the blanks after them.
    pub(super) fn remove_forward(&mut self, source: &Source<'_>, tokens: &Tokens) {
        let Some(bytes) = source.bytes(tokens) else {
            self.broken = true;
            return;
        };
        let rest = &source.text[bytes.end..];
        let blanks = rest.len() - rest.trim_start().len();
        self.replacements.push((bytes.start..bytes.end + blanks, String::new()));
    }

    /// Puts a text behind the token at this index.
    pub(super) fn insert_after(&mut self, source: &Source<'_>, token: usize, text: impl Into<String>) {
        match source.bytes(&(token..token + 1)) {
            Some(bytes) => self.replacements.push((bytes.end..bytes.end, text.into())),
            None => self.broken = true,
        }
    }

    /// Puts a text before the token at this index.
    pub(super) fn insert_before(&mut self, source: &Source<'_>, token: usize, text: impl Into<String>) {
        match source.bytes(&(token..token + 1)) {
            Some(bytes) => self.replacements.push((bytes.start..bytes.start, text.into())),
            None => self.broken = true,
        }
    }

    /// Takes the other edits in, unless one of them overlaps one of these; says whether it did.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        let overlaps = |a: &Range<usize>, b: &Range<usize>| a == b || (a.start < b.end && b.start < a.end);
        let clash =
            self.replacements.iter().any(|(a, _)| other.replacements.iter().any(|(b, _)| overlaps(a, b)));
        if clash || other.broken {
            return false;
        }
        self.replacements.extend(other.replacements.iter().cloned());
        true
    }

    /// The text with every replacement made. `None` when two of them overlap, or there is none.
    pub(super) fn apply(&self, text: &str) -> Option<String> {
        if self.broken || self.replacements.is_empty() {
            return None;
        }
        let mut ordered: Vec<_> = self.replacements.iter().collect();
        // Stable: insertions at one place stay in the order in which they were made.
        ordered.sort_by_key(|(range, _)| (range.start, range.end));
        let mut result = String::with_capacity(text.len() + 256);
        let mut at = 0;
        for (range, with) in ordered {
            result.push_str(text.get(at..range.start)?);
            result.push_str(with);
            at = range.end;
        }
        result.push_str(text.get(at..)?);
        Some(result)
    }

    /// The text of these tokens with those replacements made that lie wholly inside.
    pub(super) fn within(&self, source: &Source<'_>, tokens: &Tokens) -> Option<String> {
        let bytes = source.bytes(tokens)?;
        let mut inner = Self { replacements: Vec::new(), broken: self.broken };
        for (range, with) in &self.replacements {
            if range.start >= bytes.start && range.end <= bytes.end {
                inner.replacements.push((range.start - bytes.start..range.end - bytes.start, with.clone()));
            }
        }
        let text = source.slice(tokens);
        if inner.replacements.is_empty() { Some(text.to_owned()) } else { inner.apply(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlparser::dialect::GenericDialect;
    use sqlparser::tokenizer::Tokenizer;

    fn edited(text: &str, edit: impl Fn(&Source<'_>, &mut Edits)) -> Option<String> {
        let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize_with_location().unwrap();
        let source = Source::new(text, &tokens).unwrap();
        let mut edits = Edits::default();
        edit(&source, &mut edits);
        edits.apply(text)
    }

    #[test]
    fn what_no_edit_names_stays() {
        let text = "SELECT  ä, -- größe\n  b\tFROM t";
        let result = edited(text, |source, edits| edits.replace(source, &(3..4), "c"));
        assert_eq!(result.as_deref(), Some("SELECT  ä, -- größe\n  c\tFROM t"));
    }

    #[test]
    fn a_removal_takes_the_blanks_but_not_a_comment() {
        let text = "SELECT a -- why\n FROM t WHERE x";
        let removed = |tokens: Tokens| edited(text, move |source, edits| edits.remove(source, &tokens));
        assert_eq!(removed(4..6).as_deref(), Some("SELECT a -- why\n FROM t"));
        assert_eq!(removed(2..4).as_deref(), Some("SELECT a -- why\n  WHERE x"));
    }

    #[test]
    fn overlapping_edits_are_no_edit() {
        let result = edited("a b c", |source, edits| {
            edits.replace(source, &(0..2), "x");
            edits.replace(source, &(1..3), "y");
        });
        assert_eq!(result, None);
    }
}
