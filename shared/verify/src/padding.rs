//! CHAR columns, whose texts some engines fill up with blanks and compare without them. The databases hold
//! no text with blanks at its end, and a proof takes equal texts for one text, so a verdict says so.

use sqm_sql::catalog::Catalog;

use crate::database::Schema;

/// Most columns that are named.
const MOST_NAMED: usize = 3;

/// What a verdict over these tables rests on, where one has CHAR columns.
pub fn assumption(catalog: &Catalog, schema: &Schema) -> Option<String> {
    let padded: Vec<String> = catalog
        .tables()
        .iter()
        .filter(|table| schema.relations.iter().any(|relation| relation.name == table.name))
        .flat_map(|table| {
            let own = table.columns.iter().filter(|column| is_padded(column.data_type.as_deref()));
            own.map(|column| format!("{}.{}", table.name.join("."), column.name))
        })
        .collect();
    let more = padded.len().saturating_sub(MOST_NAMED);
    let named = padded.get(..MOST_NAMED.min(padded.len())).filter(|named| !named.is_empty())?.join(", ");
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("no text of a CHAR column ends in blanks ({named}{more})"))
}

/// Whether a column of this written type is one of them.
pub fn is_padded(written: Option<&str>) -> bool {
    let lower = written.unwrap_or_default().trim().to_ascii_lowercase();
    let name = lower.split('(').next().unwrap_or_default().trim_end();
    matches!(name, "char" | "character" | "nchar" | "bpchar" | "national char" | "national character")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fixed_lengths_are_filled_up() {
        let check = |written: &str, expected| assert_eq!(is_padded(Some(written)), expected, "{written}");
        check("CHAR(10)", true);
        check("character (3)", true);
        check("CHAR", true);
        check("VARCHAR(10)", false);
        check("character varying(3)", false);
        check("TEXT", false);
    }
}
