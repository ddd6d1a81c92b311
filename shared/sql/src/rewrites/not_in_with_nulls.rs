use super::block::Block;
use super::conditions;
use super::context::Context;
use super::edit::Edits;
use super::predicate::{self, Predicate};
use super::semi_join::{self, Parts, Quantified};
use super::source::Operand;
use super::{Draft, Rewrite};

/// ## What it does
/// `NOT IN (SELECT …)` over columns that may be NULL becomes NOT EXISTS, with a question of its own for what
/// a NULL would do.
///
/// ## Why
/// NOT IN over a nullable column is no anti-join: the list is kept as a whole, or gone through for each row
/// where it does not fit into memory. Asked by itself whether there is a NULL, that question is answered once
/// for all rows, and what remains is an anti-join.
///
/// ## When it is the same
/// NOT IN is true if no row of the list equals the value, the list holds no NULL, and the value is not NULL
/// or the list is empty. All three are asked. Where NOT IN is NULL the questions are false, so they take its
/// place only where NULL and false come to the same.
///
/// ## Source
/// Bellamkonda et al., *Enhanced subquery optimizations in Oracle* (VLDB 2009), null-aware anti-join.
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, referrer INT);
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT NOT NULL, voucher INT, state VARCHAR(10));
/// ```
///
/// ## Bad
/// ```sql
/// SELECT c.id
/// FROM customer c
/// WHERE c.id NOT IN (SELECT s.voucher FROM sale s WHERE s.state = 'paid')
/// ```
/// ## Good
/// ```sql
/// SELECT c.id
/// FROM customer c
/// WHERE NOT EXISTS (SELECT 1 FROM sale s WHERE s.state = 'paid' AND s.voucher = c.id)
///   AND NOT EXISTS (SELECT 1 FROM sale s WHERE s.state = 'paid' AND s.voucher IS NULL)
/// ```
///
/// ## Bad
/// ```sql
/// select c.id from customer c where c.referrer <> all (select s.customer_id from sale s)
/// ```
/// ## Good
/// ```sql
/// select c.id from customer c where not exists (select 1 from sale s where s.customer_id = c.referrer) and (c.referrer is not null or not exists (select 1 from sale s))
/// ```
///
/// ## Kept
/// Neither can be NULL: NOT EXISTS by itself serves.
/// ```sql
/// SELECT id FROM customer WHERE id NOT IN (SELECT customer_id FROM sale)
/// ```
/// As a value NULL is not false.
/// ```sql
/// SELECT id, id NOT IN (SELECT voucher FROM sale) AS fresh FROM customer
/// ```
/// Whether a NULL is there would be asked for each row again.
/// ```sql
/// SELECT c.id FROM customer c WHERE c.id NOT IN (SELECT s.voucher FROM sale s WHERE s.customer_id > c.referrer)
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "not-in-with-nulls",
    title: "Ask for NULLs once, and with NOT EXISTS instead of NOT IN",
    combines: false,
    merges: false,
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
    let parts = Parts::read(cx, id, block, &asked).filter(|_| asked.is_not_in() && found.filters)?;
    let known = semi_join::known(block, conjuncts, found);
    let (outer, inner) = (semi_join::is_never_null(cx, asked.outer, known), parts.inner_is_not_null(cx));
    if outer && inner || !parts.is_alone(cx) {
        return None;
    }
    let mut texts = vec![parts.not_exists(cx)?];
    if !inner {
        texts.push(parts.no_null(cx)?);
    }
    if !outer {
        let own = cx.flat(&asked.outer_tokens);
        texts.push(format!("({own} {} {} {})", cx.word("is not null"), cx.word("or"), parts.no_row(cx)?));
    }
    let separator = match conjuncts.iter().find(|one| one.tokens == found.tokens) {
        Some(one) => conditions::separator(cx, block, conjuncts, one),
        None => " ".to_owned(),
    };
    let text = texts.join(&format!("{separator}{} ", cx.word("and")));
    let mut edits = Edits::default();
    edits.replace(cx.source, &found.tokens, if found.takes_and { text } else { format!("({text})") });
    Some(Draft {
        edits,
        explanation: "NOT IN over what may be NULL is no anti-join. Asked by itself, what a NULL would do is answered once."
            .to_owned(),
        conditions: vec!["no row equals the value, none is NULL, and the value is not NULL or there is no row".to_owned()],
        tokens: found.tokens.clone(),
    })
}
