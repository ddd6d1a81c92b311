//! The document of a version, which the head repeats: the stored form of [`Summary`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqm_domain::{CatalogName, Dialect, Note, QueryId, Subject, Tag, Title, VersionNumber};

use super::{Fingerprint, Origin, Parse, References, Standing, Summary};
use crate::blob::Extent;
use crate::error::StoreError;
use crate::item::{Item, REFRESHES, VERSION, number};
use crate::keys::{self, Key, Part};
use crate::transaction::Guard;

/// References up to this many bytes stand in the record; a list reads all records that it shows.
const INLINE_BYTES: usize = 8_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub id: QueryId,
    pub version: VersionNumber,
    pub title: Title,
    pub description: Note,
    pub dialect: Dialect,
    pub tags: BTreeSet<Tag>,
    pub owner: Subject,
    pub catalog: Option<CatalogName>,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub author: Subject,
    pub message: Note,
    pub parse: Parse,
    /// `None` in records of before it was told, and where no statement can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complexity: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// The version that brought the SQL, and how it lies there.
    pub sql: Kept,
    pub references: KeptReferences,
    /// The shard of the query's list entries.
    pub shard: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Terms and flows; none in records of before they were told, and where nothing is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Kept>,
    /// The terms before these, for whoever has read the head before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_before: Option<Kept>,
    /// Whether it was analysed; none in records of before it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// The codes of findings, and since when; none where nobody has looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<BTreeMap<String, Timestamp>>,
    /// How often the head was written anew since the version was made.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refreshes: u32,
    /// How often that has changed what is shown of the query.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub revision: u32,
}

/// A text that lies in chunks of its own, under the version that brought it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub version: VersionNumber,
    pub extent: Extent,
    /// Which time of finding it out, of this version.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refresh: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeptReferences {
    Inline(References),
    Apart(Kept),
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde passes references.
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Kept {
    /// The key of a chunk.
    pub(crate) fn chunk(&self, partition: &str, part: Part, chunk: usize) -> Key {
        keys::chunk(partition, part, (self.version, self.refresh), chunk)
    }
}

impl Record {
    /// What entries bear that this record put there: later ones are greater numbers.
    pub(crate) fn mark(&self) -> String {
        match self.refreshes {
            0 => self.version.to_string(),
            refreshes => format!("{}.{refreshes:0>10}", self.version),
        }
    }

    /// The item of the head.
    pub(crate) fn head(&self, partition: &str) -> Result<Item, StoreError> {
        let mut head = keys::head(partition).with_doc(self)?;
        head.insert(VERSION.to_owned(), number(self.version));
        if self.refreshes > 0 {
            head.insert(REFRESHES.to_owned(), number(self.refreshes));
        }
        Ok(head)
    }

    /// What has to hold of the head for this record to be in it.
    pub(crate) fn guard(&self) -> Guard {
        Guard::Head { version: self.version.get(), refreshes: self.refreshes }
    }
}

/// What a head is once its query is deleted and not all of its items are gone yet.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Tombstone {
    /// The version that was deleted.
    pub deleted: VersionNumber,
}

/// The document of a head.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Head {
    Deleted(Tombstone),
    Alive(Box<Record>),
}

impl References {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.reads.len() + self.writes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn fit_inline(&self) -> bool {
        let bytes: usize = self.reads.iter().chain(&self.writes).map(|table| table.len() + 3).sum();
        bytes <= INLINE_BYTES
    }
}

impl From<&Record> for Summary {
    fn from(record: &Record) -> Self {
        Self {
            id: record.id,
            version: record.version,
            title: record.title.clone(),
            description: record.description.clone(),
            dialect: record.dialect,
            tags: record.tags.clone(),
            owner: record.owner.clone(),
            catalog: record.catalog.clone(),
            created: record.created,
            updated: record.updated,
            author: record.author.clone(),
            message: record.message.clone(),
            parse: record.parse.clone(),
            complexity: record.complexity,
            fingerprint: record.fingerprint.clone(),
            sql_version: record.sql.version,
            sql_bytes: record.sql.extent.bytes,
            sql_sha256: record.sql.extent.sha256.clone(),
            revision: record.revision,
            findings: record.findings.clone(),
        }
    }
}
