//! Comparisons and NULL: what is known of literals is decided, a CASE is entered.

use std::cmp::Ordering;

use super::case::{MOST_ARMS, arms, branches};
use super::formula::{all, any, not, truth};
use super::is_strict;
use super::number::{Sum, bare};
use crate::prove::term::{Fact, Formula, Literal, Term, Type};

/// How two terms are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // The names are their own documentation.
pub enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
}

/// Where the comparison is true.
pub fn compare(how: Comparison, a: &Term, b: &Term) -> Formula {
    if a.is_null() || b.is_null() {
        return Formula::False;
    }
    if let Some((arms, otherwise)) = arms(a) {
        return enter(arms, otherwise, |value| compare(how, value, b));
    }
    if let Some((arms, otherwise)) = arms(b) {
        return enter(arms, otherwise, |value| compare(how, a, value));
    }
    if *a.type_of() == Type::Bool && *b.type_of() == Type::Bool {
        return compare_booleans(how, a, b);
    }
    let (a, b) = (bare(a), bare(b));
    let (a, b) = (&meet(a, b), &meet(b, a));
    if let (Term::Literal(x, _), Term::Literal(y, _)) = (a, b)
        && let Some(order) = order(x, y)
    {
        return constant(match how {
            Comparison::Equal => order.is_eq(),
            Comparison::Unequal => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::AtMost => order.is_le(),
        });
    }
    if a == b {
        return match how {
            Comparison::Equal | Comparison::AtMost => not(&null(a)),
            Comparison::Unequal | Comparison::Less => Formula::False,
        };
    }
    if !a.type_of().compares_with(b.type_of()) {
        return unlike(how, a, b);
    }
    let (x, y) = (a.clone(), b.clone());
    match how {
        Comparison::Equal => Fact::Equal(x.clone().min(y.clone()), x.max(y)),
        Comparison::Unequal => Fact::Unequal(x.clone().min(y.clone()), x.max(y)),
        Comparison::Less => Fact::Less(x, y),
        Comparison::AtMost => Fact::AtMost(x, y),
    }
    .into()
}

/// Values of types that an engine converts first: nothing is known but that it is a comparison.
fn unlike(how: Comparison, a: &Term, b: &Term) -> Formula {
    let call =
        |name: &str, a: &Term, b: &Term| Term::Call(name.into(), vec![a.clone(), b.clone()], Type::Bool);
    let (x, y) = if a <= b { (a, b) } else { (b, a) };
    match how {
        Comparison::Equal => Fact::Holds(call("=", x, y)),
        Comparison::Unequal => Fact::Fails(call("=", x, y)),
        Comparison::Less => Fact::Holds(call("<", a, b)),
        Comparison::AtMost => Fact::Fails(call("<", b, a)),
    }
    .into()
}

fn compare_booleans(how: Comparison, a: &Term, b: &Term) -> Formula {
    if let (Term::Column(..), Term::Column(..)) = (a, b)
        && matches!(how, Comparison::Equal)
    {
        return if a == b {
            not(&null(a))
        } else {
            Fact::Equal(a.clone().min(b.clone()), a.clone().max(b.clone())).into()
        };
    }
    let ((yes, no), (other_yes, other_no)) = (truth(a), truth(b));
    match how {
        Comparison::Equal => any([all([yes, other_yes]), all([no, other_no])]),
        Comparison::Unequal => any([all([yes, other_no]), all([no, other_yes])]),
        Comparison::Less => all([no, other_yes]),
        Comparison::AtMost => {
            any([all([no.clone(), other_yes.clone()]), all([no, other_no]), all([yes, other_yes])])
        }
    }
}

/// Where both are the same, NULL included.
pub fn same(a: &Term, b: &Term) -> Formula {
    let (a, b) = (bare(a), bare(b));
    if a == b || is_one_number(a, b) {
        return Formula::True;
    }
    if a.is_null() {
        return null(b);
    }
    if b.is_null() {
        return null(a);
    }
    if let Some((arms, otherwise)) = arms(a) {
        return enter(arms, otherwise, |value| same(value, b));
    }
    if let Some((arms, otherwise)) = arms(b) {
        return enter(arms, otherwise, |value| same(a, value));
    }
    let is_column = |term: &Term| matches!(term, Term::Column(..));
    if *a.type_of() == Type::Bool && *b.type_of() == Type::Bool && !(is_column(a) && is_column(b)) {
        let ((yes, no), (other_yes, other_no)) = (truth(a), truth(b));
        return any([
            all([yes.clone(), other_yes.clone()]),
            all([no.clone(), other_no.clone()]),
            all([not(&yes), not(&no), not(&other_yes), not(&other_no)]),
        ]);
    }
    if let (Term::Literal(x, _), Term::Literal(y, _)) = (a, b)
        && let Some(order) = order(x, y)
    {
        return constant(order.is_eq());
    }
    Fact::Same(a.clone().min(b.clone()), a.clone().max(b.clone())).into()
}

/// Whether two terms of different types are one exact number, computed alike.
fn is_one_number(a: &Term, b: &Term) -> bool {
    let computed = |term: &Term| matches!(term, Term::Call(..)) && term.type_of().is_exact();
    a.type_of() != b.type_of()
        && computed(a)
        && computed(b)
        && matches!((Sum::of(a), Sum::of(b)), (Some(x), Some(y)) if x == y)
}

/// Where the term is NULL.
pub fn null(term: &Term) -> Formula {
    match term {
        Term::Literal(literal, _) => constant(*literal == Literal::Null),
        Term::Case(arms, otherwise, _) if arms.len() <= MOST_ARMS => enter(arms, otherwise, null),
        Term::Truth(yes, no) => all([not(yes), not(no)]),
        Term::Call(name, arguments, _) if is_strict(name) => any(arguments.iter().map(null)),
        Term::Aggregate(name, query, _) if super::is_null_of_nothing_alone(name) => {
            Fact::Empty(query.clone()).into()
        }
        other => Fact::Null(other.clone()).into(),
    }
}

/// Where it is not.
pub fn not_null(term: &Term) -> Formula {
    not(&null(term))
}

fn enter(arms: &[(Formula, Term)], otherwise: &Term, within: impl Fn(&Term) -> Formula) -> Formula {
    any(branches(arms, otherwise).into_iter().map(|(guard, value)| all([guard, within(&value)])))
}

fn constant(holds: bool) -> Formula {
    if holds { Formula::True } else { Formula::False }
}

/// A text literal beside a date or a moment is one, where it can be read as such.
fn meet(term: &Term, other: &Term) -> Term {
    let Term::Literal(Literal::Text(text), _) = term else { return term.clone() };
    let found = match other.type_of() {
        Type::Date if text.trim().len() == 10 => crate::value::parse_date(text).map(Literal::Date),
        Type::Timestamp => crate::value::parse_moment(text).map(|micros| Literal::Timestamp(micros * 1000)),
        _ => None,
    };
    found.map_or_else(|| term.clone(), |literal| Term::Literal(literal, other.type_of().clone()))
}

/// The order of two literals of one kind.
pub fn order(a: &Literal, b: &Literal) -> Option<Ordering> {
    use Literal as L;
    match (a, b) {
        (L::Bool(a), L::Bool(b)) => Some(a.cmp(b)),
        (L::Int(_) | L::Decimal(..), L::Int(_) | L::Decimal(..)) => {
            let ((a, s), (b, t)) = (super::number::exact(a)?, super::number::exact(b)?);
            let widest = s.max(t);
            let scaled = |n: i128, by: u32| 10i128.checked_pow(by).and_then(|p| n.checked_mul(p));
            Some(scaled(a, widest - s)?.cmp(&scaled(b, widest - t)?))
        }
        (L::Float(a), L::Float(b)) => f64::from_bits(*a).partial_cmp(&f64::from_bits(*b)),
        (L::Text(a), L::Text(b)) => Some(a.cmp(b)),
        (L::Date(a), L::Date(b)) => Some(a.cmp(b)),
        (L::Time(a), L::Time(b)) | (L::Timestamp(a), L::Timestamp(b)) => Some(a.cmp(b)),
        _ => None,
    }
}
