//! Places in a text as byte offsets, and back.

use crate::text::{Position, Span};

/// Where the lines of a text start, so that a place is found without reading the text again.
///
/// Lines end at `\n`; columns count characters, as the tokenizer counts them.
#[derive(Debug, Clone)]
pub struct LineIndex<'a> {
    text: &'a str,
    /// Byte offset of the first character of each line.
    starts: Vec<u32>,
}

impl<'a> LineIndex<'a> {
    /// Finds the lines of the text.
    pub fn new(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = ends.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX));
        Self { text, starts: std::iter::once(0).chain(starts).collect() }
    }

    /// The byte offset of a place; a place past the end of its line, or of the text, means that end.
    pub fn offset(&self, position: Position) -> usize {
        let Some(line) = (position.line as usize).checked_sub(1) else { return 0 };
        let Some(&start) = self.starts.get(line) else { return self.text.len() };
        let start = start as usize;
        let end = self.starts.get(line + 1).map_or(self.text.len(), |&next| next as usize);
        let line = &self.text[start..end];
        let skip = position.column.saturating_sub(1) as usize;
        if line.is_ascii() {
            return start + skip.min(line.len());
        }
        start + line.char_indices().nth(skip).map_or(line.len(), |(at, _)| at)
    }

    /// The place of a byte offset; an offset inside a character means that character.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|&start| start as usize <= offset).saturating_sub(1);
        let column = self.text[self.starts[line] as usize..offset].chars().count();
        let count = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        Position { line: count(line), column: count(column) }
    }

    /// The text between two places; empty where they are in the wrong order.
    pub fn slice(&self, span: Span) -> &'a str {
        self.text.get(self.offset(span.start)..self.offset(span.end)).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_positions_agree() {
        let text = "sélect\n\n  'x'\r\nfrom t";
        let lines = LineIndex::new(text);
        for (offset, _) in text.char_indices() {
            assert_eq!(lines.offset(lines.position(offset)), offset);
        }
        assert_eq!(lines.position(text.len()), Position { line: 4, column: 7 });
        assert_eq!(lines.position(2), Position { line: 1, column: 2 });
        assert_eq!(lines.offset(Position { line: 9, column: 1 }), text.len());
    }

    #[test]
    fn a_span_is_a_slice() {
        let lines = LineIndex::new("a\nbcd e");
        let at = |line, column| Position { line, column };
        assert_eq!(lines.slice(Span { start: at(2, 2), end: at(2, 4) }), "cd");
        assert_eq!(lines.slice(Span { start: at(2, 4), end: at(2, 2) }), "");
    }
}
