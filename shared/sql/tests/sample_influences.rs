//! Every INDIRECT edge of every query of the sample workspace, expected by hand.
//!
//! `sample_influences.txt` has a paragraph a query: its name, then a line for each subtype, with the columns
//! that influence every row, or, after a column's name, that column alone. Nothing else may be found.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::lineage::{EdgeType, Options, trace};

/// What is influenced and how → what influences it.
type Influences = BTreeMap<String, BTreeSet<String>>;

fn expected(paragraph: &str) -> (&str, Influences) {
    let (name, lines) = paragraph.split_once('\n').unwrap();
    let line = |line: &str| {
        let (what, columns) = line.split_once(": ").unwrap();
        (what.to_owned(), columns.split(' ').map(str::to_owned).collect())
    };
    (name, lines.lines().map(line).collect())
}

fn found(sql: &str, dialect: Dialect, catalog: &Catalog) -> Influences {
    let lineage = trace(sql, dialect, catalog, &Options::default());
    assert!(lineage.ok, "{sql}: {:?}", lineage.error);
    let mut influences = Influences::new();
    for edge in lineage.columns.iter().filter(|edge| edge.edge_type() == EdgeType::Indirect) {
        let subtype = serde_json::to_value(edge.subtype).unwrap();
        let subtype = subtype.as_str().unwrap();
        // An influence on all rows says of which table they are; one on a column says which.
        assert_eq!(edge.target.is_some(), edge.rows_of.is_none());
        let what = match &edge.target {
            Some(target) => format!("{} {subtype}", target.column.to_lowercase()),
            None => subtype.to_owned(),
        };
        let source = format!("{}.{}", edge.source.table, edge.source.column).to_lowercase();
        influences.entry(what).or_default().insert(source);
    }
    influences
}

#[test]
fn every_influence_is_as_expected_by_hand() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let schema = read(&root.join("infra/sample/schema.sql"));
    let catalog = Catalog::from_ddl(&schema, Dialect::Postgres).unwrap().0;
    let expectations = read(&root.join("shared/sql/tests/sample_influences.txt"));
    let mut expectations: BTreeMap<&str, Influences> =
        expectations.trim().split("\n\n").map(expected).collect();
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(root.join("infra/sample/queries")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let sql = read(&path);
        let dialect = sql.lines().find_map(|line| line.strip_prefix("-- dialect: ")).unwrap();
        let found = found(&sql, dialect.parse().unwrap(), &catalog);
        let expected = expectations.remove(name).unwrap_or_default();
        if found != expected {
            let differ = |a: &Influences, b: &Influences| {
                let missing =
                    |what: &String, column: &&String| !b.get(what).is_some_and(|c| c.contains(*column));
                a.iter()
                    .flat_map(|(what, columns)| {
                        columns
                            .iter()
                            .filter(|c| missing(what, c))
                            .map(|c| format!("{what} {c}"))
                            .collect::<Vec<_>>()
                    })
                    .collect::<Vec<_>>()
            };
            let (extra, missing) = (differ(&found, &expected), differ(&expected, &found));
            wrong.push(format!("{name}: not expected {extra:?}, missing {missing:?}"));
        }
    }
    assert!(expectations.is_empty(), "no such queries: {:?}", expectations.keys());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
