//! Lineage as a tree of two levels: what is read and written, then each output column with where it comes
//! from and how, each of them once.

use std::fmt::Write;

use sqm_sql::lineage::{ColumnRef, Edge, Lineage, StatementLineage, Subtype, TableRef};

use crate::print::{Style, harmless};

/// The trees of a script: one for each statement, and where there are several one from end to end.
///
/// ```text
/// INSERT  line 6
/// ├─ reads   orders
/// ├─ writes  daily
/// ├─ daily.revenue
/// │  └─ orders.total  aggregation
/// └─ every column
///    └─ orders.status  filter, group by
/// ```
pub fn trees(lineage: &Lineage, style: Style) -> String {
    let mut out = String::new();
    for statement in &lineage.statements {
        let StatementLineage { kind, span, tables_in, tables_out, columns, error } = statement;
        let line = style.dim(format!("line {}", span.start.line));
        let _ = writeln!(out, "{}  {line}", style.bold(kind));
        let branches = match error {
            Some(error) => vec![Branch::new(style.red(format!("not read: {}", harmless(&error.message))))],
            None => branches(tables_in, tables_out, columns, style),
        };
        draw(&mut out, &branches, style);
    }
    if lineage.statements.len() > 1 {
        let _ = writeln!(out, "{}", style.bold("From end to end"));
        draw(&mut out, &branches(&lineage.tables_in, &lineage.tables_out, &lineage.columns, style), style);
    }
    out
}

struct Branch {
    label: String,
    leaves: Vec<String>,
}

impl Branch {
    fn new(label: String) -> Self {
        Self { label, leaves: Vec::new() }
    }
}

fn branches(reads: &[TableRef], writes: &[TableRef], edges: &[Edge], style: Style) -> Vec<Branch> {
    let mut branches = Vec::new();
    for (word, tables) in [("reads   ", reads), ("writes  ", writes)] {
        if !tables.is_empty() {
            let names: Vec<&str> = tables.iter().map(|table| &*table.name).collect();
            branches.push(Branch::new(format!("{}{}", style.dim(word), harmless(&names.join(", ")))));
        }
    }
    for (target, sources) in by_target(edges) {
        let label = target.map_or_else(|| "every column".to_owned(), full_name);
        let leaf = |(source, kinds): (&ColumnRef, Vec<String>)| {
            format!("{}  {}", full_name(source), style.dim(kinds.join(", ")))
        };
        branches.push(Branch { label, leaves: sources.into_iter().map(leaf).collect() });
    }
    branches
}

/// What a target comes from, each source once with every way in which it does.
type Sources<'a> = Vec<(&'a ColumnRef, Vec<String>)>;

/// The edges by target, in the order in which targets and sources first occur; those of every column last.
fn by_target(edges: &[Edge]) -> Vec<(Option<&ColumnRef>, Sources<'_>)> {
    let mut found: Vec<(Option<&ColumnRef>, Sources<'_>)> = Vec::new();
    let mut at_target = std::collections::HashMap::new();
    let mut at_source = std::collections::HashMap::new();
    for edge in edges {
        let target = *at_target.entry(&edge.target).or_insert_with(|| {
            found.push((edge.target.as_ref(), Vec::new()));
            found.len() - 1
        });
        let sources = &mut found[target].1;
        let source = *at_source.entry((target, &edge.source)).or_insert_with(|| {
            sources.push((&edge.source, Vec::new()));
            sources.len() - 1
        });
        let kinds = &mut sources[source].1;
        let kind = format!("{}{}", name(edge.subtype), if edge.masking { " (masked)" } else { "" });
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    found.sort_by_key(|(target, _)| target.is_none());
    found
}

fn full_name(column: &ColumnRef) -> String {
    harmless(&format!("{}.{}", column.table, column.column)).into_owned()
}

fn draw(out: &mut String, branches: &[Branch], style: Style) {
    for (at, branch) in branches.iter().enumerate() {
        let (turn, bar) = if at + 1 == branches.len() { ("└─", "  ") } else { ("├─", "│ ") };
        let _ = writeln!(out, "{} {}", style.dim(turn), branch.label);
        for (at, leaf) in branch.leaves.iter().enumerate() {
            let turn = if at + 1 == branch.leaves.len() { "└─" } else { "├─" };
            let _ = writeln!(out, "{} {leaf}", style.dim(format!("{bar} {turn}")));
        }
    }
}

fn name(subtype: Subtype) -> &'static str {
    match subtype {
        Subtype::Identity => "identity",
        Subtype::Transformation => "transformation",
        Subtype::Aggregation => "aggregation",
        Subtype::Join => "join",
        Subtype::GroupBy => "group by",
        Subtype::Filter => "filter",
        Subtype::Sort => "sort",
        Subtype::Window => "window",
        Subtype::Conditional => "conditional",
    }
}

#[cfg(test)]
mod tests {
    use sqm_domain::Dialect;
    use sqm_sql::catalog::Catalog;
    use sqm_sql::lineage::{Options, trace};

    use super::trees;
    use crate::print::Style;

    #[test]
    fn each_target_and_each_source_stands_once() {
        let sql = "MERGE INTO d USING s ON d.k = s.k \
            WHEN MATCHED THEN UPDATE SET x = s.x + s.x, y = s.y \
            WHEN NOT MATCHED THEN INSERT (k, x) VALUES (s.k, s.x)";
        let lineage = trace(sql, Dialect::Postgres, &Catalog::default(), &Options::default());
        insta::assert_snapshot!(trees(&lineage, Style::PLAIN), @r"
        MERGE  line 1
        ├─ reads   s
        ├─ writes  d
        ├─ d.x
        │  └─ s.x  identity, transformation
        ├─ d.y
        │  └─ s.y  identity
        ├─ d.k
        │  └─ s.k  identity
        └─ every column
           ├─ d.k  join
           └─ s.k  join
        ");
    }
}
