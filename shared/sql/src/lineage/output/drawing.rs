//! What all drawings show: tables as boxes, their columns as rows, edges between rows and boxes.
//!
//! Each statement's own edges are drawn, so that the tables that a script makes on its way are seen.
//! Knows nothing of a format.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::model::{Edge, EdgeType, Lineage, Subtype};

/// Tables and edges, each once, in the order in which the text brings them.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    pub(super) boxes: Vec<TableBox>,
    pub(super) lines: Vec<Line>,
}

/// A table.
#[derive(Debug)]
pub(super) struct TableBox {
    pub(super) name: Arc<str>,
    pub(super) columns: Vec<Arc<str>>,
    pub(super) read: bool,
    pub(super) written: bool,
}

/// An edge: from a column to a column, or to the whole table whose rows it chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) from: (usize, usize),
    pub(super) to: (usize, Option<usize>),
    /// Every way in which the one influences the other.
    pub(super) ways: Vec<Subtype>,
    pub(super) direct: bool,
}

#[derive(Default)]
struct Places {
    boxes: HashMap<Arc<str>, usize>,
    columns: HashMap<(usize, Arc<str>), usize>,
    lines: HashMap<Ends, usize>,
}

type Ends = ((usize, usize), (usize, Option<usize>), bool);

impl Drawing {
    pub(super) fn of(lineage: &Lineage) -> Self {
        let mut drawing = Self::default();
        let mut places = Places::default();
        for statement in &lineage.statements {
            for table in &statement.tables_in {
                let at = drawing.table(&mut places, &table.name);
                drawing.boxes[at].read = true;
            }
            for edge in &statement.columns {
                drawing.edge(&mut places, edge);
            }
            for table in &statement.tables_out {
                let at = drawing.table(&mut places, &table.name);
                drawing.boxes[at].written = true;
            }
        }
        drawing
    }

    fn table(&mut self, places: &mut Places, name: &Arc<str>) -> usize {
        if let Some(&at) = places.boxes.get(name) {
            return at;
        }
        let at = self.boxes.len();
        self.boxes.push(TableBox {
            name: Arc::clone(name),
            columns: Vec::new(),
            read: false,
            written: &**name == "<query>",
        });
        places.boxes.insert(Arc::clone(name), at);
        at
    }

    fn column(&mut self, places: &mut Places, table: usize, name: &Arc<str>) -> usize {
        let columns = &mut self.boxes[table].columns;
        *places.columns.entry((table, Arc::clone(name))).or_insert_with(|| {
            columns.push(Arc::clone(name));
            columns.len() - 1
        })
    }

    fn edge(&mut self, places: &mut Places, edge: &Edge) {
        let source = self.table(places, &edge.source.table);
        let from = (source, self.column(places, source, &edge.source.column));
        let to = match (&edge.target, &edge.rows_of) {
            (Some(target), _) => {
                let table = self.table(places, &target.table);
                (table, Some(self.column(places, table, &target.column)))
            }
            (None, Some(table)) => (self.table(places, table), None),
            (None, None) => return,
        };
        let direct = edge.edge_type() == EdgeType::Direct;
        let at = *places.lines.entry((from, to, direct)).or_insert_with(|| {
            self.lines.push(Line { from, to, ways: Vec::new(), direct });
            self.lines.len() - 1
        });
        let ways = &mut self.lines[at].ways;
        if !ways.contains(&edge.subtype) {
            ways.push(edge.subtype);
        }
    }
}

impl Line {
    /// The ways as words; nothing for a column that is taken as it is.
    pub(super) fn label(&self) -> String {
        let ways = self.ways.iter().filter(|way| **way != Subtype::Identity);
        ways.map(|&way| word(way)).collect::<Vec<_>>().join(", ")
    }
}

/// A subtype as people call it.
pub(super) fn word(subtype: Subtype) -> &'static str {
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

/// The text with the characters that mean something in XML and HTML replaced, control characters left out.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
pub(super) mod tests {
    use sqm_domain::Dialect;

    use crate::catalog::Catalog;
    use crate::lineage::{Lineage, Options, trace};

    /// A script with a table on its way, names that must be escaped, and every style of line.
    pub(crate) fn example() -> Lineage {
        let sql = r#"CREATE TABLE step AS SELECT a."x<y" AS k, sum(b.v) AS s FROM a JOIN b ON a.id = b.id GROUP BY 1;
                     INSERT INTO "t&t" (k, s) SELECT k, s FROM step WHERE s > 1"#;
        trace(sql, Dialect::Postgres, &Catalog::default(), &Options::default())
    }
}
