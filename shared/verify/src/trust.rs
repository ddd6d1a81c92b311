//! What a catalog declares and the database does not see to, or sees otherwise: a verdict over such tables
//! rests on it, and says so.

use sqm_domain::Dialect;

use crate::database::{Attribute, Relation, Schema};
use crate::dialects::{
    compares_without_case, has_long_real, has_unequal_nan, ignores_case, is_mysql, keeps_types_loosely,
};
use crate::forms::Form;
use crate::value::Kind;

/// Most columns that are named.
const MOST_NAMED: usize = 3;

/// What a verdict over moments with a time zone rests on: they are taken for moments without one.
pub const ZONE: &str = "the time zone of the session is UTC";

/// What a verdict rests on where the usual collation takes other texts for the same.
pub const BINARY: &str =
    "texts are compared with their case and the blanks at their end, as by a binary collation";

/// A column whose texts are the same in other case as well, by its collation or its type.
pub fn without_case(schema: &Schema) -> Option<String> {
    schema.relations.iter().find_map(|relation| {
        let found = relation.attributes.iter().find(|attribute| {
            let is_citext = attribute.written.as_deref().is_some_and(|of| of.eq_ignore_ascii_case("citext"));
            is_citext || attribute.collation.as_deref().is_some_and(ignores_case)
        })?;
        Some(format!("{}.{}", relation.dotted(), found.spelled))
    })
}

/// What a verdict over these tables rests on, in words.
pub fn in_declarations(dialect: Dialect, schema: &Schema) -> Vec<String> {
    let relations = &schema.relations;
    let has_keys = relations.iter().any(|relation| !relation.keys.is_empty());
    let has_references = relations.iter().any(|relation| !relation.references.is_empty());
    let attributes = || relations.iter().flat_map(|relation| &relation.attributes);
    let mut trusted = Vec::new();
    if !dialect.enforces_keys() && (has_keys || has_references) {
        trusted.push(format!("the rows keep the declared keys, which {dialect} does not enforce"));
    } else if !dialect.enforces_foreign_keys() && has_references {
        trusted.push(format!(
            "the rows keep the declared foreign keys, which {dialect} does not enforce unless told to"
        ));
    }
    if !dialect.enforces_keys() && relations.iter().any(|relation| !relation.kept.is_empty()) {
        trusted
            .push(format!("the rows keep the declared CHECK constraints, which {dialect} may not enforce"));
    }
    if has_unequal_nan(dialect) && attributes().any(|attribute| attribute.kind == Kind::Float) {
        trusted.push("no float is NaN".to_owned());
    }
    if compares_without_case(dialect) && attributes().any(|a| matches!(a.kind, Kind::Text { .. })) {
        trusted.push(BINARY.to_owned());
    }
    if attributes().any(|attribute| is_zoned(attribute.written.as_deref())) {
        trusted.push(ZONE.to_owned());
    }
    if keeps_types_loosely(dialect) {
        trusted.push(format!(
            "columns hold values of their declared types, dates and moments as texts in one form, which {dialect} does not enforce"
        ));
    }
    // Elsewhere such a difference is an integer as others are.
    if (is_mysql(dialect) || dialect == Dialect::ClickHouse)
        && attributes().any(|attribute| attribute.is_unsigned)
    {
        trusted.push("no difference of unsigned numbers is below zero".to_owned());
    }
    if !has_long_real(dialect)
        && let Some(short) = named(schema, |attribute| is_short(attribute.written.as_deref()))
    {
        trusted.push(format!("floats of 32 bits have as many digits as those of 64 ({short})"));
    }
    if let Some(odd) = named(schema, |attribute| {
        let has_labels = matches!(attribute.form, Some(Form::Label(_)));
        !has_labels && is_odd(attribute.kind, attribute.written.as_deref())
    }) {
        trusted.push(format!("values of types of their own are compared as their texts are ({odd})"));
    }
    // Some engines fill them up with blanks and compare them without. The databases hold no text with blanks at
    // its end, and a proof takes equal texts for one text.
    if let Some(padded) = named(schema, |attribute| attribute.is_padded) {
        trusted.push(format!("no text of a CHAR column, or beside one, ends in blanks ({padded})"));
    }
    trusted.extend(relations.iter().flat_map(broken));
    trusted
}

/// What the rows of a table may break.
fn broken(relation: &Relation) -> impl Iterator<Item = String> {
    let name = relation.dotted();
    let checks =
        relation.checks.iter().map(|check| format!("CHECK ({check}) of {name} is not kept by the databases"));
    let unique = relation
        .unique
        .iter()
        .map(|index| format!("the unique index on {index} of {name} is not kept by the databases"));
    let others = relation.left_out.iter().map(|one| format!("{one} of {name} is not kept by the databases"));
    let loose = relation.loose.iter().map(|rows| format!("the databases may hold {rows} ({name})"));
    checks.chain(unique).chain(others).chain(loose).collect::<Vec<_>>().into_iter()
}

/// The columns of this kind, or how many more of them there are.
fn named(schema: &Schema, is_meant: impl Fn(&Attribute) -> bool) -> Option<String> {
    let columns = schema.relations.iter().flat_map(|relation| {
        let own = relation.attributes.iter().filter(|attribute| is_meant(attribute));
        own.map(|attribute| format!("{}.{}", relation.dotted(), attribute.spelled))
    });
    let mut columns: Vec<String> = columns.collect();
    let more = columns.len().saturating_sub(MOST_NAMED);
    columns.truncate(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!columns.is_empty()).then(|| columns.join(", ") + &more)
}

/// Whether a column of this written type has a fixed length, up to which texts are filled.
pub fn is_padded(written: Option<&str>) -> bool {
    let lower = written.unwrap_or_default().trim().to_ascii_lowercase();
    let name = lower.split('(').next().unwrap_or_default().trim_end();
    matches!(name, "char" | "character" | "nchar" | "bpchar" | "national char" | "national character")
}

/// Whether a column of this written type holds floats of 32 bits, where the dialect has them.
fn is_short(written: Option<&str>) -> bool {
    let lower = written.unwrap_or_default().trim().to_ascii_lowercase();
    matches!(lower.as_str(), "real" | "float4" | "float32" | "binary_float")
}

/// Whether a column of this written type holds moments with a time zone.
pub fn is_zoned(written: Option<&str>) -> bool {
    let lower = written.unwrap_or_default().to_ascii_lowercase();
    let name = lower.split('(').next().unwrap_or_default().trim();
    matches!(name, "timestamptz" | "timetz" | "timestamp_tz" | "timestamp_ltz" | "datetimeoffset")
        || lower.ends_with("with time zone")
        || lower.ends_with("with local time zone")
}

/// Whether the order of a column's values is not that of texts: it has a type that is taken for texts, or labels in
/// an order of their own.
pub fn has_own_order(kind: Kind, written: Option<&str>, labels: &[String]) -> bool {
    match labels {
        [] => is_odd(kind, written) && Form::of(written, labels) != Some(Form::Uuid),
        labels => !labels.is_sorted(),
    }
}

/// Whether values of this written type have an equality or an order of their own, and are taken for texts.
fn is_odd(kind: Kind, written: Option<&str>) -> bool {
    let written = written.unwrap_or_default().to_ascii_lowercase();
    let name: String = written.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let plain = [
        "",
        "any",
        "bpchar",
        "char",
        "character",
        "clob",
        "fixedstring",
        "longtext",
        "mediumtext",
        "name",
        "national",
        "nchar",
        "nclob",
        "ntext",
        "nvarchar",
        "nvarchar2",
        "string",
        "sysname",
        "text",
        "tinytext",
        "varchar",
        "varchar2",
    ];
    matches!(kind, Kind::Text { .. }) && (written.ends_with(']') || !plain.contains(&name.as_str()))
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

    #[test]
    fn moments_with_a_zone_are_told_by_their_types() {
        let check = |written: &str, expected| assert_eq!(is_zoned(Some(written)), expected, "{written}");
        check("TIMESTAMPTZ", true);
        check("timestamp(3) with time zone", true);
        check("TIMESTAMP_LTZ(9)", true);
        check("TIMESTAMP", false);
        check("timestamp without time zone", false);
    }
}
