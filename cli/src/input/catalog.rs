//! What is known of the tables: made once, not for every text that it goes with.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, anyhow};
use sqm_domain::Dialect;
use sqm_sql::catalog::{Catalog, CatalogProblem, ProblemKind, SchemaInput};

use super::text::read;
use crate::args::Reading;
use crate::bulk::schema;

/// Catalogs made so far. Lines of bulk input tend to bring the same schema again and again.
#[derive(Clone)]
pub struct Catalogs {
    /// The schema that goes with texts that bring none.
    file: Option<SchemaFile>,
    /// The ones used last at the end.
    made: Vec<Made>,
}

#[derive(Clone)]
struct SchemaFile {
    name: String,
    input: SchemaInput,
    dialect: Option<Dialect>,
}

#[derive(Clone)]
struct Made {
    /// The schema as it came; `None` for the file's.
    raw: Option<Arc<str>>,
    dialect: Dialect,
    known: Known,
}

/// So many catalogs are kept.
const MOST: usize = 8;

/// What is known of the tables.
#[derive(Clone, Default)]
pub struct Known {
    /// The tables.
    pub catalog: Arc<Catalog>,
    /// What of the schema the catalog does not hold.
    pub problems: Arc<[String]>,
    are_said: Arc<AtomicBool>,
}

impl Known {
    /// The problems when asked for the first time, nothing later.
    pub fn news(&self) -> &[String] {
        if self.are_said.swap(true, Ordering::Relaxed) { &[] } else { &self.problems }
    }
}

impl Catalogs {
    /// With the schema file of the arguments, if there is one.
    pub fn of(reading: &Reading) -> Result<Self> {
        let file = match &reading.schema {
            Some(path) => Some(SchemaFile::read(path, reading.schema_dialect)?),
            None => None,
        };
        Ok(Self { file, made: Vec::new() })
    }

    /// The catalog of the schema file for a text in this dialect; an empty one without a file.
    ///
    /// # Errors
    /// When the file declares no catalog at all.
    pub fn file(&mut self, dialect: Dialect) -> Result<Known> {
        let Some(file) = self.file.clone() else { return Ok(Known::default()) };
        let dialect = file.dialect.unwrap_or(dialect);
        self.made(None, dialect, || {
            let (catalog, problems) = file.input.catalog(dialect).map_err(|error| error.to_string())?;
            let said = |problem: &CatalogProblem| format!("{}: {problem}", file.name);
            Ok((catalog, problems.iter().filter(matters).map(said).collect()))
        })
        .map_err(|why| anyhow!("{}: {why}", file.name))
    }

    /// The catalog of a schema as a line brings it, in the form of JSON.
    ///
    /// # Errors
    /// Why it declares none.
    pub fn line(&mut self, raw: &str, dialect: Dialect) -> std::result::Result<Known, String> {
        self.made(Some(raw), dialect, || {
            let (catalog, problems) =
                schema::read(raw)?.catalog(dialect).map_err(|error| error.to_string())?;
            let said = |problem: &CatalogProblem| format!("schema: {problem}");
            Ok((catalog, problems.iter().filter(matters).map(said).collect()))
        })
    }

    fn made(
        &mut self,
        raw: Option<&str>,
        dialect: Dialect,
        make: impl FnOnce() -> std::result::Result<(Catalog, Vec<String>), String>,
    ) -> std::result::Result<Known, String> {
        let same = |made: &Made| made.dialect == dialect && made.raw.as_deref() == raw;
        if let Some(at) = self.made.iter().rposition(same) {
            let last = self.made.len() - 1;
            self.made[at..=last].rotate_left(1);
            return Ok(self.made[last].known.clone());
        }
        let (catalog, problems) = make()?;
        let known = Known { catalog: Arc::new(catalog), problems: problems.into(), are_said: Arc::default() };
        if self.made.len() >= MOST {
            self.made.remove(0);
        }
        self.made.push(Made { raw: raw.map(Arc::from), dialect, known: known.clone() });
        Ok(known)
    }
}

/// Statements that declare no table are no news in a dump.
fn matters(problem: &&CatalogProblem) -> bool {
    problem.kind != ProblemKind::Ignored
}

impl SchemaFile {
    fn read(path: &Path, given: Option<Dialect>) -> Result<Self> {
        let text = read(path)?;
        let start = text.sql.trim_start();
        let is_json = start.starts_with('{') && !start.starts_with("{{") && !start.starts_with("{%");
        let input = if is_json {
            schema::read(&text.sql).map_err(|why| anyhow!("{why}")).with_context(|| text.name.clone())?
        } else {
            SchemaInput::Ddl(text.sql.clone())
        };
        let named = super::named_dialect(&text);
        Ok(Self { name: text.name, input, dialect: given.or(named) })
    }
}
