//! Values of columns from literals, from each other, and from nothing.

use rand::Rng;
use rand::rngs::StdRng;

use crate::prove::build::number::Number;
use crate::prove::term::Literal;
use crate::value::{Kind, Value, days, parse_moment, power_of_ten};

/// A literal as a value of this kind.
pub fn value(literal: &Literal, kind: Kind) -> Option<Value> {
    let number = |scale: u32| {
        Number::of(literal).and_then(|n| n.in_units(6)).map(|n| n / 10i128.pow(6 - scale.min(6)))
    };
    Some(match (kind, literal) {
        (_, Literal::Null) => Value::Null,
        (Kind::Bool, Literal::Bool(b)) => Value::Bool(*b),
        (Kind::Bool, Literal::Int(n)) => Value::Bool(*n != 0),
        (Kind::Int { .. }, Literal::Int(_) | Literal::Decimal(..)) => {
            Value::Int(i64::try_from(number(0)?).ok()?)
        }
        (Kind::Int { .. }, Literal::Text(text)) => Value::Int(text.trim().parse().ok()?),
        (Kind::Decimal { scale, .. }, Literal::Int(_) | Literal::Decimal(..)) => {
            let places = u32::from(scale.unsigned_abs());
            let more = 10i128.checked_pow(places.saturating_sub(6))?;
            Value::Decimal { mantissa: number(places)?.checked_mul(more)?, scale }
        }
        #[allow(clippy::cast_precision_loss)]
        (Kind::Float, Literal::Int(_) | Literal::Decimal(..)) => Value::Float(number(6)? as f64 / 1e6),
        (Kind::Float, Literal::Float(bits)) => Value::Float(f64::from_bits(*bits)),
        (Kind::Text { .. }, Literal::Text(text)) => Value::Text(text.clone()),
        (Kind::Text { .. }, Literal::Int(n)) => Value::Text(n.to_string()),
        (Kind::Text { .. }, Literal::Date(day)) => Value::Text(crate::value::date(*day)),
        (Kind::Date, Literal::Date(day)) => Value::Date(*day),
        (Kind::Date, Literal::Text(text)) => Value::Date(crate::value::parse_date(text)?),
        (Kind::Date, Literal::Timestamp(n)) => {
            Value::Date(i32::try_from(n.div_euclid(86_400_000_000_000)).ok()?)
        }
        // A number beside a day is the number of days since 1970.
        (Kind::Date, Literal::Int(n)) => Value::Date(i32::try_from(*n).ok()?),
        (Kind::Timestamp, Literal::Timestamp(n)) => Value::Timestamp(n / 1000),
        (Kind::Timestamp, Literal::Date(day)) => Value::Timestamp(i64::from(*day) * 86_400_000_000),
        (Kind::Timestamp, Literal::Text(text)) => Value::Timestamp(parse_moment(text)?),
        _ => return None,
    })
}

/// The same value in another column.
pub fn convert(value: &Value, kind: Kind) -> Option<Value> {
    let literal = match value {
        Value::Int(n) => Literal::Int(i128::from(*n)),
        Value::Decimal { mantissa, scale } => Literal::Decimal(*mantissa, u32::from(scale.unsigned_abs())),
        Value::Date(day) => Literal::Date(*day),
        Value::Text(text) => Literal::Text(text.clone()),
        Value::Timestamp(micros) => Literal::Timestamp(micros.checked_mul(1000)?),
        other => return Some(other.clone()),
    };
    self::value(&literal, kind)
}

/// One of few values that joined columns share.
pub fn shared(kind: Kind, rng: &mut StdRng) -> Option<Value> {
    numbered(kind, rng.random_range(1..=4))
}

/// The value of this number, from 1 on: others have others.
pub fn numbered(kind: Kind, n: i64) -> Option<Value> {
    Some(match kind {
        Kind::Int { .. } => Value::Int(n),
        Kind::Decimal { scale, .. } => {
            Value::Decimal { mantissa: i128::from(n).checked_mul(power_of_ten(scale.unsigned_abs()))?, scale }
        }
        Kind::Text { .. } => Value::Text(match usize::try_from(n - 1).ok()? {
            few @ 0..4 => ["a", "b", "c", "ab"][few].into(),
            more => format!("k{more}"),
        }),
        Kind::Date => Value::Date(days(2000, 1, 1) + i32::try_from(n).ok()?),
        Kind::Timestamp => Value::Timestamp((i64::from(days(2000, 1, 1)) + n) * 86_400_000_000),
        _ => return None,
    })
}
