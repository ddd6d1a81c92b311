//! The words by which a query is found: of its title, tags, owner, description, and of its text.
//!
//! An entry stands in a list of all words with the same first two characters and sorts by the word, so that a part of a
//! word finds those that begin with it. It says how much the word tells of the query.

use std::collections::BTreeMap;

use super::record::Record;

/// Longest word, in characters. Of a longer one the beginning is kept.
const MAX_CHARS: usize = 40;

/// Shortest word.
pub(crate) const MIN_CHARS: usize = 2;

/// Most words of one query.
const MOST_WORDS: usize = 250;

/// How much a word tells, by where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// In a comment of the text.
    Comment = 1,
    /// In a name of the text.
    Identifier = 2,
    /// In the description.
    Description = 3,
    /// In a tag, or the owner.
    Tag = 5,
    /// In the title.
    Title = 8,
}

impl Weight {
    /// The digit that stands in an entry.
    pub(crate) fn digit(self) -> u8 {
        self as u8
    }
}

/// The words of a text, in lower case: letters and digits, and what `_` joins as a whole as well.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let runs = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    runs.flat_map(|run| {
        let parts = run.split('_').filter(|part| part.len() < run.len());
        std::iter::once(run).chain(parts).filter_map(word)
    })
}

fn word(text: &str) -> Option<String> {
    let text = text.trim_matches('_');
    let word: String = text.to_lowercase().chars().take(MAX_CHARS).collect();
    (word.chars().count() >= MIN_CHARS).then_some(word)
}

/// The words of a query with what each tells at most. Where there are too many, those that tell least are left out.
pub(crate) fn of(record: &Record, text: &BTreeMap<String, u8>) -> BTreeMap<String, u8> {
    let mut all: BTreeMap<String, u8> = text.clone();
    let mut add = |text: &str, weight: Weight| {
        for word in words(text) {
            let told = all.entry(word).or_default();
            *told = (*told).max(weight.digit());
        }
    };
    add(record.title.as_str(), Weight::Title);
    record.tags.iter().for_each(|tag| add(tag.as_str(), Weight::Tag));
    add(record.owner.as_str(), Weight::Tag);
    add(record.description.as_str(), Weight::Description);
    let mut ranked: Vec<(String, u8)> = all.into_iter().collect();
    ranked.sort_by(|(one, told), (other, tells)| tells.cmp(told).then(one.cmp(other)));
    ranked.truncate(MOST_WORDS);
    ranked.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_people_type() {
        let found: Vec<String> = words("Daily_Sales by Région, 2026 (x) __a_b__").collect();
        assert_eq!(found, ["daily_sales", "daily", "sales", "by", "région", "2026", "a_b"]);
        assert_eq!(words(&"x".repeat(99)).next().unwrap().len(), MAX_CHARS);
    }
}
