//! DataFusion's forms in SQLite's.
use datafusion::sql::sqlparser::ast::Statement;

/// The statement as text.
pub fn translate(_statement: &Statement) -> Option<String> {
    None
}
