//! Lineage as a tree for terminals.

use std::fmt::Write;

use super::super::model::{Edge, Lineage, StatementLineage, TableRef};
use super::drawing::word;

impl Lineage {
    /// A tree: for a script of several statements one for each, and one from end to end.
    ///
    /// ```text
    /// INSERT  line 1
    /// ├─ reads   orders
    /// ├─ writes  t
    /// ├─ t.total
    /// │  └─ orders.amount  aggregation
    /// └─ every column of t
    ///    └─ orders.status  filter
    /// ```
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for statement in &self.statements {
            let StatementLineage { kind, span, tables_in, tables_out, columns, error } = statement;
            let _ = writeln!(out, "{kind}  line {}", span.start.line);
            match error {
                Some(error) => tree(&mut out, &[leaf(format!("not read: {}", error.message))]),
                None => tree(&mut out, &branches(tables_in, tables_out, columns)),
            }
        }
        if self.statements.len() > 1 {
            out.push_str("From end to end\n");
            tree(&mut out, &branches(&self.tables_in, &self.tables_out, &self.columns));
        }
        for finding in &self.findings {
            let _ = writeln!(out, "{}:{}  {}", finding.line, finding.column, finding.message);
        }
        out
    }
}

struct Branch {
    label: String,
    leaves: Vec<String>,
}

fn leaf(label: String) -> Branch {
    Branch { label, leaves: Vec::new() }
}

fn branches(tables_in: &[TableRef], tables_out: &[TableRef], columns: &[Edge]) -> Vec<Branch> {
    let list = |tables: &[TableRef]| tables.iter().map(|table| &*table.name).collect::<Vec<_>>().join(", ");
    let mut branches = Vec::new();
    if !tables_in.is_empty() {
        branches.push(leaf(format!("reads   {}", list(tables_in))));
    }
    if !tables_out.is_empty() {
        branches.push(leaf(format!("writes  {}", list(tables_out))));
    }
    let mut last = None;
    for edge in columns {
        let target = (&edge.target, &edge.rows_of);
        if last != Some(target) {
            let label = match target {
                (Some(target), _) => format!("{}.{}", target.table, target.column),
                (None, Some(table)) if &**table != "<query>" => format!("every column of {table}"),
                (None, _) => "every column".to_owned(),
            };
            branches.push(leaf(label));
            last = Some(target);
        }
        if let Some(branch) = branches.last_mut() {
            let masked = if edge.masking { ", masked" } else { "" };
            let subtype = word(edge.subtype);
            branch.leaves.push(format!("{}.{}  {subtype}{masked}", edge.source.table, edge.source.column));
        }
    }
    branches
}

fn tree(out: &mut String, branches: &[Branch]) {
    for (at, branch) in branches.iter().enumerate() {
        let (turn, bar) = if at + 1 == branches.len() { ("└─", "  ") } else { ("├─", "│ ") };
        let _ = writeln!(out, "{turn} {}", branch.label);
        for (at, leaf) in branch.leaves.iter().enumerate() {
            let turn = if at + 1 == branch.leaves.len() { "└─" } else { "├─" };
            let _ = writeln!(out, "{bar} {turn} {leaf}");
        }
    }
}

#[cfg(test)]
mod tests {
    use sqm_domain::Dialect;

    use crate::catalog::Catalog;
    use crate::lineage::{Options, trace};

    #[test]
    fn a_tree_shows_tables_columns_and_doubts() {
        let sql = "INSERT INTO t SELECT a.x + b.y AS s, z FROM a JOIN b ON a.k = b.k";
        let lineage = trace(sql, Dialect::Postgres, &Catalog::default(), &Options::default());
        insta::assert_snapshot!(lineage.to_text(), @r"
        INSERT  line 1
        ├─ reads   a, b
        ├─ writes  t
        ├─ t.s
        │  ├─ a.x  transformation
        │  └─ b.y  transformation
        ├─ t.z
        │  └─ ?.z  identity
        └─ every column of t
           ├─ a.k  join
           └─ b.k  join
        1:38  z could be a column of a, b
        ");
    }
}
