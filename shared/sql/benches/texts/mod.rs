//! What is measured: the sample workspace, shapes on which other engines explode, and the corpora where they
//! exist.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sqlparser::dialect::{Dialect as Grammar, dialect_from_str};
use sqlparser::parser::Parser;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;

/// A text that plain parsing takes, too: otherwise there is nothing to compare with.
pub struct Item {
    pub name: String,
    pub sql: String,
    pub dialect: Dialect,
    pub grammar: Box<dyn Grammar>,
    pub catalog: Catalog,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every set, with its name.
pub fn sets() -> Vec<(&'static str, Vec<Item>)> {
    let mut sets = vec![("sample", sample()), ("shapes", shapes())];
    let corpora = root().join("../shared/corpora/lineage");
    let mut all = Vec::new();
    for name in ["tpch", "tpcds", "sqllineage", "openlineage", "sqlglot", "flowscope", "polyglot", "probes"] {
        let Ok(text) = std::fs::read_to_string(corpora.join(format!("{name}.jsonl"))) else { continue };
        let items = || text.lines().filter_map(case);
        all.extend(items());
        if name.starts_with("tpc") {
            sets.push((name, items().collect()));
        }
    }
    if all.is_empty() {
        println!("skipped: {} does not exist", corpora.display());
    } else {
        sets.push(("corpora", all));
    }
    sets
}

fn item(name: String, sql: String, dialect: &str, catalog: Catalog) -> Option<Item> {
    let grammar = dialect_from_str(dialect).or_else(|| dialect_from_str("generic"))?;
    Parser::parse_sql(&*grammar, &sql).ok()?;
    Some(Item { name, sql, dialect: dialect.parse().ok()?, grammar, catalog })
}

fn case(line: &str) -> Option<Item> {
    let value: Value = serde_json::from_str(line).unwrap();
    let dialect = value["dialect"].as_str()?.split(',').next()?;
    let catalog = match &value["schema"] {
        Value::Object(_) => Catalog::from_json(&value["schema"].to_string()).ok()?.0,
        _ => Catalog::default(),
    };
    let text = |field: &str| value[field].as_str().map(str::to_owned);
    item(text("id")?, text("sql")?, dialect, catalog)
}

/// The sample workspace, whose texts name their dialect in a comment.
fn sample() -> Vec<Item> {
    let folder = root().join("infra/sample");
    let schema = std::fs::read_to_string(folder.join("schema.sql")).unwrap();
    let catalog = Catalog::from_ddl(&schema, Dialect::Postgres).unwrap().0;
    let files = std::fs::read_dir(folder.join("queries")).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let items = paths.iter().filter_map(|path| {
        let sql = std::fs::read_to_string(path).unwrap();
        let named = sql.lines().find_map(|line| line.strip_prefix("-- dialect: ")).map(str::trim);
        let dialect = named.unwrap_or("postgres").to_owned();
        item(path.file_stem()?.to_string_lossy().into_owned(), sql, &dialect, catalog.clone())
    });
    items.collect()
}

/// Shapes on which other engines explode.
fn shapes() -> Vec<Item> {
    let list = |count: usize, each: &dyn Fn(usize) -> String, between: &str| {
        (0..count).map(each).collect::<Vec<_>>().join(between)
    };
    let columns = list(300, &|at| format!("a{at}"), ", ");
    let wide = list(50, &|at| format!("c{} AS (SELECT {columns} FROM c{at})", at + 1), ", ");
    let chain =
        list(500, &|at| format!("c{} AS (SELECT a + 1 AS a, b FROM c{at} WHERE b > 1)", at + 1), ", ");
    let nested = format!("{}t{}", "SELECT a, b FROM (".repeat(40), ") x".repeat(40));
    [
        ("300 columns x 50 CTEs", format!("WITH c0 AS (SELECT {columns} FROM t), {wide} SELECT * FROM c50")),
        ("chain of 500 CTEs", format!("WITH c0 AS (SELECT a, b FROM t), {chain} SELECT a FROM c500")),
        (
            "union of 500 arms",
            list(500, &|at| format!("SELECT a, b FROM t{at} WHERE c = {at}"), " UNION ALL "),
        ),
        ("40 nested subqueries", nested.replace("(t)", "(SELECT a, b FROM t)")),
    ]
    .into_iter()
    .filter_map(|(name, sql)| item(name.to_owned(), sql, "postgres", Catalog::default()))
    .collect()
}
