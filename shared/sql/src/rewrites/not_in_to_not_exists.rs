use super::block::Block;
use super::context::Context;
use super::edit::Edits;
use super::predicate::{self, Predicate};
use super::semi_join::{self, Parts, Quantified};
use super::source::Operand;
use super::{Draft, Rewrite};

/// ## What it does
/// `NOT IN (SELECT …)` becomes NOT EXISTS, and so do `<> ALL (SELECT …)`, `> ALL (SELECT …)` and the like.
///
/// ## Why
/// Because of what NOT IN means for NULLs, many engines cannot run it as an anti-join and compare each
/// row with the whole list instead.
///
/// ## When it is the same
/// Neither side is ever NULL: the catalog says NOT NULL of both columns and no outer join fills one up, or a
/// condition beside them lets no NULL through. With a NULL in the list NOT IN is true for no row at all,
/// while NOT EXISTS would not mind. ALL is true if no row of the subquery says the opposite.
///
/// ## Source
/// Bellamkonda et al., *Enhanced subquery optimizations in Oracle* (VLDB 2009), null-aware anti-join.
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, referrer INT);
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT NOT NULL, voucher INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT id FROM customer WHERE id NOT IN (SELECT customer_id FROM sale WHERE voucher > 3)
/// ```
/// ## Good
/// ```sql
/// SELECT id FROM customer WHERE NOT EXISTS (SELECT 1 FROM sale WHERE voucher > 3 AND customer_id = customer.id)
/// ```
///
/// ## Bad
/// ```sql
/// SELECT c.id FROM customer c WHERE c.referrer IS NOT NULL AND c.referrer <> ALL (SELECT s.voucher FROM sale s WHERE s.voucher IS NOT NULL)
/// ```
/// ## Good
/// ```sql
/// SELECT c.id FROM customer c WHERE c.referrer IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sale s WHERE s.voucher = c.referrer)
/// ```
///
/// ## Bad
/// ```sql
/// select c.id from customer c where c.id >= all (select s.customer_id from sale s)
/// ```
/// ## Good
/// ```sql
/// select c.id from customer c where not exists (select 1 from sale s where s.customer_id > c.id)
/// ```
///
/// ## Kept
/// The list may hold a NULL.
/// ```sql
/// SELECT id FROM customer WHERE id NOT IN (SELECT voucher FROM sale)
/// ```
/// What is looked for may be NULL.
/// ```sql
/// SELECT id FROM customer WHERE referrer NOT IN (SELECT customer_id FROM sale)
/// ```
/// An outer join makes NULLs of its own.
/// ```sql
/// SELECT c.id FROM customer r LEFT JOIN customer c ON c.id = r.referrer WHERE c.id NOT IN (SELECT customer_id FROM sale)
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "not-in-to-not-exists",
    title: "Ask with NOT EXISTS instead of NOT IN",
    combines: true,
    merges: true,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        let conjuncts = cx.conjuncts(block).unwrap_or_default();
        for found in predicate::predicates(cx, block) {
            out.extend(rewrite(cx, id, block, &conjuncts, &found));
        }
    }
}

fn rewrite<'a>(
    cx: &Context<'a>,
    id: usize,
    block: &Block<'a>,
    conjuncts: &[Operand<'a>],
    found: &Predicate<'a>,
) -> Option<Draft> {
    let asked = Quantified::read(cx, found.expr, &found.tokens)?;
    let parts = Parts::read(cx, id, block, &asked).filter(|_| asked.all)?;
    let known = semi_join::known(block, conjuncts, found);
    if !semi_join::is_never_null(cx, asked.outer, known) || !parts.inner_is_not_null(cx) {
        return None;
    }
    let mut edits = Edits::default();
    edits.replace(cx.source, &found.tokens, parts.not_exists(cx)?);
    Some(Draft {
        edits,
        explanation: "NOT IN has to mind NULLs in the list; NOT EXISTS runs as an anti-join everywhere."
            .to_owned(),
        conditions: vec![format!("`{}` and `{}` are not NULL", parts.outer_text, parts.inner_text)],
        tokens: found.tokens.clone(),
    })
}
