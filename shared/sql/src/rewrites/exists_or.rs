use sqlparser::ast::{BinaryOperator, Expr};

use super::block::Role;
use super::context::Context;
use super::edit::Edits;
use super::expression;
use super::predicate;
use super::{Draft, Rewrite};

/// ## What it does
/// EXISTS over an OR of conditions that tie it to the query around becomes an OR of EXISTS, and NOT EXISTS
/// an AND of NOT EXISTS.
///
/// ## Why
/// A semi-join or anti-join needs one equality to hash or look up by; an OR of two leaves only comparing
/// every pair of rows.
///
/// ## When it is the same
/// A row for which one of two conditions holds exists exactly if there is one for the first or one for the
/// second. EXISTS is never NULL, so its opposite is the AND of the opposites.
///
/// ## Source
/// Muralikrishna, *Optimization of multiple-disjunct queries in a relational database system* (1988).
///
/// ## Tables
/// ```sql
/// CREATE TABLE person (id INT PRIMARY KEY, mail VARCHAR(40), phone VARCHAR(20));
/// CREATE TABLE blocked (mail VARCHAR(40), phone VARCHAR(20), since INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT p.id FROM person p WHERE NOT EXISTS (SELECT 1 FROM blocked b WHERE (b.mail = p.mail OR b.phone = p.phone) AND b.since > 3)
/// ```
/// ## Good
/// ```sql
/// SELECT p.id FROM person p WHERE NOT EXISTS (SELECT 1 FROM blocked b WHERE b.mail = p.mail AND b.since > 3) AND NOT EXISTS (SELECT 1 FROM blocked b WHERE b.phone = p.phone AND b.since > 3)
/// ```
///
/// ## Bad
/// ```sql
/// select id from person p where id > 3 and exists (select * from blocked b where b.mail = p.mail or b.phone = p.phone)
/// ```
/// ## Good
/// ```sql
/// select id from person p where id > 3 and (exists (select * from blocked b where b.mail = p.mail) or exists (select * from blocked b where b.phone = p.phone))
/// ```
///
/// ## Kept
/// One side of the OR is about the inner table alone.
/// ```sql
/// SELECT p.id FROM person p WHERE EXISTS (SELECT 1 FROM blocked b WHERE b.mail = p.mail OR b.since > 3)
/// ```
/// The count is asked for, not whether there is one.
/// ```sql
/// SELECT p.id FROM person p WHERE EXISTS (SELECT COUNT(*) FROM blocked b WHERE b.mail = p.mail OR b.phone = p.phone HAVING COUNT(*) > 3)
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "split-exists",
    title: "Ask with one EXISTS for each alternative",
    combines: true,
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

fn rewrite(cx: &Context<'_>, outer_id: usize, found: &predicate::Predicate<'_>) -> Option<Draft> {
    let Expr::Exists { subquery, negated } = found.expr else { return None };
    let inner_id = cx.blocks.body(subquery)?;
    let inner = cx.blocks.list.get(inner_id)?;
    let tokens = cx.subquery(inner)?;
    let bare = inner.role == Role::Expression
        && inner.is_bare()
        && matches!(inner.group_by(), Some([]))
        && inner.select.having.is_none()
        && !super::aggregate::selects_aggregate(inner)
        && !cx.source.has_comment(&found.tokens)
        && cx.is_resolved(&tokens);
    if !bare {
        return None;
    }
    let or = cx.conjuncts(inner)?.into_iter().find(|operand| {
        matches!(expression::bare(operand.expr), Expr::BinaryOp { op: BinaryOperator::Or, .. })
    })?;
    let (expr, or_tokens) = cx.source.open(or.expr, &or.tokens);
    let arms = cx.source.operands(expr, &or_tokens, &BinaryOperator::Or)?;
    let tied =
        |block| move |name: &super::block::Reference| name.target.as_ref().is_some_and(|t| t.block == block);
    let all_tied = arms.iter().all(|arm| {
        let names = cx.names(&arm.tokens);
        names.iter().any(tied(inner_id)) && names.iter().any(tied(outer_id))
    });
    if arms.len() > 3 || !all_tied || expression::is_volatile(expr) {
        return None;
    }
    let texts: Option<Vec<String>> = arms
        .iter()
        .map(|arm| {
            let mut edits = Edits::default();
            let (_, inside) = cx.source.open(arm.expr, &arm.tokens);
            edits.replace(cx.source, &or.tokens, cx.flat(&inside));
            edits.within(cx.source, &found.tokens)
        })
        .collect();
    let (word, takes) = if *negated { ("and", found.takes_and) } else { ("or", found.takes_or) };
    let text = texts?.join(&format!(" {} ", cx.word(word)));
    // Beside an AND, an OR needs its parentheses.
    let single = *negated || cx.blocks.list[outer_id].clauses.selection.as_ref() == Some(&found.tokens);
    let mut edits = Edits::default();
    let text = if takes && single { text } else { format!("({text})") };
    edits.replace(cx.source, &found.tokens, text);
    Some(Draft {
        edits,
        explanation:
            "An OR between the two sides leaves no equality to look up by. Each alternative has one."
                .to_owned(),
        conditions: vec!["EXISTS is never NULL, and distributes over OR".to_owned()],
        tokens: found.tokens.clone(),
    })
}
