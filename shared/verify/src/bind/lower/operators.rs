//! Operators and literals: what a dialect's `/`, `||`, LIKE or double-quoted string mean.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DataType, ExactNumberInfo, Expr, FunctionArg, FunctionArgExpr, FunctionArguments,
    Interval, UnaryOperator, Value, ValueWithSpan,
};
use sqm_domain::Dialect;

use super::build::{binary, call, cast, number};
use super::dates::single_name;
use super::{Lowered, Names};
use crate::bind::opaque;
use crate::dialects::{
    compares_without_case, divides_by_zero_to_null, divides_whole, escapes_by_backslash, is_postgres,
    is_transact,
};

/// Whether it compares two values.
pub fn compares(op: &BinaryOperator) -> bool {
    use BinaryOperator as B;
    matches!(op, B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq)
}

/// Rewrites one expression.
pub fn lower(expr: &mut Expr, dialect: Dialect, lowered: &mut Lowered, names: &dyn Names) {
    if let Expr::Like { pattern, escape_char: None, .. } | Expr::ILike { pattern, escape_char: None, .. } =
        expr
        && !escapes_by_backslash(dialect)
    {
        escape_backslashes(pattern);
    }
    match expr {
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::Divide => {
                lowered.assumptions.insert(if divides_whole(dialect) {
                    "the quotient of two integers is an integer"
                } else {
                    "the quotient of two numbers is a fraction, and is not rounded"
                });
                if !divides_whole(dialect) && !is_fraction(left) && !is_fraction(right) {
                    take(left, |left| cast(left, DataType::Double(ExactNumberInfo::None)));
                }
                if is_postgres(dialect) && (is_wide_sum(left, names) || is_wide_sum(right, names)) {
                    take(left, |left| cast(left, EXACT));
                }
                null_for_zero(right, dialect);
            }
            BinaryOperator::Modulo => null_for_zero(right, dialect),
            BinaryOperator::Plus if is_transact(dialect) && is_text(left, names) && is_text(right, names) => {
                *expr = binary(take_out(left), BinaryOperator::StringConcat, take_out(right));
            }
            BinaryOperator::Multiply => {
                if let Some(interval) = times_interval(left, right).or_else(|| times_interval(right, left)) {
                    *expr = interval;
                }
            }
            BinaryOperator::DuckIntegerDivide | BinaryOperator::MyIntegerDivide => {
                *expr = whole_quotient(take_out(left), take_out(right), dialect);
            }
            BinaryOperator::Spaceship => {
                let (left, right) = (take_out(left), take_out(right));
                *expr = Expr::IsNotDistinctFrom(Box::new(left), Box::new(right));
            }
            _ => {}
        },
        Expr::UnaryOp { op: op @ UnaryOperator::BangNot, .. } => *op = UnaryOperator::Not,
        Expr::RLike { negated, expr: text, pattern, .. } => {
            let op = if *negated { BinaryOperator::PGRegexNotMatch } else { BinaryOperator::PGRegexMatch };
            if compares_without_case(dialect) {
                lowered.assumptions.insert(crate::trust::BINARY);
            }
            *expr = binary(take_out(text), op, take_out(pattern));
        }
        // What the parser makes of GLOB.
        Expr::SimilarTo { negated, expr: text, pattern, escape_char: None } if dialect == Dialect::Sqlite => {
            if let Some(pattern) = glob(pattern) {
                *expr = Expr::Like {
                    negated: *negated,
                    any: false,
                    expr: Box::new(take_out(text)),
                    pattern: Box::new(super::build::text(&pattern)),
                    escape_char: None,
                };
            }
        }
        Expr::SimilarTo { negated, expr: text, pattern, escape_char } if dialect != Dialect::Sqlite => {
            let escape = escape_char.take().map(Expr::Value);
            let arguments = [take_out(text), take_out(pattern)].into_iter().chain(escape).collect();
            let matches = call(opaque::SIMILAR, arguments);
            *expr = if *negated {
                Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(matches) }
            } else {
                matches
            };
        }
        Expr::Like { negated, any: false, expr: text, pattern, escape_char }
            if dialect == Dialect::Sqlite =>
        {
            *expr = Expr::ILike {
                negated: *negated,
                any: false,
                expr: Box::new(take_out(text)),
                pattern: Box::new(take_out(pattern)),
                escape_char: escape_char.take(),
            };
        }
        Expr::Like { any: true, .. } | Expr::ILike { any: true, .. } => like_any(expr),
        Expr::Collate { expr: inner, .. } => {
            lowered.assumptions.insert("COLLATE does not change which texts are equal");
            *expr = take_out(inner);
        }
        _ => {}
    }
    let compares = matches!(expr, Expr::BinaryOp { op, .. } if compares(op));
    if compares_without_case(dialect) && (compares || matches!(expr, Expr::Like { .. } | Expr::InList { .. }))
    {
        lowered.assumptions.insert(crate::trust::BINARY);
    }
}

/// The pattern of a LIKE that matches what the one of a GLOB does; `None` where LIKE has nothing for it.
fn glob(pattern: &Expr) -> Option<String> {
    let Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(pattern), .. }) = pattern else {
        return None;
    };
    if pattern.contains('[') {
        return None;
    }
    let mut like = String::new();
    for letter in pattern.chars() {
        match letter {
            '*' => like.push('%'),
            '?' => like.push('_'),
            '%' | '_' | '\\' => like.extend(['\\', letter]),
            other => like.push(other),
        }
    }
    Some(like)
}

/// Whether it is a text, as far as its form and the names of columns say.
fn is_text(expr: &Expr, names: &dyn Names) -> bool {
    match expr {
        Expr::Nested(inner) => is_text(inner, names),
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(_), .. }) => true,
        Expr::Identifier(name) => names.is_text(&name.value),
        Expr::CompoundIdentifier(parts) => parts.last().is_some_and(|name| names.is_text(&name.value)),
        Expr::BinaryOp { op: BinaryOperator::StringConcat, .. }
        | Expr::Trim { .. }
        | Expr::Substring { .. } => true,
        Expr::Cast { data_type, .. } => {
            matches!(data_type, DataType::Varchar(_) | DataType::Char(_) | DataType::Text)
        }
        Expr::Function(function) => single_name(function).is_some_and(|name| {
            let names = ["upper", "lower", "ltrim", "rtrim", "left", "right", "replace", "concat", "substr"];
            names.contains(&name)
        }),
        _ => false,
    }
}

/// In DataFusion a backslash before a letter is no letter of its own.
fn escape_backslashes(pattern: &mut Expr) {
    match pattern {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => {
            *text = text.replace('\\', "\\\\");
        }
        Expr::Nested(inner) => escape_backslashes(inner),
        Expr::Tuple(patterns) => patterns.iter_mut().for_each(escape_backslashes),
        _ => {}
    }
}

/// What PostgreSQL adds integers of 64 bits up to.
const EXACT: DataType = DataType::Decimal(ExactNumberInfo::PrecisionAndScale(38, 10));

/// Whether it is computed from a sum of integers of 64 bits, which is no integer to PostgreSQL.
fn is_wide_sum(expr: &Expr, names: &dyn Names) -> bool {
    match expr {
        Expr::Nested(inner) => is_wide_sum(inner, names),
        Expr::BinaryOp { left, op, right } => {
            use BinaryOperator as B;
            matches!(op, B::Plus | B::Minus | B::Multiply | B::Divide)
                && (is_wide_sum(left, names) || is_wide_sum(right, names))
        }
        Expr::Function(function) => {
            let FunctionArguments::List(list) = &function.args else { return false };
            let mut arguments = list.args.iter().filter_map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            });
            match super::single_name(function).unwrap_or_default().to_ascii_lowercase().as_str() {
                "sum" => arguments.any(|argument| is_wide(argument, names)),
                "nullif" | "coalesce" => arguments.any(|argument| is_wide_sum(argument, names)),
                _ => false,
            }
        }
        _ => false,
    }
}

/// Whether it is an integer of 64 bits: a column that is declared so, or a count.
fn is_wide(expr: &Expr, names: &dyn Names) -> bool {
    match expr {
        Expr::Nested(inner) => is_wide(inner, names),
        Expr::Identifier(name) => names.is_wide(&name.value.to_lowercase()),
        Expr::CompoundIdentifier(parts) => {
            parts.last().is_some_and(|name| names.is_wide(&name.value.to_lowercase()))
        }
        Expr::BinaryOp { left, right, .. } => is_wide(left, names) || is_wide(right, names),
        Expr::Function(function) => super::single_name(function)
            .is_some_and(|name| ["sum", "count"].iter().any(|wide| name.eq_ignore_ascii_case(wide))),
        _ => false,
    }
}

/// Has a division by zero be NULL where the dialect has it so.
fn null_for_zero(divisor: &mut Box<Expr>, dialect: Dialect) {
    let is_safe = is_literal(divisor) && super::build::as_number(divisor) != Some(0);
    if divides_by_zero_to_null(dialect) && !is_safe {
        take(divisor, |divisor| call("nullif", vec![divisor, number(0)]));
    }
}

/// The quotient without its fraction.
pub fn whole_quotient(left: Expr, right: Expr, dialect: Dialect) -> Expr {
    let right = if divides_by_zero_to_null(dialect) { call("nullif", vec![right, number(0)]) } else { right };
    cast(binary(left, BinaryOperator::Divide, right), DataType::BigInt(None))
}

/// A number of times an interval, both written out, as one interval.
fn times_interval(times: &Expr, interval: &Expr) -> Option<Expr> {
    let times = super::build::as_number(times)?;
    let interval = match interval {
        Expr::Nested(inner) => inner,
        other => other,
    };
    let Expr::Interval(interval) = interval else { return None };
    let unit = interval.leading_field.as_ref()?.to_string();
    let n = super::build::as_number(&interval.value)?.checked_mul(times)?;
    Some(Expr::Interval(Interval {
        value: Box::new(super::build::text(&format!("{n} {unit}"))),
        leading_field: None,
        ..interval.clone()
    }))
}

/// `x LIKE ANY (a, b)` is `x LIKE a OR x LIKE b`.
fn like_any(expr: &mut Expr) {
    let (negated, text, pattern, any_case) = match expr {
        Expr::Like { negated, expr, pattern, .. } => (*negated, expr, pattern, false),
        Expr::ILike { negated, expr, pattern, .. } => (*negated, expr, pattern, true),
        _ => return,
    };
    let patterns = match pattern.as_mut() {
        Expr::Tuple(patterns) => std::mem::take(patterns),
        Expr::Nested(one) => vec![take_out(one)],
        _ => return,
    };
    let text = take_out(text);
    let one = |pattern: Expr| {
        let (expr, pattern) = (Box::new(text.clone()), Box::new(pattern));
        if any_case {
            Expr::ILike { negated, any: false, expr, pattern, escape_char: None }
        } else {
            Expr::Like { negated, any: false, expr, pattern, escape_char: None }
        }
    };
    let joined = patterns.into_iter().map(one).reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::Or,
        right: Box::new(right),
    });
    if let Some(joined) = joined {
        *expr = Expr::Nested(Box::new(joined));
    }
}

fn is_literal(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(_))
}

/// Whether the tree shows that it is no integer.
fn is_fraction(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_fraction(inner),
        Expr::Value(value) => {
            matches!(&value.value, Value::Number(digits, _) if digits.contains(['.', 'e', 'E']))
        }
        Expr::Cast { data_type: DataType::Decimal(_) | DataType::Double(_), .. } => true,
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Multiply | BinaryOperator::Plus | BinaryOperator::Minus,
            right,
        } => is_fraction(left) || is_fraction(right),
        _ => false,
    }
}

/// Puts what `change` makes of the expression in its place.
pub fn take(place: &mut Expr, change: impl FnOnce(Expr) -> Expr) {
    let old = take_out(place);
    *place = change(old);
}

/// Moves an expression out of the tree.
pub fn take_out(place: &mut Expr) -> Expr {
    std::mem::replace(place, Expr::value(Value::Null))
}

/// Brings the many forms of text literals to one.
pub fn lower_value(value: &mut ValueWithSpan, dialect: Dialect) {
    let text = match &mut value.value {
        Value::DoubleQuotedString(text)
        | Value::TripleSingleQuotedString(text)
        | Value::TripleDoubleQuotedString(text)
        | Value::SingleQuotedRawStringLiteral(text)
        | Value::DoubleQuotedRawStringLiteral(text)
        | Value::TripleSingleQuotedRawStringLiteral(text)
        | Value::TripleDoubleQuotedRawStringLiteral(text)
        | Value::EscapedStringLiteral(text)
        | Value::UnicodeStringLiteral(text)
        | Value::NationalStringLiteral(text)
        | Value::SingleQuotedString(text) => std::mem::take(text),
        Value::DollarQuotedString(text) => std::mem::take(&mut text.value),
        _ => return,
    };
    value.value = if text.is_empty() && dialect == Dialect::Oracle {
        Value::Null // Oracle's empty text.
    } else {
        Value::SingleQuotedString(text)
    };
}
