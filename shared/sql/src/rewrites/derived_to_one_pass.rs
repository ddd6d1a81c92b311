use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{JoinOperator, TableFactor};

use super::aggregate;
use super::block::Block;
use super::conditional::{self, Local, OnePass};
use super::context::Context;
use super::edit::Edits;
use super::same;
use super::windowed;
use super::{Draft, Rewrite};

/// ## What it does
/// Derived tables that each aggregate the same tables to one row, and stand side by side, become one: their
/// conditions move into the aggregates.
///
/// ## Why
/// Each derived table reads the same rows again; TPC-DS query 88 joins the same four tables eight times.
///
/// ## When it is the same
/// All read the same tables joined in the same way, and none groups: each makes one row, and one row beside
/// another is one row. An aggregate skips NULLs, so a condition inside of it keeps out exactly the rows that
/// the condition in WHERE kept out.
///
/// ## Source
/// TPC-DS queries 88 and 90; Bellamkonda et al., *Enhanced subquery optimizations in Oracle* (VLDB 2009).
///
/// ## Tables
/// ```sql
/// CREATE TABLE sale (id INT PRIMARY KEY, shop INT, hour INT, amount INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT *
/// FROM (SELECT COUNT(*) AS early FROM sale WHERE shop = 3 AND hour BETWEEN 8 AND 9) s1,
///      (SELECT COUNT(*) AS late FROM sale x WHERE x.shop = 3 AND x.hour BETWEEN 18 AND 19) s2
/// ```
/// ## Good
/// ```sql
/// SELECT *
/// FROM (
///     SELECT COUNT(*) FILTER (WHERE hour BETWEEN 8 AND 9) AS early, COUNT(*) FILTER (WHERE sale.hour BETWEEN 18 AND 19) AS late
///     FROM sale
///     WHERE shop = 3
///       AND (hour BETWEEN 8 AND 9 OR sale.hour BETWEEN 18 AND 19)
/// ) AS s1
/// ```
///
/// ## Bad
/// ```sql
/// select a.n as few, b.n as many, a.n / b.n as share from (select count(*) as n from sale where shop = 3) a cross join (select count(*) as n from sale) b
/// ```
/// ## Good
/// ```sql
/// select a.n as few, a.n_2 as many, a.n / a.n_2 as share from (select count(*) filter (where shop = 3) as n, count(*) as n_2 from sale) as a
/// ```
///
/// ## Kept
/// They read different tables, or group.
/// ```sql
/// SELECT a.n, b.n FROM (SELECT COUNT(*) AS n FROM sale) a, (SELECT shop, COUNT(*) AS n FROM sale GROUP BY shop) b
/// ```
/// All columns are selected, of which two have one name.
/// ```sql
/// SELECT * FROM (SELECT COUNT(*) AS n FROM sale WHERE shop = 3) a, (SELECT COUNT(*) AS n FROM sale WHERE shop = 4) b
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "derived-tables-to-one-pass",
    title: "Compute the aggregates of several derived tables in one pass",
    combines: true,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        if block.is_plain() && block.relations.len() > 1 {
            out.extend(rewrite(cx, id, block));
        }
    }
}

/// A derived table of one row.
struct Found {
    inner: usize,
    local: Vec<Local>,
}

fn find(cx: &Context<'_>, factor: &TableFactor) -> Option<Found> {
    let TableFactor::Derived { subquery, lateral: false, alias: Some(alias), .. } = factor else {
        return None;
    };
    let inner = cx.blocks.body(subquery)?;
    let block = cx.blocks.list.get(inner)?;
    let tokens = cx.subquery(block)?;
    let own = cx.names(&tokens).iter().all(|name| name.target.as_ref().is_some_and(|t| t.block == inner));
    let sound = alias.columns.is_empty()
        && block.is_bare()
        && matches!(block.group_by(), Some([]))
        && block.select.having.is_none()
        && block.select.distinct.is_none()
        && own
        && !cx.source.has_comment(&tokens)
        && !super::expression::any_volatile(cx, &tokens);
    if !sound {
        return None;
    }
    let local = conditional::local(cx, inner)?;
    Some(Found { inner, local })
}

fn rewrite(cx: &Context<'_>, id: usize, block: &Block<'_>) -> Option<Draft> {
    let crossed = block
        .select
        .from
        .iter()
        .flat_map(|from| &from.joins)
        .all(|join| matches!(join.join_operator, JoinOperator::CrossJoin(_)));
    let found: Vec<Found> = block.relations.iter().map(|r| find(cx, r.factor)).collect::<Option<_>>()?;
    let first = found.first()?;
    if !crossed || !found.iter().all(|other| same::same_from(cx, first.inner, other.inner)) {
        return None;
    }
    let pass = OnePass { blocks: found.iter().map(|one| (one.inner, &one.local[..])).collect() };
    let mut own: Vec<Vec<String>> = Vec::new();
    let (mut items, mut names) = (Vec::new(), BTreeSet::new());
    // Columns that have another name from now on, since an earlier table has one of theirs.
    let mut renamed: BTreeMap<(usize, String), String> = BTreeMap::new();
    cx.forget_names();
    for (at, (one, relation)) in found.iter().zip(&block.relations).enumerate() {
        let texts = pass.own(cx, at)?;
        let condition = conditional::all_of(cx, &texts);
        own.push(texts);
        let inner = cx.blocks.list.get(one.inner)?;
        for (index, name) in relation.columns.clone()?.iter().enumerate() {
            let (value, tokens) = cx.item(inner, index)?;
            if name.is_empty() {
                return None;
            }
            let mut name = name.clone();
            if !names.insert(name.to_lowercase()) {
                let other = cx.fresh(&name);
                renamed.insert((at, name.to_lowercase()), other.clone());
                name = other;
            }
            let mut edits = Edits::default();
            for aggregate in aggregate::shape(cx, value)?.aggregates {
                let text =
                    conditional::aggregate(cx, &aggregate, condition.as_deref(), one.inner, first.inner)?;
                edits.replace(cx.source, &aggregate.tokens, text);
            }
            items.push(format!("{} {} {name}", edits.within(cx.source, &tokens)?, cx.word("as")));
        }
    }
    let lines = pass.lines(cx, &items, &own)?;
    let clauses = &block.clauses.from;
    let whole = clauses.first()?.tokens.start..clauses.last()?.tokens.end;
    let qualifier = cx.qualifier(block, block.relations.first()?)?;
    let mut edits = Edits::default();
    for name in cx.names(&block.clauses.scope) {
        let Some(target) = name.target.as_ref().filter(|target| target.block == id && target.relation > 0) else {
            continue;
        };
        if name.qualified && !whole.contains(&name.tokens.start) {
            let own = same::column_text(cx, name);
            let other = renamed.get(&(target.relation, target.column.to_lowercase()));
            let mut text = format!("{qualifier}.{}", other.map_or(own, String::as_str));
            // What it comes out as stays.
            if other.is_some() && block.is_unnamed_item(&name.tokens) {
                text = format!("{text} {} {own}", cx.word("as"));
            }
            edits.replace(cx.source, &name.tokens, text);
        }
    }
    if !renamed.is_empty() && super::unused_left_join::selects_all(block) {
        return None;
    }
    if (1..block.relations.len()).any(|at| super::unused_left_join::selects_all_of(block, at)) {
        return None;
    }
    let text = windowed::block_text(cx, block, whole.start, &lines);
    edits.replace(cx.source, &whole, format!("{text} {}{qualifier}", cx.alias_word()));
    Some(Draft {
        edits,
        explanation: format!("{} derived tables read the same tables, one after the other.", found.len()),
        conditions: vec![
            "each makes one row from the same tables; an aggregate skips what its condition keeps out"
                .to_owned(),
        ],
        tokens: whole,
    })
}
