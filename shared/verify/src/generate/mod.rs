//! Databases on which two queries that differ are likely to show it. Every one keeps the catalog's
//! constraints, and the same seed makes the same databases.

mod builder;
mod palette;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::database::{Database, Schema};
use builder::Builder;
use palette::Palette;

/// Makes databases for a pair of queries.
pub struct Generator<'s> {
    schema: &'s Schema,
    palette: Palette,
    seed: u64,
}

impl<'s> Generator<'s> {
    /// A generator for this schema.
    pub fn new(schema: &'s Schema, seed: u64) -> Self {
        Self { schema, palette: Palette::new(schema), seed }
    }

    /// The database of this number.
    pub fn database(&self, number: u64) -> Database {
        let mut rng = StdRng::seed_from_u64(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut builder = Builder::new(self.schema, &self.palette);
        if number > 0 {
            let most = rng.random_range(1..=6);
            for relation in self.schema.parents_first() {
                for _ in 0..rng.random_range(0..=most) {
                    let row = builder.random_row(relation, 0.15, &mut rng);
                    builder.insert(relation, row, &mut rng);
                }
            }
        }
        builder.finish()
    }

    /// A database of about so many rows in every table, for measuring rather than for finding faults.
    pub fn volume(&self, rows: usize) -> Database {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let mut builder = Builder::new(self.schema, &self.palette);
        for relation in self.schema.parents_first() {
            for _ in 0..rows {
                let row = builder.spread_row(relation, rows, &mut rng);
                builder.insert(relation, row, &mut rng);
            }
        }
        builder.finish()
    }
}
