//! Keys, kept for a while. One refresh runs at a time, for which one request waits while others go on with
//! the keys that there are, and a key goes on serving when its source does not answer.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use tokio::sync::Mutex;

use super::{KeyError, KeySource, Keys};
use crate::clock::Clock;

/// How long fetched keys are kept before they are fetched again, in seconds. While their source answers, a
/// key that was replaced twice stays accepted no longer than this.
pub const KEPT_S: i64 = 300;

/// Shortest time between two fetches, in seconds: forged tokens must not turn into load on the source.
pub const MIN_REFRESH_INTERVAL_S: i64 = 10;

/// The same where there is no key at all, so that nobody is served: a shorter time, in seconds.
pub const MIN_RETRY_INTERVAL_S: i64 = 2;

/// The keys of one source.
pub struct KeyCache {
    source: KeySource,
    clock: Arc<dyn Clock>,
    kept: RwLock<Kept>,
    refreshing: Mutex<()>,
}

#[derive(Default)]
struct Kept {
    keys: Option<(Arc<Keys>, Timestamp)>,
    /// When the last fetch began, and how it failed.
    tried: Option<(Timestamp, Option<Arc<KeyError>>)>,
}

impl KeyCache {
    /// A cache that is empty yet.
    pub fn new(source: KeySource, clock: Arc<dyn Clock>) -> Self {
        Self { source, clock, kept: RwLock::default(), refreshing: Mutex::new(()) }
    }

    /// The keys to accept now. Fails only if none were ever fetched.
    pub async fn current(&self) -> Result<Arc<Keys>, Arc<KeyError>> {
        match self.kept() {
            Some((keys, at)) if seconds_since(at, self.clock.now()) < KEPT_S => Ok(keys),
            Some((keys, _)) => match self.refreshing.try_lock() {
                Ok(_turn) => Ok(self.refresh().await.unwrap_or(keys)),
                Err(_) => Ok(keys),
            },
            None => {
                let _turn = self.refreshing.lock().await;
                match self.kept() {
                    Some((keys, _)) => Ok(keys),
                    None => self.refresh().await,
                }
            }
        }
    }

    /// The keys if they are others than `known`: those that somebody has fetched meanwhile, or those that
    /// a fetch brings now, if the last one is long enough ago.
    pub async fn newer_than(&self, known: &Arc<Keys>) -> Option<Arc<Keys>> {
        let _turn = self.refreshing.lock().await;
        let kept = match self.kept() {
            Some((keys, _)) if !Arc::ptr_eq(&keys, known) => Some(keys),
            _ => self.refresh().await.ok(),
        };
        kept.filter(|keys| !Arc::ptr_eq(keys, known))
    }

    /// Fetches, unless that was done a moment ago. Whoever calls it holds the turn.
    async fn refresh(&self) -> Result<Arc<Keys>, Arc<KeyError>> {
        let now = self.clock.now();
        {
            let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
            let passed = kept.tried.as_ref().map(|(at, _)| seconds_since(*at, now));
            match (&kept.keys, &kept.tried) {
                (Some((keys, _)), _) if passed < Some(MIN_REFRESH_INTERVAL_S) => return Ok(keys.clone()),
                (None, Some((_, Some(error)))) if passed < Some(MIN_RETRY_INTERVAL_S) => {
                    return Err(error.clone());
                }
                _ => {}
            }
        }
        let fetched = self.source.fetch().await.map(Arc::new).map_err(Arc::new);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.tried = Some((now, fetched.as_ref().err().cloned()));
        match &fetched {
            Ok(keys) => kept.keys = Some((keys.clone(), now)),
            Err(error) => tracing::warn!(error = %error, "the token key could not be fetched"),
        }
        fetched
    }

    fn kept(&self) -> Option<(Arc<Keys>, Timestamp)> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).keys.clone()
    }
}

fn seconds_since(at: Timestamp, now: Timestamp) -> i64 {
    now.as_second() - at.as_second()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    /// A clock that the test turns on.
    #[derive(Default)]
    struct Turned(AtomicI64);

    impl Clock for Turned {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
        }
    }

    impl Turned {
        fn turn(&self, seconds: i64) {
            self.0.fetch_add(seconds, Ordering::Relaxed);
        }
    }

    fn cache(path: &Path) -> (KeyCache, Arc<Turned>) {
        let clock = Arc::new(Turned::default());
        (KeyCache::new(KeySource::File(path.to_owned()), clock.clone()), clock)
    }

    fn write(path: &Path, keys: &[char]) {
        let lines: Vec<_> = keys.iter().map(|key| key.to_string().repeat(40)).collect();
        std::fs::write(path, lines.join("\n")).unwrap();
    }

    #[tokio::test]
    async fn a_key_goes_on_serving_when_its_source_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, &['a']);
        let (cache, clock) = cache(&path);
        let first = cache.current().await.unwrap();
        std::fs::remove_file(&path).unwrap();
        for _ in 0..10 {
            clock.turn(KEPT_S);
            assert!(Arc::ptr_eq(&first, &cache.current().await.unwrap()));
        }
        write(&path, &['b', 'a']);
        clock.turn(KEPT_S);
        let second = cache.current().await.unwrap();
        assert!(!Arc::ptr_eq(&first, &second));
        assert_eq!(second.accepted().len(), 2);
    }

    #[tokio::test]
    async fn without_a_key_the_source_is_asked_again_after_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let (cache, clock) = cache(&path);
        assert!(cache.current().await.is_err());
        write(&path, &['a']);
        assert!(cache.current().await.is_err(), "the failure is kept for a moment");
        clock.turn(MIN_RETRY_INTERVAL_S);
        assert!(cache.current().await.is_ok());
    }

    #[tokio::test]
    async fn forged_tokens_do_not_turn_into_fetches() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, &['a']);
        let (cache, clock) = cache(&path);
        let first = cache.current().await.unwrap();
        assert!(cache.newer_than(&first).await.is_none(), "it was fetched a moment ago");
        clock.turn(MIN_REFRESH_INTERVAL_S);
        let second = cache.newer_than(&first).await.unwrap();
        assert!(cache.newer_than(&second).await.is_none());
        assert!(Arc::ptr_eq(&second, &cache.newer_than(&first).await.unwrap()), "another one's fetch serves");
    }

    #[tokio::test]
    async fn short_keys_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "short\n").unwrap();
        let (cache, _) = cache(&path);
        assert!(matches!(*cache.current().await.unwrap_err(), KeyError::Short { bytes: 5 }));
    }
}
