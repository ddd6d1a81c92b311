//! Makes terms and formulas in a simple form: every maker gives the same meaning with less in it.

pub mod case;
pub mod compare;
pub mod date;
pub mod formula;
pub mod number;

use super::term::{Literal, Term, Type};

/// Whether the call is NULL exactly where one of its arguments is. What it does not compute, it refuses
/// with an error, which is no value.
pub fn is_strict(name: &str) -> bool {
    matches!(
        name,
        "+" | "-"
            | "*"
            | "/"
            | "%"
            | "negative"
            | "="
            | "<"
            | "||"
            | "like"
            | "ilike"
            | "upper"
            | "lower"
            | "abs"
            | "length"
            | "character_length"
            | "char_length"
            | "substr"
            | "substring"
            | "btrim"
            | "trim"
            | "ltrim"
            | "rtrim"
            | "date_part"
            | "date_trunc"
            | "round"
            | "nearest_integer"
            | "nearest_or_even"
            | "floor"
            | "ceil"
            | "strpos"
            | "left"
            | "right"
            | "reverse"
            | "signum"
            | "sqrt"
            | "power"
    ) || name.starts_with("cast ")
}

/// Whether the aggregate skips NULL arguments: then only the other rows count.
pub fn skips_null(name: &str) -> bool {
    is_null_of_nothing_alone(name)
        || matches!(
            name,
            "stddev" | "stddev_pop" | "var" | "var_samp" | "var_pop" | "var_population" | "var_sample"
        )
}

/// Whether the aggregate is NULL exactly where no row has an argument that is not NULL.
pub fn is_null_of_nothing_alone(name: &str) -> bool {
    matches!(name, "sum" | "min" | "max" | "avg" | "bool_and" | "bool_or" | "median")
}

/// Whether the aggregate is the same when a row counts several times.
pub fn ignores_repetition(name: &str) -> bool {
    matches!(name, "min" | "max" | "bool_and" | "bool_or")
}

/// A call, folded where its arguments are literals.
pub fn call(name: &str, arguments: Vec<Term>, data_type: &Type) -> Term {
    if is_strict(name) && arguments.iter().any(Term::is_null) {
        return Term::Literal(Literal::Null, data_type.clone());
    }
    if let Some(term) = folded(name, &arguments, data_type) {
        return term;
    }
    // A CASE goes outwards, so that both sides of it are seen.
    if is_strict(name)
        && let Some(at) = arguments.iter().position(|argument| matches!(argument, Term::Case(..)))
        && let Term::Case(arms, otherwise, _) = &arguments[at]
        && arms.len() <= 4
    {
        let with = |value: &Term| {
            let mut arguments = arguments.clone();
            arguments[at] = value.clone();
            call(name, arguments, data_type)
        };
        let arms = arms.iter().map(|(guard, value)| (guard.clone(), with(value))).collect();
        return case::case(arms, with(otherwise), data_type);
    }
    Term::Call(name.into(), arguments, data_type.clone())
}

fn folded(name: &str, arguments: &[Term], data_type: &Type) -> Option<Term> {
    match (name, arguments) {
        ("+" | "-", [a, b]) if data_type.is_exact() && both_exact(a, b) => {
            number::sum(a, b, name == "-", data_type)
        }
        ("*", [a, b]) if data_type.is_exact() && both_exact(a, b) => number::product(a, b, data_type),
        ("negative", [a]) if data_type.is_exact() && a.type_of().is_exact() => {
            number::sum(&Term::int(0), a, true, data_type)
        }
        ("+" | "*", _) if data_type.is_exact() && arguments.iter().all(|a| a.type_of().is_exact()) => {
            let mut rest = arguments.iter();
            let first = rest.next()?.clone();
            rest.try_fold(first, |sofar, next| match name {
                "+" => number::sum(&sofar, next, false, data_type),
                _ => number::product(&sofar, next, data_type),
            })
        }
        ("/" | "%", [Term::Literal(Literal::Int(a), _), Term::Literal(Literal::Int(b), _)])
            if *data_type == Type::Int && *b != 0 =>
        {
            Some(Term::int(if name == "/" { a / b } else { a % b }))
        }
        (
            "+" | "-",
            [Term::Literal(Literal::Date(day), _), Term::Literal(Literal::Interval(months, days, 0), _)],
        ) if *data_type == Type::Date => {
            let sign = if name == "+" { 1 } else { -1 };
            Some(Term::Literal(Literal::Date(date::shift(*day, sign * months, sign * days)?), Type::Date))
        }
        (
            "+" | "-",
            [
                Term::Literal(Literal::Timestamp(moment), _),
                Term::Literal(Literal::Interval(months, days, nanos), _),
            ],
        ) if *data_type == Type::Timestamp => {
            let sign: i32 = if name == "+" { 1 } else { -1 };
            let later = date::shift_moment(
                *moment,
                months.checked_mul(sign)?,
                days.checked_mul(sign)?,
                nanos.checked_mul(i64::from(sign))?,
            )?;
            Some(Term::Literal(Literal::Timestamp(later), Type::Timestamp))
        }
        ("*" | "+", [a, b]) if *data_type == Type::Float && a > b => {
            Some(Term::Call(name.into(), vec![b.clone(), a.clone()], Type::Float))
        }
        _ => None,
    }
}

fn both_exact(a: &Term, b: &Term) -> bool {
    a.type_of().is_exact() && b.type_of().is_exact()
}

/// A cast, left out where it changes nothing.
pub fn cast(term: &Term, target: &Type, written: &str) -> Term {
    if term.type_of() == target {
        return term.clone();
    }
    if let Term::Literal(value, _) = term {
        match (value, target) {
            (Literal::Null, _) => return Term::Literal(Literal::Null, target.clone()),
            (Literal::Int(n), Type::Decimal(..)) => {
                return Term::Literal(Literal::Decimal(*n, 0), target.clone());
            }
            (Literal::Int(n), Type::Text) => return Term::Literal(Literal::Text(n.to_string()), Type::Text),
            (Literal::Text(text), Type::Date) if text.trim().len() == 10 => {
                if let Some(day) = crate::value::parse_date(text) {
                    return Term::Literal(Literal::Date(day), Type::Date);
                }
            }
            (Literal::Text(text), Type::Timestamp) => {
                if let Some(micros) = crate::value::parse_moment(text) {
                    return Term::Literal(Literal::Timestamp(micros * 1000), Type::Timestamp);
                }
            }
            (Literal::Date(day), Type::Timestamp) => {
                return Term::Literal(
                    Literal::Timestamp(i64::from(*day) * 86_400_000_000_000),
                    Type::Timestamp,
                );
            }
            (Literal::Text(text), Type::Int) => {
                if let Ok(n) = text.trim().parse::<i64>() {
                    return Term::int(i128::from(n));
                }
            }
            _ => {}
        }
    }
    if *term.type_of() == Type::Bool && *target == Type::Int {
        let (yes, no) = formula::truth(term);
        return case::case(vec![(yes, Term::int(1)), (no, Term::int(0))], Term::null(), &Type::Int);
    }
    call(&format!("cast {written}"), vec![term.clone()], target)
}
