//! Values that functions make something else of: texts in which a literal beside them occurs, numbers around a
//! modulus, texts as long as they are asked to be.

use super::classes::{Place, place};
use crate::prove::term::{Fact, Literal, Term, Type};

/// The longest text that is repeated, and that is made as long as it is asked to be.
const LONGEST: usize = 64;

/// Values for columns inside of a fact.
pub fn of_fact(fact: &Fact, found: &mut Vec<(Place, Literal)>) {
    match fact {
        Fact::Equal(a, b)
        | Fact::Unequal(a, b)
        | Fact::Less(a, b)
        | Fact::AtMost(a, b)
        | Fact::Same(a, b)
        | Fact::Distinct(a, b) => {
            of_length(a, b, found);
            of_length(b, a, found);
            of_term(a, found);
            of_term(b, found);
        }
        Fact::Null(a) | Fact::NotNull(a) | Fact::Holds(a) | Fact::Fails(a) => of_term(a, found),
        Fact::Exists(_) | Fact::Empty(_) => {}
    }
}

/// Values for columns inside of a term.
pub fn of_term(term: &Term, found: &mut Vec<(Place, Literal)>) {
    let Term::Call(name, arguments, _) = term else { return };
    let literals = arguments.iter().filter_map(|argument| match argument {
        Term::Literal(literal, _) => Some(literal),
        _ => None,
    });
    for literal in literals {
        for (column, of) in arguments.iter().filter_map(column) {
            match (literal, of) {
                (Literal::Text(text), Type::Text) if !text.is_empty() && text.len() <= LONGEST => {
                    for made in [format!("{text}{text}"), format!("x{text}y{text}z"), format!("{text}b")] {
                        found.push((column, Literal::Text(made)));
                    }
                }
                (Literal::Int(n), of) if of.is_exact() => {
                    let most = if name == "%" { 4 } else { 1 };
                    let near = (0..=most).filter_map(|more| n.checked_add(more));
                    found.extend(near.map(|n| (column, Literal::Int(n))));
                }
                _ => {}
            }
        }
    }
    arguments.iter().for_each(|argument| of_term(argument, found));
}

/// A text that is as long as a literal says, and one that is longer by one.
fn of_length(term: &Term, other: &Term, found: &mut Vec<(Place, Literal)>) {
    let (Term::Call(name, arguments, _), Term::Literal(Literal::Int(n), _)) = (term, other) else { return };
    let is_length = matches!(name.as_str(), "length" | "char_length" | "character_length" | "octet_length");
    let (true, Some((column, Type::Text)), Ok(n)) =
        (is_length, arguments.first().and_then(column), usize::try_from(*n))
    else {
        return;
    };
    for length in [n, n + 1].into_iter().filter(|length| (1..=LONGEST).contains(length)) {
        found.push((column, Literal::Text("abcdefghij".chars().cycle().take(length).collect())));
    }
}

/// The column of a term that is made from one alone, and its type.
fn column(term: &Term) -> Option<(Place, &Type)> {
    match term {
        Term::Column(_, _, of) => Some((place(term)?, of)),
        Term::Call(_, arguments, _) => arguments.iter().find_map(column),
        _ => None,
    }
}
