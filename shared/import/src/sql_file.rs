//! A file of SQL, with what its first comment lines say of it: `-- title: …`, `-- tags: a, b`, `-- owner: …`,
//! `-- description: …`, `-- dialect: …`, `-- catalog: …`.
//!
//! They stay a part of the text: what people wrote is what is kept.

use sqm_domain::{CatalogName, Dialect, Subject, Tag};

use crate::record::{Origin, QueryRecord};
use crate::title;

/// What goes with all files.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The dialect of files that name none.
    pub dialect: Option<Dialect>,
    /// The catalog of files that name none.
    pub catalog: Option<CatalogName>,
    /// Tags of all files.
    pub tags: Vec<Tag>,
}

/// A file as a query. `path` is that below the folder that is imported, with `/`: it is what the query is called where
/// it comes from, and its title where the file says none.
///
/// # Errors
/// What the first lines say that cannot be used, with its line.
pub fn read(path: &str, sql: String, options: &Options) -> Result<QueryRecord, String> {
    let mut said = Said::default();
    for (at, line) in sql.lines().enumerate() {
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() {
            continue;
        }
        let Some(comment) = line.strip_prefix("--") else { break };
        if let Some((key, value)) = comment.trim_start_matches('-').split_once(':') {
            let wrong = |why: String| format!("line {}: {why}", at + 1);
            said.take(&key.trim().to_lowercase(), value.trim()).map_err(wrong)?;
        }
    }
    let origin = Origin::try_from(format!("file:{path}"))?;
    let stem = path.rsplit('/').next().unwrap_or(path);
    let stem = stem.strip_suffix(".sql").unwrap_or(stem);
    let named = title::title(stem).or_else(|| title::of_sql(&sql));
    let title = said.title.or(named).ok_or("the file has no name and no text")?;
    let dialect = said.dialect.or(options.dialect).unwrap_or(Dialect::Generic);
    let mut tags = options.tags.clone();
    tags.extend(said.tags);
    tags.sort();
    tags.dedup();
    Ok(QueryRecord {
        description: title::note(&said.description.join("\n")),
        tags,
        owner: said.owner,
        catalog: said.catalog.or_else(|| options.catalog.clone()),
        ..QueryRecord::new(origin, title, sql, dialect)
    })
}

#[derive(Default)]
struct Said {
    title: Option<sqm_domain::Title>,
    description: Vec<String>,
    tags: Vec<Tag>,
    owner: Option<Subject>,
    dialect: Option<Dialect>,
    catalog: Option<CatalogName>,
}

impl Said {
    /// A comment whose key is none of ours is a comment.
    fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "title" => self.title = Some(value.parse().map_err(told)?),
            "description" => self.description.push(value.to_owned()),
            "owner" => self.owner = Some(value.parse().map_err(told)?),
            "dialect" => self.dialect = Some(value.parse().map_err(told)?),
            "catalog" => self.catalog = Some(value.parse().map_err(told)?),
            "tag" | "tags" => {
                let tags = value.trim_matches(['[', ']']).split(',').map(str::trim);
                for tag in tags.filter(|tag| !tag.is_empty()) {
                    self.tags.push(tag.parse().map_err(told)?);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lines_say_what_it_is() {
        let sql = "-- title: Daily revenue\n-- tags: [finance, daily]\n--owner: ada\n-- dialect: snowflake\n\n\
                   -- description: What we took in,\n-- description: day by day.\n-- note: whatever\nSELECT 1\n-- owner: eve";
        let query = read("reports/daily.sql", sql.to_owned(), &Options::default()).unwrap();
        assert_eq!((query.title.as_str(), query.dialect), ("Daily revenue", Dialect::Snowflake));
        assert_eq!(query.tags, ["daily", "finance"].map(|tag| tag.parse().unwrap()));
        assert_eq!(query.owner.unwrap().as_str(), "ada");
        assert_eq!(query.description.as_str(), "What we took in,\nday by day.");
        assert_eq!(query.origin.unwrap().as_str(), "file:reports/daily.sql");
        assert_eq!(query.sql, sql);
    }

    #[test]
    fn without_them_the_name_of_the_file_does() {
        let options = Options { dialect: Some(Dialect::Hive), ..Options::default() };
        let query = read("a/b c.sql", "SELECT 1".to_owned(), &options).unwrap();
        assert_eq!((query.title.as_str(), query.dialect), ("b c", Dialect::Hive));
        assert!(
            read("x.sql", "-- tags: a b\nSELECT 1".to_owned(), &options).unwrap_err().starts_with("line 1")
        );
        assert!(
            read("x.sql", "\n-- dialect: french".to_owned(), &options).unwrap_err().starts_with("line 2")
        );
    }
}
