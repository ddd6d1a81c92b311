use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{Expr, TableFactor};

use super::aggregate;
use super::block::{Block, Reference};
use super::conditional::{self, Local, OnePass};
use super::context::{self, Context};
use super::determined;
use super::edit::Edits;
use super::expression;
use super::same;
use super::source::Tokens;
use super::windowed;
use super::{Draft, Rewrite};

/// ## What it does
/// Derived tables that group the same tables by the same key, each under conditions of its own, and are joined to
/// the same column by LEFT JOIN, become one: their conditions move into the aggregates.
///
/// ## Why
/// Each derived table reads and groups the same rows again, and each is joined by itself.
///
/// ## When it is the same
/// All read the same tables joined in the same way, group by the same column, and are tied by it alone to the same
/// column of the query around. An aggregate skips NULLs, so a condition inside of it keeps out exactly the rows that
/// the condition in WHERE kept out. A group that one of them does not have is NULL there; a count of it is 0 now,
/// which NULLIF makes NULL again. Only rows are counted, or what is never NULL: a count of 0 has no group then.
///
/// ## Source
/// Bellamkonda et al., *Enhanced subquery optimizations in Oracle* (VLDB 2009), subquery coalescing.
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, city VARCHAR(40));
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, state VARCHAR(10), amount DECIMAL(12, 2));
/// ```
///
/// ## Bad
/// ```sql
/// SELECT c.id, p.total AS paid, COALESCE(o.n, 0) AS open
/// FROM customer c
/// LEFT JOIN (SELECT customer_id, SUM(amount) AS total FROM sale WHERE state = 'paid' GROUP BY customer_id) p ON p.customer_id = c.id
/// LEFT JOIN (SELECT customer_id, COUNT(*) AS n FROM sale WHERE state = 'open' GROUP BY customer_id) o ON o.customer_id = c.id
/// WHERE c.city = 'Bern'
/// ```
/// ## Good
/// ```sql
/// SELECT c.id, p.total AS paid, COALESCE(p.n, 0) AS open
/// FROM customer c
/// LEFT JOIN (
///     SELECT customer_id, SUM(amount) FILTER (WHERE state = 'paid') AS total, COUNT(*) FILTER (WHERE state = 'open') AS n
///     FROM sale
///     WHERE state = 'paid' OR state = 'open'
///     GROUP BY customer_id
/// ) AS p ON p.customer_id = c.id
/// WHERE c.city = 'Bern'
/// ```
///
/// ## Bad
/// ```sql
/// select c.id, a.n, b.n as others from customer c left join (select customer_id as k, count(*) as n from sale group by customer_id) a on a.k = c.id left join (select s.customer_id, count(s.id) as n from sale s where s.amount > 3 group by s.customer_id) b on c.id = b.customer_id
/// ```
/// ## Good
/// ```sql
/// select c.id, a.n, nullif(a.n_2, 0) as others from customer c left join (select customer_id as k, count(*) as n, count(sale.id) filter (where sale.amount > 3) as n_2 from sale group by customer_id) as a on a.k = c.id
/// ```
///
/// ## Kept
/// A count of what may be NULL is 0 in a group that is there.
/// ```sql
/// SELECT c.id, a.n, b.n FROM customer c LEFT JOIN (SELECT customer_id, COUNT(*) AS n FROM sale GROUP BY customer_id) a ON a.customer_id = c.id LEFT JOIN (SELECT customer_id, COUNT(state) AS n FROM sale WHERE amount > 3 GROUP BY customer_id) b ON b.customer_id = c.id
/// ```
/// The joins drop customers without either.
/// ```sql
/// SELECT c.id, a.n, b.t FROM customer c JOIN (SELECT customer_id, COUNT(*) AS n FROM sale GROUP BY customer_id) a ON a.customer_id = c.id JOIN (SELECT customer_id, SUM(amount) AS t FROM sale WHERE amount > 3 GROUP BY customer_id) b ON b.customer_id = c.id
/// ```
/// Whether the second has a group is asked.
/// ```sql
/// SELECT c.id, a.n, b.t FROM customer c LEFT JOIN (SELECT customer_id, COUNT(*) AS n FROM sale GROUP BY customer_id) a ON a.customer_id = c.id LEFT JOIN (SELECT customer_id, SUM(amount) AS t FROM sale WHERE amount > 3 GROUP BY customer_id) b ON b.customer_id = c.id WHERE b.customer_id IS NULL
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "groups-to-one-pass",
    title: "Compute the groups of several derived tables in one pass",
    combines: true,
    merges: false,
    propose,
};

/// A derived table of groups.
struct Found {
    relation: usize,
    inner: usize,
    /// The column that it groups by, in canonical form, and its name outside.
    key: (String, String),
    /// What the key is compared with, in canonical form.
    outer: String,
    /// Its conditions: canonical form and tokens.
    local: Vec<Local>,
}

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        if !block.is_plain() {
            continue;
        }
        let found: Vec<Found> = (0..block.relations.len()).filter_map(|at| find(cx, id, block, at)).collect();
        let Some(first) = found.first() else { continue };
        let together: Vec<&Found> = found
            .iter()
            .filter(|other| {
                other.key.0 == first.key.0
                    && other.outer == first.outer
                    && same::same_from(cx, first.inner, other.inner)
            })
            .collect();
        if together.len() > 1 {
            cx.forget_names();
            out.extend(rewrite(cx, id, block, &together));
        }
    }
}

fn find(cx: &Context<'_>, id: usize, block: &Block<'_>, at: usize) -> Option<Found> {
    let relation = block.relations.get(at)?;
    let TableFactor::Derived { subquery, lateral: false, alias: Some(alias), .. } = relation.factor else {
        return None;
    };
    let join = relation.join?;
    let operator = &block.select.from.get(relation.item)?.joins.get(join)?.join_operator;
    let inner_id = cx.blocks.body(subquery)?;
    let inner = cx.blocks.list.get(inner_id)?;
    let tokens = cx.subquery(inner)?;
    let own = |name: &Reference| name.target.as_ref().is_some_and(|target| target.block == inner_id);
    let sound = context::is_left(operator)
        && alias.columns.is_empty()
        && inner.is_bare()
        && inner.select.having.is_none()
        && inner.select.distinct.is_none()
        && cx.names(&tokens).iter().all(own)
        && !cx.source.has_comment(&tokens)
        && !expression::any_volatile(cx, &tokens);
    let ([group], [group_tokens]) = (inner.group_by()?, inner.clauses.group_by.as_slice()) else { return None };
    let column = determined::column(cx, inner_id, group).filter(|_| sound)?;
    let names = relation.columns.as_ref()?;
    let key_at = (0..names.len()).find(|&index| {
        cx.item(inner, index).is_some_and(|(expr, _)| determined::column(cx, inner_id, expr) == Some(column))
    })?;
    let on = cx.on_conjuncts(block, relation.item, join)?;
    let [on] = on.as_slice() else { return None };
    let (_, on_tokens) = cx.source.open(on.expr, &on.tokens);
    let (left, right) = determined::equality(on.expr)?;
    let (left_tokens, right_tokens) = cx.source.sides(&on_tokens)?;
    let is_key = |side: &Expr| {
        cx.target(side).is_some_and(|target| {
            (target.block, target.relation) == (id, at) && target.column.eq_ignore_ascii_case(&names[key_at])
        })
    };
    let outer = match (is_key(left), is_key(right)) {
        (true, false) => right_tokens,
        (false, true) => left_tokens,
        _ => return None,
    };
    if cx.relations_in(&outer, id)?.contains(&at) {
        return None;
    }
    let local = conditional::local(cx, inner_id)?;
    Some(Found {
        relation: at,
        inner: inner_id,
        key: (same::of_block(cx, group_tokens, inner_id)?, names[key_at].clone()),
        outer: same::of_block(cx, &outer, id)?,
        local,
    })
}

/// A column of one of the derived tables, in the one that remains.
struct Column {
    name: String,
    /// Whether it is 0 where it was NULL.
    counts: bool,
}

fn rewrite(cx: &Context<'_>, id: usize, block: &Block<'_>, found: &[&Found]) -> Option<Draft> {
    let first = *found.first()?;
    let own_inner = cx.blocks.list.get(first.inner)?;
    let pass = OnePass { blocks: found.iter().map(|one| (one.inner, &one.local[..])).collect() };
    let mut own: Vec<Vec<String>> = Vec::new();
    let mut names = BTreeSet::from([first.key.1.to_lowercase()]);
    let mut columns: BTreeMap<(usize, String), Column> = BTreeMap::new();
    let mut items = Vec::new();
    for (at, one) in found.iter().enumerate() {
        let texts = pass.own(cx, at)?;
        let condition = conditional::all_of(cx, &texts);
        own.push(texts);
        let inner = cx.blocks.list.get(one.inner)?;
        for (index, name) in block.relations[one.relation].columns.clone()?.into_iter().enumerate() {
            if name.eq_ignore_ascii_case(&one.key.1) {
                if one.relation == first.relation {
                    items.push(cx.text(own_inner.clauses.projection.get(index)?).to_owned());
                }
                continue;
            }
            let (value, _) = cx.item(inner, index)?;
            let read = aggregate::read(cx, value).filter(|_| !name.is_empty())?;
            let counts_all = read.argument().is_none_or(|arg| {
                cx.target(expression::bare(arg)).is_some_and(|target| cx.blocks.is_not_null(target))
            });
            if read.counts && !counts_all {
                return None;
            }
            let text = conditional::aggregate(cx, &read, condition.as_deref(), one.inner, first.inner)?;
            let output = if names.insert(name.to_lowercase()) { name.clone() } else { cx.fresh(&name) };
            items.push(format!("{text} {} {output}", cx.word("as")));
            let counts = read.counts && condition.is_some();
            columns.insert((one.relation, name.to_lowercase()), Column { name: output, counts });
        }
    }
    let mut lines = pass.lines(cx, &items, &own)?;
    lines.push(format!("{} {}", cx.word("group by"), cx.flat(own_inner.clauses.group_by.first()?)));

    let qualifier = cx.qualifier(block, &block.relations[first.relation])?;
    let mut edits = Edits::default();
    let mut joins: Vec<Tokens> = Vec::new();
    for one in found {
        let relation = &block.relations[one.relation];
        let text = block.clauses.from.get(relation.item)?.joins.get(relation.join?)?;
        joins.push(text.tokens.clone());
        if one.relation == first.relation {
            let derived = windowed::block_text(cx, block, text.tokens.start, &lines);
            edits.replace(cx.source, &text.relation, format!("{derived} {}{qualifier}", cx.alias_word()));
        } else {
            edits.remove(cx.source, &text.tokens);
        }
    }
    used(cx, id, block, &joins, &columns, found, &qualifier, &mut edits)?;
    Some(Draft {
        edits,
        explanation: format!("{} derived tables read and group the same tables, one after the other.", found.len()),
        conditions: vec![
            "all read the same tables and group by the same column, by which alone they are joined".to_owned(),
            "an aggregate skips what its condition keeps out; a count of a group that was not there is 0".to_owned(),
        ],
        tokens: joins.first()?.start..joins.last()?.end,
    })
}

/// Writes every use of a column of these tables as one of the table that remains.
#[allow(clippy::too_many_arguments)] // All of them are parts of one query.
fn used(
    cx: &Context<'_>,
    id: usize,
    block: &Block<'_>,
    joins: &[Tokens],
    columns: &BTreeMap<(usize, String), Column>,
    found: &[&Found],
    qualifier: &str,
    edits: &mut Edits,
) -> Option<()> {
    if super::unused_left_join::selects_all(block)
        || found.iter().any(|one| super::unused_left_join::selects_all_of(block, one.relation))
    {
        return None;
    }
    for name in cx.names(&block.clauses.scope) {
        if joins.iter().any(|tokens| tokens.contains(&name.tokens.start)) {
            continue;
        }
        let Some(target) = &name.target else {
            // An alias of the SELECT list.
            if name.qualified || !block.has_alias(cx.text(&name.tokens)) {
                return None;
            }
            continue;
        };
        if target.block != id || !found.iter().any(|one| one.relation == target.relation) {
            continue;
        }
        // The key is another matter: NULL says that there is no group.
        let column = columns.get(&(target.relation, target.column.to_lowercase()))?;
        let written = same::column_text(cx, name);
        let mut text = format!("{qualifier}.{}", column.name);
        if column.counts && !is_in_coalesce(cx, &name.tokens) {
            text = format!("{}({text}, 0)", cx.word("nullif"));
        }
        let is_kept = text.eq_ignore_ascii_case(&format!("{qualifier}.{written}"));
        if !is_kept && block.is_unnamed_item(&name.tokens) {
            text = format!("{text} {} {written}", cx.word("as"));
        }
        edits.replace(cx.source, &name.tokens, text);
    }
    Some(())
}

/// Whether these tokens stand in `COALESCE(…, 0)`, to which 0 and NULL are the same.
fn is_in_coalesce(cx: &Context<'_>, tokens: &Tokens) -> bool {
    let before = tokens.start.checked_sub(2).is_some_and(|at| cx.source.is(at, "COALESCE"));
    let after = cx.text(&(tokens.end..tokens.end + 3));
    before && after.split_whitespace().collect::<String>() == ",0)"
}
