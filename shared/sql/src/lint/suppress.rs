//! Comments that silence findings: `-- sqm:ignore SQM012, not-in-nullable` on the line or the line
//! above, `-- sqm:ignore` for every rule there, `-- sqm:ignore-file [codes]` for the whole text.

use sqlparser::tokenizer::{Token, TokenWithSpan, Whitespace};

use super::config::matches;
use super::finding::Finding;

const MARK: &str = "sqm:ignore";

/// What the comments of a text silence.
#[derive(Debug, Default)]
pub(super) struct Suppressions {
    entries: Vec<Suppression>,
}

#[derive(Debug)]
struct Suppression {
    /// First and last line on which findings may start; `None` for the whole text.
    lines: Option<(u64, u64)>,
    /// Codes or names; empty for every rule.
    rules: Vec<String>,
}

impl Suppressions {
    /// Whether the text can have any: spares tokenizing a text that has none.
    pub(super) fn may_occur(text: &str) -> bool {
        text.contains(MARK)
    }

    /// Reads the comments among the tokens.
    pub(super) fn read(tokens: &[TokenWithSpan]) -> Self {
        let comments = tokens.iter().filter_map(|token| match &token.token {
            Token::Whitespace(Whitespace::SingleLineComment { comment, .. }) => {
                // The span of a comment to the end of the line reaches into the next line.
                Some((comment, token.span.start.line, token.span.start.line))
            }
            Token::Whitespace(Whitespace::MultiLineComment(comment)) => {
                Some((comment, token.span.start.line, token.span.end.line))
            }
            _ => None,
        });
        Self { entries: comments.filter_map(|(text, first, last)| suppression(text, first, last)).collect() }
    }

    /// Whether the finding is silenced.
    pub(super) fn silence(&self, finding: &Finding) -> bool {
        let line = u64::from(finding.span.start.line);
        self.entries.iter().any(|entry| {
            entry.lines.is_none_or(|(first, last)| (first..=last).contains(&line))
                && (entry.rules.is_empty()
                    || entry.rules.iter().any(|by| matches(by, finding.code, finding.name)))
        })
    }
}

fn suppression(comment: &str, first: u64, last: u64) -> Option<Suppression> {
    let rest = comment.trim_start().strip_prefix(MARK)?;
    let (rest, whole) = match rest.strip_prefix("-file") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    if rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_') {
        return None;
    }
    // What follows `--` or a colon is the reason.
    let rest = rest.split("--").next().unwrap_or("").split(':').next().unwrap_or("");
    let rules =
        rest.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    Some(Suppression { lines: (!whole).then_some((first, last + 1)), rules })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::type_complexity)]
    fn check(comment: &str, expected: Option<(Option<(u64, u64)>, &[&str])>) {
        let read = suppression(comment, 3, 3);
        let read = read.as_ref().map(|s| (s.lines, s.rules.iter().map(String::as_str).collect::<Vec<_>>()));
        assert_eq!(read, expected.map(|(lines, rules)| (lines, rules.to_vec())), "{comment}");
    }

    #[test]
    fn comments() {
        check(" sqm:ignore", Some((Some((3, 4)), &[])));
        check(" sqm:ignore SQM012, SQM1 -- since it is small", Some((Some((3, 4)), &["SQM012", "SQM1"])));
        check("sqm:ignore-file not-in-nullable: keys", Some((None, &["not-in-nullable"])));
        check(" sqm:ignored", None);
        check(" ignore", None);
    }
}
