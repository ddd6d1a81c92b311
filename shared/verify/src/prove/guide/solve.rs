//! Values for wished rows: columns that shall be equal get one value, at or beside the constants with
//! which they are compared.

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng;
use rand::rngs::StdRng;

use super::WishedRow;
use super::gather::Wishes;
use crate::database::Schema;
use crate::generate::step;
use crate::prove::build::number::{Number, Sum};
use crate::prove::term::{Fact, Literal, Term, Var};
use crate::value::{Kind, Value, days, power_of_ten};

/// A column of a wished row.
pub type Place = (Var, usize);

/// What is asked of a class of equal columns.
#[derive(Debug, Clone, Default)]
struct Asked {
    exactly: Vec<Literal>,
    not: Vec<Literal>,
    /// Bounds, and whether the bound itself is allowed.
    above: Vec<(Literal, bool)>,
    below: Vec<(Literal, bool)>,
    null: bool,
}

impl Asked {
    /// Whether a constant says where the value is.
    fn binds(&self) -> bool {
        !(self.exactly.is_empty() && self.above.is_empty() && self.below.is_empty())
    }
}

/// The rows with values.
pub fn solve(schema: &Schema, wishes: &Wishes, rng: &mut StdRng) -> Vec<WishedRow> {
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
    let mut values: BTreeMap<Place, Value> = BTreeMap::new();
    let mut members: BTreeMap<Place, Vec<(Place, Kind)>> = BTreeMap::new();
    for (var, table) in &wishes.rows {
        for (at, attribute) in schema.relations[*table].attributes.iter().enumerate() {
            if let Some(root) = classes.known((*var, at)) {
                members.entry(root).or_default().push(((*var, at), attribute.kind));
            }
        }
    }
    for (root, places) in &members {
        // A column that is only compared with others gets its value from them.
        let Some(wanted) = asked.get(root).cloned().or_else(|| (places.len() > 1).then(Asked::default))
        else {
            continue;
        };
        if let Some(value) = choose(&wanted, places[0].1, rng) {
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
                Some((at, convert(chosen, attribute.kind)?))
            });
            (*table, set.collect())
        })
        .collect()
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

/// The column that a term is, casts aside.
pub fn place(term: &Term) -> Option<Place> {
    match term {
        Term::Column(var, at, _) => Some((*var, *at)),
        Term::Call(name, arguments, _) if name.starts_with("cast ") => place(arguments.first()?),
        _ => None,
    }
}

fn ask(classes: &mut Classes, asked: &mut BTreeMap<Place, Asked>, fact: &Fact) {
    let mut with = |term: &Term, literal: &Literal, note: &dyn Fn(&mut Asked, Literal)| {
        if let Some((var, at, literal)) = inverted(term, literal) {
            note(asked.entry(classes.root((var, at))).or_default(), literal);
        }
    };
    match fact {
        Fact::Equal(a, Term::Literal(l, _))
        | Fact::Equal(Term::Literal(l, _), a)
        | Fact::Same(a, Term::Literal(l, _))
        | Fact::Same(Term::Literal(l, _), a) => with(a, l, &|asked, l| asked.exactly.push(l)),
        Fact::Unequal(a, Term::Literal(l, _)) | Fact::Unequal(Term::Literal(l, _), a) => {
            with(a, l, &|asked, l| asked.not.push(l));
        }
        Fact::Less(a, Term::Literal(l, _)) => with(a, l, &|asked, l| asked.below.push((l, false))),
        Fact::AtMost(a, Term::Literal(l, _)) => with(a, l, &|asked, l| asked.below.push((l, true))),
        Fact::Less(Term::Literal(l, _), a) => with(a, l, &|asked, l| asked.above.push((l, false))),
        Fact::AtMost(Term::Literal(l, _), a) => with(a, l, &|asked, l| asked.above.push((l, true))),
        Fact::Null(a) => {
            if let Some(place) = place(a) {
                asked.entry(classes.root(place)).or_default().null = true;
            }
        }
        Fact::Holds(Term::Call(name, arguments, _)) if matches!(name.as_str(), "like" | "ilike") => {
            if let [text, Term::Literal(Literal::Text(pattern), _), ..] = arguments.as_slice() {
                with(text, &Literal::Text(pattern.replace('%', "").replace('_', "x")), &|asked, l| {
                    asked.exactly.push(l)
                });
            }
        }
        Fact::Holds(a) => with(a, &Literal::Bool(true), &|asked, l| asked.exactly.push(l)),
        Fact::Fails(a) if place(a).is_some() => {
            with(a, &Literal::Bool(false), &|asked, l| asked.exactly.push(l))
        }
        _ => {}
    }
}

/// The column that has to be what for the term to be this literal.
pub fn inverted(term: &Term, literal: &Literal) -> Option<(Var, usize, Literal)> {
    match term {
        Term::Column(var, at, _) => Some((*var, *at, literal.clone())),
        Term::Call(name, arguments, _) => match (name.as_str(), arguments.as_slice()) {
            ("+" | "*", _) if term.type_of().is_exact() => {
                let sum = Sum::of(term)?;
                let mut parts = sum.parts.iter();
                let (Some((part, factor)), None) = (parts.next(), parts.next()) else { return None };
                // A product of columns is a part of its own.
                if part == term {
                    return None;
                }
                let rest = Number::of(literal)?.plus(sum.constant.negated())?;
                if *factor == Number::ONE {
                    return match rest.term(part.type_of()) {
                        Term::Literal(value, _) => inverted(part, &value),
                        _ => None,
                    };
                }
                let (a, b) = (rest.in_units(6)?, factor.in_units(6)?);
                let quotient = Literal::Decimal((a.checked_mul(100)?).checked_div(b)?, 2);
                inverted(part, &quotient)
            }
            ("date_part", [Term::Literal(Literal::Text(unit), _), date]) => {
                let Literal::Int(n) = literal else { return None };
                let n = i64::try_from(*n).ok()?;
                let day = match unit.to_ascii_lowercase().as_str() {
                    "year" => days(n, 2, 1),
                    "month" => days(2024, n, 1),
                    "day" => days(2024, 2, n),
                    _ => return None,
                };
                inverted(date, &Literal::Date(day))
            }
            ("date_trunc", [_, moment]) => inverted(moment, literal),
            ("upper" | "lower" | "btrim" | "trim" | "rtrim" | "ltrim" | "abs", [inner]) => {
                inverted(inner, literal)
            }
            ("substr" | "left" | "substring", [inner, ..]) => inverted(inner, literal),
            ("/", [inner, Term::Literal(by, _)]) => {
                let value = Number::of(literal)?.times(Number::of(by)?)?;
                match value.term(inner.type_of()) {
                    Term::Literal(value, _) => inverted(inner, &value),
                    _ => None,
                }
            }
            (name, [inner]) if name.starts_with("cast ") => inverted(inner, literal),
            _ => None,
        },
        _ => None,
    }
}

/// A literal as a value of this kind.
pub fn value(literal: &Literal, kind: Kind) -> Option<Value> {
    let number = |scale: u32| {
        Number::of(literal).and_then(|n| n.in_units(6)).map(|n| n / 10i128.pow(6 - scale.min(6)))
    };
    Some(match (kind, literal) {
        (_, Literal::Null) => Value::Null,
        (Kind::Bool, Literal::Bool(b)) => Value::Bool(*b),
        (Kind::Bool, Literal::Int(n)) => Value::Bool(*n != 0),
        (Kind::Int { .. }, Literal::Int(_) | Literal::Decimal(..)) => {
            Value::Int(i64::try_from(number(0)?).ok()?)
        }
        (Kind::Int { .. }, Literal::Text(text)) => Value::Int(text.trim().parse().ok()?),
        (Kind::Decimal { scale, .. }, Literal::Int(_) | Literal::Decimal(..)) => {
            let places = u32::from(scale.unsigned_abs());
            let more = 10i128.checked_pow(places.saturating_sub(6))?;
            Value::Decimal { mantissa: number(places)?.checked_mul(more)?, scale }
        }
        #[allow(clippy::cast_precision_loss)]
        (Kind::Float, Literal::Int(_) | Literal::Decimal(..)) => Value::Float(number(6)? as f64 / 1e6),
        (Kind::Float, Literal::Float(bits)) => Value::Float(f64::from_bits(*bits)),
        (Kind::Text { .. }, Literal::Text(text)) => Value::Text(text.clone()),
        (Kind::Text { .. }, Literal::Int(n)) => Value::Text(n.to_string()),
        (Kind::Text { .. }, Literal::Date(day)) => Value::Text(crate::value::date(*day)),
        (Kind::Date, Literal::Date(day)) => Value::Date(*day),
        (Kind::Date, Literal::Text(text)) => Value::Date(crate::value::parse_date(text)?),
        (Kind::Date, Literal::Timestamp(n)) => {
            Value::Date(i32::try_from(n.div_euclid(86_400_000_000_000)).ok()?)
        }
        (Kind::Timestamp, Literal::Timestamp(n)) => Value::Timestamp(n / 1000),
        (Kind::Timestamp, Literal::Date(day)) => Value::Timestamp(i64::from(*day) * 86_400_000_000),
        (Kind::Timestamp, Literal::Text(text)) => {
            Value::Timestamp(i64::from(crate::value::parse_date(text)?) * 86_400_000_000)
        }
        _ => return None,
    })
}

/// The same value in another column.
fn convert(value: &Value, kind: Kind) -> Option<Value> {
    let literal = match value {
        Value::Int(n) => Literal::Int(i128::from(*n)),
        Value::Decimal { mantissa, scale } => Literal::Decimal(*mantissa, u32::from(scale.unsigned_abs())),
        Value::Date(day) => Literal::Date(*day),
        Value::Text(text) => Literal::Text(text.clone()),
        Value::Timestamp(micros) => Literal::Timestamp(micros.checked_mul(1000)?),
        other => return Some(other.clone()),
    };
    self::value(&literal, kind)
}

/// A value that is asked for, or one beside it.
fn choose(asked: &Asked, kind: Kind, rng: &mut StdRng) -> Option<Value> {
    if asked.null && rng.random_bool(0.9) {
        return Some(Value::Null);
    }
    if !asked.exactly.is_empty() {
        let literal = &asked.exactly[rng.random_range(0..asked.exactly.len())];
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
    match (tightest(&asked.above, true), tightest(&asked.below, false)) {
        (Some(low), Some(high)) => {
            if rng.random_bool(0.5) {
                edge(low, 1, rng)
            } else {
                edge(high, -1, rng)
            }
        }
        (Some(low), None) => edge(low, 1, rng),
        (None, Some(high)) => edge(high, -1, rng),
        (None, None) => match asked.not.first() {
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

fn tightest(bounds: &[(Literal, bool)], from_below: bool) -> Option<&(Literal, bool)> {
    use crate::prove::build::compare::order;
    bounds.iter().reduce(|best, next| {
        let greater = order(&next.0, &best.0).is_some_and(|o| o.is_gt());
        if greater == from_below { next } else { best }
    })
}

/// One of few values that joined columns share.
pub fn shared(kind: Kind, rng: &mut StdRng) -> Option<Value> {
    let n = rng.random_range(1..=4);
    Some(match kind {
        Kind::Int { .. } => Value::Int(n),
        Kind::Decimal { scale, .. } => {
            Value::Decimal { mantissa: i128::from(n).checked_mul(power_of_ten(scale.unsigned_abs()))?, scale }
        }
        Kind::Text { .. } => Value::Text(["a", "b", "c", "ab"][usize::try_from(n - 1).ok()?].into()),
        Kind::Date => Value::Date(days(2000, 1, 1) + i32::try_from(n).ok()?),
        Kind::Timestamp => Value::Timestamp((i64::from(days(2000, 1, 1)) + n) * 86_400_000_000),
        _ => return None,
    })
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
            _ if asked.get(&b).is_none_or(|asked| asked.exactly.is_empty()) && !holds(values, a, b) => {
                (a, b, apart)
            }
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

/// Columns that shall be equal.
#[derive(Debug, Default)]
pub struct Classes {
    parent: BTreeMap<Place, Place>,
}

impl Classes {
    /// What stands for all that are equal to it.
    pub fn root(&mut self, place: Place) -> Place {
        let mut at = *self.parent.entry(place).or_insert(place);
        while self.parent[&at] != at {
            at = self.parent[&at];
        }
        at
    }

    fn known(&self, place: Place) -> Option<Place> {
        let mut at = *self.parent.get(&place)?;
        while self.parent[&at] != at {
            at = self.parent[&at];
        }
        Some(at)
    }

    fn unite(&mut self, a: Place, b: Place) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent.insert(a, b);
    }
}
