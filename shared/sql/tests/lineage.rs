//! What people write, dialect by dialect, with the edges that are expected of it by hand.
//!
//! A case of `lineage/*.txt` has a title after `#`, the dialect with the tables of its catalog, SQL,
//! the tables read and written where they are of interest (`in:`, `out:`), and, after `--`, edges. Every
//! DIRECT edge must be listed; an edge without a subtype may be DIRECT in any way. INDIRECT edges that
//! are listed must be there. `unreadable: n` says how many statements have no tree; else all have one.
//! `SQM_CASE=<part of a title>` runs those cases alone.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use sqm_sql::catalog::{Catalog, Column, Table};
use sqm_sql::lineage::{Edge, EdgeType, Lineage, Options, TableRef, trace};

/// A case, as written.
#[derive(Default)]
struct Case<'a> {
    title: &'a str,
    dialect: &'a str,
    tables: &'a str,
    sql: String,
    reads: Option<&'a str>,
    writes: Option<&'a str>,
    unreadable: usize,
    edges: Vec<&'a str>,
}

fn cases(text: &str) -> Vec<Case<'_>> {
    text.split("\n# ").skip(1).map(case).collect()
}

fn case(text: &str) -> Case<'_> {
    let mut lines = text.lines();
    let mut case = Case { title: lines.next().unwrap(), ..Case::default() };
    (case.dialect, case.tables) = {
        let line = lines.next().unwrap();
        line.split_once(';').unwrap_or((line, ""))
    };
    for line in lines.by_ref().take_while(|line| *line != "--") {
        if let Some(list) = line.strip_prefix("in:") {
            case.reads = Some(list);
        } else if let Some(list) = line.strip_prefix("out:") {
            case.writes = Some(list);
        } else if let Some(count) = line.strip_prefix("unreadable:") {
            case.unreadable = count.trim().parse().unwrap();
        } else {
            case.sql.push_str(line);
            case.sql.push('\n');
        }
    }
    case.edges = lines.map(str::trim).filter(|line| !line.is_empty()).collect();
    case
}

/// `t(a,b) u(c)` as a catalog.
fn catalog(tables: &str) -> Catalog {
    let table = |text: &str| {
        let (name, columns) = text.trim_end_matches(')').split_once('(').unwrap();
        let column = |name: &str| Column { name: name.to_owned(), ..Column::default() };
        Table {
            name: name.split('.').map(str::to_owned).collect(),
            columns: columns.split(',').map(column).collect(),
            ..Table::default()
        }
    };
    Catalog::from(tables.split_whitespace().map(table).collect::<Vec<_>>())
}

/// `source -> target`, and how.
fn written(edge: &Edge) -> (String, String) {
    let target = edge.target.as_ref().map_or("all".to_owned(), |t| format!("{}.{}", t.table, t.column));
    let subtype = serde_json::to_value(edge.subtype).unwrap();
    let masked = if edge.masking { " masked" } else { "" };
    (
        format!("{}.{} -> {target}", edge.source.table, edge.source.column),
        format!("{}{masked}", subtype.as_str().unwrap()),
    )
}

fn names(tables: &[TableRef]) -> BTreeSet<&str> {
    tables.iter().map(|table| &*table.name).collect()
}

/// What differs, a line each.
fn differences(case: &Case<'_>, found: &Lineage) -> String {
    let mut said = String::new();
    let errors: Vec<_> = found.statements.iter().filter_map(|s| s.error.as_ref()).collect();
    if errors.len() != case.unreadable {
        writeln!(said, "  unreadable: {errors:?} {:?}", found.error).unwrap();
    }
    for (what, wanted, tables) in
        [("in", case.reads, &found.tables_in), ("out", case.writes, &found.tables_out)]
    {
        // Names with blanks are compared as the words that they consist of.
        let split = |text: &str| text.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
        let is: BTreeSet<String> = names(tables).into_iter().flat_map(split).collect();
        if let Some(wanted) = wanted.map(split).filter(|wanted| *wanted != is) {
            writeln!(said, "  {what}: {is:?}, not {wanted:?}").unwrap();
        }
    }
    let edges: BTreeSet<(String, String, bool)> = found
        .columns
        .iter()
        .map(|edge| {
            let (ends, how) = written(edge);
            (ends, how, edge.edge_type() == EdgeType::Direct)
        })
        .collect();
    let is = |wanted: &str, ends: &str, how: &str, direct: bool| {
        wanted == ends && direct || wanted == format!("{ends} {how}")
    };
    for wanted in &case.edges {
        if !edges.iter().any(|(ends, how, direct)| is(wanted, ends, how, *direct)) {
            writeln!(said, "  missing: {wanted}").unwrap();
        }
    }
    for (ends, how, direct) in &edges {
        if *direct && !case.edges.iter().any(|wanted| is(wanted, ends, how, true)) {
            writeln!(said, "  not expected: {ends} {how}").unwrap();
        }
    }
    said
}

#[test]
fn edges_are_as_expected_by_hand() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lineage");
    let only = std::env::var("SQM_CASE").unwrap_or_default();
    let (mut said, mut count) = (String::new(), 0);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for case in cases(&text).into_iter().filter(|case| case.title.contains(&only)) {
            count += 1;
            let dialect = case.dialect.trim().parse().unwrap();
            let found = trace(&case.sql, dialect, &catalog(case.tables), &Options::default());
            let differences = differences(&case, &found);
            if !differences.is_empty() {
                let findings: Vec<_> = found.findings.iter().map(|finding| &finding.message).collect();
                writeln!(
                    said,
                    "{} [{dialect}]\n{}{differences}  findings: {findings:?}",
                    case.title, case.sql
                )
                .unwrap();
            }
        }
    }
    assert!(count > 0, "no case is called so");
    assert!(said.is_empty(), "{said}");
}

#[test]
fn no_edge_comes_twice() {
    let texts = [
        (
            "tsql",
            "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET t.a = s.a WHEN NOT MATCHED THEN INSERT (id, a) VALUES (s.id, s.a);",
        ),
        ("postgres", "SELECT a AS x, b AS x, a AS x FROM t"),
        ("mysql", "INSERT INTO t (a) SELECT b FROM s ON DUPLICATE KEY UPDATE a = VALUES(a)"),
        ("postgres", "INSERT INTO t (a) SELECT b FROM s; INSERT INTO t (a) SELECT b FROM s WHERE b > 1"),
    ];
    for (dialect, sql) in texts {
        let found = trace(sql, dialect.parse().unwrap(), &Catalog::default(), &Options::default());
        let lists = found.statements.iter().map(|statement| &statement.columns).chain([&found.columns]);
        for list in lists {
            let unique: BTreeSet<_> = list.iter().map(|edge| (written(edge), edge.rows_of.clone())).collect();
            assert_eq!(unique.len(), list.len(), "{sql}: {list:?}");
        }
    }
}
