//! Databases on which two queries that differ are likely to show it. Every one keeps the catalog's
//! constraints, and the same seed makes the same databases.

mod apart;
mod builder;
mod palette;
mod pool;
mod volume;

use datafusion::logical_expr::LogicalPlan;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use sqm_domain::Dialect;
use sqm_sql::catalog::Statistics;

use crate::database::{Database, Row, Schema};
use crate::dialects::{compares_without_case, empty_is_null, keeps_whole_seconds};
use crate::prove::{Guide, Resolve, WishedRow};
use crate::value::{Value, power_of_ten};
use apart::Telling;
use builder::Builder;
use palette::Palette;
pub use palette::step;
use volume::Volume;

/// Makes databases for a pair of queries.
pub struct Generator<'s> {
    schema: &'s Schema,
    palette: Palette,
    seed: u64,
    guide: Option<Guide<'s>>,
    /// Values that tell what the queries compute apart.
    telling: Telling,
    /// Attributes of relations of which a query asks whether they are NULL.
    nulls: Vec<(usize, usize)>,
    /// What is known of the tables that are measured with.
    volume: Volume,
}

/// What the rows of a database have in common.
#[derive(Debug, Clone, Copy)]
struct Mood {
    numbers: Numbers,
    /// One of the columns is nearly always NULL, in each table that has columns which may be: which one.
    hollow: Option<usize>,
}

/// What the numbers of a database have in common that are neither a key nor a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Numbers {
    Any,
    /// Where all are alike, an average or a share of it is one of them.
    Zero,
    /// The same where they are divided by.
    One,
    /// Where all are below zero, twice a number is less than it.
    Negative,
}

impl Mood {
    fn any(rng: &mut StdRng) -> Self {
        let numbers = match rng.random_range(0..100) {
            0..6 => Numbers::Zero,
            6..12 => Numbers::One,
            12..20 => Numbers::Negative,
            _ => Numbers::Any,
        };
        Self { numbers, hollow: rng.random_bool(0.15).then(|| rng.random_range(0..16)) }
    }
}

/// Of so many databases one is made without looking at the queries.
const ONE_UNGUIDED_OF: u64 = 5;

impl<'s> Generator<'s> {
    /// A generator for this schema.
    pub fn new(schema: &'s Schema, seed: u64) -> Self {
        let mut palette = Palette::new(schema);
        palette.checks(schema);
        let (telling, volume) = (Telling::new(), Volume::default());
        Self { schema, palette, seed, guide: None, telling, nulls: Vec::new(), volume }
    }

    /// A generator that looks for rows on which the queries return something, and not the same.
    pub fn guided(
        schema: &'s Schema,
        seed: u64,
        queries: [&LogicalPlan; 2],
        resolve: Resolve<'_>,
        dialect: Dialect,
    ) -> Self {
        let guide = Guide::new(queries, schema, resolve);
        let telling = apart::values(queries, schema, resolve);
        let mut palette = Palette::new(schema);
        if !empty_is_null(dialect) {
            palette.empty_texts(schema);
        }
        if guide.compares_texts_with_numbers() {
            palette.number_texts(schema);
        }
        palette.checks(schema);
        let mentions = guide.mentions();
        for (relation, at, value) in mentions.values {
            palette.mention(relation, &schema.relations[relation].attributes[at], at, &value);
        }
        for (relation, at, value) in mentions.made {
            palette.add(relation, &schema.relations[relation].attributes[at], at, value);
        }
        let is_null = |value: &Value| empty_is_null(dialect) && *value == Value::Text(String::new());
        let telling: Telling = telling
            .into_iter()
            .map(|(place, values)| (place, values.into_iter().filter(|value| !is_null(value)).collect()))
            .collect();
        for ((relation, at), values) in &telling {
            for value in values {
                palette.add(*relation, &schema.relations[*relation].attributes[*at], *at, value.clone());
            }
        }
        palette.between(schema);
        if compares_without_case(dialect) {
            palette.one_case();
        }
        palette.fractions(schema, |attribute| {
            attribute.holds_fractions.unwrap_or(!keeps_whole_seconds(dialect))
        });
        let guide = (!guide.is_empty()).then_some(guide);
        let telling = telling.into_iter().filter(|(_, values)| !values.is_empty()).collect();
        let nulls = mentions.nulls.into_iter().collect();
        Self { schema, palette, seed, guide, telling, nulls, volume: Volume::default() }
    }

    /// Lets texts end in blanks, other than those of CHAR columns, where blanks are no part of them.
    pub fn with_blanks(&mut self) {
        self.palette.blanks(self.schema);
    }

    /// The database of this number. The first is empty.
    pub fn database(&self, number: u64) -> Database {
        let mut rng = StdRng::seed_from_u64(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut builder = Builder::new(self.schema, &self.palette);
        match &self.guide {
            _ if number == 0 => {}
            Some(guide) if !number.is_multiple_of(ONE_UNGUIDED_OF) => {
                self.directed(&mut builder, guide, number, &mut rng);
            }
            _ => self.scatter(&mut builder, &mut rng),
        }
        builder.finish()
    }

    /// Rows of values from the palette.
    fn scatter(&self, builder: &mut Builder<'_>, rng: &mut StdRng) {
        let most = rng.random_range(1..=6);
        let mood = Mood::any(rng);
        for relation in self.schema.parents_first() {
            for _ in 0..rng.random_range(0..=most) {
                let mut row = builder.random_row(relation, 0.15, rng);
                self.colour(mood, relation, &mut row, rng);
                builder.insert(relation, row, rng);
            }
        }
    }

    /// Rows that the queries ask for, and rows beside them that differ in one value.
    fn directed(&self, builder: &mut Builder<'_>, guide: &Guide<'_>, number: u64, rng: &mut StdRng) {
        let which = usize::try_from(number).unwrap_or(0);
        let mut wished: Vec<WishedRow> = Vec::new();
        for more in 0..rng.random_range(1..=2) {
            wished.extend(guide.wish(which + more, rng));
        }
        if !self.nulls.is_empty() && rng.random_bool(0.25) {
            // What one query asks and the other does not.
            let (relation, at) = self.nulls[rng.random_range(0..self.nulls.len())];
            for (_, values) in wished.iter_mut().filter(|(of, _)| *of == relation) {
                if rng.random_bool(0.5) {
                    values.insert(at, Value::Null);
                }
            }
        }
        if !self.telling.is_empty() && rng.random_bool(0.3) {
            self.tell(&mut wished, rng);
        }
        let nulls = if rng.random_bool(0.7) { 0.03 } else { 0.2 };
        let beside = rng.random_range(0.0..0.6);
        let mood = Mood::any(rng);
        for relation in self.schema.parents_first() {
            for (_, values) in wished.iter().filter(|(of, _)| *of == relation) {
                let mut row = builder.random_row(relation, nulls, rng);
                self.colour(mood, relation, &mut row, rng);
                for (&at, value) in values {
                    row[at] = value.clone();
                }
                let fixed: Vec<usize> = values.keys().copied().collect();
                builder.free_keys(relation, &mut row, &fixed);
                builder.insert(relation, row.clone(), rng);
                if rng.random_bool(beside) {
                    if rng.random_bool(0.7) && !row.is_empty() {
                        let other = builder.random_row(relation, 0.3, rng);
                        let at = rng.random_range(0..row.len());
                        row[at] = other[at].clone();
                    }
                    self.colour(mood, relation, &mut row, rng);
                    builder.free_keys(relation, &mut row, &[]);
                    builder.insert(relation, row, rng);
                }
            }
        }
    }

    /// Puts values that tell expressions apart where they are computed.
    fn tell(&self, wished: &mut [WishedRow], rng: &mut StdRng) {
        for (relation, values) in wished {
            for ((_, at), telling) in self.telling.range((*relation, 0)..(*relation + 1, 0)) {
                if rng.random_bool(0.5) {
                    values.insert(*at, telling[rng.random_range(0..telling.len())].clone());
                }
            }
        }
    }

    /// Makes the values of a row what the mood of its database wants.
    fn colour(&self, mood: Mood, relation: usize, row: &mut Row, rng: &mut StdRng) {
        let shape = &self.schema.relations[relation];
        for (at, value) in row.iter_mut().enumerate() {
            let ties = shape.keys.iter().chain(shape.references.iter().map(|r| &r.columns));
            if ties.clone().any(|columns| columns.contains(&at)) {
                continue;
            }
            *value = match (mood.numbers, &*value) {
                (Numbers::Zero, Value::Int(_)) => Value::Int(0),
                (Numbers::Zero, Value::Decimal { scale, .. }) => {
                    Value::Decimal { mantissa: 0, scale: *scale }
                }
                (Numbers::Zero, Value::Float(_)) => Value::Float(0.0),
                (Numbers::One, Value::Int(_)) => Value::Int(1),
                (Numbers::One, Value::Decimal { scale, .. }) => {
                    Value::Decimal { mantissa: power_of_ten(scale.unsigned_abs()), scale: *scale }
                }
                (Numbers::One, Value::Float(_)) => Value::Float(1.0),
                (Numbers::Negative, Value::Int(n)) => Value::Int(-n.abs()),
                (Numbers::Negative, Value::Decimal { mantissa, scale }) => {
                    Value::Decimal { mantissa: -mantissa.abs(), scale: *scale }
                }
                (Numbers::Negative, Value::Float(x)) => Value::Float(-x.abs()),
                _ => continue,
            };
        }
        let nullable: Vec<usize> = (0..row.len()).filter(|&at| shape.attributes[at].nullable).collect();
        let hollow = mood.hollow.and_then(|which| which.checked_rem(nullable.len()));
        if let Some(at) = hollow
            && rng.random_bool(0.7)
        {
            row[nullable[at]] = Value::Null;
        }
    }

    /// Lets tables that are measured with be as large beside each other, and their values as many, as these say.
    pub fn with_statistics(&mut self, statistics: &Statistics) {
        self.volume = Volume::new(self.schema, statistics);
    }

    /// A database of about so many rows in its largest table, for measuring rather than for finding faults.
    pub fn volume(&self, rows: usize) -> Database {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let mut builder = Builder::new(self.schema, &self.palette);
        for relation in self.schema.parents_first() {
            let rows = self.volume.rows(relation, rows);
            for _ in 0..rows {
                let row = builder.spread_row(relation, rows, |at| self.volume.spread(relation, at), &mut rng);
                builder.insert(relation, row, &mut rng);
            }
        }
        builder.finish()
    }
}
