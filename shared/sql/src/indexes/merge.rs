//! Indexes that begin alike become one: what a short one finds, a longer one finds too.

use sqm_domain::Dialect;

use super::ddl;
use super::part::Part;
use super::wanted::{MOST_INCLUDED, Wanted};
use super::{Index, MOST_SERVICES, Service, mark_alternatives};

/// Different indexes that are kept of one workload, the first ones: SQL made by machines has thousands.
const MOST_KEPT: usize = 500;

/// Indexes of one or several texts.
#[derive(Default)]
pub(super) struct Merged {
    kept: Vec<Kept>,
}

struct Kept {
    wanted: Wanted,
    /// The table's name without regard to case.
    key: String,
    services: Vec<Service>,
    points: f64,
    /// The text whose points were added last, and how many that were: each counts once.
    last: (Option<usize>, f64),
}

impl Merged {
    /// Adds what serves a text.
    pub(super) fn add(&mut self, wanted: Wanted, query: Option<usize>, weight: f64) {
        let points = wanted.worth.points() * weight.max(0.0);
        let services = wanted.serves.iter().map(|(purpose, column, span)| Service {
            query,
            purpose: *purpose,
            column: column.clone(),
            span: *span,
        });
        let services = services.collect();
        let key = wanted.table.join(".").to_lowercase();
        let mut new = Kept { wanted, key, services, points, last: (query, points) };
        let mut at = 0;
        while at < self.kept.len() {
            let other = &mut self.kept[at];
            if other.key != new.key {
                at += 1;
            } else if let Some(equal) = joined(&other.wanted, &new.wanted) {
                other.wanted.equal = equal;
                other.take(new);
                return;
            } else if let Some(equal) = joined(&new.wanted, &other.wanted) {
                new.wanted.equal = equal;
                let other = self.kept.remove(at);
                new.take(other);
            } else {
                at += 1;
            }
        }
        if self.kept.len() < MOST_KEPT {
            self.kept.push(new);
        }
    }

    /// The ones that pay most, at most so many.
    pub(super) fn best(mut self, most: usize, dialect: Dialect) -> Vec<Index> {
        // What comes first in the text stays first among equals.
        self.kept.sort_by(|one, other| other.points.total_cmp(&one.points));
        self.kept.truncate(most);
        let made = |kept: Kept| ddl::index(kept.wanted, kept.services, dialect);
        let mut indexes: Vec<Index> = self.kept.into_iter().map(made).collect();
        mark_alternatives(&mut indexes);
        indexes
    }
}

impl Kept {
    /// Serves what a shorter one serves.
    fn take(&mut self, other: Self) {
        // One text has the points of what serves it most.
        if self.last.0 == other.last.0 {
            let more = (other.last.1 - self.last.1).max(0.0);
            self.points += more + other.points - other.last.1;
            self.last.1 += more;
        } else {
            self.points += other.points;
            if other.last.0 > self.last.0 {
                self.last = other.last;
            }
        }
        for service in other.services {
            if self.services.len() < MOST_SERVICES && !self.services.contains(&service) {
                self.services.push(service);
            }
        }
        self.services.sort_by_key(|service| (service.query, service.span.start));
        self.wanted.worth = self.wanted.worth.max(other.wanted.worth);
        self.wanted.replaces = self.wanted.replaces.take().or(other.wanted.replaces);
        // What the table need not be read for by one, it is read for by the other.
        if self.wanted.include.is_empty() || other.wanted.include.is_empty() {
            self.wanted.include.clear();
            return;
        }
        let parts = || self.wanted.equal.iter().flatten().chain(&self.wanted.rest);
        let is_new = |column: &String| !parts().any(|part| part.is(column));
        let include = self.wanted.include.iter().chain(&other.wanted.include);
        let mut include: Vec<String> = include.filter(|column| is_new(column)).cloned().collect();
        include.sort();
        include.dedup();
        self.wanted.include = if include.len() > MOST_INCLUDED { Vec::new() } else { include };
    }
}

/// The sets of a longer index in such an order that it begins with a shorter one, where there is one.
fn joined(long: &Wanted, short: &Wanted) -> Option<Vec<Vec<Part>>> {
    let heads = long.equal.len();
    let mut sets: Vec<Vec<Part>> = long.equal.clone();
    sets.extend(long.rest.iter().map(|part| vec![part.clone()]));
    let mut at = 0;
    let mut split = 0;
    for wanted in short.equal.iter().cloned().chain(short.rest.iter().map(|part| vec![part.clone()])) {
        let mut wanted = wanted;
        while !wanted.is_empty() {
            let set = sets.get(at)?;
            if set.iter().all(|part| wanted.contains(part)) {
                wanted.retain(|part| !set.contains(part));
            } else if wanted.iter().all(|part| set.contains(part)) {
                let rest = set.iter().filter(|part| !wanted.contains(part)).cloned().collect();
                sets[at] = std::mem::take(&mut wanted);
                sets.insert(at + 1, rest);
                split += 1;
            } else {
                return None;
            }
            at += 1;
        }
    }
    sets.truncate(heads + split);
    Some(sets)
}
