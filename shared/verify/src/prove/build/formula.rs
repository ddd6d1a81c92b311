//! Formulas: conjunction, disjunction, negation, kept flat and without constants.

use crate::prove::term::{Fact, Formula, Literal, Term};

/// All of them.
pub fn all(formulas: impl IntoIterator<Item = Formula>) -> Formula {
    let mut kept: Vec<Formula> = Vec::new();
    for formula in formulas {
        match formula {
            Formula::True => {}
            Formula::False => return Formula::False,
            // Its parts differ from each other: in a long chain they are most of what there is.
            Formula::And(parts) if kept.is_empty() => kept = parts,
            Formula::And(parts) => {
                for part in parts {
                    if !kept.contains(&part) {
                        kept.push(part);
                    }
                }
            }
            other => {
                if !kept.contains(&other) {
                    kept.push(other);
                }
            }
        }
    }
    match kept.len() {
        0 => Formula::True,
        1 => kept.swap_remove(0),
        _ => Formula::And(kept),
    }
}

/// At least one of them.
pub fn any(formulas: impl IntoIterator<Item = Formula>) -> Formula {
    let mut kept: Vec<Formula> = Vec::new();
    for formula in formulas {
        match formula {
            Formula::False => {}
            Formula::True => return Formula::True,
            Formula::Or(parts) if kept.is_empty() => kept = parts,
            Formula::Or(parts) => {
                for part in parts {
                    if !kept.contains(&part) {
                        kept.push(part);
                    }
                }
            }
            other => {
                if !kept.contains(&other) {
                    kept.push(other);
                }
            }
        }
    }
    match kept.len() {
        0 => Formula::False,
        1 => kept.swap_remove(0),
        _ => factored(kept),
    }
}

/// What stands in every branch stands once beside them.
fn factored(branches: Vec<Formula>) -> Formula {
    let parts = |branch: &Formula| match branch {
        Formula::And(parts) => parts.clone(),
        other => vec![other.clone()],
    };
    let mut common = parts(&branches[0]);
    common.retain(|part| {
        branches[1..].iter().all(|branch| match branch {
            Formula::And(parts) => parts.contains(part),
            other => other == part,
        })
    });
    if common.is_empty() {
        return Formula::Or(branches);
    }
    let rest: Vec<Formula> = branches
        .iter()
        .map(|branch| all(parts(branch).into_iter().filter(|part| !common.contains(part))))
        .collect();
    common.push(any(rest));
    all(common)
}

/// What holds where this does not. Of two truth values: "`a < b` is not true" is "`b <= a` is true, or one
/// of them is NULL".
pub fn not(formula: &Formula) -> Formula {
    match formula {
        Formula::True => Formula::False,
        Formula::False => Formula::True,
        Formula::And(parts) => any(parts.iter().map(not)),
        Formula::Or(parts) => all(parts.iter().map(not)),
        Formula::Fact(fact) => not_fact(fact),
    }
}

fn not_fact(fact: &Fact) -> Formula {
    use super::compare::null;
    let or_null = |opposite: Fact, a: &Term, b: &Term| any([opposite.into(), null(a), null(b)]);
    match fact {
        Fact::Equal(a, b) => or_null(Fact::Unequal(a.clone(), b.clone()), a, b),
        Fact::Unequal(a, b) => or_null(Fact::Equal(a.clone(), b.clone()), a, b),
        Fact::Less(a, b) => or_null(Fact::AtMost(b.clone(), a.clone()), a, b),
        Fact::AtMost(a, b) => or_null(Fact::Less(b.clone(), a.clone()), a, b),
        Fact::Same(a, b) => Fact::Distinct(a.clone(), b.clone()).into(),
        Fact::Distinct(a, b) => Fact::Same(a.clone(), b.clone()).into(),
        Fact::Null(a) => Fact::NotNull(a.clone()).into(),
        Fact::NotNull(a) => Fact::Null(a.clone()).into(),
        Fact::Holds(a) => any([Fact::Fails(a.clone()).into(), null(a)]),
        Fact::Fails(a) => any([Fact::Holds(a.clone()).into(), null(a)]),
        Fact::Exists(query) => Fact::Empty(query.clone()).into(),
        Fact::Empty(query) => Fact::Exists(query.clone()).into(),
    }
}

/// Where a boolean term is TRUE, and where it is FALSE.
pub fn truth(term: &Term) -> (Formula, Formula) {
    match term {
        Term::Truth(yes, no) => ((**yes).clone(), (**no).clone()),
        Term::Literal(Literal::Bool(true), _) => (Formula::True, Formula::False),
        Term::Literal(Literal::Bool(false), _) => (Formula::False, Formula::True),
        Term::Literal(Literal::Null, _) => (Formula::False, Formula::False),
        Term::Case(arms, otherwise, _) if arms.len() <= super::case::MOST_ARMS => {
            let split = super::case::branches(arms, otherwise);
            let part = |pick: fn((Formula, Formula)) -> Formula| {
                any(split.iter().map(|(guard, value)| all([guard.clone(), pick(truth(value))])))
            };
            (part(|(yes, _)| yes), part(|(_, no)| no))
        }
        other => (Fact::Holds(other.clone()).into(), Fact::Fails(other.clone()).into()),
    }
}

/// The boolean term that is TRUE and FALSE there.
pub fn boolean(yes: Formula, no: Formula) -> Term {
    match (&yes, &no) {
        (Formula::True, _) => return Term::bool(true),
        (_, Formula::True) => return Term::bool(false),
        (Formula::False, Formula::False) => return Term::null(),
        (Formula::Fact(Fact::Holds(a)), Formula::Fact(Fact::Fails(b))) if a == b => return a.clone(),
        _ => {}
    }
    Term::Truth(Box::new(yes), Box::new(no))
}
