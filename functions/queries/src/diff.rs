//! What differs between two versions: fields by value, the text line by line.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};
use sqm_domain::VersionNumber;
use sqm_store::Query;

/// Lines shown around a change, as `diff -u` does.
const CONTEXT: usize = 3;
/// After this long the shortest difference is no longer looked for, only some: two long texts that have
/// nothing in common would take minutes.
const TIMEOUT: Duration = Duration::from_secs(2);

/// From one version to another.
#[derive(Debug, Serialize)]
pub(crate) struct Difference {
    from: VersionNumber,
    to: VersionNumber,
    /// Fields other than the text that differ.
    fields: BTreeMap<&'static str, Change>,
    /// The text as `diff -u` gives it; empty where it is the same.
    unified: String,
    /// The same in parts.
    hunks: Vec<Hunk>,
    added: usize,
    removed: usize,
}

#[derive(Debug, PartialEq, Serialize)]
struct Change {
    from: Value,
    to: Value,
}

#[derive(Debug, Serialize)]
struct Hunk {
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    kind: Kind,
    /// Its number before, from 1.
    from: Option<usize>,
    /// Its number after, from 1.
    to: Option<usize>,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Same,
    Removed,
    Added,
}

impl Difference {
    pub(crate) fn between(from: &Query, to: &Query) -> Self {
        let (old, new) = (from.sql.as_str(), to.sql.as_str());
        let diff = TextDiff::configure().timeout(TIMEOUT).diff_lines(old, new);
        let mut unified = diff.unified_diff();
        let names = [from, to].map(|query| format!("version {}", query.summary.version));
        unified.context_radius(CONTEXT).header(&names[0], &names[1]);
        let hunks: Vec<Hunk> = unified
            .iter_hunks()
            .map(|hunk| Hunk { lines: hunk.iter_changes().map(Line::from).collect() })
            .collect();
        let count = |kind| hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.kind == kind).count();
        Self {
            from: from.summary.version,
            to: to.summary.version,
            fields: fields(from, to),
            unified: if hunks.is_empty() { String::new() } else { unified.to_string() },
            added: count(Kind::Added),
            removed: count(Kind::Removed),
            hunks,
        }
    }
}

impl From<similar::Change<&str>> for Line {
    fn from(change: similar::Change<&str>) -> Self {
        let kind = match change.tag() {
            ChangeTag::Equal => Kind::Same,
            ChangeTag::Delete => Kind::Removed,
            ChangeTag::Insert => Kind::Added,
        };
        let number = |index: Option<usize>| index.map(|index| index + 1);
        let text = change.value().trim_end_matches(['\n', '\r']).to_owned();
        Self { kind, from: number(change.old_index()), to: number(change.new_index()), text }
    }
}

fn fields(from: &Query, to: &Query) -> BTreeMap<&'static str, Change> {
    let all = |query: &Query| {
        let summary = &query.summary;
        [
            ("title", json!(summary.title)),
            ("description", json!(summary.description)),
            ("dialect", json!(summary.dialect)),
            ("tags", json!(summary.tags)),
            ("owner", json!(summary.owner)),
            ("catalog", json!(summary.catalog)),
        ]
    };
    let pairs = all(from).into_iter().zip(all(to));
    let differ = pairs.filter(|((_, from), (_, to))| from != to);
    differ.map(|((name, from), (_, to))| (name, Change { from, to })).collect()
}
