//! Texts in: files, folders, standard input, and the catalog that goes with them.
//!
//! Nothing here knows what is done with a text.

mod catalog;
mod decode;
mod text;

pub use catalog::{Catalogs, Known};
pub use text::{Text, Unreadable, read, read_plan, sql_files, texts};

use std::path::PathBuf;

use anyhow::Result;
use sqm_domain::Dialect;
use sqm_sql::parse::Grammar;

use crate::args::Reading;
use crate::bulk::careful;
use crate::print;
use crate::status::Status;

/// Does the work on every text, with the dialect it is in and what is known of the tables. What cannot be
/// read, or breaks the work, is said on standard error, and the others are done all the same.
pub fn each_text(
    reading: &Reading,
    paths: &[PathBuf],
    mut work: impl FnMut(&Text, Dialect, &Known) -> Result<Status>,
) -> Result<Status> {
    let mut catalogs = Catalogs::of(reading)?;
    let mut status = Status::Done;
    for text in texts(paths)? {
        let outcome = match text {
            Err(unreadable) => {
                print::complain(&unreadable.to_string());
                Status::Unusable
            }
            Ok(text) => {
                let dialect = dialect_of(&[&text], reading.dialect);
                let known = catalogs.file(dialect)?;
                for problem in known.news() {
                    print::complain(problem);
                }
                careful(|| work(&text, dialect, &known)).unwrap_or_else(|broken| {
                    print::complain(&format!("{}: {broken}", text.name));
                    Ok(Status::Unusable)
                })?
            }
        };
        status = status.max(outcome);
    }
    Ok(status)
}

/// The dialect given, or the one that the first text to name one names, or generic.
pub fn dialect_of(texts: &[&Text], given: Option<Dialect>) -> Dialect {
    given.or_else(|| texts.iter().find_map(|text| named_dialect(text))).unwrap_or(Dialect::Generic)
}

/// The dialect that a text names in its first comment lines: `-- dialect: snowflake`.
fn named_dialect(text: &Text) -> Option<Dialect> {
    let lines = text.sql.lines().map(str::trim).take_while(|line| line.is_empty() || line.starts_with("--"));
    let mut named = lines.filter_map(|line| {
        let (key, value) = line.trim_start_matches('-').split_once(':')?;
        key.trim().eq_ignore_ascii_case("dialect").then_some(value.trim())
    });
    named.next()?.parse().ok()
}

/// What there is to say about how a dialect is read.
pub fn grammar_note(dialect: Dialect) -> Option<String> {
    let grammar = Grammar::of(dialect);
    let own = grammar.is_own(dialect);
    (!own).then(|| format!("{dialect} is read with the grammar of {}", grammar.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_its_dialect_in_its_first_lines() {
        let text = |sql: &str| Text { name: "t".into(), sql: sql.into() };
        let named = |sql: &str| dialect_of(&[&text(sql)], None);
        assert_eq!(named("-- title: x\n\n-- dialect: Snowflake\nSELECT 1"), Dialect::Snowflake);
        assert_eq!(named("--dialect:pg\r\nSELECT 1"), Dialect::Postgres);
        assert_eq!(named("SELECT 1\n-- dialect: snowflake"), Dialect::Generic);
        assert_eq!(named("-- dialect: of the north\nSELECT 1"), Dialect::Generic);
        assert_eq!(dialect_of(&[&text("-- dialect: snowflake")], Some(Dialect::Hive)), Dialect::Hive);
    }
}
