use std::collections::BTreeSet;

use sqlparser::ast::{Distinct, SelectItem};

use super::aggregate;
use super::block::Block;
use super::context::{self, Context};
use super::determined;
use super::edit::Edits;
use super::expression;
use super::{Draft, Rewrite};

/// ## What it does
/// A LEFT JOIN of which nothing is used goes, where it matches at most one row or where copies of a row make
/// no difference.
///
/// ## Why
/// Queries grow by copying: a join stays long after its columns have left the SELECT list.
///
/// ## When it is the same
/// No other part of the query names the table, and a LEFT JOIN drops no row. It adds none either where its
/// condition fixes a key of the joined table. Where it does, the copies go again under DISTINCT and under
/// GROUP BY, unless an aggregate counts them: MIN, MAX and aggregates of DISTINCT values do not.
///
/// ## Source
/// Bellamkonda et al., *Enhanced subquery optimizations in Oracle* (VLDB 2009), join elimination.
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, city VARCHAR(40));
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, amount INT);
/// CREATE TABLE note (customer_id INT, body TEXT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT s.id, s.amount
/// FROM sale s
/// LEFT JOIN customer c ON c.id = s.customer_id
/// WHERE s.amount > 5
/// ```
/// ## Good
/// ```sql
/// SELECT s.id, s.amount
/// FROM sale s
/// WHERE s.amount > 5
/// ```
///
/// ## Bad
/// ```sql
/// select distinct s.amount from sale s left join note n on n.customer_id = s.customer_id
/// ```
/// ## Good
/// ```sql
/// select distinct s.amount from sale s
/// ```
///
/// ## Kept
/// It is used.
/// ```sql
/// SELECT s.id FROM sale s LEFT JOIN customer c ON c.id = s.customer_id ORDER BY c.city
/// ```
/// It may match many rows.
/// ```sql
/// SELECT s.id FROM sale s LEFT JOIN note n ON n.customer_id = s.customer_id
/// ```
/// Every match is counted.
/// ```sql
/// SELECT s.amount, MAX(s.id), COUNT(*) FROM sale s LEFT JOIN note n ON n.customer_id = s.customer_id GROUP BY s.amount
/// ```
/// All columns are selected.
/// ```sql
/// SELECT * FROM sale s LEFT JOIN customer c ON c.id = s.customer_id
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "unused-left-join",
    title: "Leave out a LEFT JOIN that nothing uses",
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

/// Whether `*` stands in the SELECT list.
pub(super) fn selects_all(block: &Block<'_>) -> bool {
    block.select.projection.iter().any(|item| {
        !matches!(
            item,
            SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. } | SelectItem::QualifiedWildcard(..)
        )
    })
}

/// Whether `r.*` of this relation stands in the SELECT list.
pub(super) fn selects_all_of(block: &Block<'_>, relation: usize) -> bool {
    let name = &block.relations[relation].name;
    block.select.projection.iter().any(|item| match item {
        SelectItem::QualifiedWildcard(kind, _) => kind
            .to_string()
            .trim_end_matches(".*")
            .rsplit('.')
            .next()
            .is_none_or(|last| last.trim_matches(['"', '`', '[', ']']).eq_ignore_ascii_case(name)),
        _ => false,
    })
}

fn rewrite(cx: &Context<'_>, id: usize, block: &Block<'_>, index: usize) -> Option<Draft> {
    let relation = block.relations.get(index)?;
    let join = relation.join?;
    let operator = &block.select.from.get(relation.item)?.joins.get(join)?.join_operator;
    if !context::is_left(operator) || selects_all_of(block, index) {
        return None;
    }
    let text = block.clauses.from.get(relation.item)?.joins.get(join)?;
    let scope = &block.clauses.scope;
    let used = cx.may_name(&(scope.start..text.tokens.start), id, index)
        || cx.may_name(&(text.tokens.end..scope.end), id, index);
    if used || expression::any_volatile(cx, &text.tokens) {
        return None;
    }
    let condition = match key(cx, id, block, index) {
        Some(key) => format!("`{}.{key}` is a key: at most one row matches", relation.name),
        None if forgets_copies(block) => "copies of a row make no difference to the result".to_owned(),
        None => return None,
    };
    let mut edits = Edits::default();
    edits.remove(cx.source, &text.tokens);
    Some(Draft {
        edits,
        explanation: format!("Nothing of `{}` is used, and the join drops no row.", relation.name),
        conditions: vec![condition],
        tokens: text.tokens.clone(),
    })
}

/// The key of the joined table that the condition of the join fixes, as text.
fn key(cx: &Context<'_>, id: usize, block: &Block<'_>, index: usize) -> Option<String> {
    let relation = block.relations.get(index)?;
    let table = relation.table?;
    let mut fixed = BTreeSet::new();
    for conjunct in cx.on_conjuncts(block, relation.item, relation.join?)? {
        let Some((left, right)) = determined::equality(conjunct.expr) else { continue };
        for (own, other) in [(left, right), (right, left)] {
            let Some((_, column)) = determined::column(cx, id, own).filter(|column| column.0 == index) else {
                continue;
            };
            let elsewhere = expression::is_literal(other)
                || cx.target(other).is_some_and(|target| (target.block, target.relation) != (id, index));
            if elsewhere {
                fixed.insert(column);
            }
        }
    }
    let key = table.keys().find(|key| key.iter().all(|&column| fixed.contains(&(column as usize))))?;
    let names: Vec<_> = key
        .iter()
        .filter_map(|&column| table.columns.get(column as usize))
        .map(|c| c.name.as_str())
        .collect();
    Some(names.join(", "))
}

/// Whether a row that is there twice gives what it gives once.
fn forgets_copies(block: &Block<'_>) -> bool {
    let Some(groups) = block.group_by() else { return false };
    let expressions = || aggregate::of_block(block);
    let aggregated = !groups.is_empty() || expressions().any(aggregate::has_aggregate);
    (aggregated || matches!(block.select.distinct, Some(Distinct::Distinct)))
        && !expressions().any(|expr| expression::any(expr, determined::is_window))
        && !expressions().any(|expr| expression::any(expr, aggregate::minds_copies))
}
