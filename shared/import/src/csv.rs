//! CSV as RFC 4180 has it, read from bytes as they come, with the line of whatever is broken.
//!
//! Strict about quotes: a quote that is not closed, or closes in the middle of a field, would shift every field after
//! it, so that its row is refused. Reading goes on at the next end of a line; a quote that never closes has no next.

/// Longest row, in bytes.
const MAX_ROW_BYTES: usize = 8 * 1024 * 1024;

/// What some programs put before the first row.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Most fields of a row.
const MAX_FIELDS: usize = 1_000;

/// A row, or what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Its fields, quotes taken off.
    pub fields: Result<Vec<String>, &'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// At the beginning of a field.
    #[default]
    Start,
    /// In a field without quotes.
    Plain,
    /// Between quotes.
    Quoted,
    /// After a quote that closes, or is the first of two.
    Closing,
    /// In a row that is refused, up to the end of its line.
    Refused,
}

/// A reader. It holds no more than one row.
#[derive(Debug)]
pub struct Reader {
    state: State,
    line: u64,
    row: u64,
    bytes: usize,
    field: Vec<u8>,
    fields: Vec<String>,
    wrong: Option<&'static str>,
    /// How many bytes of the byte order mark have been read; three where there is none.
    mark: usize,
    after_return: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            state: State::Start,
            line: 1,
            row: 1,
            bytes: 0,
            field: Vec::new(),
            fields: Vec::new(),
            wrong: None,
            mark: 0,
            after_return: false,
        }
    }
}

impl Reader {
    /// Reads on; each row that ends is given out.
    pub fn feed(&mut self, bytes: &[u8], out: &mut impl FnMut(Row)) {
        for byte in bytes {
            if self.mark < MARK.len() {
                if *byte == MARK[self.mark] {
                    self.mark += 1;
                    continue;
                }
                let read = std::mem::replace(&mut self.mark, MARK.len());
                MARK[..read].iter().for_each(|byte| self.byte(*byte, out));
            }
            self.byte(*byte, out);
        }
    }

    /// The end: the last row need not end in an end of a line.
    pub fn finish(mut self, out: &mut impl FnMut(Row)) {
        if self.state == State::Quoted {
            self.refuse("a quote is not closed");
        }
        let is_empty = self.state == State::Start && self.fields.is_empty();
        if !is_empty || self.wrong.is_some() {
            self.end_row(out);
        }
    }

    fn byte(&mut self, byte: u8, out: &mut impl FnMut(Row)) {
        // A line ends in one or both of these.
        let is_second = byte == b'\n' && std::mem::take(&mut self.after_return);
        self.after_return = byte == b'\r';
        if byte == b'\n' && !is_second || byte == b'\r' {
            self.line += 1;
        }
        self.bytes += 1;
        if self.bytes > MAX_ROW_BYTES && self.state != State::Refused {
            self.refuse("the row is longer than 8 MiB");
        }
        match (self.state, byte) {
            (State::Quoted, b'"') => self.state = State::Closing,
            (State::Quoted, byte) => self.field.push(byte),
            (State::Closing, b'"') => {
                self.field.push(b'"');
                self.state = State::Quoted;
            }
            (_, b'\n') if is_second => self.bytes = 0,
            (_, b'\n' | b'\r') => self.end_row(out),
            (State::Refused, _) => {}
            (_, b',') => self.end_field(),
            (State::Start, b'"') => self.state = State::Quoted,
            (State::Plain, b'"') => self.refuse("a quote in the middle of a field"),
            (State::Closing, _) => self.refuse("text behind the quote that ends a field"),
            (State::Start | State::Plain, byte) => {
                self.field.push(byte);
                self.state = State::Plain;
            }
        }
    }

    fn end_field(&mut self) {
        self.state = State::Start;
        match String::from_utf8(std::mem::take(&mut self.field)) {
            Ok(_) if self.fields.len() >= MAX_FIELDS => self.refuse("the row has more than 1,000 fields"),
            Ok(field) => self.fields.push(field),
            Err(_) => self.refuse("it is not valid UTF-8"),
        }
    }

    fn refuse(&mut self, why: &'static str) {
        self.wrong.get_or_insert(why);
        self.state = State::Refused;
        self.field = Vec::new();
    }

    fn end_row(&mut self, out: &mut impl FnMut(Row)) {
        let is_empty = self.state == State::Start && self.fields.is_empty();
        if self.state != State::Refused {
            self.end_field();
        }
        let fields = std::mem::take(&mut self.fields);
        let line = std::mem::replace(&mut self.row, self.line);
        let fields = self.wrong.take().map_or(Ok(fields), Err);
        (self.state, self.bytes) = (State::Start, 0);
        if !is_empty {
            out(Row { line, fields });
        }
    }
}

/// The columns of a file by their names, in any case.
#[derive(Debug)]
pub struct Header(Vec<String>);

impl Header {
    /// A header row.
    pub fn new(fields: &[String]) -> Self {
        Self(fields.iter().map(|field| field.trim().to_lowercase()).collect())
    }

    /// The first of these columns that there is.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.0.iter().position(|column| column == name))
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8], chunk: usize) -> Vec<Row> {
        let (mut reader, mut rows) = (Reader::default(), Vec::new());
        text.chunks(chunk).for_each(|bytes| reader.feed(bytes, &mut |row| rows.push(row)));
        reader.finish(&mut |row| rows.push(row));
        rows
    }

    /// A row for each line number, fields divided by `|`.
    fn check(text: &str, expected: &[(u64, Result<&str, &str>)]) {
        for chunk in [1, 2, 3, 1_000] {
            let found = rows(text.as_bytes(), chunk);
            let found: Vec<(u64, Result<String, &str>)> =
                found.into_iter().map(|row| (row.line, row.fields.map(|fields| fields.join("|")))).collect();
            let found: Vec<_> =
                found.iter().map(|(line, fields)| (*line, fields.as_deref().map_err(|why| *why))).collect();
            assert_eq!(found, expected, "{text:?} by {chunk}");
        }
    }

    #[test]
    fn what_rfc_4180_says() {
        check("a,b\n1,2\n", &[(1, Ok("a|b")), (2, Ok("1|2"))]);
        check("a,b\r\n1,\"2\r\n3\"\r\nx,y", &[(1, Ok("a|b")), (2, Ok("1|2\r\n3")), (4, Ok("x|y"))]);
        check("\"a \"\"b\"\" c\",\"\",\n", &[(1, Ok("a \"b\" c||"))]);
        check("\u{feff}a\n\n\nb\n", &[(1, Ok("a")), (4, Ok("b"))]);
        check("a\rb", &[(1, Ok("a")), (2, Ok("b"))]);
        check("", &[]);
    }

    #[test]
    fn a_broken_row_costs_itself() {
        check(
            "a,\"b\"x,c\n1,2\nd\"e,f\n3,4",
            &[
                (1, Err("text behind the quote that ends a field")),
                (2, Ok("1|2")),
                (3, Err("a quote in the middle of a field")),
                (4, Ok("3|4")),
            ],
        );
        check("1,2\n3,\"4\n5,6\n", &[(1, Ok("1|2")), (2, Err("a quote is not closed"))]);
        assert_eq!(rows(b"a,\xff\nb", 9)[0].fields, Err("it is not valid UTF-8"));
        let long = [b"x".repeat(MAX_ROW_BYTES + 1), b"\ny".to_vec()].concat();
        let found = rows(&long, 4_096);
        assert_eq!(found[0].fields, Err("the row is longer than 8 MiB"));
        assert_eq!(found[1].fields, Ok(vec!["y".to_owned()]));
        let wide = [b",".repeat(1_001), b"\ny".to_vec()].concat();
        assert_eq!(rows(&wide, 9)[0].fields, Err("the row has more than 1,000 fields"));
    }
}
