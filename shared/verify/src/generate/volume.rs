//! How large tables are made that are measured with, and how the values of their columns are spread: as statistics
//! say, where there are some.

use sqm_sql::catalog::Statistics;

use crate::database::Schema;

/// So many rows a small table keeps beside a large one: fewer say nothing of a join with it.
const FEWEST: u64 = 10;

/// Up to so many different values a column keeps, however few rows it has: a filter on one of them selects what
/// it would select.
const MOST_KEPT: u64 = 100;

/// What statistics say of a column.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spread {
    /// Different values, for each row of the table.
    share: Option<f64>,
    /// Different values in all.
    distinct: Option<u64>,
    /// How much of it is NULL.
    pub nulls: Option<f64>,
}

impl Spread {
    /// How many different values so many rows have; `None` where nothing is known.
    pub fn values(&self, rows: usize) -> Option<usize> {
        let (share, distinct) = (self.share?, self.distinct?);
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let scaled = (share * rows as f64).round() as u64;
        let values = scaled.max(distinct.min(MOST_KEPT)).clamp(1, rows.max(1) as u64);
        usize::try_from(values).ok()
    }
}

/// The tables of a schema beside each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Volume {
    /// Rows of each relation, where that is known.
    rows: Vec<Option<u64>>,
    /// What is known of each attribute; no entries where nothing is.
    spreads: Vec<Vec<Spread>>,
}

impl Volume {
    /// As the statistics have it.
    pub fn new(schema: &Schema, statistics: &Statistics) -> Self {
        let known = |name: &[String]| statistics.table(name);
        let rows =
            schema.relations.iter().map(|relation| known(&relation.name).map(|table| table.rows)).collect();
        let spreads = schema
            .relations
            .iter()
            .map(|relation| {
                let Some(table) = known(&relation.name) else { return Vec::new() };
                (0..relation.attributes.len())
                    .map(|at| {
                        let column = table.columns.get(&at).copied().unwrap_or_default();
                        #[allow(clippy::cast_precision_loss)]
                        let share =
                            column.distinct.map(|distinct| distinct as f64 / table.rows.max(1) as f64);
                        Spread { share, distinct: column.distinct, nulls: column.null_fraction }
                    })
                    .collect()
            })
            .collect();
        Self { rows, spreads }
    }

    /// How many rows a relation has where the largest has so many. Those of which nothing is known are as large
    /// as the largest.
    pub fn rows(&self, relation: usize, largest: usize) -> usize {
        let most = self.rows.iter().flatten().copied().max().unwrap_or(0);
        let Some(own) = self.rows.get(relation).copied().flatten().filter(|_| most > 0) else {
            return largest;
        };
        let scaled = u128::from(own) * (largest as u128) / u128::from(most);
        let scaled = u64::try_from(scaled).unwrap_or(u64::MAX);
        usize::try_from(scaled.max(FEWEST).min(own)).unwrap_or(largest).min(largest)
    }

    /// What is known of an attribute.
    pub fn spread(&self, relation: usize, at: usize) -> Spread {
        self.spreads.get(relation).and_then(|columns| columns.get(at)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_keep_their_proportions_and_small_ones_some_rows() {
        let volume = Volume {
            rows: vec![Some(1_000_000), Some(500_000), Some(7), None, Some(2_000)],
            spreads: Vec::new(),
        };
        let sizes: Vec<usize> = (0..5).map(|relation| volume.rows(relation, 4_000)).collect();
        assert_eq!(sizes, [4_000, 2_000, 7, 4_000, 10]);
        assert_eq!(Volume::default().rows(0, 250), 250);
        assert_eq!(Volume { rows: vec![Some(0)], spreads: Vec::new() }.rows(0, 250), 250);
    }

    #[test]
    fn columns_keep_their_values() {
        let spread = |distinct: u64, rows: f64| Spread {
            #[allow(clippy::cast_precision_loss)]
            share: Some(distinct as f64 / rows),
            distinct: Some(distinct),
            nulls: None,
        };
        assert_eq!(spread(4, 1e6).values(4_000), Some(4));
        assert_eq!(spread(500_000, 1e6).values(4_000), Some(2_000));
        assert_eq!(spread(5_000, 1e6).values(4_000), Some(100));
        assert_eq!(Spread::default().values(4_000), None);
    }
}
