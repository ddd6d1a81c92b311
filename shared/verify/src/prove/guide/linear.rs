//! Sums of columns that shall be equal, or one above the other: all but one column keep their values, and the
//! last is what is left.

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng;
use rand::rngs::StdRng;

use super::classes::{Classes, Place, place};
use super::values::{shared, value};
use crate::prove::build::number::{Number, Sum};
use crate::prove::term::{Fact, Literal, Term, Type};
use crate::value::{Kind, Value};

/// Sets columns so that a comparison of sums holds, or just fails to.
pub fn balance(
    facts: &[Fact],
    classes: &mut Classes,
    kinds: &BTreeMap<Place, Kind>,
    bound: &BTreeSet<Place>,
    values: &mut BTreeMap<Place, Value>,
    rng: &mut StdRng,
) {
    for fact in facts {
        let (a, b, target) = match fact {
            Fact::Equal(a, b) => (a, b, 0),
            Fact::AtMost(a, b) => (a, b, 0),
            Fact::Less(a, b) => (a, b, -1),
            _ => continue,
        };
        if !(a.type_of().is_exact() && b.type_of().is_exact()) || (is_plain(a) && is_plain(b)) {
            continue;
        }
        let target = if target < 0 && rng.random_bool(0.2) { 0 } else { target };
        let _ = solve(a, b, target, classes, kinds, bound, values, rng);
    }
}

/// Whether the rest of the solver sees to it.
fn is_plain(term: &Term) -> bool {
    matches!(term, Term::Literal(..)) || place(term).is_some()
}

/// Makes `a - b` the target.
#[allow(clippy::too_many_arguments)]
fn solve(
    a: &Term,
    b: &Term,
    target: i64,
    classes: &mut Classes,
    kinds: &BTreeMap<Place, Kind>,
    bound: &BTreeSet<Place>,
    values: &mut BTreeMap<Place, Value>,
    rng: &mut StdRng,
) -> Option<()> {
    let mut sum = Sum::of(a)?;
    sum.add(&Sum::of(b)?, Number::ONE.negated())?;
    let mut rest = Number::of(&Literal::Int(target.into()))?.plus(sum.constant.negated())?;
    let minus = Number::ONE.negated();
    let mut parts: Vec<(Place, Number)> = Vec::new();
    for (term, factor) in sum.parts.iter().filter(|(_, factor)| !factor.is_zero()) {
        parts.push((classes.root(place(term)?), *factor));
    }
    let is_unit = |(_, factor): &&(Place, Number)| *factor == Number::ONE || *factor == minus;
    let free = parts.iter().filter(is_unit).find(|(at, _)| !bound.contains(at));
    let last = free.or_else(|| parts.iter().find(is_unit)).copied()?;
    for (at, factor) in parts.iter().filter(|(at, _)| *at != last.0) {
        let kind = *kinds.get(at)?;
        if values.get(at).is_none_or(Value::is_null) {
            values.insert(*at, shared(kind, rng)?);
        }
        let number = match values.get(at)? {
            Value::Int(n) => Number::of(&Literal::Int((*n).into()))?,
            Value::Decimal { mantissa, scale } => {
                Number::of(&Literal::Decimal(*mantissa, u32::from(scale.unsigned_abs())))?
            }
            _ => return None,
        };
        rest = rest.plus(number.times(*factor)?.negated())?;
    }
    let rest = if last.1 == Number::ONE { rest } else { rest.negated() };
    let Term::Literal(literal, _) = rest.term(&Type::Decimal(38, 6)) else { return None };
    values.insert(last.0, value(&literal, *kinds.get(&last.0)?)?);
    Some(())
}
