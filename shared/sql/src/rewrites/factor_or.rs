use sqlparser::ast::{BinaryOperator, Expr};

use super::context::Context;
use super::edit::Edits;
use super::expression;
use super::predicate::{self, Predicate};
use super::source::Operand;
use super::{Draft, Rewrite};

/// ## What it does
/// Conditions that every alternative of an OR repeats are taken out of it.
///
/// ## Why
/// Inside the OR nothing can be used: a join condition that is repeated in each alternative leaves the
/// optimizer with a cross join, a filter with a full scan. Outside, both do their work.
///
/// ## When it is the same
/// AND distributes over OR, with NULL as well (Kleene's logic). An alternative that consists of nothing
/// else is true as soon as the common part is, so the whole OR goes.
///
/// ## Source
/// TPC-H query 19 and the choke point *common conditions in OR* in Boncz, Neumann and Erling, *TPC-H
/// analyzed* (TPCTC 2013).
///
/// ## Tables
/// ```sql
/// CREATE TABLE a (id INT, x INT, y INT);
/// CREATE TABLE b (id INT, z INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT * FROM a, b WHERE (a.id = b.id AND x = 1 AND z > 5) OR (b.id = a.id AND x = 2 AND z > 7)
/// ```
/// ## Good
/// ```sql
/// SELECT * FROM a, b WHERE a.id = b.id AND ((x = 1 AND z > 5) OR (x = 2 AND z > 7))
/// ```
///
/// ## Bad
/// ```sql
/// SELECT * FROM a WHERE y > 0 AND (x = 1 OR x = 1 AND y < 3)
/// ```
/// ## Good
/// ```sql
/// SELECT * FROM a WHERE y > 0 AND (x = 1)
/// ```
///
/// ## Kept
/// Nothing is common to all.
/// ```sql
/// SELECT * FROM a WHERE (x = 1 AND y = 1) OR (x = 2 AND y = 2) OR x = 1
/// ```
/// Two calls are not one.
/// ```sql
/// SELECT * FROM a WHERE (random() < 0.5 AND y = 1) OR (random() < 0.5 AND y = 2)
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "factor-or",
    title: "Take conditions common to all alternatives out of the OR",
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
    if expression::is_volatile(chain.expr) {
        return None;
    }
    let arms = cx.source.operands(chain.expr, &chain.tokens, &BinaryOperator::Or)?;
    let arms: Option<Vec<Vec<Operand<'_>>>> = arms
        .iter()
        .map(|arm| {
            let (expr, tokens) = cx.source.open(arm.expr, &arm.tokens);
            cx.source.operands(expr, &tokens, &BinaryOperator::And)
        })
        .collect();
    let arms = arms?;
    let (first, others) = arms.split_first()?;
    let common: Vec<&Operand<'_>> = first
        .iter()
        .filter(|one| others.iter().all(|arm| arm.iter().any(|other| same(one.expr, other.expr))))
        .collect();
    if common.is_empty() {
        return None;
    }
    let is_common = |operand: &Operand<'_>| common.iter().any(|one| same(one.expr, operand.expr));
    let texts: Vec<String> = common.iter().map(|operand| cx.flat(&operand.tokens)).collect();
    let and = cx.word("and");
    let separator = match cx.source.indent(chain.tokens.start) {
        (true, blanks) => format!("\n{blanks}{and} "),
        _ => format!(" {and} "),
    };
    let mut edits = Edits::default();
    if arms.iter().any(|arm| arm.iter().all(is_common)) {
        edits.replace(cx.source, &chain.tokens, texts.join(&separator));
    } else {
        edits.insert_before(cx.source, chain.tokens.start, format!("{}{separator}(", texts.join(&separator)));
        for arm in &arms {
            let mut kept_before = false;
            for operand in arm {
                if !is_common(operand) {
                    kept_before = true;
                } else if kept_before {
                    edits.remove(cx.source, &(operand.tokens.start - 1..operand.tokens.end));
                } else {
                    edits.remove_forward(cx.source, &(operand.tokens.start..operand.tokens.end + 1));
                }
            }
        }
        edits.insert_after(cx.source, chain.tokens.end - 1, ")");
        if !chain.takes_and {
            return None;
        }
    }
    Some(Draft {
        edits,
        explanation: format!(
            "Every alternative repeats `{}`. Outside of the OR it can drive a join or an index.",
            texts.join("`, `")
        ),
        conditions: vec!["AND distributes over OR, with NULL as well".to_owned()],
        tokens: chain.tokens.clone(),
    })
}

/// Whether two conditions are the same, the sides of an equality in any order.
fn same(left: &Expr, right: &Expr) -> bool {
    let (left, right) = (expression::bare(left), expression::bare(right));
    if left == right {
        return true;
    }
    match (expression::comparison(left), expression::comparison(right)) {
        (Some((a, op, b)), Some((c, other, d))) => {
            expression::mirrored(op).as_ref() == Some(other) && a == d && b == c
        }
        _ => false,
    }
}
