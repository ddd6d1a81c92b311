//! The sample workspace in `infra/sample/`: a schema and queries with their metadata in comments.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

/// The name of the catalog that the schema becomes.
pub const CATALOG: &str = "retail";

/// The file of the query that shows best what is done with one.
pub const SHOWCASE: &str = "orders-above-own-average";

/// The sample workspace.
#[derive(Debug, Clone)]
pub struct Sample {
    /// DDL, in PostgreSQL's dialect.
    pub schema: String,
    /// The queries, by file name.
    pub queries: Vec<SampleQuery>,
}

/// A query of the sample workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleQuery {
    /// The name of its file, without the ending.
    pub file: String,
    /// What people call it.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Who answers for it.
    pub owner: String,
    /// The dialect it is written in.
    pub dialect: String,
    /// The query, without the comments that hold all this.
    pub sql: String,
}

impl Sample {
    /// Reads the sample workspace of a checkout.
    pub fn read(root: &Path) -> Result<Self> {
        let folder = root.join("infra/sample");
        let schema = folder.join("schema.sql");
        let schema =
            std::fs::read_to_string(&schema).with_context(|| format!("reading {}", schema.display()))?;
        let mut queries = Vec::new();
        for entry in std::fs::read_dir(folder.join("queries")).context("reading the sample queries")? {
            let path = entry?.path();
            let file = path.file_stem().context("a file has no name")?.to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path)?;
            queries.push(SampleQuery::parse(file, &text).with_context(|| path.display().to_string())?);
        }
        queries.sort_by(|a, b| a.file.cmp(&b.file));
        Ok(Self { schema, queries })
    }

    /// The query that shows best what is done with one.
    pub fn showcase(&self) -> Result<&SampleQuery> {
        self.queries.iter().find(|query| query.file == SHOWCASE).with_context(|| format!("no {SHOWCASE}.sql"))
    }
}

impl SampleQuery {
    /// Reads `-- key: value` lines followed by the query.
    fn parse(file: String, text: &str) -> Result<Self> {
        let mut fields = BTreeMap::new();
        let mut rest = text;
        while let Some((key, value, after)) = field(rest) {
            ensure!(fields.insert(key, value).is_none(), "{key} stands twice");
            rest = after;
        }
        let mut take =
            |key| fields.remove(key).with_context(|| format!("{key} is missing")).map(str::to_owned);
        let query = Self {
            file,
            title: take("title")?,
            description: take("description")?,
            tags: take("tags")?.split(',').map(|tag| tag.trim().to_owned()).collect(),
            owner: take("owner")?,
            dialect: take("dialect")?,
            sql: rest.trim().to_owned(),
        };
        if let Some(key) = fields.keys().next() {
            bail!("unknown key {key}");
        }
        ensure!(!query.sql.is_empty(), "there is no query");
        Ok(query)
    }
}

fn field(text: &str) -> Option<(&str, &str, &str)> {
    let (line, after) = text.split_once('\n')?;
    let (key, value) = line.strip_prefix("-- ")?.split_once(": ")?;
    Some((key, value.trim(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_stands_before_the_query() {
        let text = "-- title: T\n-- description: a: b\n-- tags: x, y\n-- owner: o\n-- dialect: d\n-- why\nSELECT 1;\n";
        let query = SampleQuery::parse("f".into(), text).unwrap();
        assert_eq!((query.description.as_str(), query.sql.as_str()), ("a: b", "-- why\nSELECT 1;"));
        assert_eq!(query.tags, ["x", "y"]);
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let why = |text: &str| SampleQuery::parse("f".into(), text).unwrap_err().to_string();
        assert_eq!(why("-- title: T\nSELECT 1"), "description is missing");
        let known = "-- title: T\n-- description: d\n-- tags: x\n-- owner: o\n-- dialect: d\n";
        assert_eq!(why(&format!("{known}-- colour: red\nSELECT 1")), "unknown key colour");
        assert_eq!(why(&format!("{known}-- title: U\nSELECT 1")), "title stands twice");
        assert_eq!(why(known), "there is no query");
    }

    #[test]
    fn the_sample_is_whole() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let sample = Sample::read(&root).unwrap();
        assert!(sample.queries.len() >= 30);
        assert!(sample.schema.matches("CREATE TABLE").count() >= 12);
        assert!(sample.showcase().is_ok());
        for dialect in ["postgres", "snowflake", "bigquery"] {
            assert!(sample.queries.iter().filter(|query| query.dialect == dialect).count() >= 8, "{dialect}");
        }
        let titles: std::collections::BTreeSet<_> = sample.queries.iter().map(|query| &query.title).collect();
        assert_eq!(titles.len(), sample.queries.len());
    }
}
