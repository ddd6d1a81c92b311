//! Rows as a table of aligned columns.

use super::{harmless, width};

/// The table, each line behind the indent; only so many rows, the others counted.
pub fn table(columns: &[String], rows: &[Vec<String>], indent: &str) -> String {
    const MOST_ROWS: usize = 50;
    let clean = |cell: &String| harmless(cell).replace(['\n', '\t'], " ");
    let columns: Vec<String> = columns.iter().map(clean).collect();
    let rows_shown: Vec<Vec<String>> =
        rows.iter().take(MOST_ROWS).map(|row| row.iter().map(clean).collect()).collect();
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let cells = rows_shown.iter().filter_map(|row| row.get(at)).map(|cell| width::of(cell));
            cells.max().unwrap_or(0).max(width::of(name))
        })
        .collect();
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, &wide)| format!("{cell}{}", " ".repeat(wide.saturating_sub(width::of(cell)))))
            .collect();
        format!("{indent}{}", padded.join("  ")).trim_end().to_owned() + "\n"
    };
    let mut out = line(&columns);
    let rule: Vec<String> = widths.iter().map(|&wide| "─".repeat(wide)).collect();
    out.push_str(&line(&rule));
    for row in &rows_shown {
        out.push_str(&line(row));
    }
    match rows.len() {
        0 => out.push_str(&format!("{indent}(no rows)\n")),
        all if all > MOST_ROWS => out.push_str(&format!("{indent}… and {} more\n", all - MOST_ROWS)),
        _ => {}
    }
    out
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_are_aligned() {
        let text = |cells: &[&str]| cells.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>();
        let shown = table(&text(&["id", "名"]), &[text(&["1", "x"]), text(&["100", "yy\nz"])], "  ");
        assert_eq!(shown, "  id   名\n  ───  ────\n  1    x\n  100  yy z\n");
        assert_eq!(table(&text(&["id"]), &[], ""), "id\n──\n(no rows)\n");
    }
}
