//! Requests for what is not kept yet: of many that are equal one goes to the origin, and the others wait for what it
//! brings. One that is cut off lets another one go.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::stored::Key;

/// Who is under way, and for what. There are no more than requests.
#[derive(Debug, Clone, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<Key, watch::Receiver<bool>>>>);

/// What somebody does who wants something.
pub(super) enum Joined {
    /// It goes.
    Leads(Lead),
    /// It waits for another one.
    Follows(Landing),
}

/// The one who goes.
pub(super) struct Lead {
    flights: Flights,
    key: Key,
    has_landed: watch::Sender<bool>,
}

/// The coming of what another one went for.
pub(super) struct Landing(watch::Receiver<bool>);

impl Flights {
    pub(super) fn join(&self, key: &Key) -> Joined {
        match self.under_way().entry(key.clone()) {
            Entry::Occupied(other) => Joined::Follows(Landing(other.get().clone())),
            Entry::Vacant(place) => {
                let (has_landed, landing) = watch::channel(false);
                place.insert(landing);
                Joined::Leads(Lead { flights: self.clone(), key: key.clone(), has_landed })
            }
        }
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<Key, watch::Receiver<bool>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lead {
    /// It is back, and what may be kept is kept.
    pub(super) fn land(self) {
        self.has_landed.send_replace(true);
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.flights.under_way().remove(&self.key);
    }
}

impl Landing {
    /// Whether the other one came back; it may have been cut off.
    pub(super) async fn reached(mut self) -> bool {
        self.0.wait_for(|has_landed| *has_landed).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(target: &str) -> Key {
        Key { target: target.to_owned(), tenant: "acme".to_owned(), gzip: false }
    }

    #[tokio::test]
    async fn one_goes_and_who_is_cut_off_leaves_its_place() {
        let flights = Flights::default();
        let Joined::Leads(first) = flights.join(&key("/a")) else { panic!("nobody was under way") };
        assert!(matches!(flights.join(&key("/b")), Joined::Leads(_)), "something else");
        let Joined::Follows(waiting) = flights.join(&key("/a")) else { panic!("one is under way") };
        drop(first);
        assert!(!waiting.reached().await);
        let Joined::Leads(second) = flights.join(&key("/a")) else { panic!("the place is free") };
        let Joined::Follows(waiting) = flights.join(&key("/a")) else { panic!("one is under way") };
        second.land();
        assert!(waiting.reached().await);
        assert!(flights.under_way().is_empty());
    }
}
