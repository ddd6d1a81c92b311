//! What nodes give.

use super::super::PlanError;
use super::super::expression::{named, plain};
use super::super::node::Node;

/// Which outputs of a query are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shape<'a> {
    /// What they are called.
    pub(super) names: Option<&'a [String]>,
    /// How many: those behind serve the plan alone, as a key that is no output.
    pub(super) width: Option<usize>,
    /// The only one.
    pub(super) only: Option<usize>,
}

/// The outputs of a node; of one that says none, those of the first below it.
pub(super) fn outputs_of<'p>(node: &Node<'p>) -> Result<Vec<&'p str>, PlanError> {
    let own = node.texts("Output");
    if !own.is_empty() || node.get("Output").is_some() {
        return Ok(own);
    }
    match node.inputs()?.first() {
        Some(below) => outputs_of(below),
        None => Ok(Vec::new()),
    }
}

/// Whether an output is where a row lies, which no query asks for.
pub(super) fn is_of_the_system(output: &str) -> bool {
    let is_place = |column: &str| matches!(column, "ctid" | "tableoid" | "wholerow");
    // Where there is but one relation, columns come without its alias.
    is_place(output) || plain(output).is_some_and(|named| is_place(&named.column))
}

/// The columns that scans of a subquery name, and which of its outputs each is: as in the text, where all of its
/// relations that have these columns agree; else by name, and the last one by what is left. A name that fits none
/// is left, for the caller to say so: the order in which a scan gives columns says nothing.
pub(super) fn columns_of(
    inner: &[&str],
    scans: &[Vec<&str>],
    more: &[&str],
    relations: &[Vec<String>],
) -> (Vec<String>, Vec<String>) {
    let mut used: Vec<String> = Vec::new();
    for text in scans.iter().flatten().chain(more) {
        for named in named(text) {
            if !used.contains(&named.column) {
                used.push(named.column);
            }
        }
    }
    let numbered = |at: usize| format!("(column {})", at + 1);
    let has_all =
        |names: &&Vec<String>| names.len() <= inner.len() && used.iter().all(|name| names.contains(name));
    let mut fitting = relations.iter().filter(has_all);
    if let Some(first) = fitting.next()
        && fitting.all(|other| other == first)
    {
        let names = (0..inner.len()).map(|at| first.get(at).cloned().unwrap_or_else(|| numbered(at)));
        return (names.collect(), Vec::new());
    }
    let own: Vec<Option<String>> =
        inner.iter().map(|output| plain(output).map(|named| named.column)).collect();
    let mut names: Vec<Option<String>> = vec![None; inner.len()];
    used.retain(|name| {
        let mut places = own.iter().enumerate().filter(|(_, own)| own.as_ref() == Some(name));
        match (places.next(), places.next()) {
            (Some((at, _)), None) => {
                names[at] = Some(name.clone());
                false
            }
            _ => true,
        }
    });
    let free: Vec<usize> = (0..names.len()).filter(|&at| names[at].is_none()).collect();
    if let ([name], [at]) = (&used[..], &free[..]) {
        names[*at] = Some(name.clone());
        used.clear();
    }
    let names = names.into_iter().enumerate();
    (names.map(|(at, name)| name.unwrap_or_else(|| numbered(at))).collect(), used)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(inner: &[&str], scans: &[&[&str]], names: &[&str], left: &[&str]) {
        let scans: Vec<Vec<&str>> = scans.iter().map(|scan| scan.to_vec()).collect();
        let found = columns_of(inner, &scans, &[], &[]);
        assert_eq!(
            (found.0, found.1),
            (names.iter().map(ToString::to_string).collect(), left.iter().map(ToString::to_string).collect())
        );
    }

    #[test]
    fn columns_of_a_subquery_are_told_by_place_or_name() {
        check(&["o.x", "sum(o.y)"], &[&["s.total", "s.x"]], &["x", "total"], &[]);
        check(
            &["o.x", "o.y", "sum(o.z)"],
            &[&["s.y"], &["(s.y + 1)"]],
            &["(column 1)", "y", "(column 3)"],
            &[],
        );
        check(&["o.x", "sum(o.z)"], &[&["(s.t + s.x)"]], &["x", "t"], &[]);
        check(&["max(o.x)", "sum(o.z)"], &[&["s.t"]], &["(column 1)", "(column 2)"], &["t"]);
    }
}
