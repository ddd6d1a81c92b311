//! Lineage as a picture of its own: scalable vector graphics.
//!
//! Tables stand in layers from left to right, each to the right of what it is made from; there is no
//! other attempt at beauty.

use std::fmt::Write;

use super::super::model::Lineage;
use super::drawing::{Drawing, TableBox, escaped};

/// Width of a character of the font, in pixels.
const CHARACTER: usize = 7;
/// Height of a row.
const ROW: usize = 20;
/// Space between layers, wide enough for curves.
const GAP: usize = 120;
/// Space between boxes of a layer, and around everything.
const MARGIN: usize = 20;
/// Longer names are cut; the whole stands in the title.
const MOST_CHARACTERS: usize = 40;

#[derive(Clone, Copy, Default)]
struct Place {
    x: usize,
    y: usize,
    width: usize,
}

impl Lineage {
    /// A picture, complete with its size. What decides without coming through is dashed and goes to the
    /// name of the table where it chooses its rows.
    pub fn to_svg(&self) -> String {
        let drawing = Drawing::of(self);
        let (places, width, height) = places(&drawing);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"monospace\" font-size=\"12\">\n"
        );
        for line in &drawing.lines {
            let (from, to) = (places[line.from.0], places[line.to.0]);
            let row = |place: Place, row: usize| place.y + row * ROW + ROW / 2;
            let (x1, y1) = (from.x + from.width, row(from, line.from.1 + 1));
            let (x2, y2) = (to.x, row(to, line.to.1.map_or(0, |column| column + 1)));
            let (a, b) = (x1 + GAP / 2, x2.saturating_sub(GAP / 2));
            let dashes = if line.direct { "" } else { " stroke-dasharray=\"4 3\"" };
            let _ = writeln!(
                out,
                "<path d=\"M{x1} {y1}C{a} {y1} {b} {y2} {x2} {y2}\" fill=\"none\" stroke=\"#789\"{dashes}>\
                 <title>{}</title></path>",
                line.ways.iter().map(|&way| super::drawing::word(way)).collect::<Vec<_>>().join(", ")
            );
        }
        for (table, place) in drawing.boxes.iter().zip(&places) {
            draw(&mut out, table, *place);
        }
        out.push_str("</svg>\n");
        out
    }
}

fn draw(out: &mut String, table: &TableBox, place: Place) {
    let Place { x, y, width } = place;
    let height = (table.columns.len() + 1) * ROW;
    let fill = match (table.read, table.written) {
        (_, false) => "#dde8f5",
        (true, true) => "#eee",
        (false, true) => "#dff0dd",
    };
    let _ = writeln!(
        out,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"3\" fill=\"#fff\" stroke=\"#567\"/>\n\
         <rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{ROW}\" rx=\"3\" fill=\"{fill}\" stroke=\"#567\"/>"
    );
    let names = std::iter::once((&table.name, " font-weight=\"bold\""))
        .chain(table.columns.iter().map(|column| (column, "")));
    for (row, (name, weight)) in names.enumerate() {
        let (tx, ty) = (x + CHARACTER, y + row * ROW + 14);
        let _ = write!(out, "<text x=\"{tx}\" y=\"{ty}\"{weight}>{}", escaped(&cut(name)));
        if name.chars().count() > MOST_CHARACTERS {
            let _ = write!(out, "<title>{}</title>", escaped(name));
        }
        out.push_str("</text>\n");
    }
}

fn cut(name: &str) -> String {
    if name.chars().count() <= MOST_CHARACTERS {
        return name.to_owned();
    }
    name.chars().take(MOST_CHARACTERS - 1).chain(std::iter::once('…')).collect()
}

/// Where each box stands, and the size of the whole.
fn places(drawing: &Drawing) -> (Vec<Place>, usize, usize) {
    let layers = layers(drawing);
    let count = layers.iter().max().map_or(0, |most| most + 1);
    let mut places = vec![Place::default(); drawing.boxes.len()];
    let (mut x, mut height) = (MARGIN, 0);
    for layer in 0..count {
        let members = || (0..drawing.boxes.len()).filter(|&at| layers[at] == layer);
        let letters = members().map(|at| letters(&drawing.boxes[at])).max().unwrap_or(0);
        let width = (letters + 2) * CHARACTER;
        let mut y = MARGIN;
        for at in members() {
            places[at] = Place { x, y, width };
            y += (drawing.boxes[at].columns.len() + 1) * ROW + MARGIN;
        }
        height = height.max(y);
        x += width + GAP;
    }
    (places, (x + MARGIN).saturating_sub(GAP).max(2 * MARGIN), height.max(2 * MARGIN))
}

fn letters(table: &TableBox) -> usize {
    let names = std::iter::once(&table.name).chain(&table.columns);
    names.map(|name| name.chars().count().min(MOST_CHARACTERS)).max().unwrap_or(0)
}

/// The layer of each box: one to the right of the last one that it is made from. Lines that would close
/// a circle do not count.
fn layers(drawing: &Drawing) -> Vec<usize> {
    let count = drawing.boxes.len();
    let mut made_from: Vec<Vec<usize>> = vec![Vec::new(); count];
    for line in &drawing.lines {
        made_from[line.to.0].push(line.from.0);
    }
    for list in &mut made_from {
        list.sort_unstable();
        list.dedup();
    }
    let mut layers: Vec<Option<usize>> = vec![None; count];
    let mut open = vec![false; count];
    for root in 0..count {
        // A walk with a stack of its own: chains of tables can be long.
        let mut stack = vec![(root, 0)];
        while let Some((at, next)) = stack.pop() {
            if layers[at].is_some() {
                continue;
            }
            open[at] = true;
            match made_from[at].get(next) {
                Some(&before) => {
                    stack.push((at, next + 1));
                    if layers[before].is_none() && !open[before] {
                        stack.push((before, 0));
                    }
                }
                None => {
                    let before = made_from[at].iter().filter_map(|&before| layers[before]).max();
                    layers[at] = Some(before.map_or(0, |layer| layer + 1));
                    open[at] = false;
                }
            }
        }
    }
    layers.into_iter().map(Option::unwrap_or_default).collect()
}

#[cfg(test)]
mod tests {
    use super::super::drawing::tests::example;
    use super::*;
    use crate::catalog::Catalog;
    use crate::lineage::{Options, trace};
    use sqm_domain::Dialect;

    #[test]
    fn a_picture_is_complete() {
        insta::assert_snapshot!(example().to_svg());
    }

    #[test]
    fn circles_and_long_chains_have_layers() {
        let lineage = |sql: &str| trace(sql, Dialect::Postgres, &Catalog::default(), &Options::default());
        let circle = lineage("INSERT INTO a SELECT x FROM b; INSERT INTO b SELECT x FROM a");
        let mut found = layers(&Drawing::of(&circle));
        found.sort_unstable();
        assert_eq!(found, [0, 1]);
        let chain: Vec<String> =
            (0..3000).map(|at| format!("INSERT INTO t{} SELECT x FROM t{at}", at + 1)).collect();
        let found = layers(&Drawing::of(&lineage(&chain.join(";"))));
        assert_eq!(found.iter().max(), Some(&3000));
    }
}
