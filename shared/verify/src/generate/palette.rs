//! The values from which a column is filled: few and small, so that rows meet, and those that the
//! queries mention, with their neighbours.

use std::collections::BTreeSet;

use rand::Rng;
use rand::rngs::StdRng;

use crate::database::{Attribute, Schema};
use crate::value::{Kind, Value, days, power_of_ten};

/// Values for every attribute of a schema.
#[derive(Debug, Clone)]
pub struct Palette {
    /// Relation → attribute → values, those mentioned by the queries first.
    values: Vec<Vec<Vec<Value>>>,
    /// How many of them the queries mention.
    mentioned: Vec<Vec<usize>>,
}

/// Most values that queries mention of one column that are kept.
const MOST_MENTIONED: usize = 64;

impl Palette {
    /// Small values alone.
    pub fn new(schema: &Schema) -> Self {
        let values = schema
            .relations
            .iter()
            .map(|relation| relation.attributes.iter().map(small_values_of).collect())
            .collect();
        let mentioned = schema.relations.iter().map(|relation| vec![0; relation.attributes.len()]).collect();
        Self { values, mentioned }
    }

    /// Fills texts with digits, for queries that compare them with numbers.
    pub fn number_texts(&mut self, schema: &Schema) {
        for (relation, values) in schema.relations.iter().zip(&mut self.values) {
            for (attribute, values) in relation.attributes.iter().zip(values) {
                if matches!(attribute.kind, Kind::Text { .. }) && attribute.form.is_none() {
                    *values = ["1", "2", "3", "0", "10", "01"].map(|text| Value::Text(text.into())).to_vec();
                }
            }
        }
        self.mentioned.iter_mut().flatten().for_each(|count| *count = 0);
    }

    /// Lets texts be empty, other than those of CHAR columns.
    pub fn empty_texts(&mut self, schema: &Schema) {
        for (relation, values) in schema.relations.iter().zip(&mut self.values) {
            for (attribute, values) in relation.attributes.iter().zip(values) {
                let is_free = attribute.form.is_none() && !attribute.is_padded;
                if matches!(attribute.kind, Kind::Text { .. }) && is_free {
                    values.insert(values.len().min(3), Value::Text(String::new()));
                }
            }
        }
    }

    /// Lets moments have parts of a second, in columns that hold them.
    pub fn fractions(&mut self, schema: &Schema, holds: impl Fn(&Attribute) -> bool) {
        let columns = schema.relations.iter().zip(&mut self.values).zip(&mut self.mentioned);
        for ((relation, values), mentioned) in columns {
            let columns = relation.attributes.iter().zip(values).zip(mentioned);
            for ((attribute, values), mentioned) in columns {
                if attribute.kind != Kind::Timestamp || !holds(attribute) {
                    continue;
                }
                let of_mentioned: Vec<Value> =
                    values[..*mentioned].iter().filter_map(half_a_second_later).collect();
                let of_small: Vec<Value> =
                    values[*mentioned..].iter().filter_map(half_a_second_later).collect();
                values.extend(of_small);
                let count = of_mentioned.len();
                values.splice(..0, of_mentioned);
                *mentioned += count;
            }
        }
    }

    /// Adds texts with blanks at either end to columns that keep them.
    pub fn blanks(&mut self, schema: &Schema) {
        let columns = schema.relations.iter().zip(&mut self.values).zip(&mut self.mentioned);
        for ((relation, values), mentioned) in columns {
            for ((attribute, values), count) in relation.attributes.iter().zip(values).zip(mentioned) {
                let is_kept = |value: &Value| !attribute.is_padded && attribute.holds(value);
                values.extend(Some(Value::Text("a ".into())).filter(is_kept));
                let around = values[..*count].iter().filter_map(|value| match value {
                    Value::Text(text) => Some([format!("{text} "), format!(" {text}")].map(Value::Text)),
                    _ => None,
                });
                let around: Vec<Value> = around.flatten().filter(is_kept).take(MOST_MENTIONED).collect();
                *count += around.len();
                values.splice(..0, around);
            }
        }
    }

    /// Adds numbers that lie between two that are mentioned.
    pub fn between(&mut self, schema: &Schema) {
        for (at, relation) in schema.relations.iter().enumerate() {
            for (column, attribute) in relation.attributes.iter().enumerate() {
                let mut mentioned = self.values[at][column][..self.mentioned[at][column]].to_vec();
                mentioned.sort_by(Value::order);
                let between: Vec<Value> =
                    mentioned.windows(2).filter_map(|two| middle(&two[0], &two[1])).collect();
                for value in between {
                    self.add(at, attribute, column, value);
                }
            }
        }
    }

    /// Leaves one of the texts that differ in case, or in blanks at their end, alone.
    pub fn one_case(&mut self) {
        for (values, mentioned) in self.values.iter_mut().flatten().zip(self.mentioned.iter_mut().flatten()) {
            let mut seen = BTreeSet::new();
            let mut at = 0;
            let mut left = *mentioned;
            values.retain(|value| {
                let is_kept = match value {
                    Value::Text(text) => seen.insert(text.trim_end().to_lowercase()),
                    _ => true,
                };
                left -= usize::from(!is_kept && at < *mentioned);
                at += 1;
                is_kept
            });
            *mentioned = left;
        }
    }

    /// Adds a value.
    pub fn add(&mut self, relation: usize, attribute: &Attribute, at: usize, value: Value) {
        let value = attribute.adapted(value);
        let values = &mut self.values[relation][at];
        let count = &mut self.mentioned[relation][at];
        if *count < MOST_MENTIONED && attribute.holds(&value) && !values[..*count].contains(&value) {
            values.insert(*count, value);
            *count += 1;
        }
    }

    /// Adds the values with which CHECK constraints compare their columns.
    pub fn checks(&mut self, schema: &Schema) {
        for (at, relation) in schema.relations.iter().enumerate() {
            for (column, value) in relation.kept.iter().flat_map(|check| &check.mentions) {
                self.mention(at, &relation.attributes[*column], *column, value);
            }
        }
    }

    /// Adds a value that a query compares the attribute with, and its neighbours.
    pub fn mention(&mut self, relation: usize, attribute: &Attribute, at: usize, value: &Value) {
        let near =
            [Some(value.clone()), step(value, 1), step(value, -1), in_other_case(value), capitalized(value)];
        for value in near.into_iter().flatten() {
            self.add(relation, attribute, at, value);
        }
    }

    /// The values that the queries mention of an attribute.
    pub fn mentioned(&self, relation: usize, at: usize) -> &[Value] {
        &self.values[relation][at][..self.mentioned[relation][at]]
    }

    /// A value for the attribute: half of the time one that is mentioned, otherwise a small one, the
    /// first of them most often.
    pub fn pick(&self, relation: usize, at: usize, rng: &mut StdRng) -> Value {
        let (values, mentioned) = (&self.values[relation][at], self.mentioned[relation][at]);
        let is_mentioned = mentioned > 0 && rng.random_bool(0.5);
        // Of few labels all may be mentioned.
        if is_mentioned || mentioned == values.len() {
            return values[rng.random_range(0..mentioned)].clone();
        }
        let small = &values[mentioned..];
        let widest = if rng.random_bool(0.25) { small.len() } else { rng.random_range(1..=small.len()) };
        small[rng.random_range(0..widest)].clone()
    }
}

/// As long as texts get, or as long as their column lets them.
const LONG_TEXT: &str = "The quick brown fox jumps over the lazy dog, again and again.";

/// Values of an attribute, the plainest first.
fn small_values_of(attribute: &Attribute) -> Vec<Value> {
    let values = small_values(attribute.kind).into_iter().map(|value| attribute.adapted(value));
    values.filter(|value| attribute.holds(value)).collect()
}

/// Values of a kind, the plainest first.
fn small_values(kind: Kind) -> Vec<Value> {
    match kind {
        Kind::Bool => vec![Value::Bool(true), Value::Bool(false)],
        Kind::Int { .. } => [1, 2, 3, 0, 5, -1, 10].map(Value::Int).to_vec(),
        Kind::Decimal { precision, scale } => {
            let (one, most) = (power_of_ten(scale.unsigned_abs()), power_of_ten(precision));
            [
                one,
                one.saturating_mul(2),
                one.saturating_mul(3),
                0,
                one / 2,
                -one,
                one.saturating_mul(10),
                one / 4,
                -one / 2,
                one / 8,
            ]
            .into_iter()
            .filter(|mantissa| mantissa.abs() < most)
            .map(|mantissa| Value::Decimal { mantissa, scale })
            .collect()
        }
        Kind::Float => [1.0, 2.0, 3.0, 0.0, 0.5, -1.0, 10.0, -0.5, 1.5, 0.3].map(Value::Float).to_vec(),
        Kind::Text { length } => ["a", "b", "c", "ab", "d e", "A", " a", "é", "abcdefghijkl", LONG_TEXT]
            .into_iter()
            .map(|text| match length {
                Some(most) if text == LONG_TEXT => text.get(..text.len().min(most as usize)).unwrap_or(text),
                _ => text,
            })
            .filter(|text| length.is_none_or(|most| text.chars().count() <= most as usize))
            .map(|text| Value::Text(text.into()))
            .collect(),
        Kind::Date => {
            [0, 1, 31, 366, -1, 30, 59, 105, 196, 290].map(|n| Value::Date(days(2020, 1, 1) + n)).to_vec()
        }
        Kind::Time => [0, 1, 3600].map(|n| Value::Time(n * 1_000_000)).to_vec(),
        Kind::Timestamp => [0, 1, 86_400, 366 * 86_400, 105 * 86_400 + 49_510, 196 * 86_400, 290 * 86_400]
            .map(|n| Value::Timestamp((i64::from(days(2020, 1, 1)) * 86_400 + n) * 1_000_000))
            .to_vec(),
    }
}

/// The value `by` steps further; `None` for what has no neighbours.
pub fn step(value: &Value, by: i64) -> Option<Value> {
    Some(match value {
        Value::Int(n) => Value::Int(n.checked_add(by)?),
        Value::Decimal { mantissa, scale } => {
            Value::Decimal { mantissa: mantissa.checked_add(i128::from(by))?, scale: *scale }
        }
        Value::Float(x) => Value::Float(x + if by > 0 { 0.5 } else { -0.5 }),
        Value::Date(day) => Value::Date(day.checked_add(i32::try_from(by).ok()?)?),
        Value::Time(micros) => Value::Time((micros + by * 1_000_000).clamp(0, 86_399_000_000)),
        Value::Timestamp(micros) => Value::Timestamp(micros.checked_add(by * 1_000_000)?),
        Value::Text(text) if by > 0 => Value::Text(format!("{text}a")),
        Value::Text(text) => {
            let shorter: String = text.chars().take(text.chars().count().checked_sub(1)?).collect();
            (!shorter.is_empty()).then_some(Value::Text(shorter))?
        }
        Value::Null | Value::Bool(_) => return None,
    })
}

/// The number in the middle of two, where the kind has one.
fn middle(a: &Value, b: &Value) -> Option<Value> {
    Some(match (a, b) {
        (Value::Float(a), Value::Float(b)) if a < b && (b - a).is_finite() => Value::Float(a + (b - a) / 2.0),
        (Value::Decimal { mantissa: a, scale }, Value::Decimal { mantissa: b, .. })
            if b.checked_sub(*a)? > 1 =>
        {
            Value::Decimal { mantissa: a + (b - a) / 2, scale: *scale }
        }
        (Value::Int(a), Value::Int(b)) if b.checked_sub(*a)? > 2 => Value::Int(a + (b - a) / 2),
        _ => return None,
    })
}

fn half_a_second_later(value: &Value) -> Option<Value> {
    let Value::Timestamp(micros) = value else { return None };
    Some(Value::Timestamp(micros.checked_add(500_000)?))
}

/// A text in capitals, or without them where it is.
fn in_other_case(value: &Value) -> Option<Value> {
    let Value::Text(text) = value else { return None };
    let capitals = text.to_uppercase();
    Some(Value::Text(if capitals == *text { text.to_lowercase() } else { capitals }))
}

/// A text of letters with one capital at its start.
fn capitalized(value: &Value) -> Option<Value> {
    let Value::Text(text) = value else { return None };
    let mut letters = text.chars();
    let first = letters.next().filter(|first| first.is_alphabetic())?;
    let capitalized = first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect::<String>();
    (capitalized != *text && text.chars().count() > 1).then_some(Value::Text(capitalized))
}
