//! What an index is ordered by: a column, or an expression over one.

use crate::catalog::{IndexPart, Table};

/// A column or expression in an index.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The column's name, or the expression as it stands in the statement that makes the index.
    pub(super) text: String,
    pub(super) is_expression: bool,
    /// Whether texts are looked for by how they begin, for which some databases need another order.
    pub(super) is_pattern: bool,
    /// Whether by its type the column has a handful of values, so that it finds no few rows by itself.
    pub(super) has_few_values: bool,
    /// Whether it is a day or a moment: ranges of those keep few rows, more often than others do.
    pub(super) is_time: bool,
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.text.eq_ignore_ascii_case(&other.text) && self.is_pattern == other.is_pattern
    }
}

impl Part {
    /// A column of a table.
    pub(super) fn column(name: &str, table: Option<&Table>) -> Self {
        let declared = table.and_then(|table| table.columns.get(table.column(name)?));
        let data_type = declared.and_then(|column| column.data_type.as_deref());
        Self {
            text: declared.map_or(name, |column| &column.name).to_owned(),
            is_expression: false,
            is_pattern: false,
            has_few_values: data_type.is_some_and(has_few_values),
            is_time: data_type.is_some_and(|name| {
                let name = name.to_uppercase();
                name.starts_with("DATE") || name.starts_with("TIME")
            }),
        }
    }

    /// An expression over one.
    pub(super) fn expression(text: String) -> Self {
        Self { text, is_expression: true, is_pattern: false, has_few_values: false, is_time: false }
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.text.eq_ignore_ascii_case(text)
    }
}

fn has_few_values(data_type: &str) -> bool {
    let name = data_type.to_uppercase();
    matches!(
        name.as_str(),
        "BOOLEAN"
            | "BOOL"
            | "BIT"
            | "BIT(1)"
            | "TINYINT(1)"
            | "CHAR"
            | "CHAR(1)"
            | "CHARACTER"
            | "CHARACTER(1)"
    ) || name.starts_with("ENUM")
}

/// The ways in which rows of a table are found already: the parts of its keys and indexes. MySQL and MariaDB
/// make an index for every foreign key.
pub(super) fn access_paths<'t>(table: &'t Table, indexes_foreign_keys: bool) -> Vec<Vec<&'t str>> {
    let name = |at: u32| table.columns.get(at as usize).map_or("", |column| column.name.as_str());
    let keys = table.keys().map(|key| key.iter().map(|&at| name(at)).collect());
    let part = |part: &'t IndexPart| match part {
        IndexPart::Column(at) => name(*at),
        IndexPart::Expression(text) => text.as_str(),
    };
    let indexes = table.indexes.iter().map(|index| index.iter().map(part).collect());
    let foreign = table.foreign_keys.iter().filter(|_| indexes_foreign_keys);
    keys.chain(indexes).chain(foreign.map(|key| key.columns.iter().map(|&at| name(at)).collect())).collect()
}
