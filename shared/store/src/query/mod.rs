//! Stored queries: a head that changes, and versions that never do.

mod bring;
mod create;
mod delete;
mod entries;
mod heads;
mod index;
mod list;
mod read;
mod record;
mod refresh;
mod search;
mod stale;
mod standing;
mod terms;
mod update;
mod words;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqm_domain::{CatalogName, Dialect, Note, QueryId, SqlText, Subject, Tag, Title, VersionNumber};
use sqm_sql::text::Position;

use crate::idempotency::Idempotency;

pub use bring::Brought;
pub use heads::Heads;
pub use list::{Filter, MAX_PAGE, Page, Sort};
pub(crate) use read::whole;
pub(crate) use record::Kept;
pub use refresh::Anew;
pub use search::Hits;
pub use stale::StaleList;
pub use standing::{AnalysedBy, Standing};
pub use terms::Terms;
pub use words::{Weight, words};

/// Most tables that one query may read and write. Each has an entry in the list of those who read it;
/// this many take 200 batches, about a second. Public query logs stay two orders below.
pub const MAX_REFERENCES: usize = 5_000;

/// What a user says: everything that a version keeps and that a restore brings back, save the owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What people call it.
    pub title: Title,
    /// What it is for.
    pub description: Note,
    /// The text.
    pub sql: SqlText,
    /// The dialect of the text.
    pub dialect: Dialect,
    /// Its tags, each once.
    pub tags: BTreeSet<Tag>,
    /// Who answers for it.
    pub owner: Subject,
    /// The catalog that describes its tables.
    pub catalog: Option<CatalogName>,
}

/// What was found out about a text when it was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Analysis {
    /// Whether it parses.
    pub parse: Parse,
    /// How much there is to it: the score by which lists are sorted.
    pub complexity: Option<u32>,
    /// Which tables it reads and writes, as far as could be seen.
    pub references: References,
    /// The form that it shares with its duplicates, as a hash.
    pub fingerprint: Option<Fingerprint>,
    /// The terms by which it is found; `None` where these stay as they were.
    pub terms: Option<Terms>,
}

impl Analysis {
    /// Whether both say the same of a text: what is read and written, apart from its terms.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (&self.parse, self.complexity, &self.references)
            == (&other.parse, other.complexity, &other.references)
    }
}

/// Whether a text parses.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Parse {
    /// All of it does.
    #[default]
    Parsed,
    /// Some of it does not.
    Failed {
        /// What the parser says about the first place.
        message: String,
        /// That place, where the parser names one.
        position: Option<Position>,
    },
}

/// A form of a text, as the first 64 bits of its SHA-256 in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(String);

impl Fingerprint {
    /// That of a form.
    pub fn of(form: &str) -> Self {
        Self(format!("{:x}", Sha256::digest(form))[..16].to_owned())
    }

    /// The fingerprint as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() == 16 && is_hex { Ok(Self(text)) } else { Err("expected 16 digits of 0-9 and a-f") }
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.0
    }
}

/// Tables by name, as lineage gives them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct References {
    /// Tables read.
    pub reads: BTreeSet<String>,
    /// Tables written.
    pub writes: BTreeSet<String>,
}

/// Who changes something, when and why.
#[derive(Debug, Clone)]
pub struct Change {
    /// Who.
    pub author: Subject,
    /// Why.
    pub message: Note,
    /// When: earlier than now where it was made elsewhere.
    pub at: Timestamp,
    /// When the request has begun that writes it.
    pub begun: Timestamp,
    /// Under which key the same request may come again.
    pub idempotency: Option<Idempotency>,
    /// Where the query comes from, where it is imported; else that stays as it is.
    pub origin: Option<Origin>,
}

/// Where a query comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// What it is called there.
    pub name: String,
    /// What was imported last, as a hash.
    pub imported: Option<String>,
}

/// A query at one of its versions, without its SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its id.
    pub id: QueryId,
    /// The version.
    pub version: VersionNumber,
    /// What people call it.
    pub title: Title,
    /// What it is for.
    pub description: Note,
    /// The dialect of the text.
    pub dialect: Dialect,
    /// Its tags.
    pub tags: BTreeSet<Tag>,
    /// Who answers for it.
    pub owner: Subject,
    /// The catalog that describes its tables.
    pub catalog: Option<CatalogName>,
    /// When its first version was made.
    pub created: Timestamp,
    /// When this version was made.
    pub updated: Timestamp,
    /// Who made this version.
    pub author: Subject,
    /// Why this version was made.
    pub message: Note,
    /// Whether the text parses.
    pub parse: Parse,
    /// How much there is to it; `None` where that was not told.
    pub complexity: Option<u32>,
    /// The form that it shares with its duplicates; `None` where that was not told.
    pub fingerprint: Option<Fingerprint>,
    /// The version that brought the text: later ones left it as it was.
    pub sql_version: VersionNumber,
    /// Length of the text in bytes.
    pub sql_bytes: usize,
    /// SHA-256 of the text, in hexadecimal.
    pub sql_sha256: String,
    /// How often what is told of this version has changed since it was made, because it was found out anew.
    pub revision: u32,
    /// The codes of findings in the text, and since when each is known; `None` where nobody has looked yet.
    pub findings: Option<BTreeMap<String, Timestamp>>,
}

/// A query at one of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// All but the text.
    pub summary: Summary,
    /// The text.
    pub sql: SqlText,
    /// The tables that the text names.
    pub references: References,
    /// As stored: what the next version starts from.
    pub(crate) record: record::Record,
}

/// What a write came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The query at the version that was made.
    pub query: Query,
    /// Whether this request had been answered before, and nothing was written now.
    pub repeated: bool,
}

impl Query {
    /// Where it comes from, where it was imported.
    pub fn origin(&self) -> Option<&Origin> {
        self.record.origin.as_ref()
    }

    /// How far what is known of it can be trusted; `None` where it was written before that was told.
    pub fn standing(&self) -> Option<&Standing> {
        self.record.standing.as_ref()
    }

    /// Whether an analysis of this content would be one of this query as well.
    pub(crate) fn is_of(&self, content: &Content) -> bool {
        let Summary { dialect, catalog, .. } = &self.summary;
        (&self.sql, dialect, catalog) == (&content.sql, &content.dialect, &content.catalog)
    }

    /// What a user said of it.
    pub fn content(&self) -> Content {
        let Summary { title, description, dialect, tags, owner, catalog, .. } = self.summary.clone();
        Content { title, description, sql: self.sql.clone(), dialect, tags, owner, catalog }
    }

    /// What was found out about it.
    pub fn analysis(&self) -> Analysis {
        let Summary { parse, complexity, .. } = &self.summary;
        let (references, fingerprint) = (self.references.clone(), self.summary.fingerprint.clone());
        Analysis { parse: parse.clone(), complexity: *complexity, references, fingerprint, terms: None }
    }
}
