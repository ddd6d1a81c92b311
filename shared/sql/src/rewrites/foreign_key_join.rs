use std::collections::BTreeMap;

use super::block::{Block, Relation};
use super::context::Context;
use super::determined;
use super::edit::Edits;
use super::removal::{self, Written};
use super::source::Tokens;
use super::{Draft, Rewrite};

/// ## What it does
/// A join along a foreign key, of which nothing but the key is used, goes.
///
/// ## Why
/// The foreign key promises a match, and the key that there is only one: the join looks each row up to
/// learn nothing. Views with all joins that anyone ever needs bring such joins along.
///
/// ## When it is the same
/// Every row that refers anywhere has exactly one row to meet. A row whose foreign key is NULL meets none,
/// which IS NOT NULL says where the column may be NULL. The constraint must hold: not every warehouse
/// enforces it.
///
/// ## Source
/// Cheng et al., *Implementation of two semantic query optimization techniques in DB2 UDB* (VLDB 1999).
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, city VARCHAR(40));
/// CREATE TABLE shop (id INT PRIMARY KEY);
/// CREATE TABLE sale (
///     id INT PRIMARY KEY, customer_id INT NOT NULL REFERENCES customer (id), shop_id INT REFERENCES shop (id), amount INT
/// );
/// ```
///
/// ## Bad
/// ```sql
/// SELECT s.id, SUM(s.amount)
/// FROM sale s
/// JOIN customer c ON c.id = s.customer_id
/// GROUP BY s.id
/// ```
/// ## Good
/// ```sql
/// SELECT s.id, SUM(s.amount)
/// FROM sale s
/// GROUP BY s.id
/// ```
///
/// ## Bad
/// ```sql
/// select s.id, shop.id as shop from shop, sale s where shop.id = s.shop_id and amount > 3
/// ```
/// ## Good
/// ```sql
/// select s.id, s.shop_id as shop from sale s where s.shop_id is not null and amount > 3
/// ```
///
/// ## Kept
/// Its city is asked for.
/// ```sql
/// SELECT s.id FROM sale s JOIN customer c ON c.id = s.customer_id WHERE c.city = 'Bern'
/// ```
/// No foreign key promises a match.
/// ```sql
/// SELECT s.id FROM sale s JOIN customer c ON c.id = s.amount
/// ```
/// In the other direction there may be none or many.
/// ```sql
/// SELECT c.id FROM customer c JOIN sale s ON c.id = s.customer_id
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "foreign-key-join",
    title: "Leave out a join that a foreign key makes needless",
    combines: true,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        if !block.is_plain() {
            continue;
        }
        for parent in 0..block.relations.len() {
            out.extend(
                (0..block.relations.len())
                    .filter(|&child| child != parent)
                    .find_map(|child| rewrite(cx, id, block, child, parent)),
            );
        }
    }
}

/// The pairs of columns of a foreign key from one relation to another: referring, referred.
fn foreign_keys(child: &Relation<'_>, parent: &Relation<'_>) -> Vec<Vec<(usize, usize)>> {
    let (Some(from), Some(to)) = (child.table, parent.table) else { return Vec::new() };
    let refers = |name: &[String]| {
        name.iter().rev().zip(to.name.iter().rev()).all(|(a, b)| a.eq_ignore_ascii_case(b))
            && !name.is_empty()
    };
    from.foreign_keys
        .iter()
        .filter(|key| refers(&key.table))
        .filter_map(|key| {
            let referred: Vec<usize> = if key.referred_columns.is_empty() {
                to.primary_key.iter().map(|&column| column as usize).collect()
            } else {
                key.referred_columns.iter().map(|name| to.column(name)).collect::<Option<_>>()?
            };
            let is_key = to.keys().any(|k| k.iter().all(|&column| referred.contains(&(column as usize))));
            (is_key && referred.len() == key.columns.len())
                .then(|| key.columns.iter().map(|&column| column as usize).zip(referred).collect())
        })
        .collect()
}

fn rewrite(cx: &Context<'_>, id: usize, block: &Block<'_>, child: usize, parent: usize) -> Option<Draft> {
    let (own, other) = (block.relations.get(child)?, block.relations.get(parent)?);
    let keys = foreign_keys(own, other);
    if keys.is_empty() || other.join.is_none() && later_joins_need(cx, id, block, parent) {
        return None;
    }
    let mut equalities: Vec<((usize, usize), Tokens)> = Vec::new();
    for condition in removal::conditions(cx, block)? {
        let Some((left, right)) = determined::equality(condition.operand.expr) else { continue };
        for (left, right) in [(left, right), (right, left)] {
            if let (Some(one), Some(two)) =
                (determined::column(cx, id, left), determined::column(cx, id, right))
                && (one.0, two.0) == (child, parent)
            {
                equalities.push(((one.1, two.1), condition.operand.tokens.clone()));
            }
        }
    }
    let key =
        keys.into_iter().find(|key| key.iter().all(|pair| equalities.iter().any(|(e, _)| e == pair)))?;
    let (from, to) = (own.table?, other.table?);
    let qualifier = cx.qualifier(block, own)?;
    let (mut written, mut dropped) = (Written::new(), BTreeMap::new());
    let mut conditions = Vec::new();
    let mut at = None;
    for &(referring, referred) in &key {
        let (column, target) = (from.columns.get(referring)?, to.columns.get(referred)?);
        if column.data_type.as_ref().map(|t| t.to_uppercase())
            == target.data_type.as_ref().map(|t| t.to_uppercase())
        {
            written.insert(target.name.to_lowercase(), format!("{qualifier}.{}", column.name));
        }
        let not_null = from.is_not_null(referring) && !own.nullable;
        let mut test = (!not_null).then(|| format!("{qualifier}.{} {}", column.name, cx.word("is not null")));
        for (_, tokens) in equalities.iter().filter(|(pair, _)| *pair == (referring, referred)) {
            at.get_or_insert_with(|| tokens.clone());
            dropped.insert(tokens.start, test.take());
        }
        conditions.push(if not_null {
            format!("`{}.{}` is NOT NULL and refers to `{}`", own.name, column.name, other.name)
        } else {
            format!("`{}.{}` refers to `{}` where it is not NULL", own.name, column.name, other.name)
        });
    }
    if removal::renames_output(cx, id, block, parent, &written) {
        return None;
    }
    let mut edits = Edits::default();
    let gone = removal::Gone { relation: parent, written, changed: dropped };
    removal::remove(cx, id, block, &gone, &mut edits)?;
    Some(Draft {
        edits,
        explanation: format!(
            "Each row of `{}` meets exactly one row of `{}`, and nothing else of that is used.",
            own.name, other.name
        ),
        conditions,
        tokens: at?,
    })
}

/// Whether a join after the first names the first relation of its item: it would name what comes later.
fn later_joins_need(cx: &Context<'_>, id: usize, block: &Block<'_>, first: usize) -> bool {
    let Some(item) = block.clauses.from.get(block.relations[first].item) else { return true };
    item.joins.iter().skip(1).any(|join| cx.may_name(&join.tokens, id, first))
}
