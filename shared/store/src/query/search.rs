//! Search: queries that have all words, or words that begin so, those first that they tell most of.

use std::collections::BTreeMap;

use sqm_domain::{QueryId, WorkspaceId};
use tokio::task::JoinSet;

use super::{Filter, Page, Summary, words};
use crate::batch::{Order, Range};
use crate::config::Store;
use crate::error::StoreError;
use crate::item::{Item, doc};
use crate::keys::{self, Key};
use crate::position::Position;
use crate::query::record::{Head, Record};

/// Most entries of a word, on each shard, that are looked at: a word that more queries have tells nothing.
const MOST_ENTRIES: usize = 1_000;

/// Most words of a search.
const MOST_WORDS: usize = 8;

/// Most heads that one page may look at.
const MOST_LOOKED_AT: usize = 1_000;

/// What a whole word counts more than a beginning.
const WHOLE: u32 = 2;

/// What came of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hits {
    /// Those on the page, with their score.
    pub page: Page<(u32, Summary)>,
    /// Whether a word has more entries than are looked at, so that some may be missing.
    pub is_partial: bool,
}

impl Store {
    /// Queries that have every word of `text`, or a word that begins with it, and all that the filter asks for; the
    /// best first, of the same score the newest.
    ///
    /// # Errors
    /// [`StoreError::InvalidPosition`] for one of another search.
    pub async fn search(
        &self,
        workspace: &WorkspaceId,
        text: &str,
        filter: &Filter,
        limit: usize,
        from: Option<&Position>,
    ) -> Result<Hits, StoreError> {
        let limit = limit.clamp(1, super::MAX_PAGE);
        let mut wanted: Vec<String> = words::words(text).collect();
        wanted.sort();
        wanted.dedup();
        // What is the beginning of another wanted word is had by those that have the other.
        let all = wanted.clone();
        wanted.retain(|word| !all.iter().any(|other| other != word && other.starts_with(word.as_str())));
        wanted.truncate(MOST_WORDS);
        let facets = filter.facets();
        let mut list = format!("{workspace}#search#{wanted:?}#{facets:?}");
        let asked = self.wanted(workspace, filter, facets).await?;
        if asked.standings.is_some() {
            list += "#stale";
        }
        let after = match from {
            None => None,
            Some(from) => Some(place(from.of(&list)?).ok_or(StoreError::InvalidPosition)?),
        };
        let mut is_partial = false;
        let mut scores: Option<BTreeMap<QueryId, u32>> = None;
        for word in &wanted {
            let (found, whole) = self.having_word(workspace, word).await?;
            is_partial |= !whole;
            scores = Some(match scores {
                None => found,
                Some(scores) => {
                    let both = scores.into_iter();
                    both.filter_map(|(id, score)| Some((id, score + found.get(&id)?))).collect()
                }
            });
        }
        let mut ranked: Vec<(u32, QueryId)> =
            scores.unwrap_or_default().into_iter().map(|(id, score)| (score, id)).collect();
        ranked.sort_by(|one, other| other.cmp(one));
        ranked.retain(|hit| after.is_none_or(|after| *hit < after));
        let mut page = Page::default();
        let mut looked_at = 0;
        for part in ranked.chunks(limit + 1) {
            let heads: Vec<Key> =
                part.iter().map(|(_, id)| keys::head(&keys::query(workspace, *id))).collect();
            let items = self.items(&heads).await?;
            for ((score, id), head) in part.iter().zip(&heads) {
                looked_at += 1;
                if let Some(record) = items.get(head).map(alive).transpose()?.flatten()
                    && self.passes(workspace, &record, &asked).await?
                {
                    page.items.push((*score, Summary::from(&record)));
                }
                let is_last = ranked.last().is_some_and(|(_, last)| last == id);
                if (page.items.len() == limit || looked_at >= MOST_LOOKED_AT) && !is_last {
                    page.next = Some(Position::new(&list, format!("{score} {id}")));
                    return Ok(Hits { page, is_partial });
                }
            }
        }
        Ok(Hits { page, is_partial })
    }

    /// The queries that have a word which begins so, with what it tells of each at most; and whether these are all.
    async fn having_word(
        &self,
        workspace: &WorkspaceId,
        word: &str,
    ) -> Result<(BTreeMap<QueryId, u32>, bool), StoreError> {
        let mut reading = JoinSet::new();
        for shard in 0..self.shards(workspace).await? {
            let (store, partition) = (self.clone(), keys::words(workspace, word, shard));
            // Words hold no `#`, and none begins with the last character there is.
            let (first, last) = (word.to_owned(), format!("{word}{}", char::MAX));
            reading.spawn(async move {
                let range = Range {
                    pk: &partition,
                    first: &first,
                    last: &last,
                    order: Order::Backwards,
                    most: MOST_ENTRIES + 1,
                };
                store.range(range).await
            });
        }
        let (mut found, mut is_whole) = (BTreeMap::new(), true);
        while let Some(read) = reading.join_next().await {
            let items = read.map_err(|error| StoreError::Unexpected(error.to_string()))??;
            is_whole &= items.len() <= MOST_ENTRIES;
            for item in items.iter().take(MOST_ENTRIES) {
                let key = Key::of(item);
                let entry = entry(&key.sk).ok_or_else(|| StoreError::corrupt(&key, "no word"))?;
                let (told, weight, id) = entry;
                let score = u32::from(weight) * if told == word { WHOLE } else { 1 };
                let best = found.entry(id).or_insert(0);
                *best = score.max(*best);
            }
        }
        Ok((found, is_whole))
    }
}

fn alive(item: &Item) -> Result<Option<Record>, StoreError> {
    Ok(match doc(item)? {
        Head::Alive(record) => Some(*record),
        Head::Deleted(_) => None,
    })
}

/// `word#weight#id`
fn entry(sk: &str) -> Option<(&str, u8, QueryId)> {
    let mut parts = sk.rsplitn(3, '#');
    let (id, weight, word) = (parts.next()?, parts.next()?, parts.next()?);
    Some((word, weight.parse().ok()?, id.parse().ok()?))
}

fn place(text: &str) -> Option<(u32, QueryId)> {
    let (score, id) = text.split_once(' ')?;
    Some((score.parse().ok()?, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_back() {
        let id = "01940000-0000-7000-8000-000000000000";
        assert_eq!(entry(&format!("daily_sales#8#{id}")), Some(("daily_sales", 8, id.parse().unwrap())));
        assert_eq!(entry("daily"), None);
    }
}
