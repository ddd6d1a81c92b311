use std::collections::BTreeMap;

use sqlparser::ast::{BinaryOperator, Expr};

use super::context::Context;
use super::edit::Edits;
use super::expression;
use super::predicate::{self, Predicate};
use super::source::Tokens;
use super::{Draft, Rewrite};

/// ## What it does
/// Alternatives that compare one column with constants become one IN.
///
/// ## Why
/// Shorter to read, and an index or a hash serves an IN where it may not serve an OR.
///
/// ## When it is the same
/// `x IN (a, b)` is defined as `x = a OR x = b`, NULL included.
///
/// ## Source
/// ISO/IEC 9075-2, *in predicate*.
///
/// ## Tables
/// ```sql
/// CREATE TABLE a (id INT, x INT, city VARCHAR(20));
/// ```
///
/// ## Bad
/// ```sql
/// SELECT * FROM a WHERE x = 1 OR x = 2 OR 3 = x
/// ```
/// ## Good
/// ```sql
/// SELECT * FROM a WHERE x IN (1, 2, 3)
/// ```
///
/// ## Bad
/// ```sql
/// select * from a where id > 5 and (city = 'Bern' or x = 0 or city in ('Basel', 'Zug'))
/// ```
/// ## Good
/// ```sql
/// select * from a where id > 5 and (city in ('Bern', 'Basel', 'Zug') or x = 0)
/// ```
///
/// ## Kept
/// Not the same column, not an equality, not a constant.
/// ```sql
/// SELECT * FROM a WHERE x = 1 OR id = 2 OR x > 7 OR x = id
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "or-to-in",
    title: "Write equalities with one column as IN",
    combines: true,
    merges: true,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (_, block) in cx.each() {
        for chain in predicate::alternatives(cx, block) {
            out.extend(rewrite(cx, &chain));
        }
    }
}

fn rewrite(cx: &Context<'_>, chain: &Predicate<'_>) -> Option<Draft> {
    let arms = cx.source.operands(chain.expr, &chain.tokens, &BinaryOperator::Or)?;
    // By column: the arms that compare it, and the constants.
    let mut columns: BTreeMap<String, (Vec<usize>, Vec<String>)> = BTreeMap::new();
    for (index, arm) in arms.iter().enumerate() {
        let (expr, tokens) = cx.source.open(arm.expr, &arm.tokens);
        if let Some((column, constants)) = equalities(cx, expr, &tokens) {
            let entry = columns.entry(column).or_default();
            entry.0.push(index);
            entry.1.extend(constants);
        }
    }
    let mut edits = Edits::default();
    let mut names = Vec::new();
    for (column, (indexes, constants)) in columns {
        if indexes.len() < 2 {
            continue;
        }
        for (position, &index) in indexes.iter().enumerate() {
            if position == 0 {
                let text = format!("{column} {} ({})", cx.word("in"), constants.join(", "));
                edits.replace(cx.source, &arms[index].tokens, text);
            } else {
                edits.remove(cx.source, &(arms[index].tokens.start - 1..arms[index].tokens.end));
            }
        }
        names.push(column);
    }
    if names.is_empty() {
        return None;
    }
    Some(Draft {
        edits,
        explanation: format!(
            "Each alternative compares `{}` with a constant; IN says so.",
            names.join("`, `")
        ),
        conditions: vec!["IN means a chain of equalities".to_owned()],
        tokens: chain.tokens.clone(),
    })
}

/// The column and the constants of `x = 1` or `x IN (1, 2)`.
fn equalities(cx: &Context<'_>, expr: &Expr, tokens: &Tokens) -> Option<(String, Vec<String>)> {
    match expr {
        Expr::InList { expr, list, negated: false } => {
            expression::column(expr)?;
            let open = cx.source.outer(tokens.clone()).find(|&index| cx.source.is(index, "IN"))? + 1;
            let close = cx.source.mate(open)?;
            let constants =
                list.iter().all(|item| expression::is_literal(item) && !expression::is_null(item));
            if !constants || close + 1 != tokens.end {
                return None;
            }
            let items = cx.source.split_commas(&(open + 1..close));
            Some((cx.flat(&(tokens.start..open - 1)), items.iter().map(|item| cx.flat(item)).collect()))
        }
        _ => {
            let (left, BinaryOperator::Eq, right) = expression::comparison(expr)? else { return None };
            let (left_tokens, right_tokens) = cx.source.sides(tokens)?;
            let constant = |expr: &Expr| expression::is_literal(expr) && !expression::is_null(expr);
            if expression::column(left).is_some() && constant(right) {
                Some((cx.flat(&left_tokens), vec![cx.flat(&right_tokens)]))
            } else if expression::column(right).is_some() && constant(left) {
                Some((cx.flat(&right_tokens), vec![cx.flat(&left_tokens)]))
            } else {
                None
            }
        }
    }
}
