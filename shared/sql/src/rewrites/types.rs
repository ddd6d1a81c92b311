//! Families of types, as far as equality and order in them are concerned.

/// What kind of values a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Whole numbers.
    Integer,
    /// Exact numbers with a fraction.
    Decimal,
    /// Approximate numbers.
    Float,
    /// Text.
    Text,
    /// Days without a time.
    Date,
    /// Points in time without a zone.
    Timestamp,
    /// Points in time with a zone: what day it is depends on the session.
    Zoned,
    /// TRUE and FALSE.
    Boolean,
}

/// The family of a type as the catalog writes it; `None` for one that is not known.
pub(super) fn family(name: &str) -> Option<Family> {
    let upper = name.trim().to_uppercase();
    let word: String = upper.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let zoned = upper.contains("WITH TIME ZONE") || upper.contains("WITH LOCAL TIME ZONE");
    Some(match word.as_str() {
        "INT" | "INTEGER" | "BIGINT" | "SMALLINT" | "TINYINT" | "MEDIUMINT" | "INT2" | "INT4" | "INT8"
        | "INT64" | "SERIAL" | "BIGSERIAL" | "SMALLSERIAL" | "HUGEINT" | "BYTEINT" | "INT32" | "INT16"
        | "LONG" => Family::Integer,
        "DECIMAL" | "NUMERIC" | "NUMBER" | "DEC" | "BIGNUMERIC" | "BIGDECIMAL" | "MONEY" => Family::Decimal,
        "FLOAT" | "REAL" | "DOUBLE" | "FLOAT4" | "FLOAT8" | "FLOAT64" => Family::Float,
        "CHAR" | "CHARACTER" | "VARCHAR" | "TEXT" | "STRING" | "NVARCHAR" | "NCHAR" | "BPCHAR"
        | "VARCHAR2" | "CLOB" | "CITEXT" => Family::Text,
        "DATE" => Family::Date,
        "TIMESTAMP" | "DATETIME" | "DATETIME2" | "TIMESTAMP_NTZ" | "SMALLDATETIME" if !zoned => {
            Family::Timestamp
        }
        "TIMESTAMP" | "TIMESTAMPTZ" | "TIMESTAMP_TZ" | "TIMESTAMP_LTZ" | "DATETIMEOFFSET" => Family::Zoned,
        "BOOL" | "BOOLEAN" => Family::Boolean,
        _ => return None,
    })
}

/// Whether values of one type that equal the same value of the other type equal each other, so that
/// grouping by the one and comparing with the other agree.
pub(super) fn agree(left: &str, right: &str) -> bool {
    match (family(left), family(right)) {
        (Some(a), Some(b)) => {
            a == b
                || matches!((a, b), (Family::Integer, Family::Decimal) | (Family::Decimal, Family::Integer))
        }
        _ => left.eq_ignore_ascii_case(right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families() {
        let check = |name: &str, expected| assert_eq!(family(name), expected, "{name}");
        check("int", Some(Family::Integer));
        check("DECIMAL(15, 2)", Some(Family::Decimal));
        check("timestamp(6) without time zone", Some(Family::Timestamp));
        check("TIMESTAMP WITH TIME ZONE", Some(Family::Zoned));
        check("character varying(20)", Some(Family::Text));
        check("geometry", None);
    }

    #[test]
    fn a_decimal_and_a_float_do_not_agree() {
        assert!(agree("INT", "NUMERIC(10)"));
        assert!(!agree("NUMERIC(10)", "DOUBLE PRECISION"));
        assert!(agree("uuid", "UUID"));
    }
}
