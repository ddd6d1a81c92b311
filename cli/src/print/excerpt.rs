//! A stretch of a text with carets under it, as compilers show it.

use std::fmt::Write;

use sqm_sql::text::Span;

use super::{Style, harmless, width};

/// Cells of a line that are shown; machines write lines of any length.
const MOST_CELLS: usize = 160;
/// Cells shown before the first caret of such a line.
const BEFORE: usize = 40;

/// The first line of the stretch with carets under the part that is meant, and how many lines follow.
///
/// ```text
///    |
///  6 | WHERE p.promotion_id NOT IN (SELECT o.promotion_id FROM orders AS o);
///    |       ^^^^^^^^^^^^^^^^^^^^^
/// ```
pub fn excerpt(text: &str, span: Span, style: Style) -> String {
    let number = span.start.line as usize;
    let line = harmless(text.split('\n').nth(number.saturating_sub(1)).unwrap_or("").trim_end_matches('\r'));
    let column = (span.start.column as usize).saturating_sub(1);
    let length = line.chars().count();
    let end = if span.end.line == span.start.line {
        (span.end.column as usize).saturating_sub(1)
    } else {
        line.trim_end().chars().count()
    };
    let from = if width::of(&line) > MOST_CELLS { column.saturating_sub(BEFORE).min(length) } else { 0 };
    let (mut shown, mut carets) = (String::new(), String::new());
    if from > 0 {
        shown.push('…');
        carets.push(' ');
    }
    let mut cells = 0;
    for (at, c) in line.chars().enumerate().skip(from) {
        if cells >= MOST_CELLS {
            shown.push('…');
            break;
        }
        let (text, wide) =
            if c == '\t' { ("    ".to_owned(), 4) } else { (c.to_string(), width::of_char(c)) };
        shown.push_str(&text);
        let mark = if at >= column && at < end.max(column + 1) { "^" } else { " " };
        carets.push_str(&mark.repeat(wide));
        cells += wide;
    }
    if column >= length {
        carets.push('^');
    }
    let digits = number.to_string();
    let margin = " ".repeat(digits.len());
    let bar = style.dim("|");
    let mut out = String::new();
    let _ = writeln!(out, " {margin} {bar}");
    let _ = writeln!(out, " {} {bar} {shown}", style.dim(&digits));
    let _ = writeln!(out, " {margin} {bar} {}", style.cyan(carets.trim_end()));
    let more = span.end.line.saturating_sub(span.start.line);
    if more > 0 {
        let lines = if more == 1 { "line" } else { "lines" };
        let _ = writeln!(out, " {margin} {bar} {}", style.dim(format!("… and {more} more {lines}")));
    }
    out
}

#[cfg(test)]
mod tests {
    use sqm_sql::text::Position;

    use super::*;

    fn check(text: &str, start: (u32, u32), end: (u32, u32), expected: &[&str]) {
        let at = |(line, column)| Position { line, column };
        let shown = excerpt(text, Span { start: at(start), end: at(end) }, Style(false));
        let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn carets_stand_under_what_is_meant() {
        check("a\r\nselect *\r\n", (2, 8), (2, 9), &["   |", " 2 | select *", "   |        ^"]);
        check("\tx = 表", (1, 6), (1, 7), &["   |", " 1 |     x = 表", "   |         ^^"]);
        check("f(a,\n b)", (1, 1), (2, 4), &["   |", " 1 | f(a,", "   | ^^^^", "   | … and 1 more line"]);
    }

    #[test]
    fn a_place_past_the_end_has_a_caret() {
        check("abc", (1, 4), (1, 4), &["   |", " 1 | abc", "   |    ^"]);
        check("", (1, 1), (1, 1), &["   |", " 1 |", "   | ^"]);
        check("abc", (9, 9), (9, 9), &["   |", " 9 |", "   | ^"]);
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}X{}", "a".repeat(1000), "b".repeat(1000));
        let at = |column| Position { line: 1, column };
        let shown = excerpt(&text, Span { start: at(1001), end: at(1002) }, Style(false));
        let line = shown.lines().nth(1).unwrap();
        assert!(line.starts_with(" 1 | …aaa") && line.ends_with("b…"), "{line}");
        let caret = shown.lines().nth(2).unwrap().find('^').unwrap();
        assert_eq!(line.chars().nth(caret), Some('X'));
    }
}
