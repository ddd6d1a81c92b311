//! Arrow's types and values in the algebra's.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;

use crate::prove::term::{Literal, Term, Type};

/// The type that stands for it. All integers are one type: the binder made them equally wide.
pub fn data_type(arrow: &DataType) -> Type {
    match arrow {
        DataType::Null => Type::Null,
        DataType::Boolean => Type::Bool,
        t if t.is_integer() => Type::Int,
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s) => Type::Decimal(*p, *s),
        t if t.is_floating() => Type::Float,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Type::Text,
        DataType::Date32 => Type::Date,
        DataType::Time32(_) | DataType::Time64(_) => Type::Time,
        DataType::Timestamp(_, None) => Type::Timestamp,
        DataType::Interval(_) => Type::Interval,
        other => Type::Other(other.to_string()),
    }
}

/// The literal that stands for a value.
pub fn literal(value: &ScalarValue) -> Term {
    let of = data_type(&value.data_type());
    if value.is_null() {
        return Term::Literal(Literal::Null, of);
    }
    let found = match value {
        ScalarValue::Boolean(Some(b)) => Literal::Bool(*b),
        ScalarValue::Int8(Some(n)) => Literal::Int((*n).into()),
        ScalarValue::Int16(Some(n)) => Literal::Int((*n).into()),
        ScalarValue::Int32(Some(n)) => Literal::Int((*n).into()),
        ScalarValue::Int64(Some(n)) => Literal::Int((*n).into()),
        ScalarValue::UInt8(Some(n)) => Literal::Int((*n).into()),
        ScalarValue::UInt16(Some(n)) => Literal::Int((*n).into()),
        ScalarValue::UInt32(Some(n)) => Literal::Int((*n).into()),
        ScalarValue::UInt64(Some(n)) => Literal::Int((*n).into()),
        ScalarValue::Decimal128(Some(mantissa), _, scale) if *scale >= 0 => {
            return crate::prove::build::number::literal(*mantissa, u32::from(scale.unsigned_abs()), &of);
        }
        ScalarValue::Float64(Some(x)) => Literal::Float(x.to_bits()),
        ScalarValue::Float32(Some(x)) => Literal::Float(f64::from(*x).to_bits()),
        ScalarValue::Utf8(Some(text))
        | ScalarValue::Utf8View(Some(text))
        | ScalarValue::LargeUtf8(Some(text)) => Literal::Text(text.clone()),
        ScalarValue::Date32(Some(day)) => Literal::Date(*day),
        ScalarValue::Time64Nanosecond(Some(n)) => Literal::Time(*n),
        ScalarValue::TimestampNanosecond(Some(n), None) => Literal::Timestamp(*n),
        ScalarValue::IntervalMonthDayNano(Some(i)) => Literal::Interval(i.months, i.days, i.nanoseconds),
        ScalarValue::IntervalYearMonth(Some(months)) => Literal::Interval(*months, 0, 0),
        other => Literal::Other(format!("{other:?}")),
    };
    Term::Literal(found, of)
}
