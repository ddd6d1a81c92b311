use std::collections::BTreeMap;

use super::block::Block;
use super::context::Context;
use super::determined;
use super::edit::Edits;
use super::removal::{self, Written};
use super::{Draft, Rewrite};

/// ## What it does
/// A table that is joined to itself on its key stands in FROM once.
///
/// ## Why
/// Each row meets itself and nothing else; the join looks every row up again for nothing. Views that
/// build on one table, joined, come out so.
///
/// ## When it is the same
/// The join equates all columns of a key, column by column, so both sides are the same row. A column of
/// the key that may be NULL drops its row, which IS NOT NULL says.
///
/// ## Source
/// Bellamkonda et al., *Enhanced subquery optimizations in Oracle* (VLDB 2009), join elimination.
///
/// ## Tables
/// ```sql
/// CREATE TABLE person (id INT PRIMARY KEY, name VARCHAR(40), pass VARCHAR(20) UNIQUE, boss INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT a.id, b.name
/// FROM person a
/// JOIN person b ON b.id = a.id AND b.boss > 3
/// WHERE a.name <> b.pass
/// ```
/// ## Good
/// ```sql
/// SELECT a.id, a.name
/// FROM person a
/// WHERE a.name <> a.pass
///   AND a.boss > 3
/// ```
///
/// ## Bad
/// ```sql
/// select count(*) from person a, person b where a.pass = b.pass
/// ```
/// ## Good
/// ```sql
/// select count(*) from person a where a.pass is not null
/// ```
///
/// ## Kept
/// Another column of the same table.
/// ```sql
/// SELECT a.id, b.name FROM person a JOIN person b ON b.id = a.boss
/// ```
/// Many may share a name.
/// ```sql
/// SELECT a.id, b.boss FROM person a JOIN person b ON b.name = a.name
/// ```
/// The outer join keeps rows of its own.
/// ```sql
/// SELECT a.id, b.boss FROM person a LEFT JOIN person b ON b.id = a.id AND b.boss > 3
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "self-join-on-key",
    title: "Leave out a join of a table with itself on its key",
    combines: true,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        if !block.is_plain() {
            continue;
        }
        for gone in 1..block.relations.len() {
            out.extend((0..gone).find_map(|kept| rewrite(cx, id, block, kept, gone)));
        }
    }
}

fn rewrite(cx: &Context<'_>, id: usize, block: &Block<'_>, kept: usize, gone: usize) -> Option<Draft> {
    let (own, other) = (block.relations.get(kept)?, block.relations.get(gone)?);
    let table = own.table?;
    if !std::ptr::eq(table, other.table?)
        || other.join.is_none() && !block.clauses.from.get(other.item)?.joins.is_empty()
    {
        return None;
    }
    let qualifier = cx.qualifier(block, own)?;
    let mut equated = Vec::new();
    let mut dropped = BTreeMap::new();
    let mut at = None;
    for condition in removal::conditions(cx, block)? {
        let Some((left, right)) = determined::equality(condition.operand.expr) else { continue };
        let (Some(one), Some(two)) = (determined::column(cx, id, left), determined::column(cx, id, right))
        else {
            continue;
        };
        if one.1 != two.1 || ![(kept, gone), (gone, kept)].contains(&(one.0, two.0)) {
            continue;
        }
        equated.push(one.1);
        let tokens = &condition.operand.tokens;
        at.get_or_insert_with(|| tokens.clone());
        let name = &table.columns.get(one.1)?.name;
        let test =
            (!table.is_not_null(one.1)).then(|| format!("{qualifier}.{name} {}", cx.word("is not null")));
        dropped.insert(tokens.start, test);
    }
    let key = table.keys().find(|key| key.iter().all(|&column| equated.contains(&(column as usize))))?;
    let names: Vec<&str> = key
        .iter()
        .filter_map(|&column| table.columns.get(column as usize))
        .map(|c| c.name.as_str())
        .collect();
    let written: Written = table
        .columns
        .iter()
        .map(|column| (column.name.to_lowercase(), format!("{qualifier}.{}", column.name)))
        .collect();
    let mut edits = Edits::default();
    let gone = removal::Gone { relation: gone, written, changed: dropped };
    removal::remove(cx, id, block, &gone, &mut edits)?;
    Some(Draft {
        edits,
        explanation: format!("`{}` and `{}` are the same row of the same table.", own.name, other.name),
        conditions: vec![format!("`{}` is a key: a row meets only itself", names.join(", "))],
        tokens: at?,
    })
}
