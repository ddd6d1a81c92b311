//! How far what is known of a query can be trusted: whether it was analysed since it was written, and by what.
//!
//! A query stands in the list of its standing like in any other. Those that were analysed stand in one list for each
//! engine and version of a catalog, so that a new engine or a new catalog makes all of a list stale without a write.

use serde::{Deserialize, Serialize};
use sqm_domain::{CatalogName, VersionNumber};

/// How often a failed analysis is tried again with the same engine and catalog: what fails for good has to wait for
/// another one.
const MOST_ATTEMPTS: u32 = 3;

/// The list of those that were not analysed since they were written.
pub(crate) const NEW: &str = "new";

/// The list of those that are to be tried again.
pub(crate) const FAILED: &str = "failed";

/// What a query was analysed by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AnalysedBy {
    /// The version of the engine.
    pub engine: String,
    /// The catalog that the query names, with the version that was used; `None` where there was none of that name.
    pub catalog: Option<(CatalogName, Option<VersionNumber>)>,
}

/// How far what is known of a query can be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Standing {
    /// It was written, and not analysed since.
    New,
    /// It was analysed.
    Analysed {
        /// By what.
        by: AnalysedBy,
    },
    /// It could not be analysed.
    Failed {
        /// By what.
        by: AnalysedBy,
        /// How often in a row.
        attempts: u32,
    },
}

impl AnalysedBy {
    /// The list of those that were analysed so. A name of a catalog holds no space.
    pub(crate) fn list(&self) -> String {
        match &self.catalog {
            None => self.engine.clone(),
            Some((name, None)) => format!("{} {name}", self.engine),
            Some((name, Some(version))) => format!("{} {name} {version}", self.engine),
        }
    }
}

impl Standing {
    /// The list in which a query of this standing is found.
    pub(crate) fn list(&self) -> String {
        match self {
            Self::New => NEW.to_owned(),
            Self::Failed { attempts, .. } if *attempts < MOST_ATTEMPTS => FAILED.to_owned(),
            Self::Analysed { by } | Self::Failed { by, .. } => by.list(),
        }
    }

    /// Whether an analysis by this engine and catalog has been made.
    pub fn is_current(&self, with: &AnalysedBy) -> bool {
        matches!(self, Self::Analysed { by } if by == with)
    }

    /// The standing after one more analysis that failed.
    pub(crate) fn failed(before: Option<&Self>, with: AnalysedBy) -> Self {
        let attempts = match before {
            Some(Self::Failed { by, attempts }) if *by == with => attempts.saturating_add(1),
            _ => 1,
        };
        Self::Failed { by: with, attempts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(engine: &str, version: Option<u32>) -> AnalysedBy {
        let catalog = Some(("shop".parse().unwrap(), version.and_then(VersionNumber::new)));
        AnalysedBy { engine: engine.to_owned(), catalog }
    }

    #[test]
    fn every_basis_has_a_list_of_its_own() {
        let without = AnalysedBy { engine: "1".to_owned(), catalog: None };
        let lists = [without, by("1", None), by("1", Some(1)), by("1", Some(11)), by("2", Some(1))];
        let names: std::collections::BTreeSet<String> = lists.iter().map(AnalysedBy::list).collect();
        assert_eq!(names.len(), lists.len());
        assert!(!names.contains(NEW) && !names.contains(FAILED));
    }

    #[test]
    fn what_fails_for_good_waits_for_another_engine_or_catalog() {
        let mut standing = Standing::New;
        let mut lists = Vec::new();
        for _ in 0..MOST_ATTEMPTS {
            standing = Standing::failed(Some(&standing), by("1", Some(1)));
            lists.push(standing.list());
        }
        assert_eq!(lists, [FAILED, FAILED, by("1", Some(1)).list().as_str()]);
        assert!(!standing.is_current(&by("1", Some(1))), "it is tried when somebody asks");
        assert_eq!(Standing::failed(Some(&standing), by("1", Some(2))).list(), FAILED);
    }
}
