use sqlparser::ast::{BinaryOperator, Expr};

use super::block::Role;
use super::conditions::Conditions;
use super::context::Context;
use super::edit::Edits;
use super::expression;
use super::predicate::{self, Predicate};
use super::{Draft, Rewrite};

/// ## What it does
/// EXISTS that is tied to the query around it by one equality becomes `IN (SELECT …)`, and NOT EXISTS
/// becomes NOT IN where nothing is NULL.
///
/// ## Why
/// Engines that run EXISTS row by row make the list of IN once and look each row up in it.
///
/// ## When it is the same
/// IN is true exactly if a row equals the value, which is what EXISTS asks. Where IN is NULL, EXISTS is
/// false; so it takes EXISTS's place only where NULL and false come to the same. NOT IN takes the place of
/// NOT EXISTS where both columns are NOT NULL.
///
/// ## Source
/// Kim, *On optimizing an SQL-like nested query* (TODS 1982), types N and J.
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, boss INT);
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, shop INT NOT NULL, amount INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT c.id FROM customer c WHERE EXISTS (SELECT 1 FROM sale s WHERE s.customer_id = c.id AND s.amount > 3)
/// ```
/// ## Good
/// ```sql
/// SELECT c.id FROM customer c WHERE c.id IN (SELECT s.customer_id FROM sale s WHERE s.amount > 3)
/// ```
///
/// ## Bad
/// ```sql
/// select id from customer c where not exists (select * from sale s where c.id = s.shop)
/// ```
/// ## Good
/// ```sql
/// select id from customer c where c.id not in (select s.shop from sale s)
/// ```
///
/// ## Kept
/// One NULL in the list would leave nothing.
/// ```sql
/// SELECT c.id FROM customer c WHERE NOT EXISTS (SELECT 1 FROM sale s WHERE s.customer_id = c.id)
/// ```
/// More than one equality ties them.
/// ```sql
/// SELECT c.id FROM customer c WHERE EXISTS (SELECT 1 FROM sale s WHERE s.customer_id = c.id AND s.shop = c.boss)
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "exists-to-in",
    title: "Look up in a list instead of asking row by row",
    combines: false,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        for found in predicate::predicates(cx, block) {
            out.extend(rewrite(cx, id, &found));
        }
    }
}

fn rewrite(cx: &Context<'_>, outer_id: usize, found: &Predicate<'_>) -> Option<Draft> {
    let Expr::Exists { subquery, negated } = found.expr else { return None };
    let inner_id = cx.blocks.body(subquery)?;
    let inner = cx.blocks.list.get(inner_id)?;
    let tokens = cx.subquery(inner)?;
    let bare = inner.role == Role::Expression
        && inner.is_bare()
        && matches!(inner.group_by(), Some([]))
        && inner.select.having.is_none()
        && inner.select.distinct.is_none()
        && !super::aggregate::selects_aggregate(inner)
        && !inner.clauses.from.is_empty()
        && cx.is_resolved(&tokens);
    if !bare || !found.filters && !negated {
        return None;
    }
    let conjuncts = cx.conjuncts(inner)?;
    let mut tie = None;
    for (at, operand) in conjuncts.iter().enumerate() {
        let reaches = cx
            .names(&operand.tokens)
            .iter()
            .any(|name| name.target.as_ref().is_none_or(|t| !cx.blocks.is_inside(t.block, inner_id)));
        if !reaches {
            continue;
        }
        let (expr, tokens) = cx.source.open(operand.expr, &operand.tokens);
        let (left, op, right) = expression::comparison(expr)?;
        let (left_tokens, right_tokens) = cx.source.sides(&tokens)?;
        let (a, b) = (cx.target(expression::bare(left))?, cx.target(expression::bare(right))?);
        if *op != BinaryOperator::Eq || tie.is_some() {
            return None;
        }
        tie = match (a.block, b.block) {
            (x, y) if x == inner_id && y == outer_id => Some((at, (a, left_tokens), (b, right_tokens))),
            (x, y) if x == outer_id && y == inner_id => Some((at, (b, right_tokens), (a, left_tokens))),
            _ => return None,
        };
    }
    let (at, (inner_target, inner_tokens), (outer_target, outer_tokens)) = tie?;
    let from = inner.clauses.from.first()?.tokens.start..inner.clauses.from.last()?.tokens.end;
    let own = cx
        .names(&from)
        .iter()
        .all(|name| name.target.as_ref().is_some_and(|t| cx.blocks.is_inside(t.block, inner_id)));
    if !own || *negated && !(cx.blocks.is_not_null(inner_target) && cx.blocks.is_not_null(outer_target)) {
        return None;
    }
    let mut edits = Edits::default();
    let list = inner.clauses.select.start + 1..inner.clauses.projection.last()?.end;
    edits.replace(cx.source, &list, cx.flat(&inner_tokens));
    let mut changes = Conditions::default();
    changes.remove(at);
    changes.write(cx, inner, &conjuncts, &mut edits);
    let body = edits.within(cx.source, &(tokens.start - 1..tokens.end + 1))?;
    let word = cx.word(if *negated { "not in" } else { "in" });
    let mut whole = Edits::default();
    whole.replace(cx.source, &found.tokens, format!("{} {word} {body}", cx.flat(&outer_tokens)));
    Some(Draft {
        edits: whole,
        explanation: "The list is made once, and each row is looked up in it.".to_owned(),
        conditions: vec![if *negated {
            "both columns are NOT NULL".to_owned()
        } else {
            "here NULL is as good as false".to_owned()
        }],
        tokens: found.tokens.clone(),
    })
}
