//! From the name of a host to addresses that may be connected to. The connection goes to what was checked here:
//! a name that leads elsewhere a moment later changes nothing.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use sqm_reach::Reach;

/// A look-up under way.
pub type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Looks names up.
pub trait Lookup: Send + Sync {
    /// The addresses of a name; their ports say nothing.
    fn lookup(&self, name: &str) -> Looking;
}

/// As the system does it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> Looking {
        let name = name.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) })
    }
}

/// An address was found that may not be connected to.
#[derive(Debug, thiserror::Error)]
#[error("the host leads to an address that is not allowed")]
pub(super) struct Forbidden;

/// Looks names up and refuses those that lead where none may lead.
pub(super) struct Guarded {
    reach: Reach,
    lookup: Arc<dyn Lookup>,
}

impl Guarded {
    pub(super) fn new(reach: Reach, lookup: Arc<dyn Lookup>) -> Self {
        Self { reach, lookup }
    }
}

impl Resolve for Guarded {
    /// One address that is not allowed is enough to refuse them all: whoever answers so is not to be trusted with
    /// the others.
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().trim_end_matches('.').to_ascii_lowercase();
        let (reach, looking) = (self.reach.clone(), self.lookup.lookup(name.as_str()));
        Box::pin(async move {
            let found = looking.await?;
            if found.iter().any(|address| !reach.allows(&host, address.ip())) {
                return Err(Forbidden.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
