//! What was not reached, in words.

use super::{Coverage, GroupReached, JoinReached, PredicateReached, Reached};

/// The gaps of both queries; what both have in common is said once.
pub fn of(coverage: &Coverage) -> Vec<String> {
    if coverage.watched == 0 {
        return Vec::new();
    }
    let (first, second) = (coverage.first.gaps(), coverage.second.gaps());
    let alone = |which: &str, gaps: &[String], others: &[String]| {
        let alone = gaps.iter().filter(|gap| !others.contains(gap));
        alone.map(|gap| format!("{which}: {gap}")).collect::<Vec<_>>()
    };
    let mut found: Vec<String> =
        first.iter().filter(|gap| second.contains(gap)).map(|gap| format!("both queries: {gap}")).collect();
    found.extend(alone("first query", &first, &second));
    found.extend(alone("second query", &second, &first));
    found
}

impl Reached {
    /// Whether everything was reached that can be.
    pub(super) fn has_all(&self) -> bool {
        self.predicates.iter().all(|it| it.never().is_empty())
            && self.joins.iter().all(|it| it.never().is_empty())
            && self.groups.iter().all(|it| it.never().is_empty())
    }

    fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        let mut say = |what: &str, never: Vec<&str>| {
            let sentence = format!("{what} was never {}", never.join(" or "));
            if !never.is_empty() && !gaps.contains(&sentence) {
                gaps.push(sentence);
            }
        };
        for it in &self.predicates {
            say(&it.predicate, it.never());
        }
        for it in &self.joins {
            say(&format!("the join of {} and {} on {}", it.left, it.right, it.on), it.never());
        }
        for it in &self.groups {
            say(&format!("the group of {}", it.aggregates), it.never());
        }
        gaps
    }
}

fn missing<const N: usize>(counts: [(usize, &'static str); N]) -> Vec<&'static str> {
    counts.into_iter().filter(|(count, _)| *count == 0).map(|(_, name)| name).collect()
}

impl PredicateReached {
    /// The values that it never had and may have.
    pub fn never(&self) -> Vec<&'static str> {
        missing([(self.holds, "true"), (self.fails, "false"), (self.is_null.unwrap_or(1), "NULL")])
    }
}

impl JoinReached {
    /// What it never did, on neither side.
    pub fn never(&self) -> Vec<&'static str> {
        missing([
            (self.matched, "matched"),
            (self.left_missed + self.right_missed, "missed"),
            (self.left_fanned_out + self.right_fanned_out, "fanned out"),
        ])
    }
}

impl GroupReached {
    /// What it never was.
    pub fn never(&self) -> Vec<&'static str> {
        missing([(self.empty, "empty"), (self.filled, "filled")])
    }
}
