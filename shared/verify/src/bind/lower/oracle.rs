//! What Oracle means by a DATE, which has a time of day, and by a text without letters, which is NULL.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DataType, Expr, TimezoneInfo, TypedString, Value, ValueWithSpan,
};

use super::Names;
use super::build::{as_number, binary, call, cast, text};
use super::dates::{interval, now, positional, single_name};
use super::operators::take_out;

/// A moment in seconds.
const MOMENT: DataType = DataType::Timestamp(None, TimezoneInfo::None);

/// Makes moments of dates, before anything else is made of the expression, and says whether it reads the
/// clock.
pub fn lower_date(expr: &mut Expr, names: &dyn Names) -> bool {
    if let Expr::Identifier(name) = expr
        && matches!(name.value.as_str(), "sysdate" | "systimestamp")
    {
        *expr = now();
        return true;
    }
    make_moment(expr, names);
    false
}

fn make_moment(expr: &mut Expr, names: &dyn Names) {
    match expr {
        Expr::Cast { expr: inner, data_type: DataType::Date, format: None, .. } => {
            let moment = cast(take_out(inner), MOMENT);
            *expr = call("date_trunc", vec![text("second"), moment]);
        }
        Expr::TypedString(TypedString {
            data_type: data_type @ DataType::Date,
            value: ValueWithSpan { value: Value::SingleQuotedString(day), .. },
            ..
        }) => {
            *data_type = MOMENT;
            day.push_str(" 00:00:00");
        }
        // A number of days.
        Expr::BinaryOp { left, op: op @ (BinaryOperator::Plus | BinaryOperator::Minus), right }
            if is_moment(left, names) =>
        {
            if let Some(days) = as_number(right) {
                *expr = binary(take_out(left), op.clone(), interval(days, "day"));
            }
        }
        Expr::Function(function) => {
            let name = single_name(function).map(str::to_owned);
            let Some(arguments) = positional(function) else { return };
            match (name.as_deref(), arguments.as_slice()) {
                (Some("trunc"), [moment]) if is_moment(moment, names) => {
                    *expr = call("date_trunc", vec![text("day"), moment.clone()]);
                }
                (Some("trunc"), [moment, Expr::Value(format)]) if is_moment(moment, names) => {
                    if let Value::SingleQuotedString(format) = &format.value
                        && let Some(unit) = unit(format)
                    {
                        *expr = call("date_trunc", vec![text(unit), moment.clone()]);
                    }
                }
                _ => {}
            }
        }
        _ => {}
    }
}

/// The unit that a format of TRUNC names.
fn unit(format: &str) -> Option<&'static str> {
    Some(match format.to_ascii_uppercase().as_str() {
        "YYYY" | "YYY" | "YY" | "Y" | "YEAR" => "year",
        "Q" => "quarter",
        "MM" | "MON" | "MONTH" => "month",
        "DD" | "DDD" | "J" => "day",
        "IW" => "week",
        "HH" | "HH12" | "HH24" => "hour",
        "MI" => "minute",
        _ => return None,
    })
}

/// Whether it is a moment, as far as its form and the names of columns say.
fn is_moment(expr: &Expr, names: &dyn Names) -> bool {
    match expr {
        Expr::Nested(inner) => is_moment(inner, names),
        Expr::Identifier(name) => names.is_moment(&name.value.to_lowercase()),
        Expr::CompoundIdentifier(parts) => {
            parts.last().is_some_and(|name| names.is_moment(&name.value.to_lowercase()))
        }
        Expr::TypedString(typed) => typed.data_type == MOMENT,
        Expr::Function(function) => single_name(function) == Some("date_trunc"),
        Expr::BinaryOp { left, op: BinaryOperator::Plus | BinaryOperator::Minus, right } => {
            is_moment(left, names) && matches!(**right, Expr::Interval(_))
        }
        _ => false,
    }
}

/// Makes NULL of texts without letters, and of NULL beside a text nothing.
pub fn lower_text(expr: &mut Expr) {
    let made = match expr {
        Expr::BinaryOp { left, op: BinaryOperator::StringConcat, right } => {
            call("concat", vec![take_out(left), take_out(right)])
        }
        Expr::Trim { .. } | Expr::Substring { .. } => take_out(expr),
        Expr::Function(function)
            if matches!(
                single_name(function),
                Some(
                    "concat"
                        | "trim"
                        | "ltrim"
                        | "rtrim"
                        | "btrim"
                        | "substr"
                        | "substring"
                        | "replace"
                        | "translate"
                        | "regexp_replace"
                        | "regexp_substr"
                        | "lpad"
                        | "rpad"
                )
            ) =>
        {
            take_out(expr)
        }
        _ => return,
    };
    *expr = call("nullif", vec![made, text("")]);
}
