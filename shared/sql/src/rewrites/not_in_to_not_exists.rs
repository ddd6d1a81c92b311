use sqlparser::ast::Expr;

use super::context::Context;
use super::predicate;
use super::semi_join;
use super::{Draft, Rewrite};

/// ## What it does
/// `NOT IN (SELECT …)` becomes NOT EXISTS.
///
/// ## Why
/// Because of what NOT IN means for NULLs, many engines cannot run it as an anti-join and compare each
/// row with the whole list instead.
///
/// ## When it is the same
/// Neither side is ever NULL: the catalog says NOT NULL of both columns, and no outer join fills one up.
/// With a NULL in the list NOT IN is true for no row at all, while NOT EXISTS would not mind.
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
        for found in predicate::predicates(cx, block) {
            let Expr::InSubquery { expr, subquery, negated: true } = found.expr else { continue };
            let Some(parts) = semi_join::Parts::read(cx, id, block, &found, expr, subquery) else { continue };
            let never_null =
                |expr: &Expr| cx.target(expr).is_some_and(|target| cx.blocks.is_not_null(target));
            if !never_null(parts.outer) || !never_null(parts.inner) {
                continue;
            }
            let Some(edits) = parts.exists(cx, &found, true) else { continue };
            out.push(Draft {
                edits,
                explanation:
                    "NOT IN has to mind NULLs in the list; NOT EXISTS runs as an anti-join everywhere."
                        .to_owned(),
                conditions: vec![format!("`{}` and `{}` are NOT NULL", parts.outer_text, parts.inner_text)],
                tokens: found.tokens.clone(),
            });
        }
    }
}
