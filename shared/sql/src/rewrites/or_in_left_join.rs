use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Expr};

use super::block::Block;
use super::context::{self, Context};
use super::determined;
use super::edit::Edits;
use super::expression;
use super::negation;
use super::same;
use super::source::{Operand, Tokens};
use super::unused_left_join::{selects_all, selects_all_of};
use super::windowed;
use super::{Draft, Rewrite};

/// ## What it does
/// A LEFT JOIN on an OR finds the pairs of each alternative by itself, and joins what was found by the key
/// of the left side.
///
/// ## Why
/// A join on `a = b OR c = d` can be done neither by hash nor by merge: every pair of rows is compared. Each
/// alternative by itself can, and so can a join by a key.
///
/// ## When it is the same
/// The pairs for which the condition holds are those of an inner join, and each comes from the first
/// alternative that is true for it: the later ones ask that the earlier ones are false or NULL. Each row of
/// the left side is told apart by its key, which is NOT NULL, so it meets the same rows as before, and is
/// filled up where it meets none.
///
/// ## Source
/// Bellamkonda et al., *Enhanced subquery optimizations in Oracle* (VLDB 2009), OR expansion.
///
/// ## Tables
/// ```sql
/// CREATE TABLE person (id INT PRIMARY KEY, mail VARCHAR(40) NOT NULL, phone VARCHAR(20), town VARCHAR(20));
/// CREATE TABLE lead (id INT PRIMARY KEY, mail VARCHAR(40) NOT NULL, phone VARCHAR(20), score INT);
/// CREATE TABLE note (person_id INT, phone VARCHAR(20), body TEXT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT p.id, l.score
/// FROM person p
/// LEFT JOIN lead l ON p.mail = l.mail OR p.phone = l.phone
/// WHERE p.town = 'Bern'
/// ```
/// ## Good
/// ```sql
/// SELECT p.id, l.score
/// FROM person p
/// LEFT JOIN (
///     SELECT p.id AS p_id, l.score
///     FROM person p
///     JOIN lead l ON p.mail = l.mail
///     WHERE p.town = 'Bern'
///     UNION ALL
///     SELECT p.id, l.score
///     FROM person p
///     JOIN lead l ON p.phone = l.phone AND p.mail <> l.mail
///     WHERE p.town = 'Bern'
/// ) AS l ON l.p_id = p.id
/// WHERE p.town = 'Bern'
/// ```
///
/// ## Bad
/// ```sql
/// select p.id, count(n.body) from person p left join note n on (n.phone = p.phone or n.person_id = p.id) and n.body <> '' group by p.id
/// ```
/// ## Good
/// ```sql
/// select p.id, count(n.body) from person p left join (select p.id as p_id, n.body from person p join note n on n.phone = p.phone and n.body <> '' union all select p.id, n.body from person p join note n on n.person_id = p.id and (n.phone <> p.phone or n.phone is null or p.phone is null) and n.body <> '') as n on n.p_id = p.id group by p.id
/// ```
///
/// ## Kept
/// The left side has no key.
/// ```sql
/// SELECT n.body, p.town FROM note n LEFT JOIN person p ON p.id = n.person_id OR p.phone = n.phone
/// ```
/// One alternative ties the two by no equality.
/// ```sql
/// SELECT p.id, l.score FROM person p LEFT JOIN lead l ON p.mail = l.mail OR l.score > 3
/// ```
/// All columns are selected, and there would be one more.
/// ```sql
/// SELECT * FROM person p LEFT JOIN lead l ON p.mail = l.mail OR p.phone = l.phone
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "or-in-left-join",
    title: "Find the pairs of each alternative of a LEFT JOIN by itself",
    combines: false,
    merges: false,
    propose,
};

/// Most alternatives that are written out.
const MOST: usize = 3;

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        if !block.is_plain() || selects_all(block) {
            continue;
        }
        for right in 0..block.relations.len() {
            cx.forget_names();
            out.extend(rewrite(cx, id, block, right));
        }
    }
}

/// The condition of the join, taken apart.
struct Condition<'a> {
    /// The relation that is kept.
    left: usize,
    /// The alternatives.
    arms: Vec<Operand<'a>>,
    /// What is asked beside them.
    others: Vec<Tokens>,
}

fn rewrite(cx: &Context<'_>, id: usize, block: &Block<'_>, right: usize) -> Option<Draft> {
    let other = block.relations.get(right).filter(|relation| relation.table.is_some())?;
    let join = other.join?;
    let operator = &block.select.from.get(other.item)?.joins.get(join)?.join_operator;
    if !context::is_left(operator) || selects_all_of(block, right) {
        return None;
    }
    let text = block.clauses.from.get(other.item)?.joins.get(join)?;
    let on = text.on.clone().filter(|on| !cx.source.has_comment(on))?;
    let Condition { left, arms, others } = condition(cx, id, block, (other.item, join), right)?;
    let own = block.relations.get(left)?;
    let table = own.table.filter(|_| !own.nullable && own.item == other.item)?;
    let key = table.keys().find(|key| key.iter().all(|&column| table.is_not_null(column as usize)))?;
    let (kept, joined) = (cx.qualifier(block, own)?, cx.qualifier(block, other)?);

    let (mut keys, mut ties) = (Vec::new(), Vec::new());
    for &column in key {
        let column = &table.columns.get(column as usize)?.name;
        let name = cx.fresh(&format!("{kept}_{column}"));
        ties.push(format!("{joined}.{name} = {kept}.{column}"));
        keys.push((format!("{kept}.{column}"), name));
    }
    let used = used(cx, id, block, right, &on)?;
    let filters = filters(cx, id, block, left)?;
    let and = format!(" {} ", cx.word("and"));
    let mut lines = Vec::new();
    let mut refused: Vec<String> = Vec::new();
    for (index, arm) in arms.iter().enumerate() {
        let first = index == 0;
        let named = |(key, name): &(String, String)| {
            if first { format!("{key} {} {name}", cx.word("as")) } else { key.clone() }
        };
        let items: Vec<String> =
            keys.iter().map(named).chain(used.iter().map(|column| format!("{joined}.{column}"))).collect();
        let mut asked = vec![cx.flat(&cx.source.open(arm.expr, &arm.tokens).1)];
        asked.extend(refused.iter().cloned());
        asked.extend(others.iter().map(|tokens| cx.flat(tokens)));
        if index + 1 < arms.len() {
            refused.push(negation::of_inner(cx, arm.expr, &arm.tokens)?);
        }
        if !first {
            lines.push(cx.word("union all"));
        }
        lines.push(format!("{} {}", cx.word("select"), items.join(", ")));
        lines.push(format!("{} {}", cx.word("from"), cx.flat(&cx.relation_tokens(block, own)?)));
        let relation = cx.flat(&text.relation);
        lines.push(format!("{} {relation} {} {}", cx.word("join"), cx.word("on"), asked.join(&and)));
        if !filters.is_empty() {
            lines.push(format!("{} {}", cx.word("where"), filters.join(&and)));
        }
    }
    let derived = windowed::block_text(cx, block, text.tokens.start, &lines);
    let mut edits = Edits::default();
    edits.replace(cx.source, &text.relation, format!("{derived} {}{joined}", cx.alias_word()));
    edits.replace(cx.source, &on, ties.join(&and));
    Some(Draft {
        edits,
        explanation: format!(
            "No hash join serves `{}`. Each alternative by itself can be served, and so can the key of `{}`.",
            cx.flat(&on),
            own.name
        ),
        conditions: vec![
            format!("`{}` is a key of `{}`", ties_of(&keys), own.name),
            "a pair comes from the first alternative that is true for it: the later ones refuse it, NULLs minded"
                .to_owned(),
        ],
        tokens: on,
    })
}

fn ties_of(keys: &[(String, String)]) -> String {
    keys.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ")
}

/// Takes the condition apart. `None` unless it is a chain of ORs, each alternative with an equality between
/// the same two relations, and conditions on no others.
fn condition<'a>(
    cx: &Context<'a>,
    id: usize,
    block: &Block<'a>,
    (item, join): (usize, usize),
    right: usize,
) -> Option<Condition<'a>> {
    let (mut arms, mut others) = (Vec::new(), Vec::new());
    let mut named = BTreeSet::new();
    for operand in cx.on_conjuncts(block, item, join)? {
        if expression::is_volatile(operand.expr) || expression::has_subquery(operand.expr) {
            return None;
        }
        named.extend(cx.relations_in(&operand.tokens, id)?);
        let (expr, tokens) = cx.source.open(operand.expr, &operand.tokens);
        if matches!(expr, Expr::BinaryOp { op: BinaryOperator::Or, .. }) && arms.is_empty() {
            arms = cx.source.operands(expr, &tokens, &BinaryOperator::Or)?;
        } else {
            others.push(operand.tokens);
        }
    }
    named.remove(&right);
    let [left] = named.into_iter().collect::<Vec<_>>()[..] else { return None };
    let ties = |operand: &Operand<'_>| {
        let (expr, tokens) = cx.source.open(operand.expr, &operand.tokens);
        let parts = cx.source.operands(expr, &tokens, &BinaryOperator::And).unwrap_or_default();
        parts.iter().any(|part| {
            determined::equality(part.expr).is_some_and(|(one, two)| {
                let of = |side| cx.target(side).filter(|target| target.block == id).map(|t| t.relation);
                matches!((of(one), of(two)), (Some(a), Some(b)) if a != b)
            })
        })
    };
    ((2..=MOST).contains(&arms.len()) && arms.iter().all(ties)).then_some(Condition { left, arms, others })
}

/// The columns of the joined relation that are named outside of the condition, as they are written.
fn used<'a>(
    cx: &Context<'a>,
    id: usize,
    block: &Block<'a>,
    right: usize,
    on: &Tokens,
) -> Option<Vec<&'a str>> {
    let mut columns: Vec<&str> = Vec::new();
    for name in cx.names(&block.clauses.scope) {
        if on.contains(&name.tokens.start) {
            continue;
        }
        match &name.target {
            Some(target) if (target.block, target.relation) == (id, right) => {
                let column = same::column_text(cx, name);
                // `db.t.c` would not reach the derived table.
                if name.tokens.len() > 3 {
                    return None;
                }
                if !columns.iter().any(|known| known.eq_ignore_ascii_case(column)) {
                    columns.push(column);
                }
            }
            Some(_) => {}
            // An alias of the SELECT list.
            None if !name.qualified && block.has_alias(cx.text(&name.tokens)) => {}
            None => return None,
        }
    }
    Some(columns)
}

/// The conditions of WHERE on the relation that is kept alone: rows that they refuse need no partners.
fn filters(cx: &Context<'_>, id: usize, block: &Block<'_>, left: usize) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    for operand in cx.conjuncts(block)? {
        let names = cx.names(&operand.tokens);
        let own = |name: &super::block::Reference| {
            name.target.as_ref().is_some_and(|target| (target.block, target.relation) == (id, left))
        };
        let moves = !names.is_empty()
            && names.iter().all(own)
            && !expression::is_volatile(operand.expr)
            && !expression::has_subquery(operand.expr);
        if moves {
            let or = matches!(operand.expr, Expr::BinaryOp { op: BinaryOperator::Or, .. });
            let text = cx.flat(&operand.tokens);
            texts.push(if or { format!("({text})") } else { text });
        }
    }
    Some(texts)
}
