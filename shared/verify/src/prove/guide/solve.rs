//! Values for wished rows: columns that shall be equal get one value, at or beside the constants with
//! which they are compared.

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng;
use rand::rngs::StdRng;

use super::WishedRow;
use super::asked::{Asked, ask};
use super::classes::{Classes, Place, place};
use super::gather::{Wishes, compared};
use super::values::{convert, numbered, shared};
use crate::database::Schema;
use crate::generate::step;
use crate::prove::term::{Fact, Literal, Term};
use crate::value::{Kind, Value};

/// The rows with values.
pub fn solve(schema: &Schema, wishes: &Wishes, rng: &mut StdRng) -> Vec<WishedRow> {
    let facts = wishes.facts.iter().map(compared).flat_map(without_quotient).collect();
    let wishes = &Wishes { rows: wishes.rows.clone(), facts };
    let mut classes = Classes::default();
    for fact in &wishes.facts {
        if let Fact::Equal(a, b) | Fact::Same(a, b) = fact
            && let (Some(a), Some(b)) = (place(a), place(b))
        {
            classes.unite(a, b);
        }
    }
    let mut asked: BTreeMap<Place, Asked> = BTreeMap::new();
    for fact in &wishes.facts {
        ask(&mut classes, &mut asked, fact);
    }
    for fact in &wishes.facts {
        name_places(&mut classes, fact);
    }
    // NULL is the same as NULL, and equal to nothing.
    for fact in &wishes.facts {
        if let Fact::Same(a, b) = fact
            && let (Some(a), Some(_)) = (place(a), place(b))
            && rng.random_bool(0.2)
        {
            asked.entry(classes.root(a)).or_default().ask_null();
        }
    }
    let mut values: BTreeMap<Place, Value> = BTreeMap::new();
    let mut members: BTreeMap<Place, Vec<(Place, Kind)>> = BTreeMap::new();
    let mut keys = Keys::default();
    for (var, table) in &wishes.rows {
        for (at, attribute) in schema.relations[*table].attributes.iter().enumerate() {
            if let Some(root) = classes.known((*var, at)) {
                members.entry(root).or_default().push(((*var, at), attribute.kind));
                if schema.relations[*table].keys.iter().any(|key| key[..] == [at]) {
                    keys.of.entry(root).or_default().push((*table, at));
                }
            }
        }
    }
    for (root, places) in &members {
        // A column that is only compared with others gets its value from them.
        let Some(wanted) = asked.get(root).cloned().or_else(|| (places.len() > 1).then(Asked::default))
        else {
            continue;
        };
        let kind = places[0].1;
        let free = if wanted.is_anything() && rng.random_bool(0.8) { keys.free(*root, kind) } else { None };
        if let Some(value) = free.or_else(|| wanted.choose(kind, rng)) {
            keys.take(*root, &value);
            values.insert(*root, value);
        }
    }
    order(&mut classes, &asked, &members, &mut values, wishes, rng);
    let kinds = members.iter().map(|(root, places)| (*root, places[0].1)).collect();
    let bound = asked.iter().filter(|(_, asked)| asked.binds()).map(|(place, _)| *place).collect();
    super::linear::balance(&wishes.facts, &mut classes, &kinds, &bound, &mut values, rng);
    wishes
        .rows
        .iter()
        .map(|(var, table)| {
            let set = schema.relations[*table].attributes.iter().enumerate().filter_map(|(at, attribute)| {
                let chosen = values.get(&classes.known((*var, at))?)?;
                Some((at, attribute.adapted(convert(chosen, attribute.kind)?)))
            });
            (*table, set.collect())
        })
        .collect()
}

/// The keys among the columns. Two wished rows are two rows: where nothing makes their keys equal, they differ.
#[derive(Default)]
struct Keys {
    /// Of a class: the columns of tables that it holds and that are keys.
    of: BTreeMap<Place, Vec<(usize, usize)>>,
    /// The values that are there already.
    taken: BTreeMap<(usize, usize), BTreeSet<String>>,
}

impl Keys {
    /// Most values that are tried.
    const MOST: i64 = 64;

    /// A value that no other class of the same key has; `None` where the class holds no key.
    fn free(&self, root: Place, kind: Kind) -> Option<Value> {
        let columns = self.of.get(&root)?;
        let is_free = |value: &Value| {
            let text = value.to_string();
            columns.iter().all(|column| self.taken.get(column).is_none_or(|taken| !taken.contains(&text)))
        };
        (1..=Self::MOST).filter_map(|n| numbered(kind, n)).find(is_free)
    }

    fn take(&mut self, root: Place, value: &Value) {
        for column in self.of.get(&root).into_iter().flatten() {
            self.taken.entry(*column).or_default().insert(value.to_string());
        }
    }
}

/// A quotient of two columns that is compared is its dividend, divided by one.
fn without_quotient(fact: Fact) -> Vec<Fact> {
    let (a, b) = match &fact {
        Fact::Equal(a, b) | Fact::Less(a, b) | Fact::AtMost(a, b) => (a, b),
        _ => return vec![fact],
    };
    let Some((dividend, divisor, is_first)) =
        [(a, true), (b, false)].into_iter().find_map(|(term, is_first)| {
            let (dividend, divisor) = quotient(term)?;
            Some((dividend.clone(), divisor.clone(), is_first))
        })
    else {
        return vec![fact];
    };
    let one = Term::Literal(Literal::Int(1), divisor.type_of().clone());
    let (a, b) = if is_first { (dividend, b.clone()) } else { (a.clone(), dividend) };
    let compared = match fact {
        Fact::Equal(..) => Fact::Equal(a, b),
        Fact::Less(..) => Fact::Less(a, b),
        _ => Fact::AtMost(a, b),
    };
    vec![Fact::Equal(divisor, one), compared]
}

/// Dividend and divisor, where the divisor is a column.
fn quotient(term: &Term) -> Option<(&Term, &Term)> {
    match term {
        Term::Call(name, arguments, _) => match (name.as_str(), arguments.as_slice()) {
            ("/", [dividend, divisor]) if place(divisor).is_some() => Some((dividend, divisor)),
            (name, [inner]) if name.starts_with("cast ") => quotient(inner),
            _ => None,
        },
        _ => None,
    }
}

/// Makes known the columns that a comparison speaks of.
fn name_places(classes: &mut Classes, fact: &Fact) {
    fn name(classes: &mut Classes, term: &Term) {
        match (place(term), term) {
            (Some(place), _) => {
                classes.root(place);
            }
            (None, Term::Call(_, arguments, _)) => {
                arguments.iter().for_each(|argument| name(classes, argument));
            }
            _ => {}
        }
    }
    if let Fact::Equal(a, b) | Fact::Unequal(a, b) | Fact::Less(a, b) | Fact::AtMost(a, b) = fact {
        name(classes, a);
        name(classes, b);
    }
}

/// Makes columns that are compared with each other come in that order: from what constants bind outwards.
fn order(
    classes: &mut Classes,
    asked: &BTreeMap<Place, Asked>,
    members: &BTreeMap<Place, Vec<(Place, Kind)>>,
    values: &mut BTreeMap<Place, Value>,
    wishes: &Wishes,
    rng: &mut StdRng,
) {
    let kind = |place: &Place| members.get(place).and_then(|m| m.first()).map(|(_, kind)| *kind);
    let mut open: Vec<(Place, Place, i64)> = Vec::new();
    for fact in &wishes.facts {
        let (a, b, apart) = match fact {
            Fact::Less(a, b) => (a, b, 1),
            Fact::AtMost(a, b) => (a, b, 0),
            Fact::Unequal(a, b) => (a, b, 2),
            _ => continue,
        };
        if let (Some(a), Some(b)) = (place(a), place(b)) {
            // A tie tells `<` from `<=`.
            let apart = if rng.random_bool(0.15) { 0 } else { apart };
            open.push((classes.root(a), classes.root(b), apart));
        }
    }
    let mut bound: BTreeSet<Place> = asked.iter().filter(|(_, a)| a.binds()).map(|(p, _)| *p).collect();
    while !open.is_empty() {
        let next = open.iter().position(|(a, b, _)| bound.contains(a) || bound.contains(b)).unwrap_or(0);
        let (a, b, apart) = open.remove(next);
        if !bound.contains(&a) && !bound.contains(&b) {
            if values.get(&a).is_none()
                && let Some(value) = kind(&a).and_then(|kind| shared(kind, rng))
            {
                values.insert(a, value);
            }
            bound.insert(a);
        }
        let (from, to, by) = match (bound.contains(&a), bound.contains(&b)) {
            (true, false) => (a, b, apart),
            (false, true) => (b, a, -apart),
            // Both are bound: the upper one moves, unless it may not.
            _ if asked.get(&b).is_none_or(|asked| !asked.fixes()) && !holds(values, a, b) => (a, b, apart),
            _ => continue,
        };
        let value = values.get(&from).cloned().zip(kind(&to)).and_then(|(v, kind)| convert(&v, kind));
        if let Some(value) = value.and_then(|value| step(&value, by)) {
            values.insert(to, value);
        }
        bound.insert(to);
    }
}

/// Whether the first value is not above the second.
fn holds(values: &BTreeMap<Place, Value>, a: Place, b: Place) -> bool {
    matches!((values.get(&a), values.get(&b)), (Some(a), Some(b)) if a.order(b).is_le())
}
