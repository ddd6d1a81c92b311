//! Maps whose keys are small numbers that we give out ourselves, or addresses.
//!
//! Nobody who sends a text chooses such a key, so that a multiplication is enough of a hash. What comes from
//! the text itself never is a key here.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map from numbers of ours.
pub(crate) type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// A set of numbers of ours.
pub(crate) type IdSet<K> = HashSet<K, BuildHasherDefault<IdHasher>>;

/// Multiplies by an odd number close to 2⁶⁴ divided by the golden ratio, as Knuth advises.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct IdHasher(u64);

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        // The map takes the upper and the lowest bits.
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(FACTOR);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_row_are_spread() {
        let mut seen: IdSet<u32> = IdSet::default();
        let lowest: IdSet<u64> = (0..128_u32)
            .map(|number| {
                seen.insert(number);
                let mut hasher = IdHasher::default();
                hasher.write_u32(number);
                hasher.finish() % 128
            })
            .collect();
        assert_eq!(seen.len(), 128);
        assert!(lowest.len() > 64, "{}", lowest.len());
    }
}
