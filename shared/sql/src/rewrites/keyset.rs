use sqlparser::ast::{Expr, LimitClause, OrderByExpr, OrderByKind, Query};
use sqm_domain::Dialect;

use super::Draft;
use super::block::{Block, Role};
use super::conditions::Conditions;
use super::context::Context;
use super::edit::Edits;
use super::expression;
use super::placeholder::Style;
use super::source::Tokens;

/// ## What it does
/// A page that is found by OFFSET is found by the last key of the page before it (keyset pagination).
///
/// ## Why
/// The rows that OFFSET skips are found, sorted and thrown away, so each page costs more than the one before. A
/// key is looked up, and each page costs the same, given an index on the keys of the order.
///
/// ## How the result differs
/// It is the page after the last row seen, not the n-th page: one cannot jump, and rows that come or go before
/// it meanwhile shift nothing. So it is never the same query.
///
/// ## When it is possible
/// The order tells all rows apart: its keys are NOT NULL columns that contain a key of every relation. Where one
/// table alone is read whose primary key is not among them, that is added at the end.
///
/// ## Source
/// Winand, *SQL Performance Explained* (2012), chapter 7: "Paging Through Results".
///
/// ## Tables
/// ```sql
/// CREATE TABLE sale (id INT PRIMARY KEY, placed DATE NOT NULL, amount INT, shop INT NOT NULL);
/// CREATE TABLE item (sale_id INT, line INT, price INT, PRIMARY KEY (sale_id, line));
/// ```
///
/// ## Bad
/// ```sql
/// SELECT id, amount FROM sale ORDER BY id LIMIT 20 OFFSET 40000
/// ```
/// ## Good
/// ```sql
/// SELECT id, amount FROM sale WHERE id > $1 ORDER BY id LIMIT 20
/// ```
///
/// ## Bad
/// ```sql
/// SELECT id
/// FROM sale
/// WHERE shop = $2 OR shop = 4
/// ORDER BY placed DESC
/// LIMIT 20 OFFSET $1
/// ```
/// ## Good
/// ```sql
/// SELECT id
/// FROM sale
/// WHERE (shop = $2 OR shop = 4)
///   AND (placed, id) < ($3, $4)
/// ORDER BY placed DESC, id DESC
/// LIMIT 20
/// ```
///
/// ## Bad
/// ```sql mysql
/// select id from sale s order by s.placed, s.id desc limit 40, 20
/// ```
/// ## Good
/// ```sql mysql
/// select id from sale s where (s.placed > ? or (s.placed = ? and s.id < ?)) order by s.placed, s.id desc limit 20
/// ```
///
/// ## Bad
/// ```sql tsql
/// SELECT id FROM sale ORDER BY placed, id OFFSET 400 ROWS FETCH NEXT 20 ROWS ONLY
/// ```
/// ## Good
/// ```sql tsql
/// SELECT id FROM sale WHERE (placed > @last_placed OR (placed = @last_placed AND id > @last_id)) ORDER BY placed, id OFFSET 0 ROWS FETCH NEXT 20 ROWS ONLY
/// ```
///
/// ## Bad
/// ```sql
/// SELECT s.placed, i.price FROM sale s JOIN item i ON i.sale_id = s.id ORDER BY s.id, i.sale_id, i.line LIMIT 5 OFFSET 50
/// ```
/// ## Good
/// ```sql
/// SELECT s.placed, i.price FROM sale s JOIN item i ON i.sale_id = s.id WHERE (s.id, i.sale_id, i.line) > ($1, $2, $3) ORDER BY s.id, i.sale_id, i.line LIMIT 5
/// ```
///
/// ## Kept
/// A key of the order may be NULL, and NULL is neither before nor after anything.
/// ```sql
/// SELECT id FROM sale ORDER BY amount, id LIMIT 20 OFFSET 40
/// ```
/// Several rows of the join may have the same keys.
/// ```sql
/// SELECT s.placed FROM sale s JOIN item i ON i.sale_id = s.id ORDER BY s.id LIMIT 5 OFFSET 50
/// ```
/// Groups are in the order, not rows.
/// ```sql
/// SELECT shop, COUNT(*) FROM sale GROUP BY shop ORDER BY shop LIMIT 5 OFFSET 50
/// ```
/// A window looks at the rows that are skipped as well.
/// ```sql
/// SELECT id, RANK() OVER (ORDER BY placed) FROM sale ORDER BY id LIMIT 5 OFFSET 50
/// ```
/// Nothing is skipped.
/// ```sql
/// SELECT id FROM sale ORDER BY id LIMIT 5 OFFSET 0
/// ```
/// There is no page, but all rows from one on.
/// ```sql
/// SELECT id FROM sale ORDER BY id OFFSET 50
/// ```
pub(super) const NAME: &str = "keyset-for-offset";

pub(super) const TITLE: &str = "Go on from the last key seen instead of OFFSET";

/// Columns of an order that anybody would go on from.
const MOST_KEYS: usize = 6;

/// A key of the order.
struct Key {
    text: String,
    parameter: String,
    is_descending: bool,
}

pub(super) fn propose(cx: &Context<'_>) -> Option<Draft> {
    let query = cx.query?;
    let (id, block) = cx.each().find(|(_, block)| block.query.is_some_and(|own| std::ptr::eq(own, query)))?;
    let is_plain = block.role == Role::Top
        && block.is_plain()
        && matches!(block.group_by(), Some([]))
        && block.select.having.is_none()
        && block.select.distinct.is_none()
        && !super::aggregate::selects_aggregate(block)
        && !block.select.projection.iter().filter_map(crate::lint::shape::item_expr).any(is_windowed)
        && !cx.source.has_comment(&block.clauses.tail);
    let OrderByKind::Expressions(order) = &query.order_by.as_ref()?.kind else { return None };
    if !is_plain || order.is_empty() || order.len() > MOST_KEYS {
        return None;
    }
    let mut edits = Edits::default();
    let gone = leave_out_offset(cx, query, block, &mut edits)?;
    let mut keys = keys(cx, id, block, order)?;
    if let Some(column) = missing(cx, id, block, order, &keys)? {
        // Behind the last key, in its direction, so that one index serves.
        let is_descending = keys.last()?.is_descending;
        let direction = if is_descending { format!(" {}", cx.word("desc")) } else { String::new() };
        edits.insert_after(cx.source, order_end(cx, block, order)?, format!(", {}{direction}", column.text));
        keys.push(Key { is_descending, ..column });
    }
    let style = Style::of(cx, &gone);
    for (at, key) in keys.iter_mut().enumerate() {
        key.parameter = style.write(at, &key.parameter);
    }
    let mut conditions = Conditions::default();
    conditions.add(condition(cx, &keys));
    conditions.write(cx, block, &cx.conjuncts(block)?, &mut edits);
    Some(Draft {
        edits,
        explanation: format!(
            "OFFSET finds, sorts and throws away what it skips; an index on the order finds the next page at once, however \
             far it is. {} The values are those of the last row of the page before; the first page has no such condition.",
            bound(cx, &keys, style)
        ),
        conditions: vec![
            "it is the page after the last row seen, not the n-th: one cannot jump to a page by its number"
                .to_owned(),
            "rows that come or go meanwhile shift no page".to_owned(),
        ],
        tokens: block.clauses.tail.clone(),
    })
}

fn is_windowed(expr: &Expr) -> bool {
    expression::any(expr, |it| matches!(it, Expr::Function(function) if function.over.is_some()))
}

/// Takes OFFSET out, where rows are skipped and their number is limited; what went.
fn leave_out_offset(cx: &Context<'_>, query: &Query, block: &Block<'_>, edits: &mut Edits) -> Option<Tokens> {
    let source = cx.source;
    let tail = &block.clauses.tail;
    let at = |word: &str| source.outer(tail.clone()).find(|&at| source.is(at, word));
    match (&query.limit_clause, &query.fetch) {
        (Some(LimitClause::OffsetCommaLimit { offset, .. }), None) => {
            let limit = at("LIMIT")?;
            let parts = source.split_commas(&(limit + 1..tail.end));
            let [first, second] = parts.as_slice() else { return None };
            edits.remove_forward(source, &(first.start..second.start));
            (expression::integer(offset) != Some(0)).then(|| first.clone())
        }
        (Some(LimitClause::LimitOffset { limit, offset: Some(offset), limit_by }), fetch)
            if limit_by.is_empty() && (limit.is_some() || fetch.is_some()) =>
        {
            if fetch.as_ref().is_some_and(|fetch| fetch.with_ties || fetch.percent) {
                return None;
            }
            let start = at("OFFSET")?;
            let ends = |at: &usize| source.is_any(*at, &["LIMIT", "FETCH", "FOR"]) && *at > start;
            let end = source.outer(tail.clone()).find(ends).unwrap_or(tail.end);
            if cx.dialect == Dialect::TSql {
                // There is no FETCH without OFFSET.
                edits.replace(source, &(start + 1..end - 1), "0");
            } else {
                edits.remove(source, &(start..end));
            }
            (expression::integer(&offset.value) != Some(0)).then_some(start..end)
        }
        _ => None,
    }
}

/// The keys, each a column that is never NULL.
fn keys(cx: &Context<'_>, id: usize, block: &Block<'_>, order: &[OrderByExpr]) -> Option<Vec<Key>> {
    let mut keys: Vec<Key> = Vec::new();
    for key in order {
        let target = cx.target(&key.expr).filter(|target| target.block == id)?;
        if key.options.nulls_first.is_some() || key.with_fill.is_some() || !cx.blocks.is_not_null(target) {
            return None;
        }
        let text = cx.flat(&tokens_of(cx, block, &key.expr)?);
        let parameter = parameter(&target.column, &keys);
        keys.push(Key { text, parameter, is_descending: key.options.asc == Some(false) });
    }
    Some(keys)
}

/// The tokens of a column's name behind the SELECT.
fn tokens_of(cx: &Context<'_>, block: &Block<'_>, expr: &Expr) -> Option<Tokens> {
    let start = cx.source.at(expression::place(expr)?)?;
    cx.names(&block.clauses.tail)
        .iter()
        .map(|name| &name.tokens)
        .find(|tokens| tokens.start == start)
        .cloned()
}

/// The last token of the last key, its direction included.
fn order_end(cx: &Context<'_>, block: &Block<'_>, order: &[OrderByExpr]) -> Option<usize> {
    let last = tokens_of(cx, block, &order.last()?.expr)?.end - 1;
    Some(if cx.source.is_any(last + 1, &["ASC", "DESC"]) { last + 1 } else { last })
}

/// The name of the value of a column that no other key has.
fn parameter(column: &str, keys: &[Key]) -> String {
    let plain: String = column
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .collect();
    let mut name = format!("last_{plain}");
    let mut number = 2;
    while keys.iter().any(|key| key.parameter == name) {
        name = format!("last_{plain}_{number}");
        number += 1;
    }
    name
}

/// The column that has to be added for the order to tell all rows apart, or none where it does. `None` at all
/// where no single column would do.
fn missing(
    cx: &Context<'_>,
    id: usize,
    block: &Block<'_>,
    order: &[OrderByExpr],
    keys: &[Key],
) -> Option<Option<Key>> {
    let targets: Vec<_> = order.iter().filter_map(|key| cx.target(&key.expr)).collect();
    let is_told = |(at, relation): (usize, &super::block::Relation<'_>)| {
        relation.table.is_some_and(|table| {
            table.keys().any(|key| {
                key.iter().all(|&column| {
                    targets.iter().any(|target| {
                        let own = target.block == id && target.relation == at;
                        own && table.column(&target.column) == Some(column as usize)
                    })
                })
            })
        })
    };
    if block.relations.iter().enumerate().all(is_told) {
        return Some(None);
    }
    let [relation] = block.relations.as_slice() else { return None };
    let table = relation.table?;
    let [key] = table.primary_key.as_slice() else { return None };
    let name = &table.columns.get(*key as usize)?.name;
    let quoted = crate::indexes::quoted(name, cx.dialect);
    // An output of that name would be meant.
    let text =
        if block.has_alias(name) { format!("{}.{quoted}", cx.qualifier(block, relation)?) } else { quoted };
    Some(Some(Key { text, parameter: parameter(name, keys), is_descending: false }))
}

/// What has to be put in, in words.
fn bound(cx: &Context<'_>, keys: &[Key], style: Style) -> String {
    let columns =
        |keys: &[&Key]| keys.iter().map(|key| format!("`{}`", key.text)).collect::<Vec<_>>().join(", ");
    if style == Style::Positional {
        // Where rows are not compared as such, all keys but the last are compared twice.
        let mut order: Vec<&Key> = keys.iter().flat_map(|key| [key, key]).collect();
        order.pop();
        if keys.len() == 1 || is_one_way(keys) && compares_rows(cx.dialect) {
            order = keys.iter().collect();
        }
        return format!("For each new ?, in this order, bind {}.", columns(&order));
    }
    let pairs: Vec<String> = keys.iter().map(|key| format!("{} for `{}`", key.parameter, key.text)).collect();
    format!("Bind {}.", pairs.join(", "))
}

fn is_one_way(keys: &[Key]) -> bool {
    keys.iter().all(|key| key.is_descending == keys[0].is_descending)
}

/// The condition that a row comes behind the last one seen.
fn condition(cx: &Context<'_>, keys: &[Key]) -> String {
    let sign = |key: &Key| if key.is_descending { "<" } else { ">" };
    match keys {
        [only] => format!("{} {} {}", only.text, sign(only), only.parameter),
        _ if is_one_way(keys) && compares_rows(cx.dialect) => {
            let list = |part: fn(&Key) -> &str| keys.iter().map(part).collect::<Vec<_>>().join(", ");
            format!("({}) {} ({})", list(|key| &key.text), sign(&keys[0]), list(|key| &key.parameter))
        }
        _ => {
            let mut text = String::new();
            for key in keys.iter().rev() {
                let Key { text: column, parameter, .. } = key;
                let behind = format!("{column} {} {parameter}", sign(key));
                text = if text.is_empty() {
                    behind
                } else {
                    let (or, and) = (cx.word("or"), cx.word("and"));
                    format!("({behind} {or} ({column} = {parameter} {and} {text}))")
                };
            }
            text
        }
    }
}

/// Whether rows are compared key by key, and found by an index so.
fn compares_rows(dialect: Dialect) -> bool {
    use Dialect as D;
    // MySQL compares rows, and reads the whole index for it.
    matches!(dialect, D::Postgres | D::Greenplum | D::Redshift | D::Sqlite | D::DuckDb)
}
