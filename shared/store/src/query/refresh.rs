//! What is found out about a version after it was made: by another engine or catalog, or for the first time. It makes no
//! version, and changes the head and the entries in the lists alone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqm_domain::{QueryId, WorkspaceId};

use super::entries::Listing;
use super::read::alive;
use super::record::{KeptReferences, Record};
use super::write::{json, keep};
use super::{AnalysedBy, Analysis, MAX_REFERENCES, Query, Standing, Terms};
use crate::changes::Listed;
use crate::config::Store;
use crate::error::StoreError;
use crate::item::Item;
use crate::keys::{self, Key, Part};
use crate::transaction::{Guard, Refused, Transaction};

/// Attempts where others write the same head.
const ATTEMPTS: usize = 4;

/// What was found out.
#[derive(Debug, Clone)]
pub struct Anew {
    /// As when it was written.
    pub analysis: Analysis,
    /// The codes of the findings.
    pub findings: BTreeSet<String>,
    /// By what.
    pub by: AnalysedBy,
}

/// Whether what is told of a query becomes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Same,
    Otherwise,
}

impl Store {
    /// Keeps what was found out about a query, if it is still as it was read.
    ///
    /// # Errors
    /// [`StoreError::Busy`] where it is not: whoever reads it again knows what to do. Those of the database.
    pub async fn refresh(
        &self,
        workspace: &WorkspaceId,
        query: &Query,
        found: Anew,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let Anew { analysis, findings, by } = found;
        if analysis.references.len() > MAX_REFERENCES {
            return Err(StoreError::TooManyReferences { found: analysis.references.len() });
        }
        let partition = keys::query(workspace, query.summary.id);
        let known = self.kept_terms(&partition, &query.record).await?;
        let old = Listing::of(&query.record, &query.references, &known);
        let mut record = again(&query.record);
        let (number, mut chunks, mut unwanted) = ((record.version, record.refreshes), Vec::new(), Vec::new());
        let is_like = analysis.is_like(&query.analysis()) && analysis.fingerprint == record.fingerprint;
        let Analysis { parse, complexity, references, fingerprint, terms } = analysis;
        let terms = terms.map_or_else(|| known.clone(), Terms::bounded);
        let mut told = if is_like && terms == known { Told::Same } else { Told::Otherwise };
        if references != query.references {
            record.references = match references.fit_inline() {
                true => KeptReferences::Inline(references.clone()),
                false => {
                    let text = json(&references)?;
                    KeptReferences::Apart(keep(&partition, Part::References, number, &text, &mut chunks)?)
                }
            };
        }
        if terms != known {
            let before = std::mem::replace(&mut record.terms_before, record.terms.take());
            if let Some(kept) = before {
                unwanted
                    .extend((0..kept.extent.chunks).map(|at| kept.chunk(&partition, Part::Terms, at.into())));
            }
            if !terms.is_empty() {
                let text = json(&terms)?;
                record.terms = Some(keep(&partition, Part::Terms, number, &text, &mut chunks)?);
            }
        }
        (record.parse, record.complexity, record.fingerprint) = (parse, complexity, fingerprint);
        record.revision += u32::from(!is_like);
        let since = |code: &String| query.record.findings.as_ref().and_then(|known| known.get(code)).copied();
        let findings: BTreeMap<String, Timestamp> =
            findings.into_iter().map(|code| (code.clone(), since(&code).unwrap_or(at))).collect();
        if record.findings.as_ref() != Some(&findings) {
            (record.findings, told) = (Some(findings), Told::Otherwise);
        }
        self.enrol_standing(workspace, &by, at).await?;
        record.standing = Some(Standing::Analysed { by });
        let new = Listing::of(&record, &references, &terms);
        self.put_again(workspace, &query.record, record, [old, new], chunks, (told, at)).await?;
        self.delete_all(&unwanted).await
    }

    /// Says of a query that it could not be analysed, whatever became of it meanwhile.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is gone, [`StoreError::Busy`], and those of the database.
    pub async fn refresh_failed(
        &self,
        workspace: &WorkspaceId,
        id: QueryId,
        by: &AnalysedBy,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let partition = keys::query(workspace, id);
        self.enrol_standing(workspace, by, at).await?;
        for _ in 0..ATTEMPTS {
            let before = alive(&self.item(&keys::head(&partition)).await?.ok_or(StoreError::NotFound)?)?;
            if before.standing.as_ref().is_some_and(|standing| standing.is_current(by)) {
                return Ok(());
            }
            let references = self.kept_references(&partition, &before).await?;
            let terms = self.kept_terms(&partition, &before).await?;
            let mut record = again(&before);
            record.standing = Some(Standing::failed(before.standing.as_ref(), by.clone()));
            let listings = [&before, &record].map(|record| Listing::of(record, &references, &terms));
            match self.put_again(workspace, &before, record, listings, Vec::new(), (Told::Same, at)).await {
                Err(StoreError::Busy) => {}
                done => return done,
            }
        }
        Err(StoreError::Busy)
    }

    async fn put_again(
        &self,
        workspace: &WorkspaceId,
        before: &Record,
        record: Record,
        [old, new]: [Listing; 2],
        chunks: Vec<Item>,
        (told, at): (Told, Timestamp),
    ) -> Result<(), StoreError> {
        let partition = keys::query(workspace, record.id);
        let mut transaction = Transaction::default();
        transaction.put(self, record.head(&partition)?, before.guard())?;
        for chunk in chunks {
            transaction.put(self, chunk, Guard::Free)?;
        }
        let mut around = self.stage(&mut transaction, workspace, &record, [&old, &new])?;
        let counted = match told {
            Told::Otherwise => Some(self.count_change(workspace, Listed::Queries, at).await?),
            Told::Same => None,
        };
        self.put_ahead(&mut around).await?;
        let written = match transaction.commit(self).await {
            Ok(()) => {
                self.remove_after(around, &record).await;
                Ok(())
            }
            Err(Refused::Guard(..)) => Err(StoreError::Busy),
            // Whether it was written is not known.
            Err(Refused::Error(error)) => return Err(error),
        };
        if let Some(counted) = counted {
            self.end_change(counted).await;
        }
        written
    }

    /// Removes a query from a list in which it does not stand.
    pub(super) async fn remove_stray(&self, strays: Vec<(Key, String)>) -> Result<(), StoreError> {
        for (key, mark) in strays {
            self.delete_older(vec![key], &mark).await?;
        }
        Ok(())
    }
}

/// The record of a head that is written once more.
fn again(before: &Record) -> Record {
    Record { refreshes: before.refreshes + 1, ..before.clone() }
}
