//! Exact numbers: sums and products in one form, with constants folded.
//!
//! Sums and products of integers and decimals do not depend on how they are bracketed, as long as nothing
//! overflows, and an overflow is an error, not a value. Floats are left as they stand.

use std::collections::BTreeMap;

use crate::prove::term::{Literal, Term, Type};

/// Mantissa and scale of an exact literal.
pub fn exact(literal: &Literal) -> Option<(i128, u32)> {
    match *literal {
        Literal::Int(n) => Some((n, 0)),
        Literal::Decimal(mantissa, scale) => Some((mantissa, scale)),
        _ => None,
    }
}

/// The literal of this number, without trailing zeros.
pub fn literal(mut mantissa: i128, mut scale: u32, data_type: &Type) -> Term {
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    if *data_type == Type::Int && scale == 0 {
        return Term::int(mantissa);
    }
    Term::Literal(Literal::Decimal(mantissa, scale), data_type.clone())
}

/// An exact number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    mantissa: i128,
    scale: u32,
}

impl Number {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };
    /// One.
    pub const ONE: Self = Self { mantissa: 1, scale: 0 };

    /// The number of a literal.
    pub fn of(literal: &Literal) -> Option<Self> {
        exact(literal).map(|(mantissa, scale)| Self { mantissa, scale })
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Whether it is less than zero.
    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// With the sign turned.
    pub fn negated(self) -> Self {
        Self { mantissa: -self.mantissa, scale: self.scale }
    }

    /// The sum, unless it is too large.
    pub fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        Some(Self { mantissa: self.in_units(scale)?.checked_add(other.in_units(scale)?)?, scale })
    }

    /// The product, unless it is too large.
    pub fn times(self, other: Self) -> Option<Self> {
        Some(Self {
            mantissa: self.mantissa.checked_mul(other.mantissa)?,
            scale: self.scale.checked_add(other.scale).filter(|scale| *scale <= 30)?,
        })
    }

    /// How many units of `10^-scale` it is, where that is a whole number.
    pub fn in_units(self, scale: u32) -> Option<i128> {
        if scale >= self.scale {
            return self.mantissa.checked_mul(10i128.checked_pow(scale - self.scale)?);
        }
        let by = 10i128.checked_pow(self.scale - scale)?;
        (self.mantissa % by == 0).then_some(self.mantissa / by)
    }

    /// As a literal of this type.
    pub fn term(self, data_type: &Type) -> Term {
        literal(self.mantissa, self.scale, data_type)
    }
}

/// `constant + Σ coefficient · term`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// What stands alone.
    pub constant: Number,
    /// What is multiplied. A coefficient of zero keeps its term: NULL times zero is NULL.
    pub parts: BTreeMap<Term, Number>,
}

impl Sum {
    /// Reads a term as a sum; `None` where the numbers grow too large.
    pub fn of(term: &Term) -> Option<Self> {
        match term {
            Term::Literal(value, _) if Number::of(value).is_some() => {
                Some(Self { constant: Number::of(value)?, parts: BTreeMap::new() })
            }
            Term::Call(name, arguments, data_type) if data_type.is_exact() => {
                match (name.as_str(), arguments.as_slice()) {
                    ("+", parts) => {
                        let mut sum = Self { constant: Number::ZERO, parts: BTreeMap::new() };
                        for part in parts {
                            sum.add(&Self::of(part)?, Number::ONE)?;
                        }
                        Some(sum)
                    }
                    ("*", [Term::Literal(factor, _), rest @ ..])
                        if Number::of(factor).is_some() && !rest.is_empty() =>
                    {
                        let rest = if rest.len() == 1 {
                            rest[0].clone()
                        } else {
                            Term::Call("*".into(), rest.to_vec(), data_type.clone())
                        };
                        let mut sum = Self { constant: Number::ZERO, parts: BTreeMap::new() };
                        sum.add(&Self::of(&rest)?, Number::of(factor)?)?;
                        Some(sum)
                    }
                    _ => Some(Self::single(term)),
                }
            }
            other => Some(Self::single(other)),
        }
    }

    fn single(term: &Term) -> Self {
        Self { constant: Number::ZERO, parts: BTreeMap::from([(term.clone(), Number::ONE)]) }
    }

    /// Adds `factor` times the other.
    pub fn add(&mut self, other: &Self, factor: Number) -> Option<()> {
        self.constant = self.constant.plus(other.constant.times(factor)?)?;
        for (term, coefficient) in &other.parts {
            let more = coefficient.times(factor)?;
            let slot = self.parts.entry(term.clone()).or_insert(Number::ZERO);
            *slot = slot.plus(more)?;
        }
        Some(())
    }

    /// As a term.
    pub fn term(&self, data_type: &Type) -> Term {
        let mut parts: Vec<Term> = Vec::new();
        if !self.constant.is_zero() || self.parts.is_empty() {
            parts.push(self.constant.term(data_type));
        }
        for (term, coefficient) in &self.parts {
            parts.push(if *coefficient == Number::ONE {
                term.clone()
            } else {
                let factor = coefficient.term(data_type);
                let mut factors = vec![factor];
                match term {
                    Term::Call(name, inner, _) if name == "*" => factors.extend(inner.iter().cloned()),
                    other => factors.push(other.clone()),
                }
                Term::Call("*".into(), factors, data_type.clone())
            });
        }
        if parts.len() == 1 {
            return widened(parts.swap_remove(0), data_type);
        }
        Term::Call("+".into(), parts, data_type.clone())
    }
}

/// The same number as one of another type: what is done to it next (division, a cast to text) may depend
/// on the type. Written as nothing added to it.
pub fn widened(term: Term, data_type: &Type) -> Term {
    match &term {
        _ if term.type_of() == data_type => term,
        Term::Literal(value, _) if Number::of(value).is_some() => {
            Number::of(value).map_or(term.clone(), |number| number.term(data_type))
        }
        _ => {
            let term = bare(&term).clone();
            if term.type_of() == data_type {
                return term;
            }
            Term::Call("+".into(), vec![Number::ZERO.term(data_type), term], data_type.clone())
        }
    }
}

/// The number itself, whatever type it was given: all that a comparison or a sum looks at.
pub fn bare(term: &Term) -> &Term {
    match term {
        Term::Call(name, arguments, of) if name == "+" && of.is_exact() => match arguments.as_slice() {
            [Term::Literal(zero, _), inner]
                if inner.type_of().is_exact() && Number::of(zero).is_some_and(Number::is_zero) =>
            {
                bare(inner)
            }
            _ => term,
        },
        _ => term,
    }
}

/// The sum or difference of two terms.
pub fn sum(a: &Term, b: &Term, negative: bool, data_type: &Type) -> Option<Term> {
    let mut sum = Sum::of(a)?;
    let factor = if negative { Number::ONE.negated() } else { Number::ONE };
    sum.add(&Sum::of(b)?, factor)?;
    Some(sum.term(data_type))
}

/// The product of two terms: a constant is multiplied in, other factors are sorted.
pub fn product(a: &Term, b: &Term, data_type: &Type) -> Option<Term> {
    for (factor, other) in [(a, b), (b, a)] {
        if let Term::Literal(value, _) = factor
            && let Some(number) = Number::of(value)
        {
            let mut sum = Sum { constant: Number::ZERO, parts: BTreeMap::new() };
            sum.add(&Sum::of(other)?, number)?;
            return Some(sum.term(data_type));
        }
    }
    let mut constant = Number::ONE;
    let mut factors = Vec::new();
    for term in [bare(a), bare(b)] {
        match term {
            Term::Call(name, inner, data_type) if name == "*" && data_type.is_exact() => {
                for factor in inner {
                    match factor {
                        Term::Literal(value, _) => constant = constant.times(Number::of(value)?)?,
                        other => factors.push(other.clone()),
                    }
                }
            }
            other => factors.push(other.clone()),
        }
    }
    factors.sort();
    if constant != Number::ONE {
        factors.insert(0, constant.term(data_type));
    }
    Some(Term::Call("*".into(), factors, data_type.clone()))
}
