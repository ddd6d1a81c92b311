//! The terms by which a script is found: what it makes of what, and the words in it.

use std::collections::{BTreeMap, BTreeSet};

use sqm_domain::Dialect;
use sqm_sql::lineage::{ColumnRef, Lineage};
use sqm_sql::terms;
use sqm_store::{Terms, Weight, words};

/// The words of a text with what each tells of it.
pub(crate) fn words_of(sql: &str, dialect: Dialect) -> BTreeMap<String, u8> {
    let terms = terms::of(sql, dialect);
    let mut all = BTreeMap::new();
    let comments = terms.comments.iter().map(|comment| (comment, Weight::Comment));
    // What is told by more comes later, and stays.
    for (text, weight) in comments.chain(terms.identifiers.iter().map(|name| (name, Weight::Identifier))) {
        all.extend(words(text).map(|word| (word, weight as u8)));
    }
    all
}

/// What is told of the columns of a script. Names that are not known are left out: a wrong way is worse than none.
pub(crate) fn terms_of(lineage: &Lineage) -> Terms {
    let mut columns = Terms::default();
    for edge in &lineage.columns {
        let Some(source) = named(&edge.source) else { continue };
        columns.reads.insert(source.clone());
        let target = match (&edge.target, &edge.rows_of) {
            (Some(target), _) => named(target),
            (None, Some(table)) if is_named(table) => Some(format!("{table}.*")),
            (None, _) => None,
        };
        if let Some(target) = target {
            if edge.target.is_some() {
                columns.writes.insert(target.clone());
            }
            columns.flows.entry(source).or_default().insert(target);
        }
    }
    columns.tables = tables(lineage);
    columns
}

/// The name of a column, if it has one that means something elsewhere.
fn named(column: &ColumnRef) -> Option<String> {
    let known = is_named(&column.table) && !column.column.starts_with('<');
    known.then(|| format!("{}.{}", column.table, column.column))
}

fn is_named(table: &str) -> bool {
    table != "?" && !table.starts_with('<')
}

/// From table to table, through what the script makes for itself alone. `None` where there is one statement, which
/// makes all that it writes of all that it reads.
fn tables(lineage: &Lineage) -> Option<BTreeMap<String, BTreeSet<String>>> {
    if lineage.statements.len() < 2 {
        return None;
    }
    let touched = &lineage.touched;
    let lasting: BTreeSet<&str> =
        touched.reads.iter().chain(&touched.writes).map(|table| &*table.name).collect();
    let mut steps: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for statement in &lineage.statements {
        for source in &statement.tables_in {
            let targets = statement.tables_out.iter().map(|table| &*table.name);
            steps.entry(&source.name).or_default().extend(targets);
        }
    }
    let mut flows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for start in lasting.iter().filter(|name| is_named(name)) {
        let mut seen = BTreeSet::from([*start]);
        let mut waiting = vec![*start];
        while let Some(name) = waiting.pop() {
            for next in steps.get(name).into_iter().flatten() {
                if !seen.insert(next) {
                    continue;
                }
                match lasting.contains(next) {
                    true if is_named(next) => {
                        flows.entry((*start).to_owned()).or_default().insert((*next).to_owned());
                    }
                    true => {}
                    false => waiting.push(next),
                }
            }
        }
    }
    Some(flows)
}

#[cfg(test)]
mod tests {
    use sqm_sql::catalog::Catalog;
    use sqm_sql::lineage::{Options, trace};

    use super::*;

    fn of(sql: &str) -> Terms {
        terms_of(&trace(sql, Dialect::Postgres, &Catalog::default(), &Options::default()))
    }

    fn arrows(flows: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
        flows.iter().flat_map(|(from, all)| all.iter().map(move |to| format!("{from} {to}"))).collect()
    }

    #[test]
    fn columns_flow_and_filters_decide() {
        let told = of("INSERT INTO w (a, b) SELECT t.x, u.y + 1 FROM t JOIN u ON u.k = t.k WHERE t.z > 0");
        assert_eq!(told.reads.iter().collect::<Vec<_>>(), ["t.k", "t.x", "t.z", "u.k", "u.y"]);
        assert_eq!(told.writes.iter().collect::<Vec<_>>(), ["w.a", "w.b"]);
        assert_eq!(arrows(&told.flows), ["t.k w.*", "t.x w.a", "t.z w.*", "u.k w.*", "u.y w.b"]);
        assert_eq!(told.tables, None);
        let select = of("SELECT t.x AS y FROM t WHERE t.z = 1");
        assert_eq!((select.reads.len(), select.writes.len(), select.flows.len()), (2, 0, 0));
    }

    #[test]
    fn tables_flow_statement_by_statement() {
        let told = of("INSERT INTO a SELECT x FROM t; INSERT INTO b SELECT y FROM u");
        assert_eq!(arrows(&told.tables.unwrap()), ["t a", "u b"]);
        let told = of("CREATE TEMP TABLE n AS SELECT x FROM t; INSERT INTO w SELECT x FROM n; DROP TABLE n");
        assert_eq!(arrows(&told.tables.unwrap()), ["t w"]);
        let told = of("CREATE TABLE n AS SELECT x FROM t; INSERT INTO w SELECT x FROM n");
        assert_eq!(arrows(&told.tables.unwrap()), ["n w", "t n"]);
    }
}
