//! Lineage as a drawing for Graphviz.

use std::fmt::Write;

use super::super::model::Lineage;
use super::drawing::{Drawing, escaped};

impl Lineage {
    /// A graph in the DOT language: one box for each table, one row for each column. What decides without
    /// coming through is dashed and goes to the whole box where it chooses its rows.
    pub fn to_dot(&self) -> String {
        let drawing = Drawing::of(self);
        let mut out = String::from("digraph lineage {\n  rankdir=LR;\n  node [shape=plain];\n");
        for (at, table) in drawing.boxes.iter().enumerate() {
            let _ = write!(out, "  t{at} [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\">");
            let _ = write!(out, "<tr><td port=\"t\"><b>{}</b></td></tr>", escaped(&table.name));
            for (row, column) in table.columns.iter().enumerate() {
                let _ = write!(out, "<tr><td port=\"c{row}\" align=\"left\">{}</td></tr>", escaped(column));
            }
            out.push_str("</table>>];\n");
        }
        for line in &drawing.lines {
            let (table, column) = line.from;
            let _ = write!(out, "  t{table}:c{column} -> ");
            let _ = match line.to {
                (table, Some(column)) => write!(out, "t{table}:c{column}"),
                (table, None) => write!(out, "t{table}:t"),
            };
            let style = if line.direct { "solid" } else { "dashed" };
            let _ = writeln!(out, " [style={style}, label=\"{}\"];", line.label());
        }
        out.push_str("}\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::drawing::tests::example;

    #[test]
    fn tables_are_boxes_and_columns_ports() {
        insta::assert_snapshot!(example().to_dot());
    }
}
