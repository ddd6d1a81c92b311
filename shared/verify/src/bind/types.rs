//! Column types: what the text of a catalog says, and what stands for it in Arrow.

use datafusion::arrow::datatypes::{DataType, TimeUnit};

use sqm_domain::Dialect;

use crate::dialects::{dates_have_time, ignores_lengths, is_mysql, is_unsigned};
use crate::value::Kind;

/// What a column of this written type holds.
///
/// Types that the verifier cannot generate (JSON, arrays, geometry) are taken for texts: they can be
/// passed through and compared, and nothing else can be done to them in a query that binds.
pub fn kind(written: Option<&str>, dialect: Dialect) -> Kind {
    let Some(written) = written else { return Kind::Text { length: None } };
    let lower = written.to_ascii_lowercase();
    if lower.ends_with(']') {
        return Kind::Text { length: None };
    }
    let name: String = lower.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let numbers: Vec<u32> = lower
        .split_once('(')
        .map(|(_, rest)| rest.split(')').next().unwrap_or(""))
        .map(|inside| inside.split(',').filter_map(|n| n.trim().parse().ok()).collect())
        .unwrap_or_default();
    match name.as_str() {
        "bit" if numbers.first().is_some_and(|bits| *bits > 1) && is_mysql(dialect) => Kind::Int { bits: 64 },
        "bit" if numbers.first().is_some_and(|bits| *bits > 1) => Kind::Text { length: None },
        "bool" | "boolean" | "bit" => Kind::Bool,
        "tinyint" if is_unsigned(&lower, dialect) => Kind::Int { bits: 9 },
        "uint8" | "utinyint" => Kind::Int { bits: 9 },
        "tinyint" | "int1" | "byteint" => Kind::Int { bits: 8 },
        "smallint" | "int2" | "smallserial" | "year" => Kind::Int { bits: 16 },
        "uint16" | "usmallint" => Kind::Int { bits: 17 },
        "int" | "integer" | "int4" | "mediumint" | "serial" | "int32" | "int16" | "int8" => {
            Kind::Int { bits: 32 }
        }
        "bigint" | "bigserial" | "int64" | "long" | "uint32" | "uint64" | "hugeint" | "uinteger"
        | "ubigint" | "uhugeint" => Kind::Int { bits: 64 },
        "decimal" | "numeric" | "number" | "dec" | "bignumeric" | "money" | "smallmoney" | "fixed" => {
            exact(&name, &numbers)
        }
        "float" | "real" | "double" | "float4" | "float8" | "float64" | "float32" | "binary_double"
        | "binary_float" => Kind::Float,
        "date" if dates_have_time(dialect) => Kind::Timestamp,
        "date" | "date32" => Kind::Date,
        "time" | "timetz" => Kind::Time,
        "timestamp" | "timestamptz" | "datetime" | "datetime2" | "smalldatetime" | "timestamp_ntz"
        | "timestamp_ltz" | "timestamp_tz" | "datetime64" | "datetimeoffset" => Kind::Timestamp,
        // A length of 0 is an error in most dialects and "as long as it may be" in the others.
        _ if ignores_lengths(dialect) => Kind::Text { length: None },
        _ => Kind::Text { length: numbers.first().copied().filter(|length| *length > 0) },
    }
}

/// NUMBER without digits holds integers and fractions alike; four places let both occur, and some that
/// rounding to two changes.
fn exact(name: &str, numbers: &[u32]) -> Kind {
    let (precision, scale) = match (name, numbers) {
        ("money" | "smallmoney", _) => (19, 4),
        (_, []) => (38, 4),
        (_, [precision]) => (*precision, 0),
        // Of what is wider than we go, the digits before the point are kept.
        (_, [precision, scale, ..]) if *precision > 38 && scale <= precision => {
            (38, 38 - precision.saturating_sub(*scale).min(36).max(38u32.saturating_sub(*scale)))
        }
        (_, [precision, scale, ..]) => (*precision, *scale),
    };
    if scale == 0 {
        return Kind::Int { bits: if precision > 9 { 64 } else { 32 } };
    }
    let precision = u8::try_from(precision.clamp(1, 38)).unwrap_or(38);
    Kind::Decimal {
        precision,
        scale: i8::try_from(scale).unwrap_or(0).min(i8::try_from(precision).unwrap_or(38)),
    }
}

/// The Arrow type that stands for it.
pub fn arrow(kind: Kind) -> DataType {
    match kind {
        Kind::Bool => DataType::Boolean,
        Kind::Int { .. } => DataType::Int64,
        Kind::Decimal { precision, scale } => DataType::Decimal128(precision, scale),
        Kind::Float => DataType::Float64,
        Kind::Text { .. } => DataType::Utf8,
        Kind::Date => DataType::Date32,
        Kind::Time => DataType::Time64(TimeUnit::Nanosecond),
        Kind::Timestamp => DataType::Timestamp(TimeUnit::Nanosecond, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_types_are_read() {
        let check = |written: &str, expected: Kind| {
            assert_eq!(kind(Some(written), Dialect::Generic), expected, "{written}");
        };
        check("INT", Kind::Int { bits: 32 });
        check("DECIMAL(15, 2)", Kind::Decimal { precision: 15, scale: 2 });
        check("NUMBER(38,0)", Kind::Int { bits: 64 });
        check("varchar(10)", Kind::Text { length: Some(10) });
        check("varchar(0)", Kind::Text { length: None });
        check("numeric(76, 40)", Kind::Decimal { precision: 38, scale: 2 });
        check("character varying", Kind::Text { length: None });
        check("double precision", Kind::Float);
        check("timestamp with time zone", Kind::Timestamp);
        check("jsonb", Kind::Text { length: None });
        check("INT[]", Kind::Text { length: None });
        check("DATE", Kind::Date);
        check("BIT(1)", Kind::Bool);
        check("BIT(8)", Kind::Text { length: None });
        assert_eq!(kind(Some("BIT(8)"), Dialect::MySql), Kind::Int { bits: 64 });
        assert_eq!(kind(Some("DATE"), Dialect::Oracle), Kind::Timestamp);
    }
}
