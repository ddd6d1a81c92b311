//! Plans that come as rows of a table: drawn with bars, or as JSON. What makes a tree of rows that name
//! their parents.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::ExplainError;
use super::tree::{Builder, Node};

/// A row: its cells by the names of the columns in lower case. NULL has no cell.
pub(super) type Row = BTreeMap<String, String>;

/// Most columns of a table: those of MySQL have twelve, those of Snowflake ten.
const MOST_COLUMNS: usize = 100;

/// The rows of a table as programs for the command line draw it, `+----+` above and `|` between; `None` where
/// it is no such table.
pub(super) fn drawn(text: &str) -> Option<Vec<Row>> {
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let border: Vec<char> = lines.next()?.chars().collect();
    if border.first() != Some(&'+') || !border.iter().all(|c| matches!(c, '+' | '-')) {
        return None;
    }
    let bars: Vec<usize> = border.iter().enumerate().filter(|(_, c)| **c == '+').map(|(at, _)| at).collect();
    if bars.len() > MOST_COLUMNS {
        return None;
    }
    // A cell may hold a bar of its own, so that only the border says where columns end.
    let cells = |line: &str| -> Vec<String> {
        let line: Vec<char> = line.chars().collect();
        let cell = |ends: &[usize]| -> String {
            line.iter().take(ends[1]).skip(ends[0] + 1).collect::<String>().trim().to_owned()
        };
        bars.windows(2).map(cell).collect()
    };
    let columns: Vec<String> = cells(lines.next()?).iter().map(|name| name.to_lowercase()).collect();
    let rows = lines.filter(|line| line.starts_with('|') && !line.starts_with("|-")).map(|line| {
        let cells = columns.iter().cloned().zip(cells(line));
        cells.filter(|(_, cell)| !cell.is_empty() && cell != "NULL").collect()
    });
    Some(rows.collect())
}

/// The rows of a list of objects; `None` where one of them is something else.
pub(super) fn listed(list: &[Value]) -> Option<Vec<Row>> {
    list.iter()
        .map(|item| {
            let cells = item.as_object()?.iter().filter_map(|(key, value)| {
                let cell = match value {
                    Value::Null => return None,
                    Value::String(text) => text.clone(),
                    Value::Array(list) => {
                        let texts =
                            list.iter().map(|item| item.as_str().map_or(item.to_string(), str::to_owned));
                        texts.collect::<Vec<_>>().join(", ")
                    }
                    other => other.to_string(),
                };
                Some((key.to_lowercase(), cell))
            });
            Some(cells.collect())
        })
        .collect()
}

/// A step that names the step it belongs to.
pub(super) struct Step {
    /// Its own name.
    pub(super) id: String,
    /// The name of the step above it; what is not there is the root.
    pub(super) parent: Option<String>,
    /// What it does.
    pub(super) node: Node,
}

/// Adds steps to a plan below a node. A parent has to come before its children, as all databases print it: one
/// that does not is taken for none, so that no circle can arise.
pub(super) fn add_steps(
    builder: &mut Builder,
    root: Option<usize>,
    steps: Vec<Step>,
) -> Result<(), ExplainError> {
    let mut places: HashMap<String, usize> = HashMap::new();
    for Step { id, parent, node } in steps {
        let above = parent.and_then(|parent| places.get(&parent).copied()).or(root);
        let at = builder.add(above, node)?;
        places.insert(id, at);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_table_has_its_cells() {
        let rows = drawn(
            "+----+-------+-----------+\n| id | table | Extra     |\n+----+-------+-----------+\n\
             |  1 | o     | a || b    |\n|  2 | NULL  |           |\n+----+-------+-----------+\n",
        )
        .unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((&*rows[0]["table"], &*rows[0]["extra"]), ("o", "a || b"));
        assert_eq!(rows[1].len(), 1);
        assert_eq!(drawn("no table"), None);
    }
}
