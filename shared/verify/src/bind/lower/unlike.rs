//! Functions, operators and casts that dialects write alike and mean differently. What cannot be said in
//! DataFusion's terms is refused: bound by its name alone, it would be proved to be what it is not.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, CharacterLength, DataType, DateTimeField, ExactNumberInfo, Expr, FunctionArg,
    FunctionArgExpr, FunctionArguments, UnaryOperator, Value, ValueWithSpan,
};
use sqm_domain::Dialect;

use super::build::as_number;
use super::dates::single_name;
use super::types::is_narrow_integer;
use crate::dialects::{
    counts_from_monday, counts_from_the_start, counts_whole_units, dates_have_time, empty_is_null, first_day,
    has_caret_of_bits, has_iso_weeks, has_long_real, has_short_float, ignores_case, is_mysql, is_postgres,
    keeps_whole_seconds, pads_texts, replaces_the_empty_text, takes_negative_lengths,
};

/// Integers of dialects have so many bits, or more.
const FEWEST_BITS: i64 = 16;

/// Why an expression does not mean in this dialect what DataFusion makes of it.
pub fn reason(expr: &Expr, dialect: Dialect) -> Option<String> {
    match expr {
        Expr::Extract {
            field: DateTimeField::Second | DateTimeField::Seconds | DateTimeField::Epoch,
            ..
        } if is_postgres(dialect) || dialect == Dialect::Oracle => {
            Some("EXTRACT of seconds has parts of a second, and is not verified: use DATE_TRUNC".to_owned())
        }
        Expr::Extract { field, .. } => {
            part(&field.to_string().to_ascii_lowercase(), dialect).or_else(|| week_of_extract(field, dialect))
        }
        Expr::Substring { substring_from, .. } => {
            substring_from.as_deref().and_then(|from| start(from, dialect))
        }
        Expr::Like { pattern, .. } if matches!(dialect, Dialect::TSql | Dialect::Fabric) => {
            let plain = literal(pattern).is_some_and(|pattern| !pattern.contains('['));
            (!plain).then(|| "LIKE with [ ] in its pattern is not verified".to_owned())
        }
        Expr::BinaryOp { op: BinaryOperator::BitwiseXor, .. } if !has_caret_of_bits(dialect) => {
            Some("^ is a power, or nothing, and is not verified".to_owned())
        }
        Expr::BinaryOp { op: BinaryOperator::StringConcat, .. } if is_mysql(dialect) => {
            Some("|| is OR or joins texts, by a setting, and is not verified".to_owned())
        }
        Expr::BinaryOp { op: BinaryOperator::PGBitwiseShiftLeft, .. } if dialect != Dialect::Sqlite => {
            Some("<< drops other bits of an integer of less than 64, and is not verified".to_owned())
        }
        Expr::BinaryOp { op: BinaryOperator::PGBitwiseShiftRight, right, .. }
            if dialect != Dialect::Sqlite
                && !as_number(right).is_some_and(|bits| (0..FEWEST_BITS).contains(&bits)) =>
        {
            Some(format!(
                ">> by what is no constant below {FEWEST_BITS} goes by the width of an integer, and is not verified"
            ))
        }
        Expr::Function(function) if single_name(function) == Some("to_hex") => Some(
            "TO_HEX of a number below zero goes by the width of its type, and is not verified".to_owned(),
        ),
        Expr::UnaryOp { op: UnaryOperator::Plus, .. } if dialect == Dialect::Sqlite => {
            Some("+ takes the type of a column away, and is not verified: leave it out".to_owned())
        }
        Expr::SimilarTo { .. } if dialect == Dialect::Sqlite => {
            let is_plain = matches!(expr, Expr::SimilarTo { pattern, .. } if literal(pattern).is_some_and(|of| !of.contains('[')));
            (!is_plain).then(|| "GLOB with [ ], or a pattern that is no constant, is not verified".to_owned())
        }
        Expr::BinaryOp {
            op:
                BinaryOperator::PGRegexMatch
                | BinaryOperator::PGRegexNotMatch
                | BinaryOperator::PGRegexIMatch
                | BinaryOperator::PGRegexNotIMatch,
            ..
        } if dialect == Dialect::DuckDb => Some("~ matches whole texts, and is not verified".to_owned()),
        Expr::Collate { collation, .. } if ignores_case(&collation.to_string()) => {
            Some(format!("the collation {collation} is not verified"))
        }
        Expr::Cast { kind: CastKind::TryCast | CastKind::SafeCast, data_type, .. }
            if is_narrow_integer(data_type) =>
        {
            Some("TRY_CAST to an integer of less than 64 bits is not verified".to_owned())
        }
        Expr::Cast {
            expr: inner, data_type: DataType::Char(length) | DataType::Character(length), ..
        } if pads_texts(dialect)
            && literal(inner)
                .is_some_and(|text| Some(text.chars().count()) != characters(length.as_ref())) =>
        {
            Some("a text that is cast to one of another, fixed length is not verified".to_owned())
        }
        Expr::Cast { data_type, .. } if is_short_float(data_type, dialect) => {
            Some("a cast to a float of 32 bits is not verified".to_owned())
        }
        Expr::Cast { expr: inner, data_type, .. }
            if loses_fractions(data_type, dialect)
                && !is_null(inner)
                && literal(inner).is_none_or(|text| text.contains('.')) =>
        {
            Some(format!("a cast to {data_type} rounds or cuts parts of a second, and is not verified"))
        }
        Expr::Function(function) => {
            reason_of_call(single_name(function)?, &arguments(&function.args), dialect)
        }
        _ => None,
    }
}

/// Whether a moment or a time of the type has fewer digits behind the second than it may be cast from.
fn loses_fractions(data_type: &DataType, dialect: Dialect) -> bool {
    const MICROSECONDS: u64 = 6;
    match data_type {
        DataType::Timestamp(Some(digits), _)
        | DataType::Time(Some(digits), _)
        | DataType::Datetime(Some(digits)) => *digits < MICROSECONDS,
        DataType::TimestampNtz(Some(digits)) => *digits < MICROSECONDS,
        DataType::Timestamp(None, _) | DataType::Datetime(None) => keeps_whole_seconds(dialect),
        DataType::Custom(name, arguments) => {
            let name = name.to_string().to_ascii_lowercase();
            let digits = arguments.first().and_then(|digits| digits.parse::<u64>().ok());
            name == "smalldatetime"
                || ((name.starts_with("timestamp") || name.starts_with("datetime"))
                    && digits.is_some_and(|digits| digits < MICROSECONDS))
        }
        _ => false,
    }
}

fn is_short_float(data_type: &DataType, dialect: Dialect) -> bool {
    match data_type {
        DataType::Float4 | DataType::Float32 => true,
        DataType::Real => !has_long_real(dialect),
        DataType::Float(ExactNumberInfo::Precision(digits)) => *digits <= 24,
        DataType::Float(ExactNumberInfo::None) => has_short_float(dialect),
        _ => false,
    }
}

/// The arguments that are expressions.
fn arguments(arguments: &FunctionArguments) -> Vec<&Expr> {
    let FunctionArguments::List(list) = arguments else { return Vec::new() };
    let plain = |arg| match arg {
        &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref expr)) => Some(expr),
        _ => None,
    };
    list.args.iter().filter_map(plain).collect()
}

fn reason_of_call(name: &str, arguments: &[&Expr], dialect: Dialect) -> Option<String> {
    use Dialect as D;
    let because = |why: &str| Some(format!("{}: {why}", name.to_ascii_uppercase()));
    match (name, arguments) {
        ("substr" | "substring" | "mid", [_, from, ..]) => start(from, dialect),
        ("left" | "right", [_, n]) if !takes_negative_lengths(dialect) => {
            let plain = as_number(n).is_some_and(|n| n >= 0);
            if plain { None } else { because("a length that may be below zero is not verified") }
        }
        ("dayofweek", [_]) if first_day(dialect).is_none() => because("its first day is not known"),
        ("weekday", [_]) if !(counts_from_monday(dialect) || dialect == D::DuckDb) => {
            because("its first day is not known")
        }
        ("week", [_]) if !has_iso_weeks(dialect) => because("its first week is not that of ISO 8601"),
        ("week", [_, _]) => because("its modes are not verified"),
        ("date_part" | "datepart" | "extract", [unit, _]) => part(&unit_name(unit)?, dialect),
        ("date_trunc" | "datetime_trunc" | "timestamp_trunc" | "datetrunc", [one, two]) => {
            let unit = if dialect == D::BigQuery { two } else { one };
            let is_week = unit_name(unit).is_none_or(|unit| matches!(unit.as_str(), "week" | "wk" | "ww"));
            if is_week && matches!(dialect, D::BigQuery | D::TSql | D::Fabric) {
                return because("weeks that begin with Sunday are not verified");
            }
            None
        }
        ("add_months", [_, _]) if !matches!(dialect, D::SparkSql | D::Databricks) => {
            because("it keeps the last day of a month, which is not verified")
        }
        ("datediff" | "date_diff" | "timestampdiff", [unit, _, _])
            if counts_whole_units(dialect) && unit_name(unit).is_some() =>
        {
            because("it counts whole units, which is not verified")
        }
        ("datediff" | "date_diff" | "datetime_diff" | "timestampdiff", [one, _, three]) => {
            let is_week =
                [one, three].into_iter().filter_map(|unit| unit_name(unit)).any(|unit| unit.contains("week"));
            if is_week { because("a difference in weeks is not verified") } else { None }
        }
        ("to_date", [_]) | ("last_day", [_]) if dates_have_time(dialect) => {
            because("its format, or time of day, is not verified")
        }
        ("replace", [_, from, ..]) if replaces_the_empty_text(dialect) => {
            let is_plain = literal(from).is_some_and(|from| !from.is_empty());
            if is_plain { None } else { because("the empty text in it is not verified") }
        }
        ("replace", [_, parts @ ..]) if empty_is_null(dialect) => {
            let are_plain = parts.len() == 2 && parts.iter().all(|part| literal(part).is_some());
            if are_plain { None } else { because("a text in it that may be NULL is not verified") }
        }
        ("stddev" | "variance", [_]) if dialect == D::Oracle => {
            because("it is 0 for one row, which is not verified")
        }
        _ => None,
    }
}

/// A place that counts from the end, or from before the beginning, is another one in each dialect.
fn start(from: &Expr, dialect: Dialect) -> Option<String> {
    let plain = counts_from_the_start(dialect) || as_number(from).is_some_and(|from| from > 0);
    (!plain).then(|| "SUBSTRING from a place that may be zero or below is not verified".to_owned())
}

/// Parts of the calendar that not everybody counts alike.
fn part(unit: &str, dialect: Dialect) -> Option<String> {
    use Dialect as D;
    let is_fine = match unit {
        "week" | "weeks" | "wk" | "ww" => has_iso_weeks(dialect),
        "dow" | "dayofweek" | "weekday" | "dw" | "isodow" | "dayofweekiso" | "dayofweek_iso" => {
            unit == "dow" && (is_postgres(dialect) || matches!(dialect, D::Redshift | D::DuckDb))
        }
        "isoyear" | "yearofweek" | "iso_year" | "epoch_second" => false,
        _ => true,
    };
    (!is_fine).then(|| format!("{} of a date is not verified", unit.to_ascii_uppercase()))
}

fn week_of_extract(field: &DateTimeField, dialect: Dialect) -> Option<String> {
    let is_week = matches!(field, DateTimeField::Week(Some(_)));
    (is_week && dialect == Dialect::BigQuery).then(|| "WEEK of a date is not verified".to_owned())
}

fn unit_name(unit: &Expr) -> Option<String> {
    match unit {
        Expr::Identifier(ident) => Some(ident.value.to_ascii_lowercase()),
        other => literal(other).map(str::to_ascii_lowercase),
    }
}

/// How many characters a type of fixed length has; one where nothing is said.
fn characters(length: Option<&CharacterLength>) -> Option<usize> {
    match length {
        None => Some(1),
        Some(CharacterLength::IntegerLength { length, .. }) => usize::try_from(*length).ok(),
        Some(CharacterLength::Max) => None,
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::Null))
}

fn literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Some(text),
        _ => None,
    }
}
