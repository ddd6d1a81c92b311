//! Results of which two are compared without being kept: as bags, each row by a hash, what floats come to
//! beside it, since the order in which they are added changes their last digits.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::types::Type;

use sqm_verify::offer::Results;

/// Most rows that are compared.
const MOST_ROWS: u64 = 200_000;

/// Most bytes of rows that are compared: the results of some twenty queries fit into what a session reads.
const MOST_BYTES: usize = 6 << 20;

/// What the protocol adds to a row, and to each value in it.
const OF_ROW: usize = 7;
const OF_CELL: usize = 4;

/// By how much sums of floats may differ, relative to the sum of their amounts.
const TOLERANCE: f64 = 1e-9;

/// What a result comes to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Digest {
    kinds: Vec<Kind>,
    rows: u64,
    bytes: usize,
    /// Sums of two hashes of each row, so that their order does not count.
    hashes: [u64; 2],
    floats: Vec<Floats>,
}

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// By its digits, without zeros that say nothing.
    Number,
    Float,
    Text,
}

/// The floats of a column.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Floats {
    sum: f64,
    /// Each weighted by what else is in its row, so that two which are exchanged are seen.
    weighted: f64,
    amount: f64,
}

impl Digest {
    /// Of a result with columns of these types.
    pub(crate) fn new<'a>(types: impl Iterator<Item = &'a Type>) -> Self {
        let kinds: Vec<_> = types
            .map(|of| match *of {
                Type::FLOAT4 | Type::FLOAT8 => Kind::Float,
                Type::INT2 | Type::INT4 | Type::INT8 | Type::NUMERIC => Kind::Number,
                _ => Kind::Text,
            })
            .collect();
        let floats = vec![Floats::default(); kinds.len()];
        Self { kinds, rows: 0, bytes: 0, hashes: [0; 2], floats }
    }

    /// Takes a message in; whether it was a row.
    pub(crate) fn take(&mut self, message: &SimpleQueryMessage) -> bool {
        let SimpleQueryMessage::Row(row) = message else { return false };
        let cells: Vec<Option<&str>> =
            (0..self.kinds.len()).map(|at| row.try_get(at).ok().flatten()).collect();
        self.add(&cells);
        true
    }

    /// Whether there is more than is compared.
    pub(crate) fn is_full(&self) -> bool {
        self.rows >= MOST_ROWS || self.bytes >= MOST_BYTES
    }

    fn add(&mut self, cells: &[Option<&str>]) {
        self.rows += 1;
        self.bytes += OF_ROW + cells.iter().map(|cell| OF_CELL + cell.map_or(0, str::len)).sum::<usize>();
        let mut hashers = [DefaultHasher::new(), DefaultHasher::new()];
        hashers[1].write_u8(1);
        let mut numbers = Vec::new();
        for (at, (cell, kind)) in cells.iter().zip(&self.kinds).enumerate() {
            let exact = match (kind, cell.map(str::parse::<f64>)) {
                (Kind::Float, Some(Ok(number))) if number.is_finite() => {
                    numbers.push((at, number));
                    Some("")
                }
                (Kind::Number, _) => cell.map(plain),
                _ => *cell,
            };
            hashers.iter_mut().for_each(|hasher| exact.hash(hasher));
        }
        let hashes = hashers.map(|hasher| hasher.finish());
        for (sum, hash) in self.hashes.iter_mut().zip(hashes) {
            *sum = sum.wrapping_add(hash);
        }
        // The first 32 bits as a number from 0 to 1.
        let mut weight = f64::from((hashes[0] >> 32) as u32) / f64::from(u32::MAX);
        for (at, number) in numbers {
            let floats = &mut self.floats[at];
            floats.sum += number;
            floats.weighted += number * weight;
            floats.amount += number.abs();
            // What stands beside it in the row is another float as well.
            weight = (weight + 0.618_033_988_75).fract();
        }
    }

    /// Whether both results are the same; `may_differ` where the original leaves open what it returns.
    pub(crate) fn compare(&self, other: &Self, may_differ: bool) -> Results {
        if self.is_full() || other.is_full() {
            return Results::NotCompared;
        }
        let is_same = self.kinds.len() == other.kinds.len()
            && (self.rows, self.hashes) == (other.rows, other.hashes)
            && self.floats.iter().zip(&other.floats).all(|(one, other)| one.is_near(other));
        match (is_same, may_differ) {
            (true, _) => Results::Same,
            (false, true) => Results::Undetermined,
            (false, false) => Results::Different,
        }
    }
}

impl Floats {
    fn is_near(&self, other: &Self) -> bool {
        let most = self.amount.max(other.amount) * TOLERANCE;
        (self.sum - other.sum).abs() <= most && (self.weighted - other.weighted).abs() <= most
    }
}

/// A number without zeros behind its last digit: `1.50` is `1.5`, as `2.0` is `2`.
fn plain(number: &str) -> &str {
    if !number.contains('.') {
        return number;
    }
    number.trim_end_matches('0').trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPES: [Type; 3] = [Type::INT4, Type::TEXT, Type::FLOAT8];

    fn digest(rows: &[[Option<&str>; 3]]) -> Digest {
        let mut digest = Digest::new(TYPES.iter());
        rows.iter().for_each(|row| digest.add(row));
        digest
    }

    fn check(one: &[[Option<&str>; 3]], other: &[[Option<&str>; 3]], expected: Results) {
        assert_eq!(digest(one).compare(&digest(other), false), expected, "{one:?} {other:?}");
    }

    #[test]
    fn bags_of_rows() {
        let (a, b) = ([Some("1"), Some("x"), Some("0.1")], [Some("2"), None, Some("0.2")]);
        check(&[a, b], &[b, a], Results::Same);
        check(&[a, b, b], &[a, a, b], Results::Different);
        check(&[a], &[a, a], Results::Different);
        check(&[b], &[[Some("2"), Some(""), Some("0.2")]], Results::Different);
        check(&[], &[], Results::Same);
        check(&[[Some("1.50"), None, None]], &[[Some("1.5"), None, None]], Results::Same);
        check(&[[Some("100"), None, None]], &[[Some("1"), None, None]], Results::Different);
        assert_eq!(digest(&[a]).compare(&digest(&[b]), true), Results::Undetermined);
    }

    #[test]
    fn floats_differ_by_their_last_digits() {
        let row = |float| [Some("1"), Some("x"), Some(float)];
        check(&[row("0.30000000000000004")], &[row("0.3")], Results::Same);
        check(&[row("0.3")], &[row("0.300001")], Results::Different);
        check(&[row("NaN")], &[row("NaN")], Results::Same);
        check(&[row("NaN")], &[row("0")], Results::Different);
        check(&[[Some("1"), None, None]], &[[Some("1"), None, Some("0")]], Results::Different);
    }

    #[test]
    fn floats_that_are_exchanged_are_seen() {
        let row = |n, float| [Some(n), None, Some(float)];
        check(&[row("1", "5"), row("2", "7")], &[row("1", "7"), row("2", "5")], Results::Different);
    }

    #[test]
    fn too_many_rows_are_not_compared() {
        let mut digest = Digest::new(TYPES.iter());
        digest.rows = MOST_ROWS;
        assert_eq!(digest.compare(&digest.clone(), false), Results::NotCompared);
    }
}
