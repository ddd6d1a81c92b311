//! Dates: the moment of the statement is fixed, and date arithmetic becomes intervals.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DataType, DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    Interval, TimezoneInfo, TypedString, Value, ValueWithSpan,
};
use datafusion::sql::sqlparser::tokenizer::Span;
use sqm_domain::Dialect;

use super::Names;
use super::build::{binary, call, cast, number, text};
use super::operators::take_out;
use crate::dialects::{self, dates_have_time};

/// The moment at which every statement is taken to run. Both queries see the same.
pub const NOW: &str = "2024-05-17 12:34:56";
/// The same in UTC: the session's clock is ahead of it, so that nobody takes one for the other.
const NOW_IN_UTC: &str = "2024-05-17 10:34:56";
const TODAY: &str = "2024-05-17";

/// What a verdict over queries that read the clock rests on.
pub const WHEN: &str = "the clock says 2024-05-17 12:34:56, in UTC two hours less";

/// Rewrites calls that compute with dates or read the clock, and says whether this one reads it.
pub fn lower(expr: &mut Expr, dialect: Dialect) -> bool {
    let Expr::Function(function) = expr else { return false };
    let Some(name) = single_name(function) else { return false };
    if let Some(moment) = moment(name, dialect) {
        *expr = moment;
        return true;
    }
    if let Some(rewritten) = computed(function, dialect) {
        *expr = rewritten;
    }
    false
}

fn computed(function: &mut Function, dialect: Dialect) -> Option<Expr> {
    let name = single_name(function)?.to_owned();
    let mut arguments = positional(function)?;
    match (name.as_str(), arguments.as_mut_slice()) {
        (
            "dateadd" | "date_add" | "timestampadd" | "timestamp_add" | "datetime_add" | "adddate",
            [unit, n, date],
        ) if field(unit).is_some() => {
            field(unit).map(|unit| shift(take_out(date), take_out(n), unit, BinaryOperator::Plus))
        }
        ("date_add" | "adddate" | "datetime_add" | "timestamp_add", [date, interval @ Expr::Interval(_)]) => {
            Some(binary(take_out(date), BinaryOperator::Plus, take_out(interval)))
        }
        ("date_sub" | "subdate" | "datetime_sub" | "timestamp_sub", [date, interval @ Expr::Interval(_)]) => {
            Some(binary(take_out(date), BinaryOperator::Minus, take_out(interval)))
        }
        ("date_add" | "adddate", [date, n]) => {
            Some(shift(take_out(date), take_out(n), "day", BinaryOperator::Plus))
        }
        ("date_sub" | "subdate", [date, n]) => {
            Some(shift(take_out(date), take_out(n), "day", BinaryOperator::Minus))
        }
        ("add_months", [date, n]) => Some(shift(take_out(date), take_out(n), "month", BinaryOperator::Plus)),
        ("datediff" | "date_diff" | "timestampdiff", [unit, from, to]) if field(unit).is_some() => {
            // BigQuery writes the later date first and the unit last; that has its own arm below.
            field(unit).and_then(|unit| difference(unit, take_out(to), take_out(from)))
        }
        ("date_diff" | "datetime_diff", [to, from, unit]) if field(unit).is_some() => {
            field(unit).and_then(|unit| difference(unit, take_out(to), take_out(from)))
        }
        ("datediff", [to, from]) => difference("day", take_out(to), take_out(from)),
        ("date_trunc" | "datetime_trunc" | "timestamp_trunc", [date, unit])
            if matches!(unit, Expr::Identifier(_)) && dialect == Dialect::BigQuery =>
        {
            field(unit).map(|unit| call("date_trunc", vec![text(unit), take_out(date)]))
        }
        ("date_part" | "datepart", [unit @ Expr::Identifier(_), date]) => {
            field(unit).map(|unit| part(unit, take_out(date)))
        }
        ("year" | "month" | "day" | "quarter" | "week" | "hour" | "minute" | "second", [date]) => {
            Some(part(&name, take_out(date)))
        }
        ("dayofmonth", [date]) => Some(part("day", take_out(date))),
        ("dayofyear", [date]) => Some(part("doy", take_out(date))),
        ("dayofweek", [date]) => {
            let sunday = dialects::first_day(dialect).unwrap_or(0);
            Some(binary(part("dow", take_out(date)), BinaryOperator::Plus, number(sunday)))
        }
        ("weekday", [date]) if dialects::counts_from_monday(dialect) => {
            let since = binary(part("dow", take_out(date)), BinaryOperator::Plus, number(6));
            Some(binary(since, BinaryOperator::Modulo, number(7)))
        }
        ("weekday", [date]) => Some(part("dow", take_out(date))),
        ("weekofyear", [date]) => Some(part("week", take_out(date))),
        ("date" | "to_date", [date]) => {
            without_zone(date);
            Some(cast(take_out(date), DataType::Date))
        }
        ("date", [date, modifier]) => modified(date, modifier),
        ("timestamp" | "datetime" | "to_timestamp_ntz", [moment]) => {
            Some(cast(take_out(moment), DataType::Timestamp(None, TimezoneInfo::None)))
        }
        ("unix_timestamp", [moment]) => Some(call("to_unixtime", vec![take_out(moment)])),
        ("last_day", [date]) => {
            let month = call("date_trunc", vec![text("month"), take_out(date)]);
            let next = binary(month, BinaryOperator::Plus, interval(1, "month"));
            Some(cast(binary(next, BinaryOperator::Minus, interval(1, "day")), DataType::Date))
        }
        _ => None,
    }
}

/// The day of a moment written with the zone behind it, which changes nothing of the day itself.
fn without_zone(date: &mut Expr) {
    if let Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) = date
        && let Some((day, zone)) = text.trim().split_once(' ')
        && day.len() == 10
        && zone.starts_with(['+', '-'])
        && zone[1..].chars().all(|c| c.is_ascii_digit() || c == ':')
    {
        *text = day.to_owned();
    }
}

/// SQLite's `date(x, '-90 days')`.
fn modified(date: &mut Expr, modifier: &Expr) -> Option<Expr> {
    let Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) = modifier else {
        return None;
    };
    let (n, unit) = text.trim().split_once(' ')?;
    let n: i64 = n.parse().ok()?;
    let unit = field(&super::build::text(unit.trim()))?;
    let day = cast(take_out(date), DataType::Date);
    Some(cast(shift(day, number(n), unit, BinaryOperator::Plus), DataType::Date))
}

/// `'20240229'` beside a date becomes `'2024-02-29'`, the form that everything else reads.
pub fn write_out_days(expr: &mut Expr, names: &dyn Names) {
    let (one, others): (&mut Expr, Vec<&mut Expr>) = match expr {
        Expr::BinaryOp { left, right, .. } if column(left).is_some() => (left, vec![right]),
        Expr::BinaryOp { left, right, .. } => (right, vec![left]),
        Expr::Between { expr, low, high, .. } => (expr, vec![low, high]),
        Expr::InList { expr, list, .. } => (expr, list.iter_mut().collect()),
        _ => return,
    };
    if !column(one).is_some_and(|name| names.is_date(name)) {
        return;
    }
    for other in others {
        if let Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) = other
            && text.len() == 8
            && text.bytes().all(|byte| byte.is_ascii_digit())
        {
            *text = format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]);
        }
    }
}

fn column(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Identifier(name) => Some(&name.value),
        Expr::CompoundIdentifier(parts) => parts.last().map(|name| name.value.as_str()),
        _ => None,
    }
}

/// The moment at which every statement is taken to run.
pub fn now() -> Expr {
    typed(DataType::Timestamp(None, TimezoneInfo::None), NOW)
}

fn moment(name: &str, dialect: Dialect) -> Option<Expr> {
    let (data_type, moment) = match name {
        "current_date" if dates_have_time(dialect) => (DataType::Timestamp(None, TimezoneInfo::None), NOW),
        "now" | "current_timestamp" | "localtimestamp" | "getdate" | "sysdate" | "sysdatetime"
        | "current_datetime" | "systimestamp" => (DataType::Timestamp(None, TimezoneInfo::None), NOW),
        "getutcdate" | "sysutcdatetime" | "utc_timestamp" => {
            (DataType::Timestamp(None, TimezoneInfo::None), NOW_IN_UTC)
        }
        "current_date" | "curdate" | "today" => (DataType::Date, TODAY),
        _ => return None,
    };
    Some(typed(data_type, moment))
}

fn typed(data_type: DataType, text: &str) -> Expr {
    let value = ValueWithSpan { value: Value::SingleQuotedString(text.into()), span: Span::empty() };
    Expr::TypedString(TypedString { data_type, value, uses_odbc_syntax: false })
}

/// The lower-case name of a call without qualifier.
pub fn single_name(function: &Function) -> Option<&str> {
    match function.name.0.as_slice() {
        [part] => part.as_ident().map(|ident| ident.value.as_str()),
        _ => None,
    }
}

/// The plain positional arguments of a call; `None` when there are others.
pub fn positional(function: &Function) -> Option<Vec<Expr>> {
    if function.over.is_some() || function.filter.is_some() {
        return None;
    }
    let FunctionArguments::List(list) = &function.args else { return None };
    let plain = list.duplicate_treatment.is_none()
        && list.clauses.is_empty()
        && list.args.iter().all(|arg| matches!(arg, FunctionArg::Unnamed(FunctionArgExpr::Expr(_))));
    plain.then(|| {
        list.args
            .iter()
            .filter_map(|arg| match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
                _ => None,
            })
            .collect()
    })
}

fn field(unit: &Expr) -> Option<&'static str> {
    let name = match unit {
        Expr::Identifier(ident) => ident.value.to_ascii_lowercase(),
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => {
            text.to_ascii_lowercase()
        }
        _ => return None,
    };
    Some(match name.as_str() {
        "year" | "years" | "yy" | "yyyy" => "year",
        "quarter" | "qq" | "q" => "quarter",
        "month" | "months" | "mm" | "m" => "month",
        "week" | "weeks" | "wk" | "ww" | "isoweek" => "week",
        "day" | "days" | "dd" | "d" => "day",
        "hour" | "hours" | "hh" => "hour",
        "minute" | "minutes" | "mi" | "n" => "minute",
        "second" | "seconds" | "ss" | "s" => "second",
        _ => return None,
    })
}

pub fn interval(n: i64, unit: &str) -> Expr {
    Expr::Interval(Interval {
        value: Box::new(text(&format!("{n} {unit}"))),
        leading_field: None,
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    })
}

fn shift(date: Expr, n: Expr, unit: &str, op: BinaryOperator) -> Expr {
    match super::build::as_number(&n) {
        Some(n) if unit == "quarter" => binary(date, op, interval(n * 3, "month")),
        Some(n) => binary(date, op, interval(n, unit)),
        None => {
            let (n, unit) = if unit == "quarter" {
                (binary(n, BinaryOperator::Multiply, number(3)), "month")
            } else {
                (n, unit)
            };
            binary(date, op, binary(interval(1, unit), BinaryOperator::Multiply, n))
        }
    }
}

fn part(unit: &str, date: Expr) -> Expr {
    cast(call("date_part", vec![text(unit), date]), DataType::BigInt(None))
}

/// How many boundaries of the unit lie between two dates. Units below a day are left as they are.
fn difference(unit: &str, to: Expr, from: Expr) -> Option<Expr> {
    let ordinal = |date: Expr| -> Option<Expr> {
        Some(match unit {
            "day" => cast(cast(cast(date, DataType::Date), DataType::Int(None)), DataType::BigInt(None)),
            "month" => binary(
                binary(part("year", date.clone()), BinaryOperator::Multiply, number(12)),
                BinaryOperator::Plus,
                part("month", date),
            ),
            "quarter" => binary(
                binary(part("year", date.clone()), BinaryOperator::Multiply, number(4)),
                BinaryOperator::Plus,
                part("quarter", date),
            ),
            "year" => part("year", date),
            _ => return None,
        })
    };
    Some(binary(ordinal(to)?, BinaryOperator::Minus, ordinal(from)?))
}

/// `EXTRACT` yields a whole number as wide as any other.
pub fn widen_extract(expr: &mut Expr) {
    if let Expr::Extract { field, .. } = expr {
        if matches!(field, DateTimeField::Second | DateTimeField::Epoch) {
            return;
        }
        let inner = take_out(expr);
        *expr = cast(inner, DataType::BigInt(None));
    }
}
