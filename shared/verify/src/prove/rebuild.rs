//! Goes through terms and formulas and lets a visitor answer for the queries inside.

use std::rc::Rc;

use super::build::call;
use super::build::case::case;
use super::build::compare::{Comparison, compare, not_null, null, same};
use super::build::formula::{all, any, boolean, not, truth};
use super::term::{Fact, Formula, Query, Term, Type};

/// Says what becomes of a query inside a term or formula.
pub trait Rebuild {
    /// Of `EXISTS query`.
    fn exists(&mut self, query: &Rc<Query>) -> Formula;
    /// Of an aggregate.
    fn aggregate(&mut self, name: &str, query: &Rc<Query>, data_type: &Type) -> Term;
}

/// A term anew.
pub fn term(t: &Term, visitor: &mut dyn Rebuild) -> Term {
    match t {
        Term::Column(..) | Term::Literal(..) => t.clone(),
        Term::Call(name, arguments, data_type) => {
            let arguments = arguments.iter().map(|argument| term(argument, visitor)).collect();
            call(name, arguments, data_type)
        }
        Term::Case(arms, otherwise, data_type) => {
            let arms =
                arms.iter().map(|(guard, value)| (formula(guard, visitor), term(value, visitor))).collect();
            case(arms, term(otherwise, visitor), data_type)
        }
        Term::Truth(yes, no) => boolean(formula(yes, visitor), formula(no, visitor)),
        Term::Aggregate(name, query, data_type) => visitor.aggregate(name, query, data_type),
    }
}

/// A formula anew.
pub fn formula(f: &Formula, visitor: &mut dyn Rebuild) -> Formula {
    match f {
        Formula::True | Formula::False => f.clone(),
        Formula::And(parts) => all(parts.iter().map(|part| formula(part, visitor)).collect::<Vec<_>>()),
        Formula::Or(parts) => any(parts.iter().map(|part| formula(part, visitor)).collect::<Vec<_>>()),
        Formula::Fact(fact) => match fact {
            Fact::Equal(a, b) => compare(Comparison::Equal, &term(a, visitor), &term(b, visitor)),
            Fact::Unequal(a, b) => compare(Comparison::Unequal, &term(a, visitor), &term(b, visitor)),
            Fact::Less(a, b) => compare(Comparison::Less, &term(a, visitor), &term(b, visitor)),
            Fact::AtMost(a, b) => compare(Comparison::AtMost, &term(a, visitor), &term(b, visitor)),
            Fact::Same(a, b) => same(&term(a, visitor), &term(b, visitor)),
            Fact::Distinct(a, b) => not(&same(&term(a, visitor), &term(b, visitor))),
            Fact::Null(a) => null(&term(a, visitor)),
            Fact::NotNull(a) => not_null(&term(a, visitor)),
            Fact::Holds(a) => truth(&term(a, visitor)).0,
            Fact::Fails(a) => truth(&term(a, visitor)).1,
            Fact::Exists(query) => visitor.exists(query),
            Fact::Empty(query) => not(&visitor.exists(query)),
        },
    }
}
