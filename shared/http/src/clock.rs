//! Time and randomness, as things that are handed in: whoever wants to know the time asks a [`Clock`].

use jiff::Timestamp;
use sqm_domain::QueryId;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// Yields random bits.
pub trait Entropy: Send + Sync {
    /// Sixteen bytes, of which 122 bits are random.
    fn bytes(&self) -> [u8; 16];
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The randomness of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn bytes(&self) -> [u8; 16] {
        uuid::Uuid::new_v4().into_bytes()
    }
}

/// An id for a query that is made now.
pub fn new_query_id(clock: &dyn Clock, entropy: &dyn Entropy) -> QueryId {
    let bytes = entropy.bytes();
    let mut random = [0; 10];
    // Bytes 6 and 8 of a UUID hold its version and variant; the last seven are random throughout.
    random[..3].copy_from_slice(&bytes[..3]);
    random[3..].copy_from_slice(&bytes[9..]);
    QueryId::from_parts(u64::try_from(clock.now().as_millisecond()).unwrap_or(0), random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_within_one_instant() {
        struct Still;
        impl Clock for Still {
            fn now(&self) -> Timestamp {
                Timestamp::UNIX_EPOCH
            }
        }
        let one = new_query_id(&Still, &SystemEntropy);
        let two = new_query_id(&Still, &SystemEntropy);
        assert_ne!(one, two);
        assert!(one.to_string().starts_with("00000000-0000-7"));
    }
}
