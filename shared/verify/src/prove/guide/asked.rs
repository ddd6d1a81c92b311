//! What is asked of a class of equal columns, and a value that answers it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rand::Rng;
use rand::rngs::StdRng;

use super::classes::{Classes, Place, place};
use super::invert::{Inverted, inverted, micros, part};
use super::stretch::{DAY, Part, Stretch};
use super::values::{shared, value};
use crate::generate::step;
use crate::prove::term::{Fact, Literal, Term};
use crate::value::{Kind, Value};

/// What is asked of a class of equal columns.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    exactly: Vec<(Literal, Option<Stretch>)>,
    not: Vec<Literal>,
    /// Bounds, and whether the bound itself is allowed.
    above: Vec<(Literal, bool)>,
    below: Vec<(Literal, bool)>,
    /// Parts of the calendar that shall have these values at once.
    parts: Vec<(Part, i64)>,
    null: bool,
}

/// Notes what a fact asks of a column.
pub fn ask(classes: &mut Classes, asked: &mut BTreeMap<Place, Asked>, fact: &Fact) {
    let mut with = |term: &Term, literal: &Literal, note: &dyn Fn(&mut Asked, Inverted)| {
        if let Some(found) = inverted(term, literal) {
            note(asked.entry(classes.root(found.place)).or_default(), found);
        }
    };
    match fact {
        Fact::Equal(a, Term::Literal(l, _))
        | Fact::Equal(Term::Literal(l, _), a)
        | Fact::Same(a, Term::Literal(l, _))
        | Fact::Same(Term::Literal(l, _), a) => with(a, l, &|asked, found| match (part(a), l) {
            (Some((part, _)), Literal::Int(n)) => {
                asked.parts.extend(i64::try_from(*n).ok().map(|n| (part, n)));
            }
            _ => asked.exactly.push((found.literal, found.stretch)),
        }),
        Fact::Unequal(a, Term::Literal(l, _)) | Fact::Unequal(Term::Literal(l, _), a) => {
            with(a, l, &|asked, found| asked.not.push(found.literal));
        }
        Fact::Less(a, Term::Literal(l, _)) => {
            with(a, l, &|asked, found| asked.below.push((found.literal, false)));
        }
        Fact::AtMost(a, Term::Literal(l, _)) => with(a, l, &|asked, found| {
            asked.below.push(behind(&found).map_or((found.literal, true), |end| (end, false)));
        }),
        Fact::Less(Term::Literal(l, _), a) => with(a, l, &|asked, found| {
            asked.above.push(behind(&found).map_or((found.literal, false), |end| (end, true)));
        }),
        Fact::AtMost(Term::Literal(l, _), a) => {
            with(a, l, &|asked, found| asked.above.push((found.literal, true)));
        }
        Fact::Null(a) => {
            if let Some(place) = place(a) {
                asked.entry(classes.root(place)).or_default().null = true;
            }
        }
        Fact::Holds(Term::Call(name, arguments, _)) if matches!(name.as_str(), "like" | "ilike") => {
            if let [text, Term::Literal(Literal::Text(pattern), _), ..] = arguments.as_slice() {
                let mixed = (name == "ilike").then(|| in_mixed_case(&pattern.replace(['%', '_'], "")));
                for matching in matching(pattern).into_iter().chain(mixed) {
                    with(text, &Literal::Text(matching), &|asked, found| {
                        asked.exactly.push((found.literal, None));
                    });
                }
            }
        }
        Fact::Holds(a) => {
            with(a, &Literal::Bool(true), &|asked, found| asked.exactly.push((found.literal, None)));
        }
        Fact::Fails(a) if place(a).is_some() => {
            with(a, &Literal::Bool(false), &|asked, found| asked.exactly.push((found.literal, None)));
        }
        _ => {}
    }
}

/// Every second letter in the other case.
fn in_mixed_case(text: &str) -> String {
    let turn = |(at, c): (usize, char)| match at % 2 {
        0 => c.to_lowercase().collect::<String>(),
        _ => c.to_uppercase().collect(),
    };
    text.chars().enumerate().map(turn).collect()
}

/// Texts that the pattern matches: with nothing in the place of each `%`, with something, and with something
/// in the place of the first or the last.
fn matching(pattern: &str) -> Vec<String> {
    let pattern = pattern.replace('_', "x");
    let count = pattern.matches('%').count();
    let fill = |filled: &dyn Fn(usize) -> bool| {
        let mut parts = pattern.split('%');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for (at, part) in parts.enumerate() {
            text.push_str(if filled(at) { "y" } else { "" });
            text.push_str(part);
        }
        text
    };
    let mut found = vec![fill(&|_| false), fill(&|_| false)];
    if count > 0 {
        found.extend([fill(&|_| true), fill(&|at| at == 0), fill(&|at| at + 1 == count)]);
    }
    found
}

/// The first moment behind those that do.
fn behind(found: &Inverted) -> Option<Literal> {
    Some(Literal::Timestamp(found.stretch?.to.checked_mul(1000)?))
}

impl Asked {
    /// Asks for NULL.
    pub fn ask_null(&mut self) {
        self.null = true;
    }

    /// Whether any value does.
    pub fn is_anything(&self) -> bool {
        !self.binds() && self.not.is_empty() && !self.null
    }

    /// Whether a constant says where the value is.
    pub fn binds(&self) -> bool {
        !(self.exactly.is_empty() && self.above.is_empty() && self.below.is_empty() && self.parts.is_empty())
    }

    /// Whether a constant says what the value is.
    pub fn fixes(&self) -> bool {
        !self.exactly.is_empty()
    }

    /// A value that is asked for, or one beside it.
    pub fn choose(&self, kind: Kind, rng: &mut StdRng) -> Option<Value> {
        if self.null && rng.random_bool(0.9) {
            return Some(Value::Null);
        }
        if let Some(stretch) = Stretch::of_parts(&self.parts) {
            return moment(stretch, kind, rng);
        }
        if !self.exactly.is_empty() {
            let (literal, stretch) = &self.exactly[rng.random_range(0..self.exactly.len())];
            if let Some(stretch) = stretch {
                return moment(*stretch, kind, rng);
            }
            let value = value(literal, kind)?;
            return if rng.random_bool(0.03) { step(&value, 1) } else { Some(value) };
        }
        let edge = |(literal, allowed): &(Literal, bool), inwards: i64, rng: &mut StdRng| {
            let bound = value(literal, kind)?;
            let first = if *allowed { Some(bound.clone()) } else { step(&bound, inwards) };
            match rng.random_range(0..20) {
                0..=13 => first,
                14..=16 => first.and_then(|v| step(&v, inwards)),
                _ => step(&bound, if *allowed { -inwards } else { 0 }),
            }
        };
        match (tightest(&self.above, true), tightest(&self.below, false)) {
            (Some(low), Some(high)) => {
                if rng.random_bool(0.5) {
                    edge(low, 1, rng)
                } else {
                    edge(high, -1, rng)
                }
            }
            (Some(low), None) => edge(low, 1, rng),
            (None, Some(high)) => edge(high, -1, rng),
            (None, None) => match self.not.first() {
                Some(literal) => {
                    let value = value(literal, kind)?;
                    if rng.random_bool(0.2) {
                        Some(value)
                    } else {
                        step(&value, if rng.random_bool(0.5) { 1 } else { -1 })
                    }
                }
                None => shared(kind, rng),
            },
        }
    }
}

/// A moment of the stretch, or its day.
fn moment(stretch: Stretch, kind: Kind, rng: &mut StdRng) -> Option<Value> {
    let unit = if kind == Kind::Date { DAY } else { 1_000_000 };
    value(&Literal::Timestamp(stretch.pick(unit, rng).checked_mul(1000)?), kind)
}

fn tightest(bounds: &[(Literal, bool)], from_below: bool) -> Option<&(Literal, bool)> {
    bounds.iter().reduce(|best, next| {
        let greater = order(&next.0, &best.0).is_some_and(Ordering::is_gt);
        if greater == from_below { next } else { best }
    })
}

fn order(a: &Literal, b: &Literal) -> Option<Ordering> {
    match (micros(a), micros(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => crate::prove::build::compare::order(a, b),
    }
}
