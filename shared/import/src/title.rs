//! Titles and tags out of what other tools call things.

use sqm_domain::limits::{MAX_DESCRIPTION_CHARS, MAX_NAME_CHARS, MAX_TITLE_CHARS};
use sqm_domain::{Note, Tag, Title};

/// A title out of any text: its first line, as far as a title goes. `None` where nothing printable is in it.
pub(crate) fn title(text: &str) -> Option<Title> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let mut short: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if short.chars().count() > MAX_TITLE_CHARS {
        short = short.chars().take(MAX_TITLE_CHARS - 1).chain(['…']).collect();
    }
    short.parse().ok()
}

/// The title of a text that nobody has named: its beginning, without comments.
pub(crate) fn of_sql(sql: &str) -> Option<Title> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = sql.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("--"));
    let text = lines.map(words).take(8).collect::<Vec<_>>().join(" ");
    let short = if text.chars().count() > 80 { text.chars().take(79).chain(['…']).collect() } else { text };
    title(&short)
}

/// A tag out of any text: what a tag cannot hold becomes `-`.
pub(crate) fn tag(text: &str) -> Option<Tag> {
    let allowed = |c: char| c.is_alphanumeric() || "-_.:/@+".contains(c);
    let text = text.trim().chars().map(|c| if allowed(c) { c } else { '-' });
    text.take(MAX_NAME_CHARS).collect::<String>().parse().ok()
}

/// A description out of any text, as far as one goes.
pub(crate) fn note(text: &str) -> Note {
    let keep = |c: &char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    let text: String = text.trim().chars().filter(keep).take(MAX_DESCRIPTION_CHARS).collect();
    text.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_comes_becomes_a_name_or_none() {
        assert_eq!(title("\n  Daily\trevenue \n x").unwrap().as_str(), "Daily revenue");
        assert_eq!(title(&"ä".repeat(900)).unwrap().as_str().chars().count(), 200);
        assert_eq!(title(" \n\t"), None);
        assert_eq!(of_sql("-- x\nSELECT  a,\n  b\nFROM t").unwrap().as_str(), "SELECT a, b FROM t");
        assert_eq!(tag("finance team!").unwrap().as_str(), "finance-team-");
        assert_eq!(tag("  "), None);
        assert_eq!(note("a\u{7}b\n").as_str(), "ab");
    }
}
