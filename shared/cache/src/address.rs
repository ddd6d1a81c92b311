//! The address of an analysis: a hash of everything that it depends on.

use sqm_domain::{AnalysisId, WorkspaceId};
use sqm_store::PartsHash;

/// Where an analysis is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// The hash, in which the workspace is as well: the same text has another id in each.
    pub id: AnalysisId,
}

/// Hashes the parts of an address.
#[derive(Debug, Clone)]
pub struct Addressing {
    workspace: WorkspaceId,
    hash: PartsHash,
}

impl Addressing {
    /// Of this kind of analysis, by this version of the engine.
    pub fn new(workspace: &WorkspaceId, kind: &str, engine: &str) -> Self {
        let begun = Self { workspace: workspace.clone(), hash: PartsHash::default() };
        begun.part("sqm analysis 1").part(workspace.as_str()).part(kind).part(engine)
    }

    /// One part more.
    pub fn part(self, part: impl AsRef<[u8]>) -> Self {
        Self { hash: self.hash.part(part), ..self }
    }

    /// All of these, and how many they are.
    pub fn parts<P: AsRef<[u8]>>(
        self,
        parts: impl IntoIterator<Item = P, IntoIter: ExactSizeIterator>,
    ) -> Self {
        let parts = parts.into_iter();
        let counted = self.part((parts.len() as u64).to_be_bytes());
        parts.fold(counted, Self::part)
    }

    /// A part that may not be there.
    pub fn option(self, part: Option<impl AsRef<[u8]>>) -> Self {
        match part {
            None => self.part("none"),
            Some(part) => self.part("some").part(part),
        }
    }

    /// The address.
    pub fn finish(self) -> Address {
        Address { workspace: self.workspace, id: AnalysisId::from_bytes(self.hash.bytes()) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn begin(workspace: &str, kind: &str) -> Addressing {
        Addressing::new(&workspace.parse().unwrap(), kind, "1")
    }

    #[test]
    fn whatever_differs_has_another_address() {
        let all = [
            begin("acme", "lineage").part("a").finish(),
            begin("other", "lineage").part("a").finish(),
            begin("acme", "optimization").part("a").finish(),
            begin("acme", "lineage").part("b").finish(),
            begin("acme", "lineage").part("a").part("").finish(),
            begin("acme", "lineage").part("").part("a").finish(),
            begin("acme", "lineage").part("ab").part("c").finish(),
            begin("acme", "lineage").part("a").part("bc").finish(),
            begin("acme", "lineage").option(None::<&str>).finish(),
            begin("acme", "lineage").option(Some("")).finish(),
            begin("acme", "lineage").parts(["a"; 0]).finish(),
            begin("acme", "lineage").parts(["a", "b"]).parts(["c"]).finish(),
            begin("acme", "lineage").parts(["a"]).parts(["b", "c"]).finish(),
        ];
        let ids: BTreeSet<String> = all.iter().map(|address| address.id.to_string()).collect();
        assert_eq!(ids.len(), all.len());
        assert_eq!(begin("acme", "lineage").part("a").finish(), all[0], "and the same has the same");
    }
}
