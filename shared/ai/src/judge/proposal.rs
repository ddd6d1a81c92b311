//! From what a model has said to proposals: the first JSON object in it, whatever stands around.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most proposals that are taken out of one answer.
const MOST: usize = 4;

/// Longest proposal, in bytes: as long as what is verified.
const LONGEST: usize = 64 * 1024;

/// Places in an answer at which an object may begin that are tried.
const BEGINNINGS: usize = 16;

/// Longest title and longest explanation, in characters.
const TITLE: usize = 120;
const EXPLANATION: usize = 800;

/// Most conditions.
const CONDITIONS: usize = 5;

/// A rewrite as a model proposes it, with placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The whole statement.
    pub sql: String,
    /// What was done.
    #[serde(default)]
    pub title: String,
    /// Why it may pay.
    #[serde(default)]
    pub explanation: String,
    /// What it rests on, as the model sees it.
    #[serde(default)]
    pub conditions: Vec<String>,
}

/// Why an answer holds no proposals. It quotes nothing of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoProposals {
    /// It holds no JSON object.
    #[error("the answer holds no JSON object")]
    NoObject,
    /// The object is not of the form that was asked for.
    #[error("the answer is not of the form that was asked for")]
    OtherForm,
}

/// Reads an answer.
///
/// # Errors
/// It is not of the form that was asked for.
pub fn proposals(answer: &str) -> Result<Vec<Proposal>, NoProposals> {
    let object = first_object(answer).ok_or(NoProposals::NoObject)?;
    let list = object.get("rewrites").and_then(Value::as_array).ok_or(NoProposals::OtherForm)?;
    let read =
        list.iter().take(MOST).map(|item| Proposal::deserialize(item).map_err(|_| NoProposals::OtherForm));
    let read: Vec<Proposal> = read.collect::<Result<_, _>>()?;
    let taken = read.into_iter().filter(|it| it.sql.len() <= LONGEST && !it.sql.trim().is_empty());
    Ok(taken.map(Proposal::tidied).collect())
}

impl Proposal {
    /// Words that may be shown to people: of one line each, and no longer than somebody reads.
    fn tidied(self) -> Self {
        let conditions = self.conditions.iter().take(CONDITIONS).map(|text| prose(text, EXPLANATION));
        Self {
            sql: self.sql.trim().trim_end_matches(';').trim_end().to_owned(),
            title: line(&self.title, TITLE),
            explanation: prose(&self.explanation, EXPLANATION),
            conditions: conditions.filter(|text| !text.is_empty()).collect(),
        }
    }
}

/// The first JSON object of a text that has a member.
pub(crate) fn first_object(text: &str) -> Option<Value> {
    text.match_indices('{').take(BEGINNINGS).find_map(|(at, _)| {
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
        let value = values.next()?.ok()?;
        value.as_object().is_some_and(|object| !object.is_empty()).then_some(value)
    })
}

/// A text as one line of at most so many characters.
pub(crate) fn line(text: &str, most: usize) -> String {
    let text = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    cut(&text.collect::<Vec<_>>().join(" "), most)
}

/// The same; what changes the direction of what follows is left out.
pub(crate) fn prose(text: &str, most: usize) -> String {
    let is_shown = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    line(&text.chars().filter(is_shown).collect::<String>(), most)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, expected: Result<&[&str], NoProposals>) {
        let found = proposals(answer);
        let found = found.as_ref().map(|all| all.iter().map(|it| it.sql.as_str()).collect::<Vec<_>>());
        assert_eq!(found.as_deref().map_err(|error| **error), expected, "{answer}");
    }

    #[test]
    fn an_object_in_what_stands_around_it() {
        let one = "{\"rewrites\": [{\"sql\": \"SELECT 1;\"}]}";
        check(one, Ok(&["SELECT 1"]));
        check(&format!("Sure! Here it is:\n```json\n{one}\n```\nHope {{this}} helps."), Ok(&["SELECT 1"]));
        check(&format!("The set {{a}} and {{}} then {one}"), Ok(&["SELECT 1"]));
        check("{\"rewrites\": []}", Ok(&[]));
    }

    #[test]
    fn what_is_not_of_the_form() {
        check("", Err(NoProposals::NoObject));
        check("SELECT 1", Err(NoProposals::NoObject));
        check("{\"rewrites\": [{\"sql\": \"SELECT", Err(NoProposals::NoObject));
        check("{\"rewrites\": \"SELECT 1\"}", Err(NoProposals::OtherForm));
        check("{\"rewrites\": [{\"query\": \"SELECT 1\"}]}", Err(NoProposals::OtherForm));
        check("{\"rewrites\": [{\"sql\": 7}]}", Err(NoProposals::OtherForm));
        check(&"{\"a\":".repeat(100_000), Err(NoProposals::NoObject));
    }

    #[test]
    fn words_are_shown_as_one_line() {
        let answer = format!(
            "{{\"rewrites\": [{{\"sql\": \"SELECT 1\", \"title\": \"a\\n\\u001b[31mb\\u202e\", \"explanation\": \"{}\"}}]}}",
            "x".repeat(10_000)
        );
        let found = proposals(&answer).unwrap();
        assert!(!found[0].title.contains(['\n', '\u{1b}']), "{:?}", found[0].title);
        assert!(found[0].explanation.chars().count() < 900);
    }
}
