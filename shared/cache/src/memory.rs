//! The level of the process: bounded by bytes, and of many who ask for the same at once one alone goes on.

use moka::future::Cache;
use moka::policy::EvictionPolicy;

use crate::{Address, Analysis};

/// What the process keeps where nobody says otherwise, in bytes.
pub const DEFAULT_BYTES: u64 = 64 << 20;

/// What an entry takes beside its texts: the key, two nodes of moka's and their allocations, as measured by filling it.
const OVERHEAD: usize = 400;

/// Makes a memory of so many bytes.
pub(crate) fn memory(bytes: u64) -> Cache<Address, Analysis> {
    let weigh = |address: &Address, analysis: &Analysis| {
        let scopes: usize = analysis.needs.iter().map(|scope| scope.len() + 24).sum();
        let bytes = address.workspace.as_str().len() + analysis.document.len() + scopes + OVERHEAD;
        u32::try_from(bytes).unwrap_or(u32::MAX)
    };
    // What was just asked for is asked for again. The usual policy of moka would let nothing in that was not asked for
    // more than once, and a stampede is over by then.
    Cache::builder().max_capacity(bytes).weigher(weigh).eviction_policy(EvictionPolicy::lru()).build()
}
