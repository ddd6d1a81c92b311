//! Values and column types as the generator, the counterexample and both engines share them.
//!
//! Knows no engine: how a value is stored in one, is the engine's business.

use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer};

/// What a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// TRUE and FALSE.
    Bool,
    /// An integer of this many bits. It is computed with as 64 bits, so that no sum overflows in one
    /// engine alone.
    Int {
        /// With the one for the sign: 9 where 0 to 255 are held.
        bits: u8,
    },
    /// An exact number.
    Decimal {
        /// Digits in all, at most 38.
        precision: u8,
        /// Digits after the point.
        scale: i8,
    },
    /// A binary floating-point number.
    Float,
    /// A text of at most so many characters.
    Text {
        /// `None` where the type sets no limit.
        length: Option<u32>,
    },
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A moment without a time zone.
    Timestamp,
}

impl Kind {
    /// Whether a column of this kind can hold the value, which is not NULL.
    pub fn holds(self, value: &Value) -> bool {
        match (value, self) {
            (Value::Bool(_), Self::Bool)
            | (Value::Float(_), Self::Float)
            | (Value::Date(_), Self::Date)
            | (Value::Time(_), Self::Time)
            | (Value::Timestamp(_), Self::Timestamp) => true,
            (Value::Int(n), Self::Int { bits }) => bits >= 64 || n.unsigned_abs() < 1 << (bits - 1),
            (Value::Decimal { mantissa, scale }, Self::Decimal { precision, scale: of }) => {
                *scale == of && mantissa.unsigned_abs() < power_of_ten(precision).unsigned_abs()
            }
            (Value::Text(text), Self::Text { length }) => {
                length.is_none_or(|most| text.chars().count() <= most as usize)
            }
            _ => false,
        }
    }
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// `mantissa / 10^scale`.
    Decimal {
        /// The digits.
        mantissa: i128,
        /// How many of them stand after the point.
        scale: i8,
    },
    /// A floating-point number.
    Float(f64),
    /// A text.
    Text(String),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01T00:00:00.
    Timestamp(i64),
}

impl Value {
    /// Whether it is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is a number below zero.
    pub fn is_negative(&self) -> bool {
        match self {
            Self::Int(n) => *n < 0,
            Self::Decimal { mantissa, .. } => *mantissa < 0,
            Self::Float(x) => *x < 0.0,
            _ => false,
        }
    }

    /// A total order: NULL first, then by kind and size. Numbers of different kinds compare by size.
    pub fn order(&self, other: &Self) -> Ordering {
        use Value::{Bool, Date, Decimal, Float, Int, Null, Text, Time, Timestamp};
        match (self, other) {
            (Null, Null) => Ordering::Equal,
            (Bool(a), Bool(b)) => a.cmp(b),
            (Int(a), Int(b)) => a.cmp(b),
            (Text(a), Text(b)) => a.cmp(b),
            (Date(a), Date(b)) => a.cmp(b),
            (Time(a), Time(b)) | (Timestamp(a), Timestamp(b)) => a.cmp(b),
            (Float(a), Float(b)) => a.total_cmp(b),
            (Int(_) | Decimal { .. }, Int(_) | Decimal { .. }) => {
                let ((a, s), (b, t)) = (self.exact(), other.exact());
                let widest = s.max(t);
                scaled(a, widest - s).cmp(&scaled(b, widest - t))
            }
            (Int(_) | Decimal { .. } | Float(_), Int(_) | Decimal { .. } | Float(_)) => {
                self.as_f64().total_cmp(&other.as_f64())
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Int(_) | Self::Decimal { .. } | Self::Float(_) => 2,
            Self::Text(_) => 3,
            Self::Date(_) => 4,
            Self::Time(_) => 5,
            Self::Timestamp(_) => 6,
        }
    }

    fn exact(&self) -> (i128, i8) {
        match *self {
            Self::Int(value) => (i128::from(value), 0),
            Self::Decimal { mantissa, scale } => (mantissa, scale),
            _ => (0, 0),
        }
    }

    /// The number it is, as a float; 0 for what is no number.
    #[allow(clippy::cast_precision_loss)]
    pub fn as_f64(&self) -> f64 {
        match *self {
            Self::Int(value) => value as f64,
            Self::Decimal { mantissa, scale } => mantissa as f64 / 10f64.powi(i32::from(scale)),
            Self::Float(value) => value,
            Self::Bool(value) => f64::from(u8::from(value)),
            _ => 0.0,
        }
    }
}

fn scaled(mantissa: i128, by: i8) -> i128 {
    10i128.checked_pow(u32::from(by.unsigned_abs())).and_then(|p| mantissa.checked_mul(p)).unwrap_or(mantissa)
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Decimal { mantissa, scale } => f.write_str(&decimal(*mantissa, *scale)),
            Self::Float(value) => write!(f, "{value}"),
            Self::Text(text) => f.write_str(text),
            Self::Date(days) => f.write_str(&date(*days)),
            Self::Time(micros) => f.write_str(&time(*micros)),
            Self::Timestamp(micros) => {
                let days = i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(i32::MAX);
                write!(f, "{} {}", date(days), time(micros.rem_euclid(MICROS_PER_DAY)))
            }
        }
    }
}

/// Numbers that JSON holds exactly stay numbers; the rest is text.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            _ => serializer.collect_str(self),
        }
    }
}

/// Microseconds in a day.
pub const MICROS_PER_DAY: i64 = 86_400_000_000;

fn decimal(mantissa: i128, scale: i8) -> String {
    if scale <= 0 {
        return scaled(mantissa, scale).to_string();
    }
    let scale = usize::from(scale.unsigned_abs());
    let digits = format!("{:0>width$}", mantissa.unsigned_abs(), width = scale + 1);
    let (whole, part) = digits.split_at(digits.len() - scale);
    format!("{}{whole}.{part}", if mantissa < 0 { "-" } else { "" })
}

fn time(micros: i64) -> String {
    let seconds = micros / 1_000_000;
    let text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    match micros % 1_000_000 {
        0 => text,
        part => format!("{text}.{part:06}"),
    }
}

/// A day since 1970-01-01 as `YYYY-MM-DD`.
pub fn date(days: i32) -> String {
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month and day of a day since 1970-01-01 (proleptic Gregorian; Howard Hinnant's `civil_from_days`).
pub fn civil(days: i32) -> (i64, i64, i64) {
    let z = i64::from(days) + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

/// The days since 1970-01-01 of a year, month and day (Howard Hinnant's `days_from_civil`).
pub fn days(year: i64, month: i64, day: i64) -> i32 {
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (month + 9) % 12;
    let doy = (153 * mp + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    i32::try_from(era * 146_097 + doe - 719_468).unwrap_or(0)
}

/// Ten to this power, or the largest number where that is larger.
pub fn power_of_ten(power: u8) -> i128 {
    10i128.checked_pow(u32::from(power)).unwrap_or(i128::MAX)
}

/// Reads `YYYY-MM-DD`, whatever follows it; `None` where the calendar has no such day.
pub fn parse_date(text: &str) -> Option<i32> {
    let text = text.trim().get(..10)?;
    let mut parts = text.split('-');
    let mut next = || parts.next()?.parse::<i64>().ok();
    let day = days(next()?, next()?, next()?);
    (date(day) == text).then_some(day)
}

/// Reads `YYYY-MM-DD` or `YYYY-MM-DD hh:mm:ss` as microseconds since 1970.
pub fn parse_moment(text: &str) -> Option<i64> {
    let text = text.trim();
    let day = i64::from(parse_date(text)?);
    let seconds = match text.get(10..)? {
        "" => 0,
        time => {
            let digits = time.strip_prefix([' ', 'T'])?.split(':').map(str::parse::<i64>);
            match digits.collect::<Result<Vec<_>, _>>().ok()?.as_slice() {
                [h @ 0..=23, m @ 0..=59, s @ 0..=59] => h * 3600 + m * 60 + s,
                _ => return None,
            }
        }
    };
    // As nanoseconds, which engines count in, 64 bits end in the years 1677 and 2262.
    (-100_000..100_000).contains(&day).then_some((day * 86_400 + seconds) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_round_trip() {
        for (text, day) in
            [("1970-01-01", 0), ("2000-02-29", 11_016), ("1969-12-31", -1), ("1998-12-01", 10_561)]
        {
            assert_eq!(parse_date(text), Some(day));
            assert_eq!(date(day), text);
        }
        for text in
            ["2024-02-30", "2023-02-29", "2024-00-01", "2024-13-01", "2024-1-001", "+024-01-01", "2024-01-32"]
        {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    #[test]
    fn moments_are_read() {
        assert_eq!(parse_moment("1970-01-02"), Some(86_400_000_000));
        assert_eq!(parse_moment("1970-01-01 00:01:02"), Some(62_000_000));
        for text in ["1970-01-01 25:00:00", "1970-01-01 00:00:00+02", "9000-01-01", "1970-01-01x"] {
            assert_eq!(parse_moment(text), None, "{text}");
        }
    }

    #[test]
    fn exact_numbers_compare_across_scales() {
        let one = Value::Decimal { mantissa: 100, scale: 2 };
        assert_eq!(one.order(&Value::Int(1)), Ordering::Equal);
        assert_eq!(one.order(&Value::Decimal { mantissa: 101, scale: 2 }), Ordering::Less);
    }
}
