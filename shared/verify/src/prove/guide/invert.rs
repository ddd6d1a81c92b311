//! What a column has to be for a term to be a literal.

use super::classes::Place;
use super::stretch::{DAY, Part, Stretch};
use crate::prove::build::number::{Number, Sum};
use crate::prove::term::{Literal, Term};

/// A column and the literal that it has to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Inverted {
    /// The column.
    pub place: Place,
    /// The literal; where several do, the first of them.
    pub literal: Literal,
    /// The moments that do, where several do.
    pub stretch: Option<Stretch>,
}

/// The column that has to be what for the term to be this literal.
pub fn inverted(term: &Term, literal: &Literal) -> Option<Inverted> {
    let Term::Call(name, arguments, _) = term else {
        let Term::Column(var, at, _) = term else { return None };
        return Some(Inverted { place: (*var, *at), literal: literal.clone(), stretch: None });
    };
    match (name.as_str(), arguments.as_slice()) {
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
        ("date_part", [Term::Literal(Literal::Text(part), _), moment]) => {
            let Literal::Int(n) = literal else { return None };
            let parts = [(Part::named(part)?, i64::try_from(*n).ok()?)];
            within(moment, Stretch::of_parts(&parts)?)
        }
        ("date_trunc", [Term::Literal(Literal::Text(part), _), moment]) => {
            within(moment, Stretch::around(micros(literal)?, Part::named(part)?)?)
        }
        ("to_char", [moment, _]) => {
            let Literal::Text(text) = literal else { return None };
            within(moment, Stretch::of_text(text)?)
        }
        ("cast Date32", [moment]) => match micros(literal) {
            Some(at) => within(moment, Stretch { from: at, to: at.checked_add(DAY)? }),
            None => inverted(moment, literal),
        },
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
    }
}

/// The part of the calendar that a term is, and of what.
pub fn part(term: &Term) -> Option<(Part, &Term)> {
    let Term::Call(name, arguments, _) = term else { return None };
    match (name.as_str(), arguments.as_slice()) {
        ("date_part", [Term::Literal(Literal::Text(part), _), moment]) => Some((Part::named(part)?, moment)),
        (name, [inner]) if name.starts_with("cast ") => part(inner),
        _ => None,
    }
}

fn within(moment: &Term, stretch: Stretch) -> Option<Inverted> {
    let mut found = inverted(moment, &Literal::Timestamp(stretch.from.checked_mul(1000)?))?;
    let to = found.stretch.map_or(stretch.to, |inner| inner.to.max(stretch.to));
    found.stretch = Some(Stretch { from: found.stretch.map_or(stretch.from, |inner| inner.from), to });
    Some(found)
}

/// A day or a moment as microseconds since 1970.
pub fn micros(literal: &Literal) -> Option<i64> {
    match literal {
        Literal::Timestamp(nanos) => Some(nanos / 1000),
        Literal::Date(day) => Some(i64::from(*day) * DAY),
        _ => None,
    }
}
