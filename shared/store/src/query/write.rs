//! One version of a query, with everything that has to change along with it, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqm_domain::{QueryId, VersionNumber, WorkspaceId};

use super::index::{Delta, facets};
use super::record::{Kept, KeptReferences, Record};
use super::{Analysis, Change, Content, MAX_REFERENCES, Query, References, Summary, Terms, words};
use crate::blob;
use crate::changes::Listed;
use crate::config::Store;
use crate::error::StoreError;
use crate::item::{Item, VERSION, number};
use crate::keys::{self, Facet, Part};
use crate::transaction::{Guard, Refused, Transaction};

/// What a new version is made from.
pub(super) struct Draft<'a> {
    pub workspace: &'a WorkspaceId,
    pub id: QueryId,
    /// The version before, unless it is the first.
    pub before: Option<&'a Query>,
    pub number: VersionNumber,
    pub created: Timestamp,
    pub shard: u16,
    pub content: Content,
    pub analysis: Analysis,
    pub change: &'a Change,
}

/// Why a version was not written.
pub(super) enum Failed {
    /// The head is not what the draft was made from.
    Head,
    /// The same key came first, with this record.
    Repeated(Item),
    /// A query of this origin came first.
    Origin,
    Error(StoreError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Error(error)
    }
}

impl Store {
    pub(super) async fn write(&self, draft: Draft<'_>) -> Result<Query, Failed> {
        if draft.analysis.references.len() > MAX_REFERENCES {
            return Err(StoreError::TooManyReferences { found: draft.analysis.references.len() }.into());
        }
        let workspace = draft.workspace;
        let partition = keys::query(workspace, draft.id);
        let mut chunks = Vec::new();
        let terms = match draft.before {
            Some(before) => self.kept_terms(&partition, &before.record).await?,
            None => Terms::default(),
        };
        let (query, old) = assemble(draft, terms, &partition, &mut chunks)?;
        let (record, change) = (&query.record, query.change);

        let mut transaction = Transaction::default();
        // First, since the first guard that fails is the answer: a request that comes again has lost the
        // race against itself.
        let repeat = change.idempotency.as_ref().map(|idempotency| {
            let key = idempotency.key(workspace, &change.author);
            let item = idempotency.record(&key, (record.id, record.version), change.at)?;
            transaction.put(self, item, Guard::Expired(change.at.as_second()))
        });
        let repeat = repeat.transpose()?;
        let version = number(record.version);
        let guard = match old.version {
            None => Guard::Absent,
            Some(before) => Guard::Version(before.get()),
        };
        let mut head = keys::head(&partition).with_doc(record)?;
        head.insert(VERSION.to_owned(), version.clone());
        let head = transaction.put(self, head, guard)?;
        let item = keys::version(&partition, record.version).with_doc(record)?;
        transaction.put(self, item, Guard::Absent)?;
        for chunk in chunks {
            transaction.put(self, chunk, Guard::Free)?;
        }
        let origin = record.origin.as_ref().filter(|origin| old.origin.as_ref() != Some(&origin.name));
        let origin = origin.map(|origin| {
            let item = keys::origin(workspace, &origin.name).with_doc(&record.id)?;
            transaction.put(self, item, Guard::Absent)
        });
        let origin = origin.transpose()?;

        let entry = |facet: &Facet| keys::entry(workspace, facet, record.shard, record.id);
        let marked = |facet: &Facet| entry(facet).with([(VERSION, version.clone())]);
        let mut delta = Delta::between(&old.facets, &query.facets);
        let surplus = delta.overflow(transaction.room());
        for facet in &delta.put {
            transaction.put(self, marked(facet), Guard::Free)?;
        }
        for facet in &delta.remove {
            transaction.delete(self, &entry(facet))?;
        }

        let counted = self.count_change(workspace, Listed::Queries, change.begun).await?;
        let word =
            |(word, weight): (&str, u8)| keys::word_entry(workspace, (word, weight), record.shard, record.id);
        let mut ahead: Vec<Item> = surplus.put.iter().map(marked).collect();
        let new_words = query.words.iter().filter(|(name, told)| old.words.get(*name) != Some(*told));
        ahead.extend(new_words.map(|(name, told)| word((name, *told)).with([(VERSION, version.clone())])));
        self.put_all(ahead).await?;
        match transaction.commit(self).await {
            Ok(()) => {}
            Err(Refused::Error(error)) => return Err(error.into()),
            Err(Refused::Guard(at, item)) => {
                self.end_change(counted).await;
                return Err(match item {
                    Some(item) if Some(at) == repeat => Failed::Repeated(item),
                    _ if at <= head + 1 => Failed::Head,
                    _ if Some(at) == origin => Failed::Origin,
                    _ => StoreError::Busy.into(),
                });
            }
        }
        let mut unwanted: Vec<_> = surplus.remove.iter().map(entry).collect();
        let gone = old.words.iter().filter(|(name, told)| query.words.get(*name) != Some(*told));
        unwanted.extend(gone.map(|(name, told)| word((name, *told))));
        if let Err(error) = self.delete_older(unwanted, record.version.get()).await {
            // The version is written; an entry too many is skipped by whoever reads it.
            tracing::warn!(%error, query.id = %record.id, "list entries stay behind");
        }
        self.end_change(counted).await;
        Ok(Query {
            summary: Summary::from(record),
            sql: query.sql,
            references: query.references,
            record: query.record,
        })
    }
}

/// A version ready to be written.
struct Assembled<'a> {
    record: Record,
    sql: sqm_domain::SqlText,
    references: References,
    facets: BTreeSet<Facet>,
    words: BTreeMap<String, u8>,
    change: &'a Change,
}

/// What the version before left.
struct Before {
    version: Option<VersionNumber>,
    facets: BTreeSet<Facet>,
    origin: Option<String>,
    words: BTreeMap<String, u8>,
}

/// Makes the record, and the chunks of what did not stay the same.
fn assemble<'a>(
    draft: Draft<'a>,
    known: Terms,
    partition: &str,
    chunks: &mut Vec<Item>,
) -> Result<(Assembled<'a>, Before), StoreError> {
    let Draft { id, before, number, created, shard, content, analysis, change, .. } = draft;
    let Analysis { parse, complexity, references, fingerprint, terms } = analysis;
    let mut keep = |part, text: &str| {
        let (extent, packed) = blob::pack(text)?;
        let packed = packed.into_iter().enumerate();
        chunks.extend(packed.map(|(at, bytes)| keys::chunk(partition, part, number, at).with_blob(bytes)));
        Ok::<_, StoreError>(Kept { version: number, extent })
    };
    let sql = match before {
        Some(before) if before.sql == content.sql => before.record.sql.clone(),
        _ => keep(Part::Text, content.sql.as_str())?,
    };
    let kept = match before {
        Some(before) if before.references == references => before.record.references.clone(),
        _ if references.fit_inline() => KeptReferences::Inline(references.clone()),
        _ => {
            let text = serde_json::to_string(&references);
            let text = text.map_err(|error| StoreError::Unexpected(error.to_string()))?;
            KeptReferences::Apart(keep(Part::References, &text)?)
        }
    };
    let terms = terms.map_or_else(|| known.clone(), Terms::bounded);
    let kept_terms = match before {
        _ if terms.is_empty() => None,
        Some(before) if terms == known => before.record.terms.clone(),
        _ => {
            let text = serde_json::to_string(&terms);
            let text = text.map_err(|error| StoreError::Unexpected(error.to_string()))?;
            Some(keep(Part::Terms, &text)?)
        }
    };
    let record = Record {
        id,
        version: number,
        title: content.title,
        description: content.description,
        dialect: content.dialect,
        tags: content.tags,
        owner: content.owner,
        catalog: content.catalog,
        created,
        updated: change.at,
        author: change.author.clone(),
        message: change.message.clone(),
        parse,
        complexity,
        fingerprint,
        sql,
        references: kept,
        shard,
        terms: kept_terms,
        origin: change.origin.clone().or_else(|| before.and_then(|before| before.record.origin.clone())),
    };
    let before = Before {
        version: before.map(|before| before.summary.version),
        facets: before
            .map_or_else(BTreeSet::new, |before| all_facets(&before.record, &before.references, &known)),
        origin: before.and_then(Query::origin).map(|origin| origin.name.clone()),
        words: before.map_or_else(BTreeMap::new, |before| words::of(&before.record, &known.words)),
    };
    let facets = all_facets(&record, &references, &terms);
    let words = words::of(&record, &terms.words);
    Ok((Assembled { record, sql: content.sql, references, facets, words, change }, before))
}

/// Every entry of a version.
pub(super) fn all_facets(record: &Record, references: &References, terms: &Terms) -> BTreeSet<Facet> {
    let mut all = facets(record, references);
    all.extend(terms.facets(references));
    all
}
