use super::block::Block;
use super::context::Context;
use super::edit::Edits;
use super::predicate;
use super::semi_join::{Parts, Quantified};
use super::{Draft, Rewrite};

/// ## What it does
/// `IN (SELECT …)` becomes EXISTS, and so do `= ANY (SELECT …)`, `> ANY (SELECT …)` and the like.
///
/// ## Why
/// Engines that run IN by making the whole list first may stop at the first match instead, and an index
/// on the inner column serves.
///
/// ## When it is the same
/// IN is true exactly if a row of the subquery equals the value, which is what EXISTS asks; ANY asks the same
/// with another comparison. Where they are NULL, EXISTS is false; so it takes their place only where NULL and
/// false come to the same: in WHERE, ON, HAVING and CASE, outside of NOT.
///
/// ## Source
/// Kim, *On optimizing an SQL-like nested query* (TODS 1982), type N.
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY);
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, amount INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT c.id FROM customer c WHERE c.id IN (SELECT DISTINCT s.customer_id FROM sale s WHERE s.amount > 3)
/// ```
/// ## Good
/// ```sql
/// SELECT c.id FROM customer c WHERE EXISTS (SELECT 1 FROM sale s WHERE s.amount > 3 AND s.customer_id = c.id)
/// ```
///
/// ## Bad
/// ```sql
/// select c.id from customer c where c.id < any (select amount from sale)
/// ```
/// ## Good
/// ```sql
/// select c.id from customer c where exists (select 1 from sale where amount > c.id)
/// ```
///
/// ## Kept
/// Under NOT, a NULL in the list matters.
/// ```sql
/// SELECT id FROM customer WHERE NOT (id IN (SELECT customer_id FROM sale))
/// ```
/// An array is no subquery.
/// ```sql
/// SELECT id FROM customer WHERE id = ANY (ARRAY[1, 2])
/// ```
/// The list is cut short.
/// ```sql
/// SELECT id FROM customer WHERE id IN (SELECT customer_id FROM sale ORDER BY amount LIMIT 3)
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "in-to-exists",
    title: "Ask with EXISTS instead of IN",
    combines: false,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        for found in predicate::predicates(cx, block) {
            out.extend(rewrite(cx, id, block, &found));
        }
    }
}

fn rewrite<'a>(
    cx: &Context<'a>,
    id: usize,
    block: &Block<'a>,
    found: &predicate::Predicate<'a>,
) -> Option<Draft> {
    let asked = Quantified::read(cx, found.expr, &found.tokens)?;
    if asked.all || !found.filters {
        return None;
    }
    let parts = Parts::read(cx, id, block, &asked)?;
    let mut edits = Edits::default();
    edits.replace(cx.source, &found.tokens, parts.exists(cx)?);
    Some(Draft {
        edits,
        explanation: "EXISTS stops at the first match and may use an index on the inner column.".to_owned(),
        conditions: vec!["here NULL is as good as false".to_owned()],
        tokens: found.tokens.clone(),
    })
}
