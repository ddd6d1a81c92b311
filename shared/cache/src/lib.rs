//! Analyses by what they are made from, and the levels that keep them: the process, a Redis for those who run one, and
//! the table.
//!
//! An analysis is a pure function of what its address is a hash of, so what is found under an address is never out of
//! date. A level that fails is passed over, and a value that does not read back is made again: no cache is a reason
//! for an error, and none can show one workspace what another one has.

mod address;
mod level;
mod levels;
mod memory;
mod origin;
mod shared;
mod stored;
mod tally;

pub use address::{Address, Addressing};
pub use level::{Doing, Level, LevelError};
pub use levels::{Levels, Made};
pub use memory::DEFAULT_BYTES;
pub use origin::Origin;
pub use shared::{InvalidUrl, Shared, SharedConfig};
pub use sqm_store::StoredAnalysis as Analysis;
pub use tally::{Count, Outcome, Tally, tallied};
