//! Formats of dates: each family of dialects writes its own, DataFusion chrono's.

use datafusion::sql::sqlparser::ast::{Expr, Value, ValueWithSpan};
use sqm_domain::Dialect;

use super::build::{call, text};
use super::operators::take_out;
use crate::dialects::{dates_have_time, is_java};

/// How a format is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `YYYY-MM-DD HH24:MI:SS`, in any case: Oracle, PostgreSQL, Snowflake.
    Template,
    /// `%Y-%m-%d %H:%i:%s`: MySQL, Trino.
    Percent,
    /// `yyyy-MM-dd HH:mm:ss`: Java, and with it Spark and Hive.
    Letters,
    /// `%Y-%m-%d %H:%M:%S`: C's strftime, SQLite, DuckDB, BigQuery.
    Strftime,
}

/// A call that formats a moment, or reads one from a text, in DataFusion's terms; `None` for any other call.
///
/// # Errors
/// Why the format is not verified.
pub fn lower(name: &str, arguments: &mut [Expr], dialect: Dialect) -> Result<Option<Expr>, String> {
    let (function, style, value, format) = match (name, arguments) {
        ("to_char" | "to_varchar", [value, format]) => ("to_char", template(dialect), value, format),
        ("to_date", [value, format]) if dates_have_time(dialect) => {
            ("to_timestamp", template(dialect), value, format)
        }
        ("to_date" | "to_timestamp", [value, format]) => (name, template(dialect), value, format),
        ("date_format", [value, format]) => {
            let style = if is_java(dialect) { Style::Letters } else { Style::Percent };
            ("to_char", style, value, format)
        }
        ("strftime", [value, format]) if dialect == Dialect::DuckDb => {
            ("to_char", Style::Strftime, value, format)
        }
        ("strftime" | "format_date" | "format_datetime" | "format_timestamp", [format, value]) => {
            ("to_char", Style::Strftime, value, format)
        }
        _ => return Ok(None),
    };
    let Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(written), .. }) = &*format else {
        return Err(format!(
            "{}: a format that is not written out is not verified",
            name.to_ascii_uppercase()
        ));
    };
    let Some(read) = chrono(written, style) else {
        return Err(format!("{}: the format is not verified", name.to_ascii_uppercase()));
    };
    Ok(Some(call(function, vec![take_out(value), text(&read)])))
}

fn template(dialect: Dialect) -> Style {
    if is_java(dialect) { Style::Letters } else { Style::Template }
}

/// The format as chrono reads it, where each of its parts means the same there.
fn chrono(format: &str, style: Style) -> Option<String> {
    let parts: &[(&str, &str)] = match style {
        Style::Template => &[
            ("YYYY", "%Y"),
            ("HH24", "%H"),
            ("YY", "%y"),
            ("DDD", "%j"),
            ("MM", "%m"),
            ("DD", "%d"),
            ("MI", "%M"),
            ("SS", "%S"),
        ],
        Style::Letters => &[
            ("yyyy", "%Y"),
            ("yy", "%y"),
            ("MM", "%m"),
            ("dd", "%d"),
            ("HH", "%H"),
            ("mm", "%M"),
            ("ss", "%S"),
        ],
        Style::Percent => &[
            ("%Y", "%Y"),
            ("%y", "%y"),
            ("%m", "%m"),
            ("%d", "%d"),
            ("%j", "%j"),
            ("%H", "%H"),
            ("%i", "%M"),
            ("%s", "%S"),
            ("%S", "%S"),
            ("%T", "%H:%M:%S"),
        ],
        Style::Strftime => &[
            ("%Y", "%Y"),
            ("%y", "%y"),
            ("%m", "%m"),
            ("%d", "%d"),
            ("%j", "%j"),
            ("%H", "%H"),
            ("%M", "%M"),
            ("%S", "%S"),
            ("%F", "%Y-%m-%d"),
            ("%T", "%H:%M:%S"),
        ],
    };
    let starts = |rest: &str, part: &str| {
        let head = rest.get(..part.len());
        head.is_some_and(|head| match style {
            Style::Template => head.eq_ignore_ascii_case(part),
            _ => head == part,
        })
    };
    let (mut rest, mut read, mut last) = (format, String::new(), None);
    while let Some(next) = rest.chars().next() {
        match parts.iter().find(|(part, _)| starts(rest, part)) {
            // Three or five of a letter are another part than two or four.
            Some((part, meaning)) => {
                let letter = part.chars().next();
                if style == Style::Letters && last == letter {
                    return None;
                }
                read.push_str(meaning);
                last = letter;
                rest = &rest[part.len()..];
            }
            None if matches!(next, '-' | '/' | ':' | '.' | ',' | ' ' | '_') => {
                read.push(next);
                last = None;
                rest = &rest[1..];
            }
            None => return None,
        }
    }
    Some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_style_is_read_as_its_dialects_do() {
        let check = |style, format: &str, expected: Option<&str>| {
            assert_eq!(chrono(format, style).as_deref(), expected, "{format}");
        };
        check(Style::Template, "YYYY-MM-DD HH24:MI:SS", Some("%Y-%m-%d %H:%M:%S"));
        check(Style::Template, "yyyymm", Some("%Y%m"));
        check(Style::Template, "YYYY-\"Q\"Q", None);
        check(Style::Template, "DD-MON-YYYY", None);
        check(Style::Template, "999.99", None);
        check(Style::Letters, "yyyy-MM-dd HH:mm:ss", Some("%Y-%m-%d %H:%M:%S"));
        check(Style::Letters, "YYYY-MM", None);
        check(Style::Letters, "MMM", None);
        check(Style::Percent, "%Y-%m-%d %H:%i", Some("%Y-%m-%d %H:%M"));
        check(Style::Percent, "%M", None);
        check(Style::Strftime, "%M", Some("%M"));
        check(Style::Strftime, "%W", None);
    }
}
