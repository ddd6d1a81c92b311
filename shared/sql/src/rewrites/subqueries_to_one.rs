use std::collections::BTreeSet;

use super::aggregate::{self, Aggregate};
use super::block::{Block, Role};
use super::conditional::{self, Local, OnePass};
use super::context::Context;
use super::correlated_aggregate::{
    Site, Ties, check_types, expand_wildcards, key_item, restrictions, sites, ties,
};
use super::edit::Edits;
use super::expression;
use super::same;
use super::source::Tokens;
use super::windowed;
use super::{Draft, Rewrite};

/// ## What it does
/// Several subqueries that aggregate the same tables, tied to the query around them in the same way or
/// not at all, become one: their conditions move into the aggregates.
///
/// ## Why
/// Each subquery reads the same rows again; a report of ten figures reads the table ten times.
///
/// ## When it is the same
/// All read the same tables joined in the same way, and are tied by the same equalities or by nothing.
/// An aggregate skips NULLs, so a condition inside of it keeps out exactly the rows that the condition in
/// WHERE kept out. An aggregate without GROUP BY makes one row, as the subqueries did; with it, a LEFT
/// JOIN keeps the rows without a group, whose counts are 0 and whose other aggregates are NULL.
///
/// ## Source
/// TPC-DS queries 9 and 28; Bellamkonda et al., *Enhanced subquery optimizations in Oracle* (VLDB 2009),
/// subquery coalescing.
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, city VARCHAR(40));
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, state VARCHAR(10), amount DECIMAL(12, 2));
/// ```
///
/// ## Bad
/// ```sql
/// SELECT c.id,
///        (SELECT COUNT(*) FROM sale s WHERE s.customer_id = c.id) AS sales,
///        (SELECT MAX(x.amount) FROM sale x WHERE x.customer_id = c.id AND x.state = 'paid') AS largest
/// FROM customer c
/// WHERE c.city = 'Bern'
/// ```
/// ## Good
/// ```sql
/// SELECT c.id,
///        COALESCE(s_agg.row_count, 0) AS sales,
///        s_agg.max_amount AS largest
/// FROM customer c
/// LEFT JOIN (
///     SELECT s.customer_id, COUNT(*) AS row_count, MAX(s.amount) FILTER (WHERE s.state = 'paid') AS max_amount
///     FROM sale s
///     GROUP BY s.customer_id
/// ) AS s_agg ON s_agg.customer_id = c.id
/// WHERE c.city = 'Bern'
/// ```
///
/// ## Bad
/// ```sql mysql
/// select (select count(*) from sale where state = 'open') as open, (select sum(amount) from sale where state = 'paid') as paid
/// ```
/// ## Good
/// ```sql mysql
/// select count(case when state = 'open' then 1 end) as open, sum(case when state = 'paid' then amount end) as paid from sale where state = 'open' or state = 'paid'
/// ```
///
/// ## Bad
/// ```sql
/// SELECT c.id FROM customer c WHERE c.id > (SELECT AVG(id) FROM sale) AND c.id < (SELECT MAX(id) FROM sale)
/// ```
/// ## Good
/// ```sql
/// SELECT c.id FROM customer c CROSS JOIN (SELECT AVG(id) AS avg_id, MAX(id) AS max_id FROM sale) AS sale_agg WHERE c.id > sale_agg.avg_id AND c.id < sale_agg.max_id
/// ```
///
/// ## Kept
/// They are tied to different columns.
/// ```sql
/// SELECT c.id, (SELECT COUNT(*) FROM sale s WHERE s.customer_id = c.id), (SELECT COUNT(*) FROM sale s WHERE s.id = c.id) FROM customer c
/// ```
/// One of them gives rows, not an aggregate.
/// ```sql
/// SELECT c.id, (SELECT COUNT(*) FROM sale s), (SELECT s.amount FROM sale s WHERE s.id = 1) FROM customer c
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "subqueries-to-one-pass",
    title: "Compute the aggregates of several subqueries in one pass",
    combines: true,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (outer_id, outer) in cx.each() {
        if !outer.is_plain() {
            continue;
        }
        cx.forget_names();
        let found: Vec<Found<'_>> =
            sites(cx, outer).iter().filter_map(|site| find(cx, outer_id, site)).collect();
        let mut done: BTreeSet<usize> = BTreeSet::new();
        for (index, first) in found.iter().enumerate() {
            if done.contains(&index) {
                continue;
            }
            let together: Vec<usize> = (index..found.len())
                .filter(|&at| {
                    found[at].key_texts == first.key_texts
                        && same::same_from(cx, first.inner_id, found[at].inner_id)
                })
                .collect();
            done.extend(&together);
            let together: Vec<&Found<'_>> = together.iter().map(|&at| &found[at]).collect();
            if together.len() > 1 {
                for pushed in [false, true] {
                    cx.forget_names();
                    out.extend(rewrite(cx, outer_id, outer, &together, pushed));
                }
            }
        }
    }
}

/// A subquery that gives an expression of aggregates.
struct Found<'a> {
    inner_id: usize,
    inner: &'a Block<'a>,
    subquery: Tokens,
    value_tokens: Tokens,
    plain: bool,
    aggregates: Vec<Aggregate<'a>>,
    ties: Ties<'a>,
    /// The equalities that tie it, in canonical form and in order.
    key_texts: Vec<(String, String)>,
    /// Its other conditions: canonical form and tokens.
    local: Vec<Local>,
}

fn find<'a>(cx: &Context<'a>, outer_id: usize, site: &Site<'a>) -> Option<Found<'a>> {
    let inner_id = cx.blocks.body(site.query)?;
    let inner = &cx.blocks.list[inner_id];
    let subquery = cx.subquery(inner)?;
    let bare = inner.parent == Some(outer_id)
        && inner.role == Role::Expression
        && inner.is_bare()
        && matches!(inner.group_by(), Some([]))
        && inner.select.having.is_none()
        && inner.select.distinct.is_none()
        && inner.select.projection.len() == 1
        && !inner.clauses.from.is_empty();
    if !bare || !cx.is_resolved(&subquery) {
        return None;
    }
    let (value, value_tokens) = cx.item(inner, 0)?;
    let own = |tokens: &Tokens| {
        cx.names(tokens).iter().all(|name| name.target.as_ref().is_some_and(|t| t.block == inner_id))
    };
    let from = inner.clauses.from.first()?.tokens.start..inner.clauses.from.last()?.tokens.end;
    if expression::is_volatile(value) || !own(&value_tokens) || !own(&from) {
        return None;
    }
    let shape = aggregate::shape(cx, value)?;
    let ties = ties(cx, inner_id, inner, outer_id)?;
    let mut key_texts = Vec::new();
    for key in &ties.keys {
        key_texts.push((
            same::of_block(cx, &key.inner.tokens, inner_id)?,
            same::of_block(cx, &key.outer.tokens, outer_id)?,
        ));
    }
    key_texts.sort();
    let local: Option<Vec<_>> = ties
        .local
        .iter()
        .map(|tokens| own(tokens).then_some(Some((same::of_block(cx, tokens, inner_id)?, tokens.clone())))?)
        .collect();
    Some(Found {
        inner_id,
        inner,
        subquery,
        value_tokens,
        plain: matches!(value, sqlparser::ast::Expr::Function(_) | sqlparser::ast::Expr::Nested(_)),
        aggregates: shape.aggregates,
        local: local?,
        ties,
        key_texts,
    })
}

fn rewrite(
    cx: &Context<'_>,
    outer_id: usize,
    outer: &Block<'_>,
    found: &[&Found<'_>],
    pushed: bool,
) -> Option<Draft> {
    let first = *found.first()?;
    let tied = !first.ties.keys.is_empty();
    let assumed = check_types(cx, &first.ties.keys)?;
    let whole = outer.clauses.from.is_empty();
    if whole && (tied || outer.select.selection.is_some() || !outer.clauses.tail.is_empty()) {
        return None;
    }
    let pass = OnePass { blocks: found.iter().map(|one| (one.inner_id, &one.local[..])).collect() };
    let own = (0..found.len()).map(|at| pass.own(cx, at)).collect::<Option<Vec<_>>>()?;
    let mut edits = Edits::default();
    let named = first
        .ties
        .keys
        .first()
        .and_then(|key| cx.target(key.inner.expr))
        .and_then(|target| cx.blocks.relation(target))
        .or(first.inner.relations.first());
    let alias = cx.fresh(&format!("{}_agg", named.map_or("group", |relation| relation.name.as_str())));
    let mut items: Vec<(String, String)> = Vec::new();
    for (one, own) in found.iter().zip(&own) {
        let condition = conditional::all_of(cx, own);
        let mut value = Edits::default();
        for aggregate in &one.aggregates {
            let text =
                conditional::aggregate(cx, aggregate, condition.as_deref(), one.inner_id, first.inner_id)?;
            if whole {
                value.replace(cx.source, &aggregate.tokens, text);
                continue;
            }
            let name = match items.iter().find(|(known, _)| *known == text) {
                Some((_, name)) => name.clone(),
                None => {
                    let name = cx.fresh(&aggregate.column_name());
                    items.push((text, name.clone()));
                    name
                }
            };
            value.replace(
                cx.source,
                &aggregate.tokens,
                match aggregate.counts && tied {
                    true => format!("{}({alias}.{name}, 0)", cx.word("coalesce")),
                    false => format!("{alias}.{name}"),
                },
            );
        }
        let text = value.within(cx.source, &one.value_tokens)?;
        let text = if one.plain { text } else { format!("({text})") };
        edits.replace(cx.source, &(one.subquery.start - 1..one.subquery.end + 1), text);
    }

    let mut conditions = pass.conditions(cx, &own);
    if pushed {
        // Only the groups that the query around can ask for.
        if conditions.len() == 1 && own.iter().all(|texts| !texts.is_empty()) {
            conditions = conditional::any_of(cx, &own, false).into_iter().collect();
        }
        conditions.extend(restrictions(cx, outer_id, outer, &first.ties.keys, &first.subquery)?);
    }
    let from: Vec<String> = first.inner.clauses.from.iter().map(|item| cx.flat(&item.tokens)).collect();
    let mut lines = vec![format!("{} {}", cx.word("from"), from.join(", "))];
    lines.extend(cx.where_lines(&conditions));
    if whole {
        let last = outer.clauses.projection.last()?.end - 1;
        let separator = cx.line_break(outer, outer.clauses.select.start);
        let text: String = lines.iter().map(|line| format!("{separator}{}", line.trim_start())).collect();
        edits.insert_after(cx.source, last, text);
    } else {
        join(cx, outer_id, outer, found, (&alias, &items, lines), &mut edits)?;
    }
    let mut rests_on = vec![
        "all of them read the same tables, joined in the same way; an aggregate skips what its condition keeps out"
            .to_owned(),
    ];
    if tied {
        rests_on.push("LEFT JOIN keeps the rows without a group; a count of nothing is 0".to_owned());
    }
    rests_on.extend(assumed);
    Some(Draft {
        edits,
        explanation: format!(
            "{} subqueries read the same tables, one after the other. One pass computes them all.",
            found.len()
        ),
        conditions: rests_on,
        tokens: first.subquery.start - 1..first.subquery.end + 1,
    })
}

/// Joins the aggregates as a derived table.
fn join(
    cx: &Context<'_>,
    outer_id: usize,
    outer: &Block<'_>,
    found: &[&Found<'_>],
    (alias, items, lines): (&str, &[(String, String)], Vec<String>),
    edits: &mut Edits,
) -> Option<()> {
    let first = found.first()?;
    let scopes: Vec<&Tokens> = found.iter().map(|one| &one.inner.clauses.scope).collect();
    let (mut selected, mut groups, mut on) = (Vec::new(), Vec::new(), Vec::new());
    let mut holders = BTreeSet::new();
    for key in &first.ties.keys {
        let text = cx.flat(&key.inner.tokens);
        let (item, name) = key_item(cx, &scopes, key, &text);
        on.push(format!("{alias}.{name} = {}", cx.flat(&key.outer.tokens)));
        selected.push(item);
        groups.push(text);
        for relation in cx.relations_in(&key.outer.tokens, outer_id)? {
            holders.insert(outer.relations.get(relation)?.item);
        }
    }
    selected.extend(items.iter().map(|(text, name)| format!("{text} {} {name}", cx.word("as"))));
    let mut all = vec![format!("{} {}", cx.word("select"), selected.join(", "))];
    all.extend(lines);
    if !groups.is_empty() {
        all.push(format!("{} {}", cx.word("group by"), groups.join(", ")));
    }
    let last = outer.clauses.from.last()?;
    let text = windowed::block_text(cx, outer, outer.clauses.from.first()?.tokens.start, &all);
    expand_wildcards(cx, outer, edits)?;
    if groups.is_empty() {
        let commas = outer.clauses.from.len() > 1;
        let start = if commas {
            ", ".to_owned()
        } else {
            format!("{}{} ", cx.join_break(outer)?, cx.word("cross join"))
        };
        edits.insert_after(
            cx.source,
            last.tokens.end - 1,
            format!("{start}{text} {}{alias}", cx.alias_word()),
        );
        return Some(());
    }
    let [holder] = holders.into_iter().collect::<Vec<_>>()[..] else { return None };
    let end = outer.clauses.from.get(holder)?.tokens.end - 1;
    let on = on.join(&format!(" {} ", cx.word("and")));
    edits.insert_after(
        cx.source,
        end,
        format!(
            "{}{} {text} {}{alias} {} {on}",
            cx.join_break(outer)?,
            cx.word("left join"),
            cx.alias_word(),
            cx.word("on")
        ),
    );
    Some(())
}
