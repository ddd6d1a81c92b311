//! Values on which expressions over one column are tried: many, since none of them becomes a row for that alone.

use crate::database::Attribute;
use crate::forms::Form;
use crate::value::{Kind, Value, days, power_of_ten};

/// Most texts.
const MOST_TEXTS: usize = 400;
/// The longest text of a query that others are made of.
const LONGEST: usize = 40;
/// Most texts of the queries that others are made of.
const MOST_PARTS: usize = 10;

/// Values for the attribute, the plainest first, around what the expressions say: texts, and literals of its kind.
pub fn of(attribute: &Attribute, texts: &[String], literals: &[Value]) -> Vec<Value> {
    let mut pool = match attribute.kind {
        Kind::Bool => vec![Value::Bool(true), Value::Bool(false)],
        Kind::Int { .. } => integers(literals).into_iter().map(Value::Int).collect(),
        Kind::Decimal { scale, .. } => {
            let one = power_of_ten(scale.unsigned_abs());
            let quarter = (one / 4).max(1);
            let mut mantissas: Vec<i128> = (-8..=48).map(|n| n * quarter).collect();
            mantissas.extend(integers(literals).into_iter().map(|n| i128::from(n).saturating_mul(one)));
            for literal in literals {
                if let Value::Decimal { mantissa, .. } = literal {
                    mantissas.extend([-1, 0, 1].map(|by| mantissa.saturating_add(by)));
                }
            }
            mantissas.into_iter().map(|mantissa| Value::Decimal { mantissa, scale }).collect()
        }
        #[allow(clippy::cast_precision_loss)]
        Kind::Float => {
            let halves = (-8..=24).map(|n| f64::from(n) / 2.0);
            let near = integers(literals).into_iter().map(|n| n as f64);
            let own = literals.iter().filter_map(|literal| match literal {
                Value::Float(x) => Some([*x, x - 0.5, x + 0.5]),
                _ => None,
            });
            halves.chain(near).chain(own.flatten()).map(Value::Float).collect()
        }
        Kind::Text { .. } => texts_around(attribute, texts, literals),
        Kind::Date => calendar(literals).into_iter().map(Value::Date).collect(),
        Kind::Time => (0..24).map(|hour| Value::Time(hour * 3_600_000_000 + hour * 61_000_000)).collect(),
        Kind::Timestamp => {
            let times = [0, 1_000_000, 43_200_000_000, 86_399_000_000, 49_510_000_000];
            let days = calendar(literals).into_iter().enumerate();
            days.map(|(at, day)| Value::Timestamp(i64::from(day) * 86_400_000_000 + times[at % times.len()]))
                .collect()
        }
    };
    pool.extend(literals.iter().cloned());
    pool
}

/// Small numbers, years, powers of ten, and what is near to the literals.
fn integers(literals: &[Value]) -> Vec<i64> {
    let mut numbers: Vec<i64> = (1..=60).chain([0]).chain((1..=20).map(|n: i64| -n)).collect();
    numbers.extend((61..=130).chain(1990..=2030).chain([199, 200, 201, 255, 256, 365, 366, 999, 1000, 1001]));
    numbers.extend([4_999, 5_000, 9_999, 10_000, 99_999, 100_000, 1_000_000]);
    for literal in literals {
        let n = match literal {
            Value::Int(n) => *n,
            Value::Decimal { mantissa, scale } => {
                i64::try_from(mantissa / power_of_ten(scale.unsigned_abs())).unwrap_or(0)
            }
            _ => continue,
        };
        for by in [0, 1, -1, 2, -2] {
            let near = n.checked_add(by);
            numbers.extend([near, near.and_then(i64::checked_neg)].into_iter().flatten());
        }
        numbers.extend(
            [n.checked_mul(10), n.checked_mul(2), n.checked_mul(n), n.checked_neg()].into_iter().flatten(),
        );
        numbers.extend([n / 2, n / 10, n / 100]);
    }
    numbers
}

/// Days of every month and of two weeks, the ends of years, and what is near to the literals.
fn calendar(literals: &[Value]) -> Vec<i32> {
    let mut found: Vec<i32> = (0..14).map(|n| days(2024, 1, 1) + n).collect();
    for month in 1..=12 {
        found.extend([1, 15, 28].map(|day| days(2023, month, day)));
    }
    found.extend(
        [
            (2024, 2, 29),
            (2024, 12, 31),
            (2021, 1, 1),
            (2020, 12, 31),
            (2000, 1, 1),
            (1970, 1, 1),
            (1999, 12, 31),
        ]
        .map(|(y, m, d)| days(y, m, d)),
    );
    for literal in literals {
        let day = match literal {
            Value::Date(day) => *day,
            Value::Timestamp(micros) => i32::try_from(micros.div_euclid(86_400_000_000)).unwrap_or(0),
            _ => continue,
        };
        let near = [-366, -365, -31, -30, -28, -7, -2, -1, 0, 1, 2, 7, 28, 30, 31, 365, 366];
        found.extend(near.iter().filter_map(|by| day.checked_add(*by)));
    }
    found
}

/// Texts that the texts of the queries make: as patterns, beside each other, repeated, in other case; numbers and
/// days as texts.
fn texts_around(attribute: &Attribute, texts: &[String], literals: &[Value]) -> Vec<Value> {
    let mut found: Vec<String> =
        ["a", "b", "ab", "A", "", " ", "x", "xy", "abc", "a b", "Ab Cd", "1", "2", "10", "0"]
            .map(str::to_owned)
            .to_vec();
    let parts: Vec<&str> = texts
        .iter()
        .map(String::as_str)
        .filter(|text| !text.is_empty() && text.chars().count() <= LONGEST)
        .take(MOST_PARTS)
        .collect();
    for part in &parts {
        found.extend(from_pattern(part));
        found.extend([
            format!("{part}{part}"),
            format!("x{part}"),
            format!("{part}x"),
            format!("x{part}y"),
            format!("x{part}y{part}z"),
            format!(" {part} "),
            part.to_uppercase(),
            part.to_lowercase(),
            part.chars().rev().collect(),
            part.chars().skip(1).collect(),
        ]);
    }
    for (at, one) in parts.iter().enumerate() {
        for other in parts.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other) {
            found.extend([
                format!("{one}{other}"),
                format!("x{one}{other}"),
                format!("x{one}y{other}z"),
                format!("{one}x{other}"),
                format!("{one}{other}{one}"),
                format!("x{one}{other}{one}y"),
            ]);
            if attribute.form == Some(Form::Json) {
                found.push(format!("{{\"{one}\": \"{other}\"}}"));
            }
        }
        if attribute.form == Some(Form::Json) {
            found.extend([format!("{{\"{one}\": 1}}"), format!("{{\"{one}\": null}}")]);
        }
    }
    found.extend(literals.iter().filter(|literal| !literal.is_null()).map(|literal| match literal {
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }));
    found.extend((1..=30).map(|n| n.to_string()));
    found.extend(
        ["-1", "1.5", "007", "100", "2024-01-15", "2024-02-29", "a,b,c", "a-b", "a@b.c", "abcdefghijklmno"]
            .map(str::to_owned),
    );
    found.truncate(MOST_TEXTS);
    let adapted = found.into_iter().map(|text| attribute.adapted(Value::Text(text)));
    adapted.collect()
}

/// Texts that a pattern of LIKE or a regular expression may match, and some that it just does not.
fn from_pattern(pattern: &str) -> Vec<String> {
    let filled = |one: &str, any: &str| pattern.replace('_', one).replace('%', any);
    let mut found = vec![
        pattern.to_owned(),
        filled("a", ""),
        filled("", ""),
        filled("ab", ""),
        filled("a", "b"),
        filled("a", "bc"),
        filled("", "b"),
    ];
    if pattern.contains(['[', '(', '.', '*', '+', '^', '$', '\\', '|', '?']) {
        let bare: String =
            pattern.chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-').collect();
        found.extend([bare.clone(), format!("{bare}1"), format!("{bare}a"), format!("x{bare}")]);
        found.extend(
            pattern
                .split(['[', '(', '.', '*', '+', '^', '$', '\\', '|', '?', ')', ']'])
                .filter(|part| !part.is_empty())
                .map(str::to_owned),
        );
    }
    found
}
