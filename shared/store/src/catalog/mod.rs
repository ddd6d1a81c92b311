//! Stored catalogs: what is known of a workspace's tables, by name. Versions never change.

mod read;
mod write;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqm_domain::{CatalogName, Dialect, Subject, VersionNumber};
use sqm_sql::catalog::Catalog;

use crate::error::StoreError;
use crate::item::{Item, doc};
use crate::query::Kept;

/// What there has to be for a catalog to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Anything, or nothing.
    Whatever,
    /// No catalog of that name (`If-None-Match: *`).
    Absent,
    /// This version (`If-Match`).
    Version(VersionNumber),
}

/// A catalog to be stored.
#[derive(Debug, Clone)]
pub struct CatalogWrite {
    /// Its name in the workspace.
    pub name: CatalogName,
    /// The dialect of the source.
    pub dialect: Dialect,
    /// What the user gave: DDL, or the JSON form.
    pub source: String,
    /// What the source says.
    pub catalog: Catalog,
    /// Who stores it.
    pub author: Subject,
    /// When: earlier than now where it was made elsewhere.
    pub at: Timestamp,
    /// When the request has begun that writes it.
    pub begun: Timestamp,
}

/// A catalog at one of its versions, without its tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogSummary {
    /// Its name.
    pub name: CatalogName,
    /// The version.
    pub version: VersionNumber,
    /// The dialect of the source.
    pub dialect: Dialect,
    /// How many tables and views it has.
    pub tables: usize,
    /// When its first version was made.
    pub created: Timestamp,
    /// When this version was made.
    pub updated: Timestamp,
    /// Who made this version.
    pub author: Subject,
}

/// A catalog at one of its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCatalog {
    /// All but the tables.
    pub summary: CatalogSummary,
    /// What the user gave.
    pub source: String,
    /// What it says.
    pub catalog: Catalog,
    /// A hash of both.
    pub sha256: String,
}

/// The document of a version, which the head repeats.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    summary: CatalogSummary,
    text: Kept,
    /// The first version since the name was last free. A version's number never comes again, since
    /// analyses are addressed by it: what is stored under the name of a deleted catalog counts on.
    first: VersionNumber,
    /// Whether this head only says up to where the numbers are used up.
    deleted: bool,
}

/// What the head of a catalog tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogState {
    /// The newest version.
    pub version: VersionNumber,
    /// As [`StoredCatalog::sha256`].
    pub sha256: String,
}

/// The state of the catalog that has this head, unless it is deleted.
pub(crate) fn state(head: &Item) -> Result<Option<CatalogState>, StoreError> {
    let Record { summary, text, deleted, .. } = doc(head)?;
    Ok((!deleted).then_some(CatalogState { version: summary.version, sha256: text.extent.sha256 }))
}

/// What the chunks hold.
#[derive(Serialize, Deserialize)]
struct Text<S, C> {
    source: S,
    catalog: C,
}
