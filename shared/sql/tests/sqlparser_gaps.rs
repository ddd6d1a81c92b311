//! What `docs/sqlparser-gaps.md` says that `sqlparser` does not take: each example, so that the list is
//! true, and ends as the grammar grows.

#![allow(clippy::unwrap_used)] // Nothing to be handled here: what fails is the test.

use sqlparser::dialect::{Dialect as Grammar, GenericDialect, dialect_from_str};
use sqlparser::parser::Parser;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::lineage::{Options, trace};

const GAPS: &str = include_str!("../../../docs/sqlparser-gaps.md");

struct Example {
    dialect: String,
    title: String,
    sql: String,
}

/// The examples under a heading: below the name of a dialect, in a block, each with its title before it.
fn examples(section: &str) -> Vec<Example> {
    let (_, text) = GAPS.split_once(&format!("\n## {section}\n")).unwrap();
    let text = text.split("\n## ").next().unwrap();
    let mut found = Vec::new();
    for of_dialect in text.split("\n### ").skip(1) {
        let (dialect, rest) = of_dialect.split_once('\n').unwrap();
        let block = rest.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
        for example in block.split("\n\n") {
            let (title, sql) = example.trim_start_matches("-- ").split_once('\n').unwrap();
            found.push(Example {
                dialect: dialect.to_owned(),
                title: title.to_owned(),
                sql: sql.trim_end().to_owned(),
            });
        }
    }
    assert!(!found.is_empty(), "{section}");
    found
}

/// The grammar of the dialect, or that which takes most.
fn grammar(dialect: &str) -> Box<dyn Grammar> {
    let name = if dialect == "tsql" { "mssql" } else { dialect };
    dialect_from_str(name).unwrap_or_else(|| Box::new(GenericDialect {}))
}

fn is_taken(example: &Example) -> bool {
    Parser::parse_sql(&*grammar(&example.dialect), &example.sql).is_ok()
}

/// What cannot be read of it here.
fn unread(example: &Example) -> Option<String> {
    let dialect: Dialect = example.dialect.parse().unwrap();
    let lineage = trace(&example.sql, dialect, &Catalog::default(), &Options::default());
    let mut failures = lineage.statements.into_iter().filter_map(|statement| statement.error);
    lineage.error.or_else(|| failures.next()).map(|failure| failure.message)
}

fn none(section: &str, wrong: impl Fn(&Example) -> Option<String>) {
    let said = |example: Example| {
        wrong(&example).map(|why| format!("{}: {}: {}: {why}", example.dialect, example.title, example.sql))
    };
    let wrong: Vec<String> = examples(section).into_iter().filter_map(said).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_mended_is_not_taken_and_read_here() {
    none("Not taken, and read here", |example| {
        if is_taken(example) { Some("taken by now".to_owned()) } else { unread(example) }
    });
}

#[test]
fn what_is_open_is_not_taken_and_not_read_here() {
    none("Not taken, and not read here either", |example| match unread(example) {
        None => Some("read by now".to_owned()),
        Some(_) => is_taken(example).then(|| "taken by now".to_owned()),
    });
}

/// Two trees without brackets and places: what remains is what binds what.
fn shape(sql: &str, dialect: &str) -> String {
    let tree = format!("{:?}", Parser::parse_sql(&*grammar(dialect), sql).unwrap());
    let mut shape = String::new();
    let mut rest = tree.as_str();
    while let Some((before, after)) = rest.split_once("Span(") {
        shape.push_str(before);
        rest = after.split_once("))").map_or("", |(_, after)| after);
    }
    shape.push_str(rest);
    // Nested(…) is the brackets; every other one has its opening half left.
    shape.replace("Nested(", "").replace(')', "")
}

#[test]
fn what_is_misread_is_read_as_it_says() {
    none("Taken, and read as something else", |example| {
        let (sql, rest) = example.sql.split_once("\n-- read as\n").unwrap();
        let (read_as, meant) = rest.split_once("\n-- not as\n").unwrap();
        let [sql, read_as, meant] = [sql, read_as, meant].map(|sql| shape(sql, &example.dialect));
        (sql != read_as || sql == meant).then(|| "read otherwise by now".to_owned())
    });
}
