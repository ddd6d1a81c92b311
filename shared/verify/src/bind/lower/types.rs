//! Types in casts: other dialects' names, and one width for all integers.

use datafusion::sql::sqlparser::ast::{
    CastKind, CharacterLength, DataType, ExactNumberInfo, Expr, ObjectNamePart, TimezoneInfo,
};

use sqm_domain::Dialect;

use super::Lowered;
use super::build::{as_number, call, cast, number};
use super::dates::single_name;
use crate::bind::functions::{NEAREST_INTEGER, NEAREST_OR_EVEN};
use crate::dialects::{casts_to_nearest, ignores_lengths, implied_length, pads_texts, rounds_to_even};

/// The function that goes to the nearest integer as the dialect does.
pub fn nearest(dialect: Dialect) -> &'static str {
    if rounds_to_even(dialect) { NEAREST_OR_EVEN } else { NEAREST_INTEGER }
}

/// Rewrites CAST, CONVERT and typed literals.
pub fn lower(expr: &mut Expr, dialect: Dialect, lowered: &mut Lowered) {
    match expr {
        Expr::Cast { expr: inner, data_type, kind, format, .. } => {
            if format.is_some() {
                return;
            }
            let length = text_length(data_type, dialect).filter(|_| !ignores_lengths(dialect));
            if let Some(assumption) =
                assumption(data_type, dialect).filter(|_| !matches!(**inner, Expr::Value(_)))
            {
                lowered.assumptions.insert(assumption);
            }
            if is_zoned(data_type) {
                lowered.assumptions.insert(crate::trust::ZONE);
            }
            *data_type = lower_type(data_type);
            if matches!(kind, CastKind::SafeCast) {
                *kind = CastKind::TryCast;
            }
            if *data_type == DataType::BigInt(None) && casts_to_nearest(dialect) && !is_whole(inner) {
                let fraction = std::mem::replace(inner.as_mut(), number(0));
                **inner = call(nearest(dialect), vec![fraction]);
            }
            if let Some(length) = length {
                // A cast to a shorter text cuts it off, which DataFusion does not do.
                let whole = cast(
                    std::mem::replace(inner, Box::new(number(0))).as_ref().clone(),
                    DataType::Varchar(None),
                );
                *expr = call("left", vec![whole, number(length)]);
            }
        }
        Expr::Convert { expr: inner, data_type: Some(data_type), styles, .. } if styles.is_empty() => {
            let inner = std::mem::replace(inner.as_mut(), number(0));
            *expr = cast(inner, data_type.clone());
            lower(expr, dialect, lowered);
        }
        Expr::TypedString(typed) => typed.data_type = lower_type(&typed.data_type),
        _ => {}
    }
}

/// Whether it is an integer of less than 64 bits.
pub fn is_narrow_integer(data_type: &DataType) -> bool {
    use DataType as T;
    matches!(
        data_type,
        T::TinyInt(_)
            | T::SmallInt(_)
            | T::MediumInt(_)
            | T::Int2(_)
            | T::Int16
            | T::Int(_)
            | T::Integer(_)
            | T::Int4(_)
            | T::Int32
    )
}

/// Whether it is an integer that is not below zero.
fn is_unsigned_integer(data_type: &DataType) -> bool {
    use DataType as T;
    matches!(
        data_type,
        T::Unsigned
            | T::UnsignedInteger
            | T::IntUnsigned(_)
            | T::IntegerUnsigned(_)
            | T::BigIntUnsigned(_)
            | T::UInt8
            | T::UInt16
            | T::UInt32
            | T::UInt64
    )
}

/// What a cast to the type rests on.
fn assumption(data_type: &DataType, dialect: Dialect) -> Option<&'static str> {
    use DataType as T;
    match data_type {
        _ if is_narrow_integer(data_type) => Some("a number that is cast to a narrower integer fits into it"),
        _ if is_unsigned_integer(data_type) => Some("a number that is cast to an unsigned one fits into it"),
        T::Char(_) | T::Character(_) if pads_texts(dialect) => {
            Some("a text that is cast to CHAR is as long as the type, so that no blanks fill it up")
        }
        _ => None,
    }
}

/// Whether it is written as an integer, or counts.
fn is_whole(expr: &Expr) -> bool {
    match expr {
        Expr::Function(function) => single_name(function) == Some("count"),
        other => as_number(other).is_some(),
    }
}

fn text_length(data_type: &DataType, dialect: Dialect) -> Option<i64> {
    match data_type {
        DataType::Char(None) | DataType::Character(None) => implied_length(false, dialect),
        DataType::Varchar(None) | DataType::Nvarchar(None) => implied_length(true, dialect),
        DataType::Varchar(Some(CharacterLength::IntegerLength { length, .. }))
        | DataType::Char(Some(CharacterLength::IntegerLength { length, .. }))
        | DataType::Nvarchar(Some(CharacterLength::IntegerLength { length, .. }))
        | DataType::Character(Some(CharacterLength::IntegerLength { length, .. }))
        | DataType::CharacterVarying(Some(CharacterLength::IntegerLength { length, .. })) => {
            i64::try_from(*length).ok()
        }
        _ => None,
    }
}

/// The type that DataFusion knows for it. Integers become 64 bits wide, as columns are, so that no query
/// overflows where the other does not.
pub fn lower_type(data_type: &DataType) -> DataType {
    use DataType as T;
    match data_type {
        T::TinyInt(_)
        | T::SmallInt(_)
        | T::MediumInt(_)
        | T::Int(_)
        | T::Integer(_)
        | T::Int2(_)
        | T::Int4(_)
        | T::Int8(_)
        | T::Int16
        | T::Int32
        | T::Int64
        | T::BigInt(_)
        | T::Signed
        | T::SignedInteger => T::BigInt(None),
        _ if is_unsigned_integer(data_type) => T::BigInt(None),
        T::String(_)
        | T::Text
        | T::Char(_)
        | T::Character(_)
        | T::CharacterVarying(_)
        | T::CharVarying(_)
        | T::Varchar(_)
        | T::Nvarchar(_)
        | T::Clob(_)
        | T::TinyText
        | T::MediumText
        | T::LongText
        | T::JSON
        | T::JSONB
        | T::Uuid => T::Varchar(None),
        T::Float(_)
        | T::Real
        | T::Float4
        | T::Float8
        | T::Float32
        | T::Float64
        | T::Double(_)
        | T::DoublePrecision => T::Double(ExactNumberInfo::None),
        T::Dec(info) | T::Numeric(info) | T::Decimal(info) | T::BigNumeric(info) | T::BigDecimal(info) => {
            decimal(info)
        }
        T::Bool => T::Boolean,
        T::Datetime(_) | T::Datetime64(..) | T::TimestampNtz(_) => T::Timestamp(None, TimezoneInfo::None),
        T::Timestamp(..) => T::Timestamp(None, TimezoneInfo::None),
        T::Date32 => T::Date,
        T::Custom(name, arguments) => {
            let last = match name.0.last() {
                Some(ObjectNamePart::Identifier(ident)) => ident.value.to_ascii_lowercase(),
                _ => String::new(),
            };
            let numbers: Vec<u64> = arguments.iter().filter_map(|a| a.parse().ok()).collect();
            match (last.as_str(), numbers.as_slice()) {
                ("number" | "numeric" | "fixed", [p, s]) => {
                    decimal(&ExactNumberInfo::PrecisionAndScale(*p, i64::try_from(*s).unwrap_or(0)))
                }
                ("number" | "numeric" | "fixed", _) => T::BigInt(None),
                ("variant" | "object" | "varchar2" | "nvarchar2" | "string" | "nclob", _) => T::Varchar(None),
                ("timestamp_ntz" | "timestamp_ltz" | "timestamp_tz" | "datetime2" | "smalldatetime", _) => {
                    T::Timestamp(None, TimezoneInfo::None)
                }
                ("money", _) => decimal(&ExactNumberInfo::PrecisionAndScale(19, 4)),
                _ => data_type.clone(),
            }
        }
        other => other.clone(),
    }
}

/// Whether values of the type are moments with a time zone.
fn is_zoned(data_type: &DataType) -> bool {
    match data_type {
        DataType::Timestamp(_, zone) | DataType::Time(_, zone) => {
            matches!(zone, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz)
        }
        DataType::Custom(name, _) => crate::trust::is_zoned(Some(&name.to_string())),
        _ => false,
    }
}

/// Without digits NUMERIC has as many as it needs; ten places hold what generated values need.
fn decimal(info: &ExactNumberInfo) -> DataType {
    match info {
        ExactNumberInfo::None => DataType::Decimal(ExactNumberInfo::PrecisionAndScale(38, 10)),
        other => DataType::Decimal(*other),
    }
}
