//! Lineage as a drawing in Mermaid, which Markdown pages show.

use std::fmt::Write;

use super::super::model::Lineage;
use super::drawing::Drawing;

impl Lineage {
    /// A flowchart: one frame for each table, one node for each column. What decides without coming
    /// through is dotted and goes to the whole frame where it chooses its rows.
    pub fn to_mermaid(&self) -> String {
        let drawing = Drawing::of(self);
        let mut out = String::from("flowchart LR\n");
        for (at, table) in drawing.boxes.iter().enumerate() {
            let name = escaped(&table.name);
            if table.columns.is_empty() {
                let _ = writeln!(out, "  t{at}[\"{name}\"]");
                continue;
            }
            let _ = writeln!(out, "  subgraph t{at}[\"{name}\"]");
            for (row, column) in table.columns.iter().enumerate() {
                let _ = writeln!(out, "    t{at}c{row}[\"{}\"]", escaped(column));
            }
            out.push_str("  end\n");
        }
        for line in &drawing.lines {
            let (table, column) = line.from;
            let _ = write!(out, "  t{table}c{column} ");
            let arrow = if line.direct { "-->" } else { "-.->" };
            let label = line.label();
            let _ = if label.is_empty() { write!(out, "{arrow} ") } else { write!(out, "{arrow}|{label}| ") };
            let _ = match line.to {
                (table, Some(column)) => writeln!(out, "t{table}c{column}"),
                (table, None) => writeln!(out, "t{table}"),
            };
        }
        out
    }
}

/// What Mermaid takes between quotes: its own entities, no Markdown, no lines.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("#quot;"),
            '#' | '&' | '<' | '>' | '`' | '\\' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::drawing::tests::example;

    #[test]
    fn tables_are_frames_and_columns_nodes() {
        insta::assert_snapshot!(example().to_mermaid());
    }
}
