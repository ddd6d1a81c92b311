//! Replaces columns by terms, renames variables, and finds those that are free. What is replaced is made
//! anew, so that constants fold where they arrive.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::build::case::case;
use super::build::compare::{Comparison, compare, not_null, null, same};
use super::build::formula::{all, any, boolean, truth};
use super::build::{call, formula};
use super::term::{Block, Fact, Formula, Query, Source, Term, Type, Var};

/// What stands in for a column; `None` leaves it.
pub type Replace<'a> = &'a dyn Fn(Var, usize, &Type) -> Option<Term>;

/// In a term.
pub fn term(t: &Term, replace: Replace<'_>) -> Term {
    match t {
        Term::Column(var, at, data_type) => replace(*var, *at, data_type).unwrap_or_else(|| t.clone()),
        Term::Literal(..) => t.clone(),
        Term::Call(name, arguments, data_type) => {
            let arguments = arguments.iter().map(|argument| term(argument, replace)).collect();
            call(name, arguments, data_type)
        }
        Term::Case(arms, otherwise, data_type) => {
            let arms =
                arms.iter().map(|(guard, value)| (self::formula(guard, replace), term(value, replace)));
            case(arms.collect(), term(otherwise, replace), data_type)
        }
        Term::Truth(yes, no) => boolean(self::formula(yes, replace), self::formula(no, replace)),
        Term::Aggregate(name, query, data_type) => {
            Term::Aggregate(name.clone(), Rc::new(self::query(query, replace)), data_type.clone())
        }
    }
}

/// In a formula.
pub fn formula(f: &Formula, replace: Replace<'_>) -> Formula {
    match f {
        Formula::True | Formula::False => f.clone(),
        Formula::And(parts) => all(parts.iter().map(|part| formula(part, replace))),
        Formula::Or(parts) => any(parts.iter().map(|part| formula(part, replace))),
        Formula::Fact(fact) => self::fact(fact, replace),
    }
}

fn fact(f: &Fact, replace: Replace<'_>) -> Formula {
    let both = |a: &Term, b: &Term| (term(a, replace), term(b, replace));
    let compared = |how, a: &Term, b: &Term| {
        let (a, b) = both(a, b);
        compare(how, &a, &b)
    };
    match f {
        Fact::Equal(a, b) => compared(Comparison::Equal, a, b),
        Fact::Unequal(a, b) => compared(Comparison::Unequal, a, b),
        Fact::Less(a, b) => compared(Comparison::Less, a, b),
        Fact::AtMost(a, b) => compared(Comparison::AtMost, a, b),
        Fact::Same(a, b) => {
            let (a, b) = both(a, b);
            same(&a, &b)
        }
        Fact::Distinct(a, b) => {
            let (a, b) = both(a, b);
            formula::not(&same(&a, &b))
        }
        Fact::Null(a) => null(&term(a, replace)),
        Fact::NotNull(a) => not_null(&term(a, replace)),
        Fact::Holds(a) => truth(&term(a, replace)).0,
        Fact::Fails(a) => truth(&term(a, replace)).1,
        Fact::Exists(q) => Fact::Exists(Rc::new(query(q, replace))).into(),
        Fact::Empty(q) => Fact::Empty(Rc::new(query(q, replace))).into(),
    }
}

/// In a query, whose own variables are another's business.
pub fn query(q: &Query, replace: Replace<'_>) -> Query {
    Query { blocks: q.blocks.iter().map(|b| block(b, replace)).collect() }
}

/// In a block.
pub fn block(b: &Block, replace: Replace<'_>) -> Block {
    Block {
        sources: b.sources.iter().map(|(var, s)| (*var, source(s, replace))).collect(),
        conditions: b.conditions.iter().map(|c| formula(c, replace)).collect(),
        outputs: b.outputs.iter().map(|t| term(t, replace)).collect(),
    }
}

/// In a source.
pub fn source(s: &Source, replace: Replace<'_>) -> Source {
    match s {
        Source::Table(_) => s.clone(),
        Source::Distinct(q) => Source::Distinct(Rc::new(query(q, replace))),
        Source::Opaque(name, q) => Source::Opaque(name.clone(), Rc::new(query(q, replace))),
    }
}

/// Renames variables; the map covers those that are renamed.
pub fn rename_block(b: &Block, names: &BTreeMap<Var, Var>) -> Block {
    let mut renamed =
        block(b, &|var, at, data_type| names.get(&var).map(|new| Term::Column(*new, at, data_type.clone())));
    for (var, _) in &mut renamed.sources {
        if let Some(new) = names.get(var) {
            *var = *new;
        }
    }
    renamed
}

/// The variables of a term that no query inside it declares.
pub fn free_in_term(t: &Term, found: &mut BTreeSet<Var>) {
    match t {
        Term::Column(var, ..) => {
            found.insert(*var);
        }
        Term::Literal(..) => {}
        Term::Call(_, arguments, _) => arguments.iter().for_each(|argument| free_in_term(argument, found)),
        Term::Case(arms, otherwise, _) => {
            for (guard, value) in arms {
                free_in_formula(guard, found);
                free_in_term(value, found);
            }
            free_in_term(otherwise, found);
        }
        Term::Truth(yes, no) => {
            free_in_formula(yes, found);
            free_in_formula(no, found);
        }
        Term::Aggregate(_, query, _) => free_in_query(query, found),
    }
}

/// Those of a formula.
pub fn free_in_formula(f: &Formula, found: &mut BTreeSet<Var>) {
    match f {
        Formula::True | Formula::False => {}
        Formula::And(parts) | Formula::Or(parts) => {
            parts.iter().for_each(|part| free_in_formula(part, found))
        }
        Formula::Fact(fact) => match fact {
            Fact::Equal(a, b)
            | Fact::Unequal(a, b)
            | Fact::Less(a, b)
            | Fact::AtMost(a, b)
            | Fact::Same(a, b)
            | Fact::Distinct(a, b) => {
                free_in_term(a, found);
                free_in_term(b, found);
            }
            Fact::Null(a) | Fact::NotNull(a) | Fact::Holds(a) | Fact::Fails(a) => free_in_term(a, found),
            Fact::Exists(query) | Fact::Empty(query) => free_in_query(query, found),
        },
    }
}

/// Those of a query.
pub fn free_in_query(q: &Query, found: &mut BTreeSet<Var>) {
    for b in &q.blocks {
        let mut inside = BTreeSet::new();
        for (_, s) in &b.sources {
            free_in_source(s, &mut inside);
        }
        b.conditions.iter().for_each(|c| free_in_formula(c, &mut inside));
        b.outputs.iter().for_each(|t| free_in_term(t, &mut inside));
        found.extend(inside.into_iter().filter(|var| b.sources.iter().all(|(own, _)| own != var)));
    }
}

/// Those of a source.
pub fn free_in_source(s: &Source, found: &mut BTreeSet<Var>) {
    match s {
        Source::Table(_) => {}
        Source::Distinct(q) | Source::Opaque(_, q) => free_in_query(q, found),
    }
}

/// The free variables of a term.
pub fn vars_of_term(t: &Term) -> BTreeSet<Var> {
    let mut found = BTreeSet::new();
    free_in_term(t, &mut found);
    found
}

/// The free variables of a formula.
pub fn vars_of_formula(f: &Formula) -> BTreeSet<Var> {
    let mut found = BTreeSet::new();
    free_in_formula(f, &mut found);
    found
}
