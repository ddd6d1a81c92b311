//! Places in a text as byte offsets, and back.

use crate::text::{Position, Span};

/// Bytes between two places whose number of characters before them is kept. A script may be one line of a
/// megabyte with thousands of statements in it: no place in it is found by reading the line from its start.
const BLOCK: usize = 1024;

/// Where the lines of a text start, so that a place is found without reading the text again.
///
/// Lines end at `\n`; columns count characters, as the tokenizer counts them.
#[derive(Debug, Clone)]
pub struct LineIndex<'a> {
    text: &'a str,
    /// Byte offset of the first character of each line.
    starts: Vec<u32>,
    /// Characters before each block of [`BLOCK`] bytes.
    before: Vec<u32>,
}

impl<'a> LineIndex<'a> {
    /// Finds the lines of the text.
    pub fn new(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = ends.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX));
        let blocks = text.as_bytes().chunks(BLOCK).scan(0_usize, |characters, block| {
            *characters += characters_in(block);
            Some(u32::try_from(*characters).unwrap_or(u32::MAX))
        });
        Self {
            text,
            starts: std::iter::once(0).chain(starts).collect(),
            before: std::iter::once(0).chain(blocks).collect(),
        }
    }

    /// The byte offset of a place; a place past the end of its line, or of the text, means that end.
    pub fn offset(&self, position: Position) -> usize {
        let Some(line) = (position.line as usize).checked_sub(1) else { return 0 };
        let Some(&start) = self.starts.get(line) else { return self.text.len() };
        let end = self.starts.get(line + 1).map_or(self.text.len(), |&next| next as usize);
        let skip = position.column.saturating_sub(1) as usize;
        self.character(self.characters_before(start as usize) + skip).min(end)
    }

    /// The place of a byte offset; an offset inside a character means that character.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|&start| start as usize <= offset).saturating_sub(1);
        let column = self.characters_before(offset) - self.characters_before(self.starts[line] as usize);
        let count = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        Position { line: count(line), column: count(column) }
    }

    /// How many characters start before a byte.
    fn characters_before(&self, offset: usize) -> usize {
        let block = offset / BLOCK;
        self.before[block] as usize + characters_in(&self.text.as_bytes()[block * BLOCK..offset])
    }

    /// The byte at which the character of this number starts, from 0; the end of the text past the last.
    fn character(&self, number: usize) -> usize {
        let block = self.before.partition_point(|&before| before as usize <= number).saturating_sub(1);
        let start = block * BLOCK;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let mut starts = rest.iter().enumerate().filter(|(_, byte)| starts_character(**byte));
        starts.nth(number - self.before[block] as usize).map_or(self.text.len(), |(at, _)| start + at)
    }

    /// The text between two places; empty where they are in the wrong order.
    pub fn slice(&self, span: Span) -> &'a str {
        self.text.get(self.offset(span.start)..self.offset(span.end)).unwrap_or("")
    }
}

fn characters_in(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| starts_character(**byte)).count()
}

/// Whether a byte of UTF-8 is not one that goes on with a character.
fn starts_character(byte: u8) -> bool {
    byte & 0xc0 != 0x80
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
    fn long_lines_count_characters_too() {
        let at = |line, column| Position { line, column };
        for piece in ["a", "ä", "€", "ab€"] {
            let long = piece.repeat(3 * BLOCK);
            let text = format!("{long}\n{long}x");
            let lines = LineIndex::new(&text);
            let (second, count) = (long.len() + 1, long.chars().count() as u32);
            for (column, (offset, _)) in long.char_indices().enumerate().step_by(97) {
                let place = at(2, column as u32 + 1);
                assert_eq!(lines.position(second + offset), place);
                assert_eq!(lines.offset(place), second + offset);
            }
            assert_eq!(lines.slice(Span { start: at(2, count + 1), end: at(2, count + 9) }), "x");
            assert_eq!(lines.offset(at(1, count + 9)), second, "the end of its line");
        }
        assert_eq!(LineIndex::new("").offset(at(1, 5)), 0);
        assert_eq!(LineIndex::new(&"a".repeat(BLOCK)).position(BLOCK), at(1, BLOCK as u32 + 1));
    }

    #[test]
    fn a_span_is_a_slice() {
        let lines = LineIndex::new("a\nbcd e");
        let at = |line, column| Position { line, column };
        assert_eq!(lines.slice(Span { start: at(2, 2), end: at(2, 4) }), "cd");
        assert_eq!(lines.slice(Span { start: at(2, 4), end: at(2, 2) }), "");
    }
}
