//! Puts rows into a database so that every constraint holds at any time: a row that would break a key is
//! not taken, and what a row refers to is made before it.

use std::collections::{BTreeMap, HashSet};

use rand::Rng;
use rand::rngs::StdRng;

use super::palette::{Palette, step};
use super::volume::Spread;
use crate::checks;
use crate::database::{Database, Relation, Row, Schema, key_text};
use crate::unique::Unique;
use crate::value::{Kind, Value, power_of_ten};

/// How many rows a chain of references may bring with it: cycles end here, with NULL where that is
/// allowed.
const LONGEST_CHAIN: usize = 12;

/// How often a row that breaks a CHECK is given another value.
const MOST_MENDS: usize = 16;

/// A database in the making.
pub struct Builder<'s> {
    schema: &'s Schema,
    palette: &'s Palette,
    database: Database,
    /// Relation and columns → the values present there, for keys and columns referred to.
    present: BTreeMap<(usize, Vec<usize>), HashSet<String>>,
    /// The values present of each unique index of each relation.
    indexed: Vec<Vec<HashSet<String>>>,
    /// The next unused number.
    fresh: i64,
}

impl<'s> Builder<'s> {
    /// An empty one.
    pub fn new(schema: &'s Schema, palette: &'s Palette) -> Self {
        let mut present = BTreeMap::new();
        for (at, relation) in schema.relations.iter().enumerate() {
            for key in &relation.keys {
                present.insert((at, key.clone()), HashSet::new());
            }
            for reference in &relation.references {
                present.insert((reference.relation, reference.referred.clone()), HashSet::new());
            }
        }
        let indexed = |relation: &Relation| vec![HashSet::new(); relation.kept_unique.len()];
        let indexed = schema.relations.iter().map(indexed).collect();
        Self { schema, palette, database: schema.empty(), present, indexed, fresh: 1 }
    }

    /// The database as it is now.
    pub fn finish(self) -> Database {
        self.database
    }

    /// A value of the attribute that no row has yet; `None` where the kind has none.
    pub fn fresh(&mut self, relation: usize, at: usize) -> Option<Value> {
        let attribute = &self.schema.relations[relation].attributes[at];
        let kind = attribute.kind;
        for _ in 0..64 {
            let n = self.fresh;
            self.fresh += 1;
            let value = match kind {
                Kind::Int { .. } => Value::Int(n),
                Kind::Decimal { scale, .. } => Value::Decimal {
                    mantissa: i128::from(n).saturating_mul(power_of_ten(scale.unsigned_abs())),
                    scale,
                },
                #[allow(clippy::cast_precision_loss)]
                Kind::Float => Value::Float(n as f64),
                Kind::Text { .. } => attribute.adapted(Value::Text(letters(n))),
                Kind::Date => step(&Value::Date(crate::value::days(2020, 1, 1)), n)?,
                Kind::Timestamp => Value::Timestamp(
                    i64::from(crate::value::days(2020, 1, 1)) * 86_400_000_000 + n * 1_000_000,
                ),
                Kind::Time => Value::Time(n % 86_400 * 1_000_000),
                Kind::Bool => return None,
            };
            if !kind.holds(&value) {
                self.fresh = 1;
                continue;
            }
            let rows = &self.database.tables[relation];
            // Among many rows the search would dominate; a clash is seen when the row is put in.
            if rows.len() > 64 || rows.iter().all(|row| row[at] != value) {
                return Some(value);
            }
        }
        None
    }

    /// A row of values from the palette; keys are given values that are free as far as possible.
    pub fn random_row(&mut self, relation: usize, nulls: f64, rng: &mut StdRng) -> Row {
        let shape = &self.schema.relations[relation];
        let mut row: Row = (0..shape.attributes.len())
            .map(|at| {
                if shape.attributes[at].nullable && rng.random_bool(nulls) {
                    Value::Null
                } else {
                    self.palette.pick(relation, at, rng)
                }
            })
            .collect();
        for reference in &shape.references {
            let parents = &self.database.tables[reference.relation];
            if !parents.is_empty()
                && rng.random_bool(0.8)
                && reference.columns.iter().any(|&c| !row[c].is_null())
            {
                let parent = &parents[rng.random_range(0..parents.len())];
                for (&from, &to) in reference.columns.iter().zip(&reference.referred) {
                    row[from] = parent[to].clone();
                }
            }
        }
        self.free_keys(relation, &mut row, &[]);
        row
    }

    /// A row as [`Self::random_row`] makes it, whose numbers and days are spread over as many values as
    /// there are to be rows, or as `known` says of a column.
    pub fn spread_row(
        &mut self,
        relation: usize,
        rows: usize,
        known: impl Fn(usize) -> Spread,
        rng: &mut StdRng,
    ) -> Row {
        let mut row = self.random_row(relation, 0.05, rng);
        let shape = &self.schema.relations[relation];
        for (at, attribute) in shape.attributes.iter().enumerate() {
            let spread = known(at);
            if let Some(nulls) = spread.nulls.filter(|_| attribute.nullable) {
                row[at] =
                    if rng.random_bool(nulls) { Value::Null } else { self.palette.pick(relation, at, rng) };
            }
            let values = spread.values(rows);
            let bound = shape.references.iter().any(|r| r.columns.contains(&at));
            if bound || row[at].is_null() || values.is_none() && rng.random_bool(0.3) {
                continue;
            }
            let n = rng.random_range(1..=values.unwrap_or(rows).max(1));
            let value = match (values, self.palette.mentioned(relation, at).get(n - 1)) {
                // What the queries ask for is one value of them.
                (Some(_), Some(mentioned)) => Some(mentioned.clone()),
                _ => numbered(attribute.kind, n, values.is_some()).map(|value| attribute.adapted(value)),
            };
            if let Some(value) = value.filter(|value| attribute.holds(value)) {
                row[at] = value;
            }
        }
        for reference in &shape.references {
            let parents = &self.database.tables[reference.relation];
            let few = reference.columns.iter().find_map(|&column| known(column).values(rows));
            let is_null = reference.columns.iter().any(|&column| row[column].is_null());
            let Some(few) = few.filter(|_| !is_null && !parents.is_empty()) else { continue };
            let parent = &parents[rng.random_range(0..few.min(parents.len()))];
            for (&from, &to) in reference.columns.iter().zip(&reference.referred) {
                row[from] = parent[to].clone();
            }
        }
        self.free_keys(relation, &mut row, &[]);
        row
    }

    /// Changes the row so that it repeats no key, leaving the `fixed` columns alone.
    pub fn free_keys(&mut self, relation: usize, row: &mut Row, fixed: &[usize]) {
        for key in &self.schema.relations[relation].keys {
            let Some(text) = self.schema.key_text(relation, row, key) else { continue };
            if !self.present[&(relation, key.clone())].contains(&text) {
                continue;
            }
            // The last column of a key is the one that counts within the others.
            let refers =
                |c: usize| self.schema.relations[relation].references.iter().any(|r| r.columns.contains(&c));
            let choice = key
                .iter()
                .rev()
                .find(|c| !fixed.contains(c) && !refers(**c))
                .or_else(|| key.iter().rev().find(|c| !fixed.contains(c)));
            if let Some(&column) = choice
                && let Some(value) = self.fresh(relation, column)
            {
                row[column] = value;
            }
        }
        self.free_indexes(relation, row, fixed);
    }

    /// The same for unique indexes that are no keys.
    fn free_indexes(&mut self, relation: usize, row: &mut Row, fixed: &[usize]) {
        let schema = self.schema;
        for (at, index) in schema.relations[relation].kept_unique.iter().enumerate() {
            let free: Vec<usize> = index.columns.iter().copied().filter(|c| !fixed.contains(c)).collect();
            for tried in 0..MOST_MENDS {
                let is_taken = index
                    .value(row, schema.nulls)
                    .is_some_and(|value| self.indexed[relation][at].contains(&value));
                if !is_taken || free.is_empty() {
                    break;
                }
                let column = free[tried % free.len()];
                if let Some(value) = self.fresh(relation, column) {
                    row[column] = value;
                }
            }
        }
    }

    /// Adds a row and what it refers to. Values that the columns cannot hold are replaced. Says whether
    /// the row is in.
    pub fn insert(&mut self, relation: usize, row: Row, rng: &mut StdRng) -> bool {
        self.insert_chain(relation, row, rng, 0)
    }

    fn insert_chain(&mut self, relation: usize, mut row: Row, rng: &mut StdRng, depth: usize) -> bool {
        let schema = self.schema;
        let shape = &schema.relations[relation];
        for (at, attribute) in shape.attributes.iter().enumerate() {
            let bad = if row[at].is_null() { !attribute.nullable } else { !attribute.holds(&row[at]) };
            if bad {
                let adapted = attribute.adapted(std::mem::replace(&mut row[at], Value::Null));
                let fits = !adapted.is_null() && attribute.holds(&adapted);
                row[at] = if fits { adapted } else { self.palette.pick(relation, at, rng) };
            }
        }
        if !self.mend_checks(relation, &mut row, rng) || self.breaks_key(relation, &row) {
            return false;
        }
        let as_checked = row.clone();
        for reference in &shape.references {
            let Some(text) = key_text(&row, &reference.columns) else { continue };
            let is_there = |builder: &Self| {
                builder.present[&(reference.relation, reference.referred.clone())].contains(&text)
            };
            let itself =
                reference.relation == relation && key_text(&row, &reference.referred).as_ref() == Some(&text);
            if itself || is_there(self) {
                continue;
            }
            if depth < LONGEST_CHAIN {
                let mut parent = self.random_row(reference.relation, 0.1, rng);
                for (&from, &to) in reference.columns.iter().zip(&reference.referred) {
                    parent[to] = row[from].clone();
                }
                self.free_keys(reference.relation, &mut parent, &reference.referred);
                self.insert_chain(reference.relation, parent, rng, depth + 1);
            }
            if !is_there(self) {
                match reference.columns.iter().find(|&&c| shape.attributes[c].nullable) {
                    Some(&column) => row[column] = Value::Null,
                    None => match self.database.tables[reference.relation].first() {
                        Some(parent) => {
                            for (&from, &to) in reference.columns.iter().zip(&reference.referred) {
                                row[from] = parent[to].clone();
                            }
                        }
                        None => return false,
                    },
                }
            }
        }
        // What was changed, and what the parents brought along, may have taken the place.
        let whole = shape.references.iter().all(|reference| match key_text(&row, &reference.columns) {
            None => true,
            Some(text) => {
                self.present[&(reference.relation, reference.referred.clone())].contains(&text)
                    || (reference.relation == relation
                        && key_text(&row, &reference.referred).as_ref() == Some(&text))
            }
        });
        let null = shape.attributes.iter().zip(&row).any(|(a, value)| !a.nullable && value.is_null());
        let keeps_checks = row == as_checked || checks::broken(&shape.kept, &row).is_none();
        if !whole || null || !keeps_checks || self.breaks_key(relation, &row) {
            return false;
        }
        for ((_, columns), values) in
            self.present.range_mut((relation, Vec::new())..(relation + 1, Vec::new()))
        {
            values.extend(schema.key_text(relation, &row, columns));
        }
        for (index, values) in shape.kept_unique.iter().zip(&mut self.indexed[relation]) {
            values.extend(index.value(&row, schema.nulls));
        }
        self.database.tables[relation].push(row);
        true
    }

    /// Gives columns of which a CHECK does not hold other values, a few times; whether all hold then.
    fn mend_checks(&self, relation: usize, row: &mut Row, rng: &mut StdRng) -> bool {
        let shape = &self.schema.relations[relation];
        for _ in 0..MOST_MENDS {
            let Some(broken) = checks::broken(&shape.kept, row) else { return true };
            if broken.columns.is_empty() {
                return false;
            }
            let at = broken.columns[rng.random_range(0..broken.columns.len())];
            row[at] = self.palette.pick(relation, at, rng);
        }
        checks::broken(&shape.kept, row).is_none()
    }

    fn breaks_key(&self, relation: usize, row: &Row) -> bool {
        let shape = &self.schema.relations[relation];
        let is_repeated = |key: &Vec<usize>| {
            let text = self.schema.key_text(relation, row, key);
            text.is_some_and(|text| self.present[&(relation, key.clone())].contains(&text))
        };
        let is_indexed = |(index, values): (&Unique, &HashSet<String>)| {
            index.value(row, self.schema.nulls).is_some_and(|value| values.contains(&value))
        };
        shape.keys.iter().any(is_repeated)
            || shape.kept_unique.iter().zip(&self.indexed[relation]).any(is_indexed)
    }
}

/// The value of this number of a kind; of texts, which are few otherwise, only where they are `counted`.
fn numbered(kind: Kind, n: usize, counted: bool) -> Option<Value> {
    /// Days over which values are spread: a few years.
    const DAYS: i64 = 1_500;
    let first = crate::value::days(2020, 1, 1);
    let n = i64::try_from(n).ok()?;
    Some(match kind {
        Kind::Int { .. } => Value::Int(n),
        Kind::Decimal { scale, .. } => Value::Decimal { mantissa: i128::from(n) * 100, scale },
        #[allow(clippy::cast_precision_loss)]
        Kind::Float => Value::Float(n as f64),
        Kind::Date => Value::Date(first + i32::try_from(n % DAYS).ok()?),
        // A prime of seconds, so that moments differ by more than the day.
        Kind::Timestamp => {
            Value::Timestamp((i64::from(first) * 86_400 + n * 7_919 % (DAYS * 86_400)) * 1_000_000)
        }
        Kind::Text { .. } if counted => Value::Text(letters(n)),
        Kind::Text { .. } | Kind::Bool | Kind::Time => return None,
    })
}

/// `1` → `a`, `27` → `aa`.
fn letters(mut n: i64) -> String {
    let mut text = Vec::new();
    while n > 0 {
        text.push(b'a' + u8::try_from((n - 1) % 26).unwrap_or(0));
        n = (n - 1) / 26;
    }
    text.reverse();
    String::from_utf8(text).unwrap_or_default()
}
