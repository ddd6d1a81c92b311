//! Order: whether differences between terms and constants can hold together.
//!
//! Every constraint is `a - b <= c` or `a - b < c`. They contradict each other exactly where they form a
//! cycle whose bounds add up to less than nothing, or to nothing with one that is strict (difference
//! constraints; Bellman and Ford).

/// `to - from <= most`, or less where it is strict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// A node.
    pub from: usize,
    /// Another.
    pub to: usize,
    /// In millionths.
    pub most: i128,
    /// Whether `most` itself is excluded.
    pub strict: bool,
}

/// Whether the bounds contradict each other.
pub fn contradict(nodes: usize, bounds: &[Bound]) -> bool {
    // How far each node is at most from the others, and whether that itself is excluded.
    let mut reach = vec![(0i128, 0i64); nodes];
    for _ in 0..=nodes {
        let mut changed = false;
        for bound in bounds {
            let (units, strict) = reach[bound.from];
            let next = (units.saturating_add(bound.most), strict - i64::from(bound.strict));
            if next < reach[bound.to] {
                reach[bound.to] = next;
                changed = true;
            }
        }
        if !changed {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles_decide() {
        let check = |bounds: &[(usize, usize, i128, bool)], expected| {
            let bounds: Vec<Bound> =
                bounds.iter().map(|&(from, to, most, strict)| Bound { from, to, most, strict }).collect();
            assert_eq!(contradict(3, &bounds), expected, "{bounds:?}");
        };
        check(&[(0, 1, 5, false), (1, 0, -5, false)], false);
        check(&[(0, 1, 5, false), (1, 0, -5, true)], true);
        check(&[(0, 1, 5, false), (1, 0, -6, false)], true);
        check(&[(0, 1, 1, false), (1, 2, 1, true), (2, 0, -2, false)], true);
        check(&[(0, 1, 1, false), (1, 2, 1, true), (2, 0, -1, false)], false);
    }
}
