//! CASE: branches made disjoint, so that whatever stands around a CASE can go into them.

use super::formula::{all, any, boolean, not, truth};
use crate::prove::term::{Formula, Term, Type};

/// A CASE of more arms is one value that is not looked into: each guard stands in all the branches after it.
pub const MOST_ARMS: usize = 16;

/// The arms of a CASE that is looked into.
pub fn arms(term: &Term) -> Option<(&[(Formula, Term)], &Term)> {
    match term {
        Term::Case(arms, otherwise, _) if arms.len() <= MOST_ARMS => Some((arms, otherwise)),
        _ => None,
    }
}

/// Branches that exclude one another, each with its whole guard; together they cover everything.
pub fn branches(arms: &[(Formula, Term)], otherwise: &Term) -> Vec<(Formula, Term)> {
    let mut before: Vec<Formula> = Vec::new();
    let mut found = Vec::with_capacity(arms.len() + 1);
    for (guard, value) in arms {
        found.push((all(before.iter().cloned().chain([guard.clone()])), value.clone()));
        before.push(not(guard));
    }
    found.push((all(before), otherwise.clone()));
    found.retain(|(guard, _)| *guard != Formula::False);
    found
}

/// A CASE without arms that cannot be reached, and none where every branch is the same term.
pub fn case(arms: Vec<(Formula, Term)>, otherwise: Term, result: &Type) -> Term {
    let mut kept: Vec<(Formula, Term)> = Vec::new();
    let mut last = otherwise;
    for (guard, value) in arms {
        match guard {
            Formula::False => {}
            Formula::True => {
                last = value;
                break;
            }
            guard => match kept.last_mut() {
                Some((before, same)) if *same == value => {
                    *before = any([std::mem::replace(before, Formula::False), guard]);
                }
                _ => kept.push((guard, value)),
            },
        }
    }
    while kept.last().is_some_and(|(_, value)| *value == last) {
        kept.pop();
    }
    if kept.is_empty() {
        return last;
    }
    if *result == Type::Bool && kept.len() <= MOST_ARMS {
        let (yes, no) = truth(&Term::Case(kept, Box::new(last), Type::Bool));
        return boolean(yes, no);
    }
    Term::Case(kept, Box::new(last), result.clone())
}
