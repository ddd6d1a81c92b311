//! From what is asked of a table to the columns of indexes that would answer: one for its own conditions, and
//! one for each relation that it is joined with.

use sqm_domain::Dialect;

use super::Purpose;
use super::part::{Part, access_paths};
use super::rank::{Worth, looked_up};
use super::uses::{Relation, Use};
use crate::catalog::Table;
use crate::text::Span;

/// Parts of an index behind which a further one hardly narrows anything. MySQL takes at most 16, PostgreSQL 32.
const MOST_PARTS: usize = 4;

/// Columns that an index may store beside its own.
pub(super) const MOST_INCLUDED: usize = 2;

/// A table of which more is read is read anyway.
pub(super) const MOST_READ: usize = MOST_PARTS + MOST_INCLUDED;

/// Ways to be joined of one table that are looked at: SQL made by machines has thousands.
const MOST_PARTNERS: usize = 16;

/// Parts in an order that would serve.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// The table's name in parts.
    pub(super) table: Vec<String>,
    /// Compared with `=`: sets of parts, those of a set in any order.
    pub(super) equal: Vec<Vec<Part>>,
    /// What follows, in this order.
    pub(super) rest: Vec<Part>,
    /// Columns stored beside them.
    pub(super) include: Vec<String>,
    pub(super) worth: Worth,
    pub(super) serves: Vec<(Purpose, String, Span)>,
    /// An index that is not needed any more beside it.
    pub(super) replaces: Option<Vec<String>>,
}

/// What would serve the relations of a statement, in the order of the text.
pub(super) fn of(relations: &[Relation<'_>], dialect: Dialect) -> Vec<Wanted> {
    let looked_up = looked_up(relations);
    let mut found = Vec::new();
    for relation in relations {
        let way = Ways::new(relation, dialect);
        if way.finds_one_row() {
            continue;
        }
        // Few rows are found by the join already, and half of a table by a range with one end.
        let is_found = relation.uses.iter().any(|used| looked_up.is_from(used.partner, relation.id));
        let own = way.own().filter(|wanted| !is_found || wanted.worth > Worth::OpenRange);
        found.extend(own.into_iter().chain(way.joined(&looked_up)));
    }
    found
}

/// The ways to find rows of one relation.
struct Ways<'r> {
    relation: &'r Relation<'r>,
    dialect: Dialect,
    /// Compared with constants, columns that have few values last; each once.
    equal: Vec<&'r Use>,
    paths: Vec<Vec<&'r str>>,
}

impl<'r> Ways<'r> {
    fn new(relation: &'r Relation<'r>, dialect: Dialect) -> Self {
        let mut equal: Vec<&Use> = Vec::new();
        for used in relation.uses.iter().filter(|used| used.purpose == Purpose::Equality) {
            if equal.len() <= MOST_PARTS && !equal.iter().any(|other| other.part == used.part) {
                equal.push(used);
            }
        }
        equal.sort_by_key(|used| (used.part.has_few_values, used.is_open));
        let makes = matches!(dialect, Dialect::MySql | Dialect::MariaDb);
        let paths = relation.table.map(|table| access_paths(table, makes)).unwrap_or_default();
        Self { relation, dialect, equal, paths }
    }

    /// Whether a key among what is compared with constants finds one row at most.
    fn finds_one_row(&self) -> bool {
        self.is_unique(&self.equal)
    }

    fn is_unique(&self, uses: &[&Use]) -> bool {
        let Some(table) = self.relation.table else { return false };
        let name = |at: u32| table.columns.get(at as usize).map_or("", |column| column.name.as_str());
        table.keys().any(|key| key.iter().all(|&at| uses.iter().any(|used| used.part.is(name(at)))))
    }

    /// For its own conditions, its order and its groups.
    fn own(&self) -> Option<Wanted> {
        let finds_few = self.equal.iter().any(|used| !used.part.has_few_values);
        let range = self.range();
        let order = self.order();
        let (worth, rest) = match (finds_few, range, order) {
            // Rows in the order that is asked for are read until there are enough.
            (true, _, Some(order)) => (Worth::Equality, order),
            (true, Some(range), None) => (Worth::Equality, vec![range]),
            (true, None, None) => (Worth::Equality, self.groups(true).unwrap_or_default()),
            (false, None, Some(order)) => (Worth::Order, order),
            (false, Some(range), Some(order)) if range.part == order[0].part => (Worth::Order, order),
            (false, Some(range), _) => (Worth::of_range(range), vec![range]),
            (false, None, None) => (Worth::Grouping, self.groups(false)?),
        };
        let wanted = self.wanted(worth, &self.equal, &rest)?;
        let is_sorted = worth == Worth::Order || rest.iter().any(|used| used.purpose == Purpose::Order);
        let is_found = finds_few && !is_sorted && self.leads(&self.equal);
        (!is_found && !self.has(&wanted)).then_some(wanted)
    }

    /// For each relation that it is joined with, and for the query around it.
    fn joined(&self, looked_up: &super::rank::LookedUp) -> Vec<Wanted> {
        let mut partners = Vec::new();
        let joins = |used: &&Use| {
            matches!(used.purpose, Purpose::Join | Purpose::Correlation) && !used.part.is_expression
        };
        for used in self.relation.uses.iter().filter(joins) {
            let partner = (used.purpose, used.partner);
            if partners.len() < MOST_PARTNERS && !partners.contains(&partner) {
                partners.push(partner);
            }
        }
        let of = |(purpose, partner)| {
            let mut keys: Vec<&Use> = Vec::new();
            for used in self.relation.uses.iter().filter(joins) {
                let is_of = used.purpose == purpose && used.partner == partner;
                if is_of && keys.len() < MOST_PARTS && !keys.iter().any(|key| key.part == used.part) {
                    keys.push(used);
                }
            }
            let is_repeated = keys.iter().any(|used| used.is_repeated);
            let worth = match purpose {
                Purpose::Correlation if is_repeated => Worth::Repeated,
                Purpose::Correlation => Worth::Correlation,
                _ if looked_up.is_from(partner, self.relation.id) => Worth::Join,
                // They join by nested loops, or did until lately.
                _ if matches!(self.dialect, Dialect::Sqlite | Dialect::MySql | Dialect::MariaDb) => {
                    Worth::PlainJoin
                }
                _ if keys.iter().any(|used| self.is_foreign_key(&used.part)) => Worth::PlainJoin,
                _ => return None,
            };
            // A key's own columns are where such a join leads to.
            if self.is_unique(&keys) || self.leads(&keys) {
                return None;
            }
            let rest: Vec<&Use> = match keys.as_slice() {
                [_] => self.range().filter(|range| !range.is_open).into_iter().collect(),
                _ => Vec::new(),
            };
            // One of several values behind a key would be looked for as often as there are values.
            let equal = self.equal.iter().filter(|used| !used.is_open);
            let equal: Vec<&Use> = keys.iter().chain(equal).copied().collect();
            self.wanted(worth, &equal, &rest).filter(|wanted| !self.has(wanted))
        };
        partners.into_iter().filter_map(of).collect()
    }

    fn is_foreign_key(&self, part: &Part) -> bool {
        let Some(table) = self.relation.table else { return false };
        let refers =
            |table: &Table, at: u32| table.columns.get(at as usize).is_some_and(|c| part.is(&c.name));
        table.foreign_keys.iter().any(|key| key.columns.first().is_some_and(|&at| refers(table, at)))
    }

    /// The range that narrows most: one with two ends, or how a text begins, before one with one end.
    fn range(&self) -> Option<&'r Use> {
        let ranges = || {
            let is_range = |used: &&Use| matches!(used.purpose, Purpose::Range | Purpose::Prefix);
            let is_new = |used: &&Use| !self.equal.iter().any(|other| other.part == used.part);
            // The past is most of a table.
            let is_useful = |used: &&Use| !(used.is_open && used.is_upper) || self.relation.is_changed;
            self.relation.uses.iter().filter(is_range).filter(is_new).filter(is_useful)
        };
        ranges().min_by_key(|used| (used.is_open, !used.part.is_time))
    }

    /// The order, where rows of one value each come before it.
    fn order(&self) -> Option<Vec<&'r Use>> {
        let order = &self.relation.order;
        let is_sorted = !order.is_empty() && !self.equal.iter().any(|used| used.is_open);
        (is_sorted && order.len() <= MOST_PARTS).then(|| order.iter().collect())
    }

    /// The columns of the grouping: behind what is compared, or where the index holds all that is read.
    fn groups(&self, is_behind: bool) -> Option<Vec<&'r Use>> {
        let groups = &self.relation.groups;
        let is_small = !groups.is_empty() && groups.len() < MOST_PARTS;
        let is_sorted = !self.equal.iter().any(|used| used.is_open);
        let is_worth =
            || is_behind || self.holds_all(&groups.iter().map(|used| &used.part).collect::<Vec<_>>());
        (is_small && is_sorted && is_worth()).then(|| groups.iter().collect())
    }

    /// Whether an index on these parts, and what it stores beside them, holds all that is read.
    fn holds_all(&self, parts: &[&Part]) -> bool {
        let Some(read) = &self.relation.read else { return false };
        let rest: Vec<Part> = parts.iter().map(|&part| part.clone()).collect();
        let include = self.included(&[], &rest);
        read.iter().all(|column| parts.iter().any(|part| part.is(column)) || include.contains(column))
    }

    fn includes(&self) -> bool {
        matches!(self.dialect, Dialect::Postgres | Dialect::TSql | Dialect::Db2)
    }

    fn wanted(&self, worth: Worth, equal: &[&Use], rest: &[&Use]) -> Option<Wanted> {
        let mut serves: Vec<(Purpose, String, Span)> = Vec::new();
        let mut parts: Vec<Part> = Vec::new();
        let mut heads = 0;
        for (at, used) in equal.iter().chain(rest).enumerate() {
            let is_new = !parts.contains(&used.part);
            if is_new && parts.len() < MOST_PARTS {
                parts.push(used.part.clone());
                heads += usize::from(at < equal.len());
            } else if is_new {
                break;
            }
            serves.push((used.purpose, used.part.text.clone(), used.span));
        }
        // The other end of a range.
        if let Some(last) =
            rest.last().filter(|used| used.purpose == Purpose::Range && parts.contains(&used.part))
        {
            let ends = self.relation.uses.iter().filter(|used| {
                used.purpose == Purpose::Range && used.part == last.part && used.span != last.span
            });
            serves.extend(ends.take(1).map(|used| (used.purpose, used.part.text.clone(), used.span)));
        }
        if parts.is_empty() {
            return None;
        }
        let rest = parts.split_off(heads);
        // One look at the table more for each row pays where rows are looked up again and again.
        let is_often = matches!(worth, Worth::Repeated | Worth::Correlation | Worth::Join | Worth::Grouping);
        let include = if is_often { self.included(&parts, &rest) } else { Vec::new() };
        let replaces = self.replaced(&parts, &rest);
        let equal = if parts.is_empty() { Vec::new() } else { vec![parts] };
        let table = self.relation.name.clone();
        Some(Wanted { table, equal, rest, include, worth, serves, replaces })
    }

    /// What else is read of the table, where that is little.
    fn included(&self, equal: &[Part], rest: &[Part]) -> Vec<String> {
        let (Some(read), Some(table), true) = (&self.relation.read, self.relation.table, self.includes())
        else {
            return Vec::new();
        };
        if equal.iter().chain(rest).any(|part| part.is_expression) {
            return Vec::new();
        }
        let is_kept = |column: &&String| !equal.iter().chain(rest).any(|part| part.is(column));
        let others: Vec<&String> = read.iter().filter(is_kept).collect();
        let is_small = |column: &&String| {
            let declared = table.column(column).and_then(|at| table.columns[at].data_type.as_deref());
            declared.is_some_and(is_small)
        };
        let is_little =
            others.len() <= MOST_INCLUDED && read.len() <= MOST_READ && others.iter().all(is_small);
        let mut include: Vec<String> =
            if is_little { others.into_iter().cloned().collect() } else { Vec::new() };
        include.sort();
        include
    }

    /// Whether a way leads by one of these parts already, and by no others.
    fn leads(&self, uses: &[&Use]) -> bool {
        let is_one = |text: &&'r str| uses.iter().any(|used| used.part.is(text) && !used.part.has_few_values);
        self.paths.iter().any(|path| {
            let length = path.len().min(uses.len());
            path.first().is_some_and(is_one)
                && path[..length].iter().all(|text| uses.iter().any(|used| used.part.is(text)))
        })
    }

    /// Whether a way begins with all of it.
    fn has(&self, wanted: &Wanted) -> bool {
        let equal: Vec<&Part> = wanted.equal.iter().flatten().collect();
        let length = equal.len() + wanted.rest.len();
        self.paths.iter().filter(|path| path.len() >= length).any(|path| {
            let (head, tail) = path.split_at(equal.len());
            equal.iter().all(|part| head.iter().any(|text| part.is(text)) && !part.is_pattern)
                && wanted.rest.iter().zip(tail).all(|(part, text)| part.is(text) && !part.is_pattern)
        })
    }

    /// An index of the catalog that one of these parts takes the place of.
    fn replaced(&self, equal: &[Part], rest: &[Part]) -> Option<Vec<String>> {
        let table = self.relation.table?;
        let keys = table.keys().count();
        let indexes = self.paths.iter().skip(keys).take(table.indexes.len());
        let is_replaced = |path: &&Vec<&str>| {
            let (head, tail) = path.split_at(path.len().min(equal.len()));
            head.iter().all(|text| equal.iter().any(|part| part.is(text)))
                && tail.len() <= rest.len()
                && rest.iter().zip(tail).all(|(part, text)| part.is(text))
        };
        let found = indexes.filter(|path| path.len() > 1 || !equal.is_empty()).find(is_replaced)?;
        Some(found.iter().map(|&text| text.to_owned()).collect())
    }
}

/// Whether a type's values are small enough to be stored twice.
fn is_small(data_type: &str) -> bool {
    let name = data_type.to_uppercase();
    let length = name.split_once('(').and_then(|(_, rest)| rest.trim_end_matches(')').parse::<u32>().ok());
    let is = |names: &[&str]| names.iter().any(|start| name.starts_with(start));
    is(&[
        "INT", "BIGINT", "SMALLINT", "NUM", "DEC", "DATE", "TIME", "BOOL", "REAL", "DOUBLE", "FLOAT", "UUID",
    ]) || is(&["CHAR", "VARCHAR"]) && length.is_some_and(|length| length <= 40)
}
