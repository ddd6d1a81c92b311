//! Fewer rows, simpler values: a greedy search in which every step keeps the constraints and the
//! difference (delta debugging over the rows of all tables).

use std::collections::BTreeSet;
use std::time::Instant;

use crate::database::{Database, Schema, key_text};
use crate::pair::{Pair, Seen};
use crate::value::{Kind, Value, power_of_ten};

/// Most databases that are tried on the way: small plans run in a tenth of a millisecond.
const MOST_TRIES: usize = 500;

/// A database that shows a difference as this one does, and is no larger; what was found until then.
pub fn minimize(pair: &Pair<'_>, database: &Database, until: Instant) -> Database {
    let mut search = Search { pair, best: database.clone(), tries: 0, until };
    search.drop_rows();
    search.simplify_values();
    search.best
}

struct Search<'a> {
    pair: &'a Pair<'a>,
    best: Database,
    tries: usize,
    until: Instant,
}

impl Search<'_> {
    /// Keeps the candidate if it still shows the difference.
    fn offer(&mut self, candidate: Database) -> bool {
        if self.is_over() || self.pair.schema.violation(&candidate).is_some() {
            return false;
        }
        self.tries += 1;
        let differs = matches!(self.pair.see(&candidate), Seen::Different(_));
        if differs {
            self.best = candidate;
        }
        differs
    }

    fn is_over(&self) -> bool {
        self.tries >= MOST_TRIES || Instant::now() >= self.until
    }

    fn drop_rows(&mut self) {
        let mut size = self.best.rows().div_ceil(2).max(1);
        loop {
            let mut dropped = false;
            let mut from = 0;
            while from < self.best.rows() {
                let candidate = without(&self.best, self.pair.schema, from, size);
                if candidate.rows() < self.best.rows() && self.offer(candidate) {
                    dropped = true;
                } else {
                    from += size;
                }
            }
            if size > 1 {
                size = size.div_ceil(2);
            } else if !dropped {
                return;
            }
            if self.is_over() {
                return;
            }
        }
    }

    fn simplify_values(&mut self) {
        for table in 0..self.best.tables.len() {
            for row in 0..self.best.tables[table].len() {
                for column in 0..self.best.tables[table][row].len() {
                    let attribute = &self.pair.schema.relations[table].attributes[column];
                    let value = &self.best.tables[table][row][column];
                    let simpler = simpler(value, attribute.kind);
                    for value in simpler.into_iter().map(|value| attribute.adapted(value)) {
                        let mut candidate = self.best.clone();
                        candidate.tables[table][row][column] = value;
                        if self.offer(candidate) {
                            break;
                        }
                    }
                }
            }
        }
    }
}

/// The database without `size` rows from the `from`th of all on, and without what referred to them.
fn without(database: &Database, schema: &Schema, from: usize, size: usize) -> Database {
    let mut at = 0;
    let mut left = Database {
        tables: database
            .tables
            .iter()
            .map(|rows| {
                rows.iter()
                    .filter(|_| {
                        at += 1;
                        at <= from || at > from + size
                    })
                    .cloned()
                    .collect()
            })
            .collect(),
    };
    drop_dangling(&mut left, schema);
    left
}

fn drop_dangling(database: &mut Database, schema: &Schema) {
    loop {
        let mut dropped = false;
        for (at, relation) in schema.relations.iter().enumerate() {
            for reference in &relation.references {
                let parents: BTreeSet<String> = database.tables[reference.relation]
                    .iter()
                    .filter_map(|row| key_text(row, &reference.referred))
                    .collect();
                let before = database.tables[at].len();
                database.tables[at].retain(|row| {
                    key_text(row, &reference.columns).is_none_or(|text| parents.contains(&text))
                });
                dropped |= database.tables[at].len() < before;
            }
        }
        if !dropped {
            return;
        }
    }
}

/// Values to try in its place, the simplest first; none where it is simple already.
fn simpler(value: &Value, kind: Kind) -> Vec<Value> {
    let candidates = match (value, kind) {
        (Value::Int(n), _) => {
            let mut all = vec![Value::Int(0), Value::Int(1), Value::Int(2)];
            all.truncate(usize::try_from((*n).clamp(0, 3)).unwrap_or(0).max(usize::from(*n < 0) * 3));
            all
        }
        (Value::Decimal { mantissa, .. }, Kind::Decimal { scale, .. }) => {
            let one = power_of_ten(scale.unsigned_abs());
            [0, one]
                .into_iter()
                .filter(|simple| simple != mantissa && *mantissa != 0)
                .map(|mantissa| Value::Decimal { mantissa, scale })
                .collect()
        }
        (Value::Float(x), _) => {
            [0.0, 1.0].into_iter().filter(|s| s != x && *x != 0.0).map(Value::Float).collect()
        }
        // A NULL that plays no part distracts from those that do.
        (Value::Null, Kind::Int { .. }) => vec![Value::Int(0)],
        (Value::Null, Kind::Decimal { scale, .. }) => vec![Value::Decimal { mantissa: 0, scale }],
        (Value::Null, Kind::Float) => vec![Value::Float(0.0)],
        (Value::Null, Kind::Text { .. }) => vec![Value::Text("a".into())],
        (Value::Text(text), _) if text.chars().count() > 1 => {
            vec![Value::Text("a".into()), Value::Text("b".into())]
        }
        _ => Vec::new(),
    };
    candidates.into_iter().filter(|candidate| candidate != value).collect()
}
