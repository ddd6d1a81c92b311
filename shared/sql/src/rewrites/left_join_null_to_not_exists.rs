use sqlparser::ast::Expr;

use super::block::Block;
use super::conditions::Conditions;
use super::context::{self, Context};
use super::edit::Edits;
use super::expression;
use super::unused_left_join::{selects_all, selects_all_of};
use super::{Draft, Rewrite};

/// ## What it does
/// `LEFT JOIN … WHERE right.column IS NULL` becomes NOT EXISTS.
///
/// ## Why
/// It says what is meant, and an anti-join stops at the first match where the outer join makes a row of
/// each, only to throw them away.
///
/// ## When it is the same
/// The column that must be NULL never is in a row that matches: the catalog says NOT NULL, or the join
/// compares it. So it is NULL exactly in the rows without a match. Nothing else of the table is used.
///
/// ## Source
/// Galindo-Legaria and Rosenthal, *Outerjoin simplification and reordering* (TODS 1997).
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, city VARCHAR(40));
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, voucher INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT c.id
/// FROM customer c
/// LEFT JOIN sale s ON s.customer_id = c.id AND s.voucher = 7
/// WHERE c.city = 'Bern'
///   AND s.id IS NULL
/// ```
/// ## Good
/// ```sql
/// SELECT c.id
/// FROM customer c
/// WHERE c.city = 'Bern'
///   AND NOT EXISTS (
///       SELECT 1
///       FROM sale s
///       WHERE s.customer_id = c.id
///         AND s.voucher = 7
///   )
/// ```
///
/// ## Kept
/// A matching row may hold NULL there.
/// ```sql
/// SELECT c.id FROM customer c LEFT JOIN sale s ON s.customer_id = c.id WHERE s.voucher IS NULL
/// ```
/// More of the table is used.
/// ```sql
/// SELECT c.id, s.voucher FROM customer c LEFT JOIN sale s ON s.customer_id = c.id WHERE s.id IS NULL
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "left-join-null-to-not-exists",
    title: "Ask with NOT EXISTS for rows without a match",
    combines: true,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        if !block.is_plain() || selects_all(block) {
            continue;
        }
        for relation in 0..block.relations.len() {
            out.extend(rewrite(cx, id, block, relation));
        }
    }
}

fn rewrite(cx: &Context<'_>, id: usize, block: &Block<'_>, index: usize) -> Option<Draft> {
    let relation = block.relations.get(index)?;
    let join = relation.join?;
    let operator = &block.select.from.get(relation.item)?.joins.get(join)?.join_operator;
    if !context::is_left(operator) || selects_all_of(block, index) {
        return None;
    }
    let text = block.clauses.from.get(relation.item)?.joins.get(join)?;
    let on = cx.on_conjuncts(block, relation.item, join)?;
    let conjuncts = cx.conjuncts(block)?;
    let of_this =
        |expr: &Expr| cx.target(expr).filter(|target| (target.block, target.relation) == (id, index));
    // The condition that asks for NULL, and why that means that no row matches.
    let (position, reason) = conjuncts.iter().enumerate().find_map(|(position, operand)| {
        let Expr::IsNull(column) = expression::bare(operand.expr) else { return None };
        let column = expression::bare(column);
        let target = of_this(column)?;
        let name = format!("`{}.{}`", relation.name, target.column);
        if cx.blocks.base(target).is_some_and(|(table, at)| table.is_not_null(at)) {
            return Some((position, format!("{name} is NOT NULL in every row of the table")));
        }
        let compared = on.iter().any(|operand| {
            expression::comparison(expression::bare(operand.expr)).is_some_and(|(left, _, right)| {
                [left, right].iter().any(|side| of_this(expression::bare(side)) == Some(target))
            })
        });
        compared.then(|| (position, format!("the join compares {name}, so it is not NULL in a match")))
    })?;
    let scope = &block.clauses.scope;
    let asked = &conjuncts.get(position)?.tokens;
    let elsewhere = [scope.start..text.tokens.start, text.tokens.end..asked.start, asked.end..scope.end];
    if elsewhere.iter().any(|tokens| cx.may_name(tokens, id, index)) || !cx.is_resolved(&text.tokens) {
        return None;
    }
    let mut lines = vec![cx.word("select 1"), format!("{} {}", cx.word("from"), cx.flat(&text.relation))];
    let conditions: Vec<String> = on.iter().map(|operand| cx.flat(&operand.tokens)).collect();
    lines.extend(cx.where_lines(&conditions));
    let mut edits = Edits::default();
    edits.remove(cx.source, &text.tokens);
    let mut conditions = Conditions::default();
    conditions.replace(position, format!("{} {}", cx.word("not exists"), cx.in_parentheses(block, &lines)));
    conditions.write(cx, block, &conjuncts, &mut edits);
    Some(Draft {
        edits,
        explanation: format!(
            "The query wants the rows without a match in `{}`. NOT EXISTS says so and stops at the first match.",
            relation.name
        ),
        conditions: vec![reason],
        tokens: text.tokens.clone(),
    })
}
