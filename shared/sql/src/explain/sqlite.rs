//! `EXPLAIN QUERY PLAN` of SQLite: the tree that its shell draws, and the rows that everyone else gets. It has
//! no figures at all.

use serde_json::Value;

use super::mysql::add_joined;
use super::rows::Row;
use super::tree::{Builder, Node, Operation, Plan, Relation, Role, Total};
use super::{Engine, ExplainError, Format};

/// Whether lines are a tree as the shell draws it.
pub(super) fn is_tree(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let branch = if first.trim() == "QUERY PLAN" { lines.next().unwrap_or_default() } else { first };
    ["|--", "`--"].iter().any(|start| branch.starts_with(start) && branch.len() > 3)
}

/// The rows of the shell's other forms: `3|0|0|SCAN t`.
pub(super) fn barred(text: &str) -> Option<Vec<Row>> {
    let rows: Option<Vec<Row>> = text
        .lines()
        .filter(|line| !line.trim().is_empty() && *line != "id|parent|notused|detail")
        .map(|line| {
            let mut cells = line.splitn(4, '|');
            let mut number = || cells.next()?.trim().parse::<u32>().ok();
            let (id, parent, _) = (number()?, number()?, number()?);
            Some(row(id.into(), parent.into(), cells.next()?))
        })
        .collect();
    rows.filter(|rows| !rows.is_empty())
}

/// Rows without names: `[[3, 0, 0, "SCAN t"]]`.
pub(super) fn unnamed(list: &[Value]) -> Option<Vec<Row>> {
    list.iter()
        .map(|item| match item.as_array()?.as_slice() {
            [id, parent, _, detail] => Some(row(id.as_u64()?, parent.as_u64()?, detail.as_str()?)),
            _ => None,
        })
        .collect()
}

fn row(id: u64, parent: u64, detail: &str) -> Row {
    [("id", id.to_string()), ("parent", parent.to_string()), ("detail", detail.trim().to_owned())]
        .map(|(name, cell)| (name.to_owned(), cell))
        .into()
}

/// A line of a plan, and the line that it is below.
struct Line {
    parent: Option<usize>,
    detail: String,
}

/// Reads the tree that the shell draws: three characters a level, `|--` or `` `-- `` before the words.
pub(super) fn read_tree(text: &str) -> Result<Plan, ExplainError> {
    let mut lines: Vec<Line> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty() && line.trim() != "QUERY PLAN")
    {
        let level =
            line.as_bytes().chunks(3).take_while(|part| matches!(**part, [b'|' | b' ', b' ', b' '])).count();
        let rest = line.get(3 * level..).unwrap_or_default();
        let detail = rest.strip_prefix("|--").or_else(|| rest.strip_prefix("`--"));
        let Some(detail) = detail else {
            return Err(ExplainError::Malformed {
                place: format!("line {}", lines.len() + 1),
                expected: "\"|--\" or \"`--\" and a step",
            });
        };
        open.truncate(level);
        let parent = open.last().copied();
        open.push(lines.len());
        lines.push(Line { parent, detail: detail.to_owned() });
    }
    of_lines(&lines, Format::Text)
}

/// Reads rows.
pub(super) fn read_rows(rows: &[Row]) -> Result<Plan, ExplainError> {
    let mut lines: Vec<Line> = Vec::new();
    let mut ids = std::collections::HashMap::new();
    for row in rows {
        let parent = row.get("parent").and_then(|parent| ids.get(parent).copied());
        if let Some(id) = row.get("id") {
            ids.insert(id.clone(), lines.len());
        }
        lines.push(Line { parent, detail: row.get("detail").cloned().unwrap_or_default() });
    }
    of_lines(&lines, Format::Rows)
}

fn of_lines(lines: &[Line], format: Format) -> Result<Plan, ExplainError> {
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); lines.len()];
    let mut top = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match line.parent {
            Some(parent) => below[parent].push(at),
            None => top.push(at),
        }
    }
    if top.is_empty() {
        return Err(ExplainError::Empty(Engine::Sqlite));
    }
    let mut builder = Builder::default();
    let root = builder.add(None, Node::new("Query", Operation::Other))?;
    // What is still to be added below which step; a list, since nobody has bounded how deep it goes.
    let mut open = vec![(root, top)];
    while let Some((parent, list)) = open.pop() {
        let is_scan = |at: &usize| matches!(lines[*at].detail.split(' ').next(), Some("SCAN" | "SEARCH"));
        let (scans, others): (Vec<usize>, Vec<usize>) = list.into_iter().partition(is_scan);
        let mut add = |builder: &mut Builder, above: Option<usize>, at: usize| {
            let added = builder.add(above, step(&lines[at].detail))?;
            if !below[at].is_empty() {
                open.push((added, std::mem::take(&mut below[at])));
            }
            Ok(())
        };
        // Tables of one level are joined in their order, each for every row of those before it.
        add_joined(&mut builder, Some(parent), scans, &mut add)?;
        for other in others {
            add(&mut builder, Some(parent), other)?;
        }
    }
    builder.finish(Engine::Sqlite, format, Total::default())
}

/// `SEARCH orders AS o USING INDEX by_at (at>? AND at<?)`, `SCAN c`, `USE TEMP B-TREE FOR ORDER BY`.
fn step(detail: &str) -> Node {
    let detail = detail.trim();
    let is_subplan =
        ["CORRELATED", "SCALAR SUBQUERY", "LIST SUBQUERY"].iter().any(|start| detail.starts_with(start));
    let operation = if detail.starts_with("USE TEMP B-TREE FOR ORDER BY") {
        Operation::Sort
    } else if detail.starts_with("USE TEMP B-TREE") {
        Operation::Aggregate
    } else if detail.starts_with("MATERIALIZE") || detail.starts_with("CO-ROUTINE") {
        Operation::Materialize
    } else if detail.starts_with("COMPOUND") || detail.starts_with("UNION") || detail.starts_with("MERGE") {
        Operation::Append
    } else {
        Operation::Other
    };
    let Some((verb @ ("SCAN" | "SEARCH"), rest)) = detail.split_once(' ') else {
        let mut node = Node::new(detail, operation);
        node.subplan = is_subplan.then(|| detail.to_owned());
        return node;
    };
    // Versions before 3.36 say TABLE.
    let rest = rest.strip_prefix("TABLE ").unwrap_or(rest);
    let (named, how) = match rest.find(" USING ").or_else(|| rest.find(" VIRTUAL ")) {
        Some(at) => (&rest[..at], rest[at..].trim()),
        None => (rest, ""),
    };
    let named = named.strip_suffix(" LEFT-JOIN").unwrap_or(named);
    let is_made = ["SUBQUERY", "CONSTANT ROW", "(", "(subquery"].iter().any(|start| named.starts_with(start))
        || named.ends_with("CONSTANT ROWS");
    let operation = match (verb, how) {
        _ if is_made => Operation::OtherScan,
        (_, how) if how.starts_with("VIRTUAL") => Operation::OtherScan,
        ("SCAN", "") => Operation::SequentialScan,
        _ => Operation::IndexScan,
    };
    let mut node = Node::new(verb, operation);
    if !is_made {
        let (table, alias) = match named.split_once(" AS ") {
            Some((table, alias)) => (table, Some(alias)),
            None => (named.split(' ').next().unwrap_or(named), None),
        };
        node.relation = Some(Relation::new(table, alias));
    }
    let (how, condition) = match how.split_once(" (") {
        Some((how, condition)) => (how, condition.strip_suffix(')').unwrap_or(condition)),
        None => (how, ""),
    };
    if let Some((words, index)) = how.rsplit_once("INDEX ") {
        node.index = Some(index.to_owned());
        if words.contains("AUTOMATIC") {
            node.kind = format!("{verb} USING AUTOMATIC INDEX");
        }
    } else if how.contains("AUTOMATIC") {
        node.kind = format!("{verb} USING AUTOMATIC INDEX");
    } else if how.contains("PRIMARY KEY") {
        node.index = Some("PRIMARY KEY".to_owned());
    }
    node.predicate(Role::Index, condition);
    node
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TREE: &str = "\
QUERY PLAN
|--SCAN o
|--SEARCH customers AS c USING INTEGER PRIMARY KEY (rowid=?)
|--CORRELATED SCALAR SUBQUERY 1
|  `--SEARCH i USING AUTOMATIC COVERING INDEX (order_id=?)
`--USE TEMP B-TREE FOR ORDER BY
";

    #[test]
    fn a_tree_is_read() {
        assert!(is_tree(TREE));
        let plan = read_tree(TREE).unwrap();
        let [join, subquery, sort] = &plan.root.children[..] else { panic!("{plan:?}") };
        let operations = (join.operation, subquery.subplan.is_some(), sort.operation);
        assert_eq!(operations, (Operation::NestedLoop, true, Operation::Sort));
        assert_eq!(join.children[0].operation, Operation::SequentialScan);
        let c = &join.children[1];
        assert_eq!(c.relation, Some(Relation { name: "customers".into(), alias: Some("c".into()) }));
        assert_eq!((c.index.as_deref(), &*c.predicates[0].text), (Some("PRIMARY KEY"), "rowid=?"));
        assert_eq!(subquery.children[0].kind, "SEARCH USING AUTOMATIC INDEX");
    }

    #[test]
    fn rows_are_the_tree() {
        let list = json!([
            [3, 0, 0, "SCAN o"],
            [5, 0, 0, "SEARCH customers AS c USING INTEGER PRIMARY KEY (rowid=?)"],
            [9, 0, 0, "CORRELATED SCALAR SUBQUERY 1"],
            [12, 9, 0, "SEARCH i USING AUTOMATIC COVERING INDEX (order_id=?)"],
            [40, 0, 0, "USE TEMP B-TREE FOR ORDER BY"],
        ]);
        let rows = read_rows(&unnamed(list.as_array().unwrap()).unwrap()).unwrap();
        assert_eq!(rows.root, read_tree(TREE).unwrap().root);
        let lines = "3|0|0|SCAN a || b\n4|3|0|SCAN TABLE t AS x USING COVERING INDEX i\n";
        let plan = read_rows(&barred(lines).unwrap()).unwrap();
        let inner = &plan.root.children[0].children[0];
        assert_eq!((inner.operation, inner.index.as_deref()), (Operation::IndexScan, Some("i")));
        assert_eq!(inner.relation, Some(Relation { name: "t".into(), alias: Some("x".into()) }));
        assert_eq!(barred("a|b"), None);
    }

    #[test]
    fn what_is_deep_or_no_tree_is_refused() {
        let deep: String = (0..10_000).map(|n| format!("{}|--A\n", "|  ".repeat(n % 300))).collect();
        assert_eq!(read_tree(&deep).unwrap_err(), ExplainError::TooDeep);
        assert!(matches!(read_tree("|--SCAN t\nrubbish"), Err(ExplainError::Malformed { .. })));
        assert!(!is_tree("|--"));
        // A row that is its own parent has no parent.
        let circle = read_rows(&[row(1, 1, "SCAN t")]).unwrap();
        assert_eq!(circle.total.nodes, 2);
    }
}
