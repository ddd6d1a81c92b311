use sqlparser::ast::{BinaryOperator, DataType, DateTimeField, Expr, Ident, UnaryOperator};
use sqm_domain::Dialect;

use super::calendar::{Day, Period};
use super::context::Context;
use super::edit::Edits;
use super::expression;
use super::predicate::{self, Predicate};
use super::source::Tokens;
use super::types::{self, Family};
use super::{Draft, Rewrite};

/// ## What it does
/// A condition on a function of a column becomes a condition on the column itself: a day, month, quarter
/// or year becomes a half-open range, the first letters become a LIKE prefix, and what is added to the
/// column moves to the other side.
///
/// ## Why
/// An index, a partition or the minima and maxima of a data block know the column, not the function.
///
/// ## When it is the same
/// The catalog says that the column is a date, a timestamp without time zone, a text or an exact number.
/// Truncation is monotonic, so the values whose period starts at a day are those from that day on and
/// before the next period; both sides are NULL for NULL. Timestamps with a time zone are left alone, since
/// what day they are depends on the session, and so are approximate numbers, where `x + 1 > y` rounds.
///
/// ## Source
/// Winand, *SQL Performance Explained*, chapter on obfuscated conditions.
///
/// ## Tables
/// ```sql
/// CREATE TABLE sale (
///     id INT PRIMARY KEY, sold_at TIMESTAMP, due DATE, seen_at TIMESTAMP WITH TIME ZONE,
///     code VARCHAR(20), amount DECIMAL(12, 2), score DOUBLE PRECISION, quantity INT
/// );
/// ```
///
/// ## Bad
/// ```sql
/// SELECT id FROM sale WHERE DATE(sold_at) = '2024-02-29'
/// ```
/// ## Good
/// ```sql
/// SELECT id FROM sale WHERE sold_at >= '2024-02-29' AND sold_at < '2024-03-01'
/// ```
///
/// ## Bad
/// ```sql bigquery
/// SELECT id FROM sale AS s WHERE NOT (s.sold_at IS NULL) OR NOT DATE_TRUNC(s.sold_at, MONTH) = DATE '2024-12-01'
/// ```
/// ## Good
/// ```sql bigquery
/// SELECT id FROM sale AS s WHERE NOT (s.sold_at IS NULL) OR NOT (s.sold_at >= TIMESTAMP '2024-12-01' AND s.sold_at < TIMESTAMP '2025-01-01')
/// ```
///
/// ## Bad
/// ```sql
/// SELECT COUNT(*) FROM sale WHERE EXTRACT(YEAR FROM due) BETWEEN 2022 AND 2023 AND quantity > 0
/// ```
/// ## Good
/// ```sql
/// SELECT COUNT(*) FROM sale WHERE due >= DATE '2022-01-01' AND due < DATE '2024-01-01' AND quantity > 0
/// ```
///
/// ## Bad
/// ```sql snowflake
/// SELECT id FROM sale WHERE TO_CHAR(sold_at, 'YYYY-MM') <= '2024-01'
/// ```
/// ## Good
/// ```sql snowflake
/// SELECT id FROM sale WHERE sold_at < '2024-02-01'
/// ```
///
/// ## Bad
/// ```sql trino
/// SELECT id FROM sale WHERE DATE_FORMAT(sold_at, '%Y-%m') = '2024-01'
/// ```
/// ## Good
/// ```sql trino
/// SELECT id FROM sale WHERE sold_at >= DATE '2024-01-01' AND sold_at < DATE '2024-02-01'
/// ```
///
/// ## Bad
/// ```sql tsql
/// SELECT id FROM sale WHERE YEAR(due) = 2024 AND CAST(sold_at AS DATE) <> '2024-02-29'
/// ```
/// ## Good
/// ```sql tsql
/// SELECT id FROM sale WHERE due >= '20240101' AND due < '20250101' AND (sold_at < '20240229' OR sold_at >= '20240301')
/// ```
///
/// ## Bad
/// ```sql
/// SELECT id FROM sale WHERE CAST(due AS DATE) >= CURRENT_DATE - 7
/// ```
/// ## Good
/// ```sql
/// SELECT id FROM sale WHERE due >= CURRENT_DATE - 7
/// ```
///
/// ## Bad
/// ```sql
/// SELECT id FROM sale WHERE LEFT(code, 3) = 'abc'
/// ```
/// ## Good
/// ```sql
/// SELECT id FROM sale WHERE code LIKE 'abc%'
/// ```
///
/// ## Bad
/// ```sql
/// SELECT id FROM sale WHERE 10 - quantity >= 3
/// ```
/// ## Good
/// ```sql
/// SELECT id FROM sale WHERE quantity <= 7
/// ```
///
/// ## Bad
/// ```sql
/// SELECT id FROM sale WHERE COALESCE(quantity, 0) > 5
/// ```
/// ## Good
/// ```sql
/// SELECT id FROM sale WHERE quantity > 5
/// ```
///
/// ## Kept
/// What day it is depends on the session's time zone.
/// ```sql
/// SELECT id FROM sale WHERE DATE(seen_at) = '2024-02-29'
/// ```
/// No month starts on the 15th: the condition holds for no row, and that is worth another finding.
/// ```sql
/// SELECT id FROM sale WHERE DATE_TRUNC('month', sold_at) = '2024-02-15'
/// ```
/// An approximate number rounds.
/// ```sql
/// SELECT id FROM sale WHERE score + 1 > 10
/// ```
/// A wildcard in the letters, and fewer letters than are taken.
/// ```sql
/// SELECT id FROM sale WHERE LEFT(code, 3) = 'a_c' AND LEFT(code, 3) = 'ab'
/// ```
/// A DATE of Oracle has a time of day.
/// ```sql oracle
/// SELECT id FROM sale WHERE CAST(sold_at AS DATE) = DATE '2024-02-29'
/// ```
/// Under NOT it matters whether the condition is NULL or false.
/// ```sql
/// SELECT id FROM sale WHERE NOT (COALESCE(quantity, 0) > 5)
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "function-to-range",
    title: "Compare the column itself, not a function of it",
    combines: true,
    merges: true,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (_, block) in cx.each() {
        for found in predicate::predicates(cx, block) {
            let rewritten = period(cx, &found)
                .or_else(|| needless_cast(cx, &found))
                .or_else(|| prefix(cx, &found))
                .or_else(|| arithmetic(cx, &found))
                .or_else(|| default(cx, &found));
            out.extend(rewritten.map(|(with, condition)| draft(cx, &found, &with, condition)));
        }
    }
}

type Rewritten = (With, String);

enum With {
    /// Text in the place of the whole condition.
    Text(String),
    /// The same where the text is a chain of ANDs or ORs.
    And(String),
    Or(String),
    /// Edits inside of the condition.
    Edits(Edits),
}

fn draft(cx: &Context<'_>, found: &Predicate<'_>, with: &With, condition: String) -> Draft {
    let mut edits = Edits::default();
    let wrapped = |text: &str, bare: bool| if bare { text.to_owned() } else { format!("({text})") };
    match with {
        With::Text(text) => edits.replace(cx.source, &found.tokens, text.clone()),
        With::And(text) => edits.replace(cx.source, &found.tokens, wrapped(text, found.takes_and)),
        With::Or(text) => edits.replace(cx.source, &found.tokens, wrapped(text, found.takes_or)),
        With::Edits(inner) => edits = inner.clone(),
    }
    Draft {
        edits,
        explanation: "The condition asks for a function of the column, which no index, partition or block \
                      statistics know. The new one asks for the column itself."
            .to_owned(),
        conditions: vec![condition],
        tokens: found.tokens.clone(),
    }
}

/// A column of a known type, as the author writes it.
struct Column {
    text: String,
    family: Family,
    data_type: String,
    not_null: bool,
}

fn column(cx: &Context<'_>, expr: &Expr) -> Option<Column> {
    let expr = expression::bare(expr);
    let name = expression::column(expr)?;
    let start = cx.source.at(expression::place(expr)?)?;
    let target = cx.target(expr)?;
    let data_type = cx.data_type(target)?;
    let mut family = types::family(&data_type)?;
    // A DATE of Oracle has a time of day.
    if cx.dialect == Dialect::Oracle && family == Family::Date {
        family = Family::Timestamp;
    }
    Some(Column {
        text: cx.text(&(start..start + 2 * name.len() - 1)).to_owned(),
        family,
        data_type,
        not_null: cx.blocks.is_not_null(target),
    })
}

// --- periods ---------------------------------------------------------------------------------------

/// How the literal names a period.
enum Naming {
    /// By its first day.
    Day,
    /// By the number of the year.
    Year,
    /// By its first digits: `2024`, `2024-02`.
    Digits,
}

fn period(cx: &Context<'_>, found: &Predicate<'_>) -> Option<Rewritten> {
    if cx.dialect == Dialect::Sqlite {
        return None; // Its dates are texts of any form.
    }
    match found.expr {
        Expr::Between { expr, negated: false, low, high } => {
            let (column, period, naming) = truncated(cx, expr)?;
            let (start, _) = span(&naming, period, low)?;
            let (_, end) = span(&naming, period, high)?;
            let (low, high) = (literal(cx, &column, low, start), literal(cx, &column, high, end));
            Some((With::And(range(cx, &column, &low, &high)), rests_on(&column)))
        }
        _ => {
            let (left, op, right) = expression::comparison(found.expr)?;
            let (function, op, value) = match truncated(cx, left) {
                Some(_) => (left, op.clone(), right),
                None => (right, expression::mirrored(op)?, left),
            };
            let (column, period, naming) = truncated(cx, function)?;
            let (start, end) = span(&naming, period, value)?;
            let (start, end) = (literal(cx, &column, value, start), literal(cx, &column, value, end));
            let name = &column.text;
            let with = match op {
                BinaryOperator::Eq => With::And(range(cx, &column, &start, &end)),
                BinaryOperator::NotEq => {
                    With::Or(format!("{name} < {start} {} {name} >= {end}", cx.word("or")))
                }
                BinaryOperator::Lt => With::Text(format!("{name} < {start}")),
                BinaryOperator::LtEq => With::Text(format!("{name} < {end}")),
                BinaryOperator::Gt => With::Text(format!("{name} >= {end}")),
                BinaryOperator::GtEq => With::Text(format!("{name} >= {start}")),
                _ => return None,
            };
            Some((with, rests_on(&column)))
        }
    }
}

fn range(cx: &Context<'_>, column: &Column, start: &str, end: &str) -> String {
    let name = &column.text;
    format!("{name} >= {start} {} {name} < {end}", cx.word("and"))
}

fn rests_on(column: &Column) -> String {
    format!("`{}` is of type {}, which has no time zone", column.text, column.data_type)
}

/// The first day of the period that a literal names, and the first day after it.
fn span(naming: &Naming, period: Period, value: &Expr) -> Option<(Day, Day)> {
    let start = match naming {
        Naming::Day => Day::read(date_text(value)?)?,
        Naming::Year => Day::new(i32::try_from(expression::integer(value)?).ok()?, 1, 1)?,
        Naming::Digits => {
            let text = expression::string(value)?;
            match (period, text.len()) {
                (Period::Year, 4) => Day::read(&format!("{text}-01-01"))?,
                (Period::Month, 7) => Day::read(&format!("{text}-01"))?,
                (Period::Day, 10) => Day::read(text)?,
                _ => return None,
            }
        }
    };
    Some((start, period.end(start)?))
}

/// The text of a date or timestamp literal, typed or not.
fn date_text(value: &Expr) -> Option<&str> {
    match expression::bare(value) {
        Expr::TypedString(typed)
            if matches!(
                typed.data_type,
                DataType::Date | DataType::Timestamp(..) | DataType::Datetime(_)
            ) =>
        {
            match &typed.value.value {
                sqlparser::ast::Value::SingleQuotedString(text) => Some(text),
                _ => None,
            }
        }
        Expr::Cast { expr, data_type: DataType::Date, format: None, .. } => expression::string(expr),
        other => expression::string(other),
    }
}

/// A literal of that day, written as the author writes the one that it replaces, where the dialect reads
/// that as a date in every session.
fn literal(cx: &Context<'_>, column: &Column, like: &Expr, day: Day) -> String {
    use Dialect as D;
    let quoted = match cx.dialect {
        // In no language is this another day.
        D::TSql | D::Fabric => format!("'{}'", day.to_string().replace('-', "")),
        _ => format!("'{day}'"),
    };
    let reads_texts = !matches!(
        cx.dialect,
        D::Oracle | D::Trino | D::Presto | D::Athena | D::Teradata | D::Exasol
    );
    if expression::string(like).is_some() && reads_texts {
        return quoted;
    }
    let word = match cx.dialect {
        // Its types do not mix.
        Dialect::BigQuery if column.data_type.starts_with("DATETIME") => "DATETIME",
        Dialect::BigQuery if column.family == Family::Timestamp => "TIMESTAMP",
        Dialect::TSql | Dialect::Fabric | Dialect::MySql | Dialect::MariaDb => return quoted,
        _ => "DATE",
    };
    format!("{} {quoted}", cx.word(word))
}

/// A function that takes the column to the start of its day, month, quarter or year.
fn truncated(cx: &Context<'_>, expr: &Expr) -> Option<(Column, Period, Naming)> {
    let (inner, period, naming) = match expression::bare(expr) {
        // A DATE of Oracle keeps the time of day.
        Expr::Cast { expr, data_type: DataType::Date, format: None, .. } if cx.dialect != Dialect::Oracle => {
            (expr.as_ref(), Period::Day, Naming::Day)
        }
        Expr::Extract { field: DateTimeField::Year, expr, .. } => (expr.as_ref(), Period::Year, Naming::Year),
        call => {
            let (name, function) = expression::call(call)?;
            let args = expression::plain_args(function)?;
            match (name.as_str(), args.as_slice()) {
                ("DATE" | "TO_DATE", [one]) if cx.dialect != Dialect::Oracle => {
                    (*one, Period::Day, Naming::Day)
                }
                ("TRUNC", [one]) if cx.dialect == Dialect::Oracle => (*one, Period::Day, Naming::Day),
                ("YEAR", [one]) => (*one, Period::Year, Naming::Year),
                ("DATE_PART", [unit, one]) if expression::string(unit)?.eq_ignore_ascii_case("year") => {
                    (*one, Period::Year, Naming::Year)
                }
                ("DATE_TRUNC" | "TIMESTAMP_TRUNC" | "DATETIME_TRUNC" | "TRUNC", [a, b]) => {
                    match (unit(a), unit(b)) {
                        (Some(period), _) if column(cx, b).is_some() => (*b, period, Naming::Day),
                        (_, Some(period)) => (*a, period, Naming::Day),
                        _ => return None,
                    }
                }
                ("TO_CHAR" | "TO_VARCHAR", [one, format]) => {
                    let period = match expression::string(format)?.to_uppercase().as_str() {
                        "YYYY" => Period::Year,
                        "YYYY-MM" => Period::Month,
                        "YYYY-MM-DD" => Period::Day,
                        _ => return None,
                    };
                    (*one, period, Naming::Digits)
                }
                (
                    "DATE_FORMAT" | "STRFTIME" | "FORMAT_DATE" | "FORMAT_TIMESTAMP" | "FORMAT_DATETIME",
                    [a, b],
                ) => {
                    let (one, format) = match expression::string(a) {
                        Some(format) => (*b, format),
                        None => (*a, expression::string(b)?),
                    };
                    let period = match format {
                        "%Y" => Period::Year,
                        "%Y-%m" => Period::Month,
                        "%Y-%m-%d" | "%F" => Period::Day,
                        _ => return None,
                    };
                    (one, period, Naming::Digits)
                }
                _ => return None,
            }
        }
    };
    let column = column(cx, inner)?;
    let known = match column.family {
        Family::Timestamp => true,
        // A day of a date is the date: the function goes away altogether, which is simpler than a range.
        Family::Date => !(period == Period::Day && matches!(naming, Naming::Day)),
        _ => false,
    };
    known.then_some((column, period, naming))
}

/// The period that an argument names: `'month'`, or `MONTH` as BigQuery has it.
fn unit(expr: &Expr) -> Option<Period> {
    match expr {
        Expr::Identifier(Ident { value, quote_style: None, .. }) => Period::named(value),
        _ => Period::named(expression::string(expr)?),
    }
}

/// `CAST(d AS DATE)` and `DATE(d)` of a date, on either side of any comparison.
fn needless_cast(cx: &Context<'_>, found: &Predicate<'_>) -> Option<Rewritten> {
    let mut edits = Edits::default();
    let mut names = Vec::new();
    let mut strip = |expr: &Expr, tokens: &Tokens| {
        let inner = match expression::bare(expr) {
            Expr::Cast { expr, data_type: DataType::Date, format: None, .. } => Some(expr.as_ref()),
            call => match expression::call(call) {
                Some((name, function)) if name == "DATE" => match expression::plain_args(function).as_deref()
                {
                    Some([one]) => Some(*one),
                    _ => None,
                },
                _ => None,
            },
        };
        if let Some(column) = inner.and_then(|inner| column(cx, inner)).filter(|c| c.family == Family::Date) {
            edits.replace(cx.source, tokens, column.text.clone());
            names.push(column.text);
        }
    };
    match found.expr {
        Expr::Between { expr, .. } | Expr::InList { expr, .. } => {
            let end = cx
                .source
                .outer(found.tokens.clone())
                .find(|&index| cx.source.is_any(index, &["NOT", "BETWEEN", "IN"]))?;
            strip(expr, &(found.tokens.start..end));
        }
        other => {
            let (left, _, right) = expression::comparison(other)?;
            let (left_tokens, right_tokens) = cx.source.sides(&found.tokens)?;
            strip(left, &left_tokens);
            strip(right, &right_tokens);
        }
    }
    let name = names.first()?;
    let condition = format!("`{name}` is of type DATE already");
    Some((With::Edits(edits), condition))
}

// --- other functions -------------------------------------------------------------------------------

/// The first letters.
fn prefix(cx: &Context<'_>, found: &Predicate<'_>) -> Option<Rewritten> {
    if cx.dialect == Dialect::Sqlite {
        return None; // LIKE does not tell upper from lower case there, `=` does.
    }
    let (left, BinaryOperator::Eq, right) = expression::comparison(found.expr)? else { return None };
    let (function, value) = match expression::string(right) {
        Some(value) => (left, value),
        None => (right, expression::string(left)?),
    };
    let (inner, length) = match expression::bare(function) {
        Expr::Substring { expr, substring_from: Some(from), substring_for: Some(count), .. }
            if expression::integer(from) == Some(1) =>
        {
            (expr.as_ref(), expression::integer(count)?)
        }
        call => {
            let (name, function) = expression::call(call)?;
            let args = expression::plain_args(function)?;
            match (name.as_str(), args.as_slice()) {
                ("LEFT", [one, count]) => (*one, expression::integer(count)?),
                ("SUBSTR" | "SUBSTRING", [one, from, count]) if expression::integer(from) == Some(1) => {
                    (*one, expression::integer(count)?)
                }
                _ => return None,
            }
        }
    };
    let column = column(cx, inner)?;
    let plain =
        value.chars().all(|c| !matches!(c, '%' | '_' | '\\' | '[' | '\'' | '^')) && !value.ends_with(' ');
    if column.family != Family::Text
        || !plain
        || value.is_empty()
        || i64::try_from(value.chars().count()) != Ok(length)
    {
        return None;
    }
    let text = format!("{} {} '{value}%'", column.text, cx.word("like"));
    Some((
        With::Text(text),
        format!("`{}` is a text, and '{value}' is as long as what is taken of it", column.text),
    ))
}

/// What is added to the column, taken from it or multiplied with it.
fn arithmetic(cx: &Context<'_>, found: &Predicate<'_>) -> Option<Rewritten> {
    let (left, op, right) = expression::comparison(found.expr)?;
    let (sum, mut op, value) = match expression::integer(right) {
        Some(value) => (left, op.clone(), value),
        None => (right, expression::mirrored(op)?, expression::integer(left)?),
    };
    let Expr::BinaryOp { left, op: inner, right } = expression::bare(sum) else { return None };
    let (operand, value) = match (expression::integer(left), inner, expression::integer(right)) {
        (None, BinaryOperator::Plus, Some(added)) => (left, value.checked_sub(added)?),
        (Some(added), BinaryOperator::Plus, None) => (right, value.checked_sub(added)?),
        (None, BinaryOperator::Minus, Some(taken)) => (left, value.checked_add(taken)?),
        (Some(from), BinaryOperator::Minus, None) => {
            op = expression::mirrored(&op)?;
            (right, from.checked_sub(value)?)
        }
        (None, BinaryOperator::Multiply, Some(factor)) | (Some(factor), BinaryOperator::Multiply, None)
            if factor > 0 && value % factor == 0 =>
        {
            (if expression::integer(right).is_some() { left } else { right }, value / factor)
        }
        _ => return None,
    };
    let column = column(cx, operand)?;
    let exact =
        matches!(column.family, Family::Integer | Family::Decimal) && !column.data_type.contains("UNSIGNED");
    exact.then(|| {
        (
            With::Text(format!("{} {} {value}", column.text, expression::sign(&op))),
            format!("`{}` is of type {}, which is exact", column.text, column.data_type),
        )
    })
}

/// A default for NULL that the condition refuses, or accepts, anyway.
fn default(cx: &Context<'_>, found: &Predicate<'_>) -> Option<Rewritten> {
    let (left, op, right) = expression::comparison(found.expr)?;
    let (function, op, value) = match expression::call(left) {
        Some(_) => (left, op.clone(), right),
        None => (right, expression::mirrored(op)?, left),
    };
    let (name, call) = expression::call(function)?;
    let args = expression::plain_args(call)?;
    let ("COALESCE" | "IFNULL" | "NVL", [inner, fallback]) = (name.as_str(), args.as_slice()) else {
        return None;
    };
    let column = column(cx, inner)?;
    let (left_tokens, right_tokens) = cx.source.sides(&found.tokens)?;
    let value_text = cx.text(if std::ptr::eq(value, right) { &right_tokens } else { &left_tokens });
    let text = format!("{} {} {value_text}", column.text, expression::sign(&op));
    if column.not_null && expression::is_literal(value) {
        return Some((With::Text(text), format!("`{}` is NOT NULL", column.text)));
    }
    let accepts = match (expression::integer(fallback), expression::integer(value)) {
        (Some(fallback), Some(value)) => match op {
            BinaryOperator::Eq => fallback == value,
            BinaryOperator::NotEq => fallback != value,
            BinaryOperator::Lt => fallback < value,
            BinaryOperator::LtEq => fallback <= value,
            BinaryOperator::Gt => fallback > value,
            BinaryOperator::GtEq => fallback >= value,
            _ => return None,
        },
        (None, None) if op == BinaryOperator::Eq => {
            let (fallback, value) = (expression::string(fallback)?, expression::string(value)?);
            if fallback != value && fallback.trim().eq_ignore_ascii_case(value.trim()) {
                return None; // Whether these are equal is for the collation to say.
            }
            // An empty string is NULL in Oracle.
            if cx.dialect == Dialect::Oracle && (fallback.is_empty() || value.is_empty()) {
                return None;
            }
            fallback == value
        }
        _ => return None,
    };
    if !found.filters {
        return None;
    }
    let condition =
        format!("`{}` is not true of NULL, and here that is as good as false", cx.flat(&found.tokens));
    if accepts {
        let text = format!("{text} {} {} {}", cx.word("or"), column.text, cx.word("is null"));
        return Some((With::Or(text), format!("the default {} meets the condition", say(fallback))));
    }
    Some((With::Text(text), condition))
}

fn say(literal: &Expr) -> String {
    match literal {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => format!("-{}", say(expr)),
        other => other.to_string(),
    }
}
