//! The opposite of a condition: true exactly where the condition is false or NULL.

use sqlparser::ast::{BinaryOperator, Expr};

use super::block::Target;
use super::context::Context;
use super::expression;
use super::source::Tokens;

/// The text that is true where the condition is not. `None` for a condition whose opposite nobody would
/// want to read.
pub(super) fn of(cx: &Context<'_>, expr: &Expr, tokens: &Tokens) -> Option<String> {
    negated(cx, expr, tokens, &|target| cx.blocks.is_not_null(target))
}

/// The same among rows that an inner join makes: no outer join has filled them up.
pub(super) fn of_inner(cx: &Context<'_>, expr: &Expr, tokens: &Tokens) -> Option<String> {
    negated(cx, expr, tokens, &|target| {
        cx.blocks.base(target).is_some_and(|(table, column)| table.is_not_null(column))
    })
}

/// Says of a column that it is never NULL.
type NotNull<'n> = &'n dyn Fn(&Target) -> bool;

fn negated(cx: &Context<'_>, expr: &Expr, tokens: &Tokens, not_null: NotNull<'_>) -> Option<String> {
    let (expr, tokens) = cx.source.open(expr, tokens);
    let either = |parts: Vec<String>| match parts.as_slice() {
        [one] => one.clone(),
        many => format!("({})", many.join(&format!(" {} ", cx.word("or")))),
    };
    match expr {
        Expr::BinaryOp { op: BinaryOperator::And, .. } => {
            let operands = cx.source.operands(expr, &tokens, &BinaryOperator::And)?;
            let parts: Option<Vec<String>> =
                operands.iter().map(|one| negated(cx, one.expr, &one.tokens, not_null)).collect();
            Some(either(parts?))
        }
        Expr::BinaryOp { left, op, right } => {
            let sign = expression::sign(&expression::opposite(op)?);
            let (left_tokens, right_tokens) = cx.source.sides(&tokens)?;
            let mut parts = vec![format!("{} {sign} {}", cx.flat(&left_tokens), cx.flat(&right_tokens))];
            parts.extend(may_be_null(cx, left, &left_tokens, not_null)?);
            parts.extend(may_be_null(cx, right, &right_tokens, not_null)?);
            Some(either(parts))
        }
        Expr::InList { expr: column, list, negated: false } => {
            if !list.iter().all(|item| expression::is_literal(item) && !expression::is_null(item)) {
                return None;
            }
            without(cx, column, &tokens, ("IN", "not in"), not_null)
        }
        Expr::Between { expr: column, low, high, negated: false }
            if [low, high].iter().all(|side| expression::is_literal(side) && !expression::is_null(side)) =>
        {
            without(cx, column, &tokens, ("BETWEEN", "not between"), not_null)
        }
        Expr::Like { expr: column, pattern, negated: false, .. } if expression::string(pattern).is_some() => {
            without(cx, column, &tokens, ("LIKE", "not like"), not_null)
        }
        Expr::IsNull(_) => replaced(cx, &tokens, "NULL", "not null"),
        Expr::IsNotNull(inner) if expression::column(expression::bare(inner)).is_some() => {
            let start = cx.source.outer(tokens.clone()).find(|&at| cx.source.is(at, "IS"))?;
            Some(format!("{} {}", cx.flat(&(tokens.start..start)), cx.word("is null")))
        }
        Expr::Exists { negated: false, .. } => Some(format!("{} {}", cx.word("not"), cx.text(&tokens))),
        _ => None,
    }
}

/// The test for NULL that a side of a comparison needs: none for what is never NULL. `None` for a side
/// that is neither a column nor a literal.
fn may_be_null(
    cx: &Context<'_>,
    side: &Expr,
    tokens: &Tokens,
    not_null: NotNull<'_>,
) -> Option<Option<String>> {
    let side = expression::bare(side);
    if expression::is_literal(side) && !expression::is_null(side) {
        return Some(None);
    }
    let target = cx.target(side)?;
    let test = format!("{} {}", cx.flat(tokens), cx.word("is null"));
    Some((!not_null(target)).then_some(test))
}

/// The condition on a column with NOT before its word, and the test for NULL that this needs.
fn without(
    cx: &Context<'_>,
    column: &Expr,
    tokens: &Tokens,
    (word, not): (&str, &str),
    not_null: NotNull<'_>,
) -> Option<String> {
    let text = replaced(cx, tokens, word, not)?;
    let at = cx.source.outer(tokens.clone()).find(|&at| cx.source.is(at, word))?;
    Some(match may_be_null(cx, column, &(tokens.start..at), not_null)? {
        Some(null) => format!("({text} {} {null})", cx.word("or")),
        None => text,
    })
}

fn replaced(cx: &Context<'_>, tokens: &Tokens, word: &str, with: &str) -> Option<String> {
    let at = cx.source.outer(tokens.clone()).find(|&at| cx.source.is(at, word))?;
    let mut edits = super::edit::Edits::default();
    edits.replace(cx.source, &(at..at + 1), cx.word(with));
    edits.within(cx.source, tokens)
}
