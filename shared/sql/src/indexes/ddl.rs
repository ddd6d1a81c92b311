//! An index in words and as the statement that makes it.

use sqm_domain::Dialect;

use super::part::Part;
use super::rank::Worth;
use super::wanted::Wanted;
use super::{Index, Purpose, Service};
use crate::scope::Folding;
use crate::words::is_reserved;

/// Names of PostgreSQL have at most 63 bytes, those of most others as many; `_idx` is added.
const LONGEST_NAME: usize = 59;

/// An index as it is shown.
pub(super) fn index(wanted: Wanted, services: Vec<Service>, dialect: Dialect) -> Index {
    let parts: Vec<&Part> = wanted.equal.iter().flatten().chain(&wanted.rest).collect();
    Index {
        table: wanted.table.join("."),
        columns: parts.iter().map(|part| part.text.clone()).collect(),
        ddl: statement(&wanted, &parts, dialect),
        reason: reason(&wanted, &services),
        include: wanted.include,
        serves: services,
        alternative_to: None,
        estimate: None,
    }
}

fn statement(wanted: &Wanted, parts: &[&Part], dialect: Dialect) -> String {
    let last = wanted.table.last().map_or("", String::as_str);
    let words = std::iter::once(last).chain(parts.iter().map(|part| part.text.as_str()));
    let mut name = String::new();
    for word in
        words.flat_map(|word| word.split(|c: char| !c.is_ascii_alphanumeric())).filter(|it| !it.is_empty())
    {
        if !name.is_empty() {
            name.push('_');
        }
        name += &word.to_ascii_lowercase();
    }
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert_str(0, "on_");
    }
    name.truncate(LONGEST_NAME);
    let columns: Vec<String> = parts.iter().map(|part| column(part, dialect)).collect();
    let table: Vec<String> = wanted.table.iter().map(|part| quoted(part, dialect)).collect();
    let include: Vec<String> = wanted.include.iter().map(|column| quoted(column, dialect)).collect();
    let include =
        if include.is_empty() { String::new() } else { format!(" INCLUDE ({})", include.join(", ")) };
    format!("CREATE INDEX {name}_idx ON {} ({}){include}", table.join("."), columns.join(", "))
}

fn column(part: &Part, dialect: Dialect) -> String {
    let text = match (part.is_expression, dialect) {
        (true, Dialect::MySql) => format!("({})", part.text),
        (true, _) => part.text.clone(),
        (false, _) => quoted(&part.text, dialect),
    };
    match (part.is_pattern, dialect) {
        // Otherwise texts are in the order of a language, in which those that begin alike do not stand together.
        (true, Dialect::Postgres | Dialect::Greenplum) => format!("{text} text_pattern_ops"),
        // Its LIKE makes no difference between large and small letters.
        (true, Dialect::Sqlite) => format!("{text} COLLATE NOCASE"),
        _ => text,
    }
}

/// A name as it may stand in a statement.
pub(crate) fn quoted(name: &str, dialect: Dialect) -> String {
    let is_kept = match Folding::of(dialect) {
        Folding::Lower => !name.chars().any(char::is_uppercase),
        Folding::Upper => !name.chars().any(char::is_lowercase),
        Folding::Keep => true,
    };
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !is_reserved(name);
    if is_kept && is_plain {
        return name.to_owned();
    }
    match dialect {
        Dialect::MySql | Dialect::MariaDb => format!("`{}`", name.replace('`', "``")),
        Dialect::TSql => format!("[{}]", name.replace(']', "]]")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

fn reason(wanted: &Wanted, services: &[Service]) -> String {
    let mut said = Vec::new();
    let how = |part: &Part| {
        let purposes =
            services.iter().filter(|service| part.is(&service.column)).map(|service| service.purpose);
        purposes.min()
    };
    for set in &wanted.equal {
        for (purpose, words) in [
            (Purpose::Correlation, "compared with the row around the subquery"),
            (Purpose::Equality, "compared with `=`"),
            (Purpose::Join, "joined on"),
        ] {
            let names: Vec<&str> =
                set.iter().filter(|part| how(part) == Some(purpose)).map(|part| part.text.as_str()).collect();
            if !names.is_empty() {
                said.push(format!("{} {words}", list(&names)));
            }
        }
    }
    let names: Vec<&str> = wanted.rest.iter().map(|part| part.text.as_str()).collect();
    let last =
        services.iter().find(|service| wanted.rest.last().is_some_and(|part| part.is(&service.column)));
    match last.map(|service| service.purpose) {
        Some(Purpose::Order) => said.push(format!("{} in the order that is asked for", list(&names))),
        Some(Purpose::Grouping) => said.push(format!("{} group by group", list(&names))),
        Some(Purpose::Prefix) => said.push(format!("{} by how it begins", list(&names))),
        Some(_) => said.push(format!("{} by a range, behind which no further column narrows", list(&names))),
        None => {}
    }
    let mut reason = said.join(", then ");
    if !wanted.include.is_empty() {
        let names: Vec<&str> = wanted.include.iter().map(String::as_str).collect();
        reason += &format!("; with {} beside it the table need not be read", list(&names));
    }
    match wanted.worth {
        Worth::OpenRange => reason += "; worth it only if the range keeps few of the rows",
        Worth::PlainJoin => reason += "; worth it only if few rows are joined",
        _ => {}
    }
    if let Some(old) = &wanted.replaces {
        let names: Vec<&str> = old.iter().map(String::as_str).collect();
        reason += &format!("; the index on ({}) is not needed beside it", names.join(", "));
    }
    reason
}

fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
