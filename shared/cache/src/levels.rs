//! The one way through the levels: the process, then those below it, then the work itself.

use std::sync::Arc;

use jiff::Timestamp;
use moka::future::Cache;
use sqm_store::Store;

use crate::level::{Level, LevelError};
use crate::memory::memory;
use crate::shared::Shared;
use crate::stored::Stored;
use crate::tally::{Count, Outcome, tell};
use crate::{Address, Analysis};

/// The name of the level of the process.
const MEMORY: &str = "memory";

/// The levels. Cloning is cheap and shares them.
#[derive(Clone)]
pub struct Levels {
    memory: Cache<Address, Analysis>,
    count: Arc<Count>,
    below: Arc<[Below]>,
}

struct Below {
    level: Box<dyn Level>,
    count: Count,
}

/// What the work has made.
#[derive(Debug, Clone)]
pub enum Made {
    /// What anybody would find who did it again.
    Kept(Analysis),
    /// What depends on more than its address says, such as the time that there was.
    Passing(Analysis),
}

/// Why nothing was put into the memory.
enum Unkept<E> {
    Passing(Analysis),
    Failed(E),
}

impl Levels {
    /// A memory of so many bytes, what is shared with other processes, and the table.
    pub fn new(bytes: u64, shared: Option<Shared>, store: Store) -> Self {
        let shared = shared.map(|shared| Box::new(shared) as Box<dyn Level>);
        Self::of(bytes, shared.into_iter().chain([Box::new(Stored(store)) as Box<dyn Level>]).collect())
    }

    /// A memory of so many bytes, and these below it, from the nearest.
    pub fn of(bytes: u64, below: Vec<Box<dyn Level>>) -> Self {
        let below = below.into_iter().map(|level| Below { level, count: Count::default() }).collect();
        Self { memory: memory(bytes), count: Arc::default(), below }
    }

    /// The analysis at this address, from the nearest level that has it, or else by doing the work, once for all who ask
    /// at the same time. Levels nearer than where it was found get it as well.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn obtain<E: Clone + Send + Sync + 'static>(
        &self,
        address: &Address,
        now: Timestamp,
        work: impl Future<Output = Result<Made, E>>,
    ) -> Result<Analysis, E> {
        let mut was_asked = false;
        let below = async {
            was_asked = true;
            self.tell(None, Outcome::Miss);
            if let Some(found) = self.find_below(address, now).await.0 {
                return Ok(found);
            }
            match work.await.map_err(Unkept::Failed)? {
                Made::Passing(analysis) => Err(Unkept::Passing(analysis)),
                Made::Kept(analysis) => {
                    self.put_above(self.below.len(), address, &analysis, now).await;
                    Ok(analysis)
                }
            }
        };
        let obtained = self.memory.try_get_with_by_ref(address, below).await;
        if !was_asked {
            self.tell(None, Outcome::Hit);
        }
        obtained.or_else(|unkept| match &*unkept {
            Unkept::Passing(analysis) => Ok(analysis.clone()),
            Unkept::Failed(error) => Err(error.clone()),
        })
    }

    /// The analysis at this address, if a level has it.
    ///
    /// # Errors
    /// None that answers has it, and one does not answer.
    pub async fn find(&self, address: &Address, now: Timestamp) -> Result<Option<Analysis>, LevelError> {
        if let Some(found) = self.memory.get(address).await {
            self.tell(None, Outcome::Hit);
            return Ok(Some(found));
        }
        self.tell(None, Outcome::Miss);
        match self.find_below(address, now).await {
            (Some(found), _) => {
                self.memory.insert(address.clone(), found.clone()).await;
                Ok(Some(found))
            }
            (None, Some(error @ LevelError::Unavailable(_))) => Err(error),
            (None, _) => Ok(None),
        }
    }

    /// How often each outcome came of asking a level, by its name.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, &Count)> {
        let below = self.below.iter().map(|below| (below.level.name(), &below.count));
        std::iter::once((MEMORY, &*self.count)).chain(below)
    }

    /// How many bytes the memory takes to be in it, once what is due has gone.
    pub async fn memory_bytes(&self) -> u64 {
        self.memory.run_pending_tasks().await;
        self.memory.weighted_size()
    }

    /// What the nearest level below the memory has that has it; and what went wrong last.
    async fn find_below(&self, address: &Address, now: Timestamp) -> (Option<Analysis>, Option<LevelError>) {
        let mut wrong = None;
        for (depth, below) in self.below.iter().enumerate() {
            match below.level.get(address, now).await {
                Ok(Some(found)) => {
                    self.tell(Some(below), Outcome::Hit);
                    self.put_above(depth, address, &found, now).await;
                    return (Some(found), wrong);
                }
                Ok(None) => self.tell(Some(below), Outcome::Miss),
                Err(error) => {
                    let is_corrupt = matches!(error, LevelError::Corrupt(_));
                    self.tell(Some(below), if is_corrupt { Outcome::Corrupt } else { Outcome::Failed });
                    tracing::warn!(cache.level = below.level.name(), %error, "a level was passed over");
                    wrong = Some(error);
                }
            }
        }
        (None, wrong)
    }

    /// Puts an analysis into the levels above this depth.
    async fn put_above(&self, depth: usize, address: &Address, analysis: &Analysis, now: Timestamp) {
        for below in &self.below[..depth] {
            match below.level.put(address, analysis, now).await {
                Ok(()) | Err(LevelError::TooLarge) => {}
                Err(error) => {
                    tracing::warn!(cache.level = below.level.name(), %error, "an analysis was not kept");
                }
            }
        }
    }

    fn tell(&self, below: Option<&Below>, outcome: Outcome) {
        let (name, count) = below.map_or((MEMORY, &*self.count), |below| (below.level.name(), &below.count));
        count.add(outcome);
        tell(name, outcome);
    }
}

impl std::fmt::Debug for Levels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.counts()).finish()
    }
}
