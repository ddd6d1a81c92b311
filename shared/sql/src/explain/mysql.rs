//! Plans of MySQL and MariaDB, what their forms have in common: how tables are accessed, and the classic
//! table of one row a table.

use super::rows::Row;
use super::tree::{Builder, Node, Operation, Plan, Relation, Role, Total, number};
use super::{Engine, ExplainError, Format};

/// A table as the classic forms tell of it.
#[derive(Debug, Default)]
pub(super) struct Access<'p> {
    /// The alias, or what it is instead of a table: `<derived2>`.
    pub(super) table: &'p str,
    /// `ALL`, `index`, `range`, `ref`, …
    pub(super) access: &'p str,
    /// The index.
    pub(super) key: Option<&'p str>,
    /// Rows that are read each time.
    pub(super) examined: Option<f64>,
    /// How many of a hundred of them are thought to be kept.
    pub(super) filtered: Option<f64>,
}

impl Access<'_> {
    /// The step that it is.
    pub(super) fn step(&self) -> Node {
        let (kind, operation) = match self.access {
            "ALL" => ("Table scan", Operation::SequentialScan),
            "index" => ("Index scan", Operation::IndexScan),
            "" => ("Rows", Operation::OtherScan),
            "range" => ("Index range scan", Operation::IndexScan),
            "index_merge" => ("Index merge", Operation::IndexScan),
            "fulltext" => ("Full-text lookup", Operation::IndexScan),
            "const" | "system" => ("Constant row", Operation::IndexScan),
            "eq_ref" | "unique_subquery" => ("Single-row index lookup", Operation::IndexScan),
            _ => ("Index lookup", Operation::IndexScan),
        };
        let is_made = self.table.starts_with('<');
        let mut node = Node::new(kind, if is_made { Operation::OtherScan } else { operation });
        if !is_made && !self.table.is_empty() {
            node.relation = Some(Relation::new(self.table, None));
        }
        node.index = self.key.map(str::to_owned);
        if let Some(examined) = self.examined {
            let kept = examined * (self.filtered.unwrap_or(100.0) / 100.0).min(1.0);
            node.estimated_rows = Some(kept);
            node.estimated_removed = Some(examined - kept);
        }
        node
    }
}

/// Adds what is joined in this order, each to what was joined before it: nested loops, the last one topmost.
pub(super) fn add_joined<T>(
    builder: &mut Builder,
    parent: Option<usize>,
    mut joined: Vec<T>,
    add: &mut impl FnMut(&mut Builder, Option<usize>, T) -> Result<(), ExplainError>,
) -> Result<(), ExplainError> {
    let mut parent = parent;
    let mut inner = Vec::new();
    while joined.len() > 1 {
        let at = builder.add(parent, Node::new("Nested loop", Operation::NestedLoop))?;
        inner.extend(joined.pop().map(|last| (at, last)));
        parent = Some(at);
    }
    if let Some(first) = joined.pop() {
        add(builder, parent, first)?;
    }
    // The second input of each loop comes after its first.
    while let Some((at, last)) = inner.pop() {
        add(builder, Some(at), last)?;
    }
    Ok(())
}

/// The classic table. Rows of one `id` are joined in their order.
pub(super) fn read_rows(rows: &[Row]) -> Result<Plan, ExplainError> {
    let mut builder = Builder::default();
    let root = builder.add(None, Node::new("Query", Operation::Other))?;
    let id = |row: &Row| row.get("id").cloned();
    for block in rows.chunk_by(|a, b| id(a) == id(b)) {
        let kind = block[0].get("select_type").map_or("", String::as_str);
        let parent = if matches!(kind, "SIMPLE" | "PRIMARY") {
            root
        } else {
            let mut node = Node::new(kind, Operation::Other);
            node.subplan = id(&block[0]).map(|id| format!("select #{id}"));
            builder.add(Some(root), node)?
        };
        let parent = match block.iter().find(|row| has(row, "Using filesort")) {
            Some(_) => builder.add(Some(parent), Node::new("Sort", Operation::Sort))?,
            None => parent,
        };
        let joined: Vec<&Row> = block.iter().collect();
        add_joined(&mut builder, Some(parent), joined, &mut |builder, parent, row| {
            builder.add(parent, table(row)).map(drop)
        })?;
    }
    builder.finish(Engine::MySql, Format::Rows, Total::default())
}

fn has(row: &Row, extra: &str) -> bool {
    row.get("extra").is_some_and(|text| text.contains(extra))
}

fn table(row: &Row) -> Node {
    let cell = |name: &str| row.get(name).map_or("", String::as_str);
    let access = Access {
        table: cell("table"),
        access: cell("type"),
        key: row.get("key").map(String::as_str),
        examined: number(cell("rows")),
        filtered: number(cell("filtered")),
    };
    let mut node = access.step();
    node.possible_indexes = cell("possible_keys")
        .split(',')
        .filter(|name| !name.is_empty())
        .map(|name| name.trim().to_owned())
        .collect();
    node.actual_rows = number(cell("r_rows"));
    if has(row, "Using where") {
        node.predicate(Role::Filter, "Using where");
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::rows::drawn;

    #[test]
    fn the_classic_table() {
        let printed = "\
+----+-------------+-------+------------+--------+---------------+---------+---------+-----------+-------+----------+-----------------------------+
| id | select_type | table | partitions | type   | possible_keys | key     | key_len | ref       | rows  | filtered | Extra                       |
+----+-------------+-------+------------+--------+---------------+---------+---------+-----------+-------+----------+-----------------------------+
|  1 | PRIMARY     | o     | NULL       | ALL    | by_customer   | NULL    | NULL    | NULL      | 50000 |    10.00 | Using where; Using filesort |
|  1 | PRIMARY     | c     | NULL       | eq_ref | PRIMARY       | PRIMARY | 4       | o.cust_id |     1 |   100.00 | NULL                        |
|  2 | SUBQUERY    | x     | NULL       | ALL    | NULL          | NULL    | NULL    | NULL      |    20 |   100.00 | NULL                        |
+----+-------------+-------+------------+--------+---------------+---------+---------+-----------+-------+----------+-----------------------------+
";
        let plan = read_rows(&drawn(printed).unwrap()).unwrap();
        let [sort, subquery] = &plan.root.children[..] else { panic!("{plan:?}") };
        assert_eq!((sort.operation, subquery.subplan.as_deref()), (Operation::Sort, Some("select #2")));
        let nested = &sort.children[0];
        assert_eq!((nested.operation, nested.children.len()), (Operation::NestedLoop, 2));
        let o = &nested.children[0];
        assert_eq!(
            (o.operation, o.estimated_rows, o.estimated_removed),
            (Operation::SequentialScan, Some(5000.0), Some(45_000.0))
        );
        assert_eq!(o.possible_indexes, ["by_customer"]);
        assert_eq!(
            (nested.children[1].operation, nested.children[1].index.as_deref()),
            (Operation::IndexScan, Some("PRIMARY"))
        );
    }

    #[test]
    fn many_tables_are_too_deep_and_no_more() {
        let row = || {
            Row::from([("id".to_owned(), "1".to_owned()), ("select_type".to_owned(), "SIMPLE".to_owned())])
        };
        assert!(read_rows(&vec![row(); 50]).is_ok());
        assert_eq!(read_rows(&vec![row(); 5_000]).unwrap_err(), ExplainError::TooDeep);
    }
}
