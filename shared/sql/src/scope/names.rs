//! Identifiers as small numbers: folded as the dialect folds them, compared without regard to case.
//!
//! Knows nothing of tables or columns.

use std::collections::HashMap;
use std::sync::Arc;

use sqlparser::ast::Ident;

use sqm_domain::Dialect;

/// An interned identifier, folded as the dialect folds it, quotes removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(u32);

/// What a dialect does to the case of an identifier that is not quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folding {
    /// To lower case; quoted identifiers are distinguished by case.
    Lower,
    /// To upper case; quoted identifiers are distinguished by case.
    Upper,
    /// Nothing: it is kept as written, and compared without regard to case, quoted or not.
    Keep,
}

impl Folding {
    /// The folding of a dialect.
    pub fn of(dialect: Dialect) -> Self {
        use Dialect::*;
        match dialect {
            Postgres | Redshift | Greenplum | Materialize | RisingWave | Trino | Presto | Athena | Hive
            | SparkSql | Databricks | Impala => Self::Lower,
            Snowflake | Oracle | Db2 | Exasol => Self::Upper,
            _ => Self::Keep,
        }
    }
}

/// The interner.
#[derive(Debug)]
pub(crate) struct Names {
    folding: Folding,
    by_text: HashMap<Arc<str>, Name>,
    texts: Vec<Arc<str>>,
    keys: Vec<Name>,
    buffer: String,
}

impl Names {
    pub(crate) fn new(folding: Folding) -> Self {
        Self { folding, by_text: HashMap::new(), texts: Vec::new(), keys: Vec::new(), buffer: String::new() }
    }

    /// The name as text.
    pub(crate) fn text(&self, name: Name) -> &str {
        &self.texts[name.0 as usize]
    }

    /// The name without its case: what names are compared by.
    pub(crate) fn key(&self, name: Name) -> Name {
        self.keys[name.0 as usize]
    }

    /// What tells two tables apart: case counts only where the dialect says so.
    pub(crate) fn identity(&self, name: Name) -> Name {
        match self.folding {
            Folding::Keep => self.key(name),
            Folding::Lower | Folding::Upper => name,
        }
    }

    pub(crate) fn ident(&mut self, ident: &Ident) -> Name {
        if ident.quote_style.is_some() { self.exact(&ident.value) } else { self.fold(&ident.value) }
    }

    /// Interns an identifier that was not quoted.
    pub(crate) fn fold(&mut self, text: &str) -> Name {
        let changes = match self.folding {
            Folding::Keep => false,
            Folding::Lower => has_upper(text),
            Folding::Upper => text.bytes().any(|b| b.is_ascii_lowercase()) || !text.is_ascii(),
        };
        if !changes {
            return self.exact(text);
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        match self.folding {
            Folding::Upper => buffer.extend(text.chars().flat_map(char::to_uppercase)),
            _ => buffer.extend(text.chars().flat_map(char::to_lowercase)),
        }
        let name = self.exact(&buffer);
        self.buffer = buffer;
        name
    }

    /// Interns a name as it is.
    pub(crate) fn exact(&mut self, text: &str) -> Name {
        if let Some(&name) = self.by_text.get(text) {
            return name;
        }
        let shared: Arc<str> = text.into();
        let name = self.push(shared);
        if has_upper(text) {
            let lower = self.exact(&text.to_lowercase());
            // Characters whose lower case has an upper case of its own end the search here.
            self.keys[name.0 as usize] = self.keys[lower.0 as usize];
        }
        name
    }

    fn push(&mut self, text: Arc<str>) -> Name {
        let name = Name(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.by_text.insert(Arc::clone(&text), name);
        self.texts.push(text);
        self.keys.push(name);
        name
    }
}

fn has_upper(text: &str) -> bool {
    if text.is_ascii() {
        text.bytes().any(|b| b.is_ascii_uppercase())
    } else {
        text.chars().any(|c| !c.to_lowercase().eq(std::iter::once(c)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_as_the_dialect_says() {
        let check = |dialect, ident: Ident, expected: &str| {
            let mut names = Names::new(Folding::of(dialect));
            let name = names.ident(&ident);
            assert_eq!(names.text(name), expected);
        };
        check(Dialect::Postgres, Ident::new("Ab"), "ab");
        check(Dialect::Postgres, Ident::with_quote('"', "Ab"), "Ab");
        check(Dialect::Snowflake, Ident::new("Ab"), "AB");
        check(Dialect::TSql, Ident::new("Ab"), "Ab");
    }

    #[test]
    fn keys_forget_the_case() {
        let mut names = Names::new(Folding::Keep);
        let (a, b, c) = (names.exact("Straße"), names.exact("STRAßE"), names.exact("straße"));
        assert_eq!(names.key(a), names.key(b));
        assert_eq!(names.key(a), c);
        assert_eq!(names.identity(a), c);
        let dotted = names.exact("İ");
        assert_eq!(names.key(dotted), names.key(dotted));
    }
}
