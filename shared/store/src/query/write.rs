//! One version of a query, with everything that has to change along with it, in one transaction.

use jiff::Timestamp;
use serde::Serialize;
use sqm_domain::{QueryId, VersionNumber, WorkspaceId};

use super::entries::Listing;
use super::record::{Kept, KeptReferences, Record};
use super::{Analysis, Change, Content, MAX_REFERENCES, Query, References, Standing, Summary, Terms};
use crate::blob;
use crate::changes::Listed;
use crate::config::Store;
use crate::error::StoreError;
use crate::item::Item;
use crate::keys::{self, Part};
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
        let head = transaction.put(self, record.head(&partition)?, old.guard)?;
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

        let mut around = self.stage(&mut transaction, workspace, record, [&old.listing, &query.listing])?;
        self.enrol(workspace, change.begun).await?;
        let counted = self.count_change(workspace, Listed::Queries, change.begun).await?;
        self.put_ahead(&mut around).await?;
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
        self.remove_after(around, record).await;
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
    listing: Listing,
    change: &'a Change,
}

/// What the version before left.
struct Before {
    guard: Guard,
    listing: Listing,
    origin: Option<String>,
}

/// Makes the record, and the chunks of what did not stay the same.
fn assemble<'a>(
    draft: Draft<'a>,
    known: Terms,
    partition: &str,
    chunks: &mut Vec<Item>,
) -> Result<(Assembled<'a>, Before), StoreError> {
    let Draft { id, before, number, created, shard, content, analysis, change, .. } = draft;
    // What was found out about the same text by the same catalog holds on.
    let holds = before.filter(|before| before.is_of(&content) && analysis.is_like(&before.analysis()));
    let standing = holds.and_then(|before| before.record.standing.clone()).unwrap_or(Standing::New);
    let findings = holds.and_then(|before| before.record.findings.clone());
    let Analysis { parse, complexity, references, fingerprint, terms } = analysis;
    let mut keep = |part, text: &str| keep(partition, part, (number, 0), text, chunks);
    let sql = match before {
        Some(before) if before.sql == content.sql => before.record.sql.clone(),
        _ => keep(Part::Text, content.sql.as_str())?,
    };
    let kept = match before {
        Some(before) if before.references == references => before.record.references.clone(),
        _ if references.fit_inline() => KeptReferences::Inline(references.clone()),
        _ => KeptReferences::Apart(keep(Part::References, &json(&references)?)?),
    };
    let terms = terms.map_or_else(|| known.clone(), Terms::bounded);
    let kept_terms = match before {
        _ if terms.is_empty() => None,
        Some(before) if terms == known => before.record.terms.clone(),
        _ => Some(keep(Part::Terms, &json(&terms)?)?),
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
        terms_before: None,
        standing: Some(standing),
        findings,
        refreshes: 0,
        revision: 0,
        origin: change.origin.clone().or_else(|| before.and_then(|before| before.record.origin.clone())),
    };
    let before = Before {
        guard: before.map_or(Guard::Absent, |before| before.record.guard()),
        listing: before
            .map_or_else(Listing::default, |before| Listing::of(&before.record, &before.references, &known)),
        origin: before.and_then(Query::origin).map(|origin| origin.name.clone()),
    };
    let listing = Listing::of(&record, &references, &terms);
    Ok((Assembled { record, sql: content.sql, references, listing, change }, before))
}

/// Puts a text into chunks of a version.
pub(super) fn keep(
    partition: &str,
    part: Part,
    (version, refresh): (VersionNumber, u32),
    text: &str,
    chunks: &mut Vec<Item>,
) -> Result<Kept, StoreError> {
    let (extent, packed) = blob::pack(text)?;
    let kept = Kept { version, extent, refresh };
    let packed = packed.into_iter().enumerate();
    chunks.extend(packed.map(|(at, bytes)| kept.chunk(partition, part, at).with_blob(bytes)));
    Ok(kept)
}

/// What is kept, as text.
pub(super) fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unexpected(error.to_string()))
}
