//! Laws of lineage on texts that people wrote: those of `lineage/*.txt`, and those of `../shared/corpora`
//! where that folder exists. The laws on generated texts stand beside the code.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sqlparser::dialect::{Dialect as Grammar, GenericDialect, dialect_from_str};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Tokenizer};
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;
use sqm_sql::lineage::{Lineage, Options, trace};
use sqm_sql::parse::Tree;

/// A text with its dialect and catalog.
struct Text {
    sql: String,
    dialect: Dialect,
    catalog: Catalog,
    /// What the catalog is made of: columns by table.
    schema: Value,
}

/// Texts of the corpora that hold a single query.
fn texts() -> Vec<Text> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/lineage");
    let mut texts = Vec::new();
    for name in ["tpch", "tpcds", "sqlglot", "flowscope", "polyglot", "probes"] {
        let Ok(text) = std::fs::read_to_string(root.join(format!("{name}.jsonl"))) else {
            println!("skipped: {name} does not exist");
            continue;
        };
        for line in text.lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let catalog = match &case["schema"] {
                Value::Object(_) => Catalog::from_json(&case["schema"].to_string()).unwrap().0,
                _ => Catalog::default(),
            };
            let Ok(dialect) = case["dialect"].as_str().unwrap_or_default().parse() else { continue };
            let sql = case["sql"].as_str().unwrap().to_owned();
            texts.push(Text { sql, dialect, catalog, schema: case["schema"].clone() });
        }
    }
    texts.extend(own(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lineage")));
    texts
}

/// The cases of our own table, without their catalogs.
fn own(folder: &Path) -> Vec<Text> {
    let mut texts = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for case in text.split("\n# ").skip(1) {
            let lines: Vec<&str> = case.lines().collect();
            let dialect = lines[1].split(';').next().unwrap().parse().unwrap();
            let sql: Vec<&str> = lines[2..]
                .iter()
                .copied()
                .take_while(|line| *line != "--")
                .filter(|line| !["in:", "out:", "unreadable:"].iter().any(|word| line.starts_with(word)))
                .collect();
            let catalog = Catalog::default();
            texts.push(Text { sql: sql.join("\n"), dialect, catalog, schema: Value::Null });
        }
    }
    texts
}

/// The text of the only statement, if it is a query that the parser prints as it was, without a mend.
fn query_of(text: &Text) -> Option<String> {
    let query = guard::with_script(&text.sql, text.dialect, |script| {
        let [statement] = &script.statements[..] else { return None };
        match &statement.tree {
            Ok(Tree::Sql(tree)) if statement.mends.is_empty() && statement.grammar == script.grammar => {
                matches!(**tree, sqlparser::ast::Statement::Query(_))
                    .then(|| script.text_of(statement).to_owned())
            }
            _ => None,
        }
    });
    query.unwrap()
}

fn lineage(sql: &str, text: &Text) -> Lineage {
    trace(sql, text.dialect, &text.catalog, &Options::default())
}

fn edges(lineage: &Lineage) -> BTreeSet<String> {
    let edge = |edge: &sqm_sql::lineage::Edge| {
        let target = edge.target.as_ref().map_or("all".to_owned(), |t| format!("{}.{}", t.table, t.column));
        let masked = if edge.masking { " masked" } else { "" };
        format!("{}.{} -> {target} {:?}{masked}", edge.source.table, edge.source.column, edge.subtype)
    };
    lineage.columns.iter().map(edge).collect()
}

/// Checks a law on every text that is a query; `least` texts have to be.
fn check(what: &str, law: impl Fn(&str, &Text) -> Option<(BTreeSet<String>, BTreeSet<String>)>) {
    let (mut count, mut broken) = (0, Vec::new());
    for text in texts() {
        let Some(sql) = query_of(&text) else { continue };
        // SELECT INTO, and a WITH in front of a change, are no queries.
        if !lineage(&sql, &text).tables_out.is_empty() {
            continue;
        }
        let Some((one, other)) = law(&sql, &text) else { continue };
        count += 1;
        if one != other {
            let less: Vec<_> = one.difference(&other).collect();
            let more: Vec<_> = other.difference(&one).collect();
            broken.push(format!("[{}] {sql}\n  less {less:?}\n  more {more:?}", text.dialect));
        }
    }
    println!("{what}: {count} texts");
    assert!(count > 40, "{count}");
    assert!(broken.is_empty(), "{} of {count}\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn printing_and_parsing_again_changes_nothing() {
    check("printing", |sql, text| {
        let printed = guard::with_script(sql, text.dialect, |script| match &script.statements[0].tree {
            Ok(Tree::Sql(tree)) => tree.to_string(),
            _ => String::new(),
        });
        let again = lineage(&printed.unwrap(), text);
        // What the parser prints and does not read is a defect of its own.
        again.ok.then(|| (edges(&lineage(sql, text)), edges(&again)))
    });
}

#[test]
fn wrapping_changes_nothing() {
    check("wrapping", |sql, text| {
        let before = lineage(sql, text);
        let wrapped = lineage(&format!("SELECT * FROM (\n{sql}\n) zz"), text);
        wrapped.ok.then(|| (edges(&before), edges(&wrapped)))
    });
}

#[test]
fn a_cte_changes_nothing() {
    check("CTE", |sql, text| {
        let before = lineage(sql, text);
        let wrapped = lineage(&format!("WITH zz AS (\n{sql}\n) SELECT * FROM zz"), text);
        wrapped.ok.then(|| (edges(&before), edges(&wrapped)))
    });
}

#[test]
fn a_table_made_of_a_query_has_its_lineage() {
    check("CREATE TABLE AS", |sql, text| {
        let before = lineage(sql, text);
        let made = lineage(&format!("CREATE TABLE zz AS\n{sql}"), text);
        let name = edges(&made)
            .iter()
            .map(|edge| edge.replace("-> zz.", "-> <query>.").replace("-> ZZ.", "-> <query>."))
            .collect();
        made.ok.then(|| (edges(&before), name))
    });
}

/// Names that mean something of themselves: what functions in FROM call their columns, rows of a change.
const GIVEN_NAMES: &[&str] = &[
    "col",
    "deleted",
    "dual",
    "element",
    "excluded",
    "generate_series",
    "index",
    "inserted",
    "key",
    "new",
    "offset",
    "old",
    "ordinality",
    "path",
    "pos",
    "range",
    "seq",
    "this",
    "unnest",
    "value",
];

/// The text with all identifiers renamed, and which they are; `None` where the tokens do not say which words
/// are identifiers.
fn renamed(sql: &str, dialect: Dialect) -> Option<(String, BTreeSet<String>)> {
    let name = if dialect == Dialect::TSql { "mssql" } else { dialect.name() };
    let grammar: Box<dyn Grammar> = dialect_from_str(name).unwrap_or_else(|| Box::new(GenericDialect {}));
    let mut tokens = Tokenizer::new(&*grammar, sql).with_unescape(false).tokenize().ok()?;
    let is_space = |token: &Token| matches!(token, Token::Whitespace(_));
    let (mut names, mut others) = (BTreeSet::new(), BTreeSet::new());
    for (at, token) in tokens.iter().enumerate() {
        let Token::Word(word) = token else { continue };
        let next = tokens[at + 1..].iter().find(|token| !is_space(token));
        let lower = word.value.to_lowercase();
        let plain =
            lower.chars().all(|c| c.is_alphanumeric() || c == '_') && !lower.starts_with(char::is_numeric);
        if !plain && word.quote_style.is_some() {
            return None;
        }
        // A keyword may be a name at one place and none at another; so may what a bracket follows.
        if !plain
            || word.keyword != Keyword::NoKeyword
            || next == Some(&Token::LParen)
            || GIVEN_NAMES.contains(&&*lower)
        {
            others.insert(lower);
        } else {
            names.insert(lower);
        }
    }
    let names: BTreeSet<String> = names.difference(&others).cloned().collect();
    // Strings that name columns, and columns that PIVOT names after its values.
    let is_string = |token: &Token| matches!(token, Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) if names.contains(&text.to_lowercase()));
    if tokens
        .iter()
        .any(|token| is_string(token) || matches!(token, Token::Word(word) if word.keyword == Keyword::PIVOT))
    {
        return None;
    }
    for token in &mut tokens {
        if let Token::Word(word) = token
            && names.contains(&word.value.to_lowercase())
        {
            let is_upper = word.quote_style.is_some() && !word.value.contains(char::is_lowercase);
            word.value = format!("{}{}", if is_upper { "ZQ_" } else { "zq_" }, word.value);
        }
    }
    Some((tokens.iter().map(ToString::to_string).collect(), names))
}

#[test]
fn renaming_renames_and_changes_nothing_else() {
    check("renaming", |sql, text| {
        let (new_sql, names) = renamed(sql, text.dialect)?;
        let new_name = |name: &str| match names.contains(&name.to_lowercase()) {
            true => format!("zq_{name}"),
            false => name.to_owned(),
        };
        let new_path = |path: &str| path.split('.').map(new_name).collect::<Vec<_>>().join(".");
        let schema = text.schema.as_object().cloned().unwrap_or_default();
        let schema: serde_json::Map<String, Value> = schema
            .iter()
            .map(|(table, columns)| {
                let columns =
                    columns.as_array().unwrap().iter().map(|column| new_name(column.as_str().unwrap()));
                (new_path(table), columns.collect())
            })
            .collect();
        let catalog = Catalog::from_json(&Value::from(schema).to_string()).unwrap().0;
        let new_text = Text { sql: new_sql.clone(), dialect: text.dialect, catalog, schema: Value::Null };
        let after = lineage(&new_sql, &new_text);
        let expected = lineage(sql, text).columns.into_iter().map(|mut edge| {
            for column in std::iter::once(&mut edge.source).chain(&mut edge.target) {
                column.table = new_path(&column.table).into();
                column.column = new_name(&column.column).into();
            }
            edge
        });
        let expected = Lineage { columns: expected.collect(), ..after.clone() };
        let lower = |lineage: &Lineage| edges(lineage).iter().map(|edge| edge.to_lowercase()).collect();
        Some((lower(&expected), lower(&after)))
    });
}
