//! What is wrong with a text of SQL, as a caller reads it: with the place in the text.

use sqm_domain::SqlText;
use sqm_domain::limits::{MAX_SCRIPT_BYTES, MAX_STATEMENT_BYTES};
use sqm_sql::catalog::CatalogError;
use sqm_sql::guard::{self, GuardError};

use super::{Kind, Problem};

/// The text of a field as SQL that may be looked at: not empty, and within the limits.
pub fn sql_text(field: &'static str, text: String) -> Result<SqlText, Problem> {
    let text = SqlText::try_from(text).map_err(|error| Problem::from(error).with("field", field))?;
    guard::check_limits(text.as_str()).map_err(|error| Problem::from(error).with("field", field))?;
    Ok(text)
}

impl From<GuardError> for Problem {
    fn from(error: GuardError) -> Self {
        let position = error.position();
        let limit = match &error {
            GuardError::ScriptTooLong { .. } => MAX_SCRIPT_BYTES,
            GuardError::StatementTooLong { .. } => MAX_STATEMENT_BYTES,
            GuardError::NoThread(_) => return Self::unavailable(error, 1),
            // The message of a panic may quote the text, which no log may hold.
            GuardError::Panicked(_) => return Self::internal("the analysis of a text broke off"),
        };
        let problem = Self::new(Kind::InvalidSql).detail(error.to_string()).with("limit", limit);
        match position {
            Some(at) => problem.at(at.line, at.column),
            None => problem,
        }
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Guard(error) => match Self::from(error) {
                problem if problem.kind() == Kind::InvalidSql => problem.with("field", "schema"),
                ours => ours,
            },
            CatalogError::Json(_) => Self::field("schema", error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_refused_with_its_field_and_place() {
        let check = |text: String, members: &[(&str, u64)]| {
            let problem = sql_text("q2", text).unwrap_err();
            assert_eq!(problem.kind(), Kind::InvalidSql);
            assert_eq!(problem.member("field"), Some(&"q2".into()));
            for (name, value) in members {
                assert_eq!(problem.member(name), Some(&(*value).into()), "{name}");
            }
        };
        check(" ".to_owned(), &[]);
        check("SELECT\n\0".to_owned(), &[("line", 2), ("column", 1)]);
        check("x".repeat(MAX_SCRIPT_BYTES + 1), &[("limit", MAX_SCRIPT_BYTES as u64)]);
        let long = format!("SELECT 1;\n{}", "x".repeat(MAX_STATEMENT_BYTES + 1));
        check(long, &[("limit", MAX_STATEMENT_BYTES as u64), ("line", 2), ("column", 1)]);
        assert!(sql_text("q2", "SELECT 1".to_owned()).is_ok());
    }

    #[test]
    fn a_schema_is_refused_by_its_field_unless_it_is_our_fault() {
        let long = CatalogError::Guard(GuardError::ScriptTooLong { bytes: MAX_SCRIPT_BYTES + 1 });
        assert_eq!(Problem::from(long).member("field"), Some(&"schema".into()));
        let ours = Problem::from(CatalogError::Guard(GuardError::Panicked("at SELECT".to_owned())));
        assert_eq!((ours.kind(), ours.member("field")), (Kind::Internal, None));
    }
}
