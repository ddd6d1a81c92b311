use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Distinct, Expr, OrderByKind, SelectItem};

use super::aggregate;
use super::block::{Block, limits};
use super::context::{self, Context};
use super::determined;
use super::edit::Edits;
use super::expression;
use super::negation;
use super::source::{Operand, Tokens};
use super::windowed;
use super::{Draft, Rewrite};

/// ## What it does
/// A query with an OR over different columns becomes one query for each alternative, put together by
/// UNION ALL; each leaves out the rows that an earlier one has given.
///
/// ## Why
/// A join on `a = b OR c = d` can be done neither by hash nor by merge, so every pair of rows is compared;
/// a filter over different columns, or over a column and a subquery, is served by no single index. Each
/// alternative by itself is.
///
/// ## When it is the same
/// Each row comes from the first alternative that is true for it: the later ones ask that the earlier ones
/// are false or NULL, written out with IS NULL for each column that may be NULL. Under SELECT DISTINCT the
/// copies go anyway, and UNION serves. What aggregates is left outside, over the union.
///
/// ## Source
/// Bellamkonda et al., *Enhanced subquery optimizations in Oracle* (VLDB 2009), OR expansion.
///
/// ## Tables
/// ```sql
/// CREATE TABLE person (id INT PRIMARY KEY, mail VARCHAR(40) NOT NULL, phone VARCHAR(20));
/// CREATE TABLE lead (id INT PRIMARY KEY, mail VARCHAR(40) NOT NULL, phone VARCHAR(20), score INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT p.id, l.score
/// FROM person p
/// JOIN lead l ON p.mail = l.mail OR p.phone = l.phone
/// WHERE l.score > 3
/// ORDER BY score
/// ```
/// ## Good
/// ```sql
/// SELECT p.id, l.score
/// FROM person p
/// JOIN lead l ON p.mail = l.mail
/// WHERE l.score > 3
/// UNION ALL
/// SELECT p.id, l.score
/// FROM person p
/// JOIN lead l ON p.phone = l.phone AND p.mail <> l.mail
/// WHERE l.score > 3
/// ORDER BY score
/// ```
///
/// ## Bad
/// ```sql
/// select count(*), max(l.score) from person p, lead l where (p.phone = l.phone or p.mail = l.mail) and score > 3
/// ```
/// ## Good
/// ```sql
/// select count(*), max(u.score) from (select l.score from person p, lead l where p.phone = l.phone and score > 3 union all select l.score from person p, lead l where p.mail = l.mail and (p.phone <> l.phone or p.phone is null or l.phone is null) and score > 3) as u
/// ```
///
/// ## Bad
/// ```sql
/// SELECT DISTINCT p.phone FROM person p WHERE p.mail = 'a' OR p.id IN (SELECT l.score FROM lead l)
/// ```
/// ## Good
/// ```sql
/// SELECT DISTINCT p.phone FROM person p WHERE p.mail = 'a' UNION SELECT DISTINCT p.phone FROM person p WHERE p.id IN (SELECT l.score FROM lead l)
/// ```
///
/// ## Kept
/// One column: an IN list serves.
/// ```sql
/// SELECT id FROM lead WHERE score = 1 OR score = 2
/// ```
/// Which rows come is left to the engine.
/// ```sql
/// SELECT id FROM lead WHERE score = 1 OR phone = '2' LIMIT 3
/// ```
/// The outer join keeps the rows for which neither holds: that is for another rewrite.
/// ```sql
/// SELECT p.id FROM person p LEFT JOIN lead l ON p.mail = l.mail OR p.phone = l.phone
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "or-to-union",
    title: "Ask for each alternative of an OR by itself and put the rows together",
    combines: false,
    merges: false,
    propose,
};

/// Most alternatives that are written out.
const MOST: usize = 3;

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        let plain = block.is_plain()
            && block.query.is_some_and(|query| query.with.is_none() || query.order_by.is_none())
            && !matches!(block.select.distinct, Some(Distinct::On(_)));
        if plain {
            cx.forget_names();
            out.extend(sites(cx, block).iter().filter_map(|or| rewrite(cx, id, block, or)).take(2));
        }
    }
}

/// The conditions of the block that are chains of ORs and hold for each of its rows.
fn sites<'a>(cx: &Context<'a>, block: &Block<'a>) -> Vec<Operand<'a>> {
    let mut all = cx.conjuncts(block).unwrap_or_default();
    let joins =
        block.select.from.iter().enumerate().flat_map(|(item, from)| {
            from.joins.iter().enumerate().map(move |(index, join)| (item, index, join))
        });
    if joins.clone().all(|(.., join)| context::is_inner(&join.join_operator)) {
        for (item, index, _) in joins {
            all.extend(cx.on_conjuncts(block, item, index).unwrap_or_default());
        }
    }
    all.into_iter()
        .filter(|operand| {
            matches!(expression::bare(operand.expr), Expr::BinaryOp { op: BinaryOperator::Or, .. })
        })
        .collect()
}

fn rewrite(cx: &Context<'_>, id: usize, block: &Block<'_>, or: &Operand<'_>) -> Option<Draft> {
    let (expr, tokens) = cx.source.open(or.expr, &or.tokens);
    let mut arms = cx.source.operands(expr, &tokens, &BinaryOperator::Or)?;
    if arms.len() > MOST || expression::is_volatile(expr) || !pays(cx, id, &arms) {
        return None;
    }
    let distinct = block.select.distinct.is_some();
    if !distinct {
        // The last one is never negated.
        let hard = arms.iter().position(|arm| negation::of(cx, arm.expr, &arm.tokens).is_none());
        if let Some(hard) = hard {
            let arm = arms.remove(hard);
            arms.push(arm);
        }
    }
    let and = format!(" {} ", cx.word("and"));
    let mut texts = Vec::new();
    let mut refused: Vec<String> = Vec::new();
    for (index, arm) in arms.iter().enumerate() {
        let (_, inner) = cx.source.open(arm.expr, &arm.tokens);
        let mut parts = vec![cx.flat(&inner)];
        if !distinct {
            parts.extend(refused.iter().cloned());
            if index + 1 < arms.len() {
                refused.push(negation::of(cx, arm.expr, &arm.tokens)?);
            }
        }
        texts.push(parts.join(&and));
    }
    let grouped = !matches!(block.group_by(), Some([]))
        || block.select.having.is_some()
        || items(block).any(aggregate::has_aggregate)
        || items(block).any(|item| expression::any(item, determined::is_window));
    let mut edits = Edits::default();
    if grouped {
        inside(cx, id, block, &or.tokens, &texts, &mut edits)?;
    } else {
        repeat(cx, block, &or.tokens, &texts, &mut edits)?;
    }
    Some(Draft {
        edits,
        explanation: format!(
            "No single index and no hash join serves `{}`. Each alternative by itself can be served.",
            cx.flat(&tokens)
        ),
        conditions: vec![if distinct {
            "the copies go under DISTINCT anyway".to_owned()
        } else {
            "a row comes from the first alternative that is true for it: the later ones refuse it, NULLs minded"
                .to_owned()
        }],
        tokens: or.tokens.clone(),
    })
}

fn items<'a>(block: &Block<'a>) -> impl Iterator<Item = &'a Expr> {
    block.select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    })
}

/// Whether each alternative names other columns and can be served by an index or a join.
fn pays(cx: &Context<'_>, id: usize, arms: &[Operand<'_>]) -> bool {
    let mut seen: Vec<BTreeSet<(usize, String)>> = Vec::new();
    for arm in arms {
        let (expr, tokens) = cx.source.open(arm.expr, &arm.tokens);
        let Some(parts) = cx.source.operands(expr, &tokens, &BinaryOperator::And) else { return false };
        let served = parts.iter().any(|part| match expression::bare(part.expr) {
            Expr::InList { negated, .. }
            | Expr::InSubquery { negated, .. }
            | Expr::Exists { negated, .. } => !negated,
            Expr::AnyOp { compare_op, .. } => *compare_op == BinaryOperator::Eq,
            Expr::Between { negated, .. } => !negated,
            other => matches!(
                expression::comparison(other),
                Some((_, BinaryOperator::Eq | BinaryOperator::Lt | BinaryOperator::Gt, _))
            ),
        });
        let mut columns = BTreeSet::new();
        for name in cx.names(&tokens) {
            let Some(target) = &name.target else { return false };
            if target.block == id {
                columns.insert((target.relation, target.column.to_lowercase()));
            }
        }
        if !served || columns.is_empty() || seen.contains(&columns) {
            return false;
        }
        seen.push(columns);
    }
    true
}

/// The whole SELECT once for each alternative.
fn repeat(
    cx: &Context<'_>,
    block: &Block<'_>,
    or: &Tokens,
    texts: &[String],
    edits: &mut Edits,
) -> Option<()> {
    let query = block.query?;
    if limits(query) && query.order_by.is_none() || !query.locks.is_empty() || !orders_by_output(cx, block) {
        return None;
    }
    let (first, others) = texts.split_first()?;
    edits.replace(cx.source, or, first.clone());
    let whole = &block.clauses.select;
    let start = cx.line_break(block, whole.start);
    let word = cx.word(if block.select.distinct.is_some() { "union" } else { "union all" });
    let mut text = String::new();
    for other in others {
        let mut arm = Edits::default();
        arm.replace(cx.source, or, other.clone());
        text.push_str(&format!("{start}{word}{start}{}", arm.within(cx.source, whole)?));
    }
    edits.insert_after(cx.source, whole.end - 1, text);
    Some(())
}

/// Whether ORDER BY asks for columns of the result only.
fn orders_by_output(cx: &Context<'_>, block: &Block<'_>) -> bool {
    let Some(order) = block.query.and_then(|query| query.order_by.as_ref()) else { return true };
    let OrderByKind::Expressions(list) = &order.kind else { return false };
    let is_selected = |name: &str| {
        block.has_alias(name)
            || items(block).any(|item| {
                expression::column(item)
                    .and_then(<[_]>::last)
                    .is_some_and(|column| column.value.eq_ignore_ascii_case(name))
            })
    };
    !cx.source.has_comment(&block.clauses.tail)
        && list.iter().all(|order| match expression::bare(&order.expr) {
            Expr::Identifier(name) => is_selected(&name.value),
            other => expression::integer(other).is_some(),
        })
}

/// The rows once for each alternative, in a derived table below what aggregates.
fn inside(
    cx: &Context<'_>,
    id: usize,
    block: &Block<'_>,
    or: &Tokens,
    texts: &[String],
    edits: &mut Edits,
) -> Option<()> {
    let clauses = &block.clauses;
    let from = clauses.from.first()?.tokens.start - 1..clauses.from.last()?.tokens.end;
    let rows = from.start..clauses.selection.as_ref().map_or(from.end, |tokens| tokens.end);
    if cx.source.has_comment(&rows) || super::unused_left_join::selects_all(block) {
        return None;
    }
    let alias = cx.fresh("u");
    let mut columns: Vec<(usize, String, String)> = Vec::new();
    for name in cx.names(&clauses.scope) {
        if rows.contains(&name.tokens.start) {
            continue;
        }
        let Some(target) = &name.target else {
            // An alias of the SELECT list.
            if name.qualified || !block.has_alias(cx.text(&name.tokens)) {
                return None;
            }
            continue;
        };
        if target.block != id {
            continue;
        }
        let column = target.column.to_lowercase();
        match columns.iter().find(|(_, other, _)| *other == column) {
            Some((relation, ..)) if *relation != target.relation => return None,
            Some(_) => {}
            None => columns.push((target.relation, column, cx.text(&name.tokens).to_owned())),
        }
        if name.qualified {
            let own = super::same::column_text(cx, name);
            edits.replace(cx.source, &name.tokens, format!("{alias}.{own}"));
        }
    }
    let list: Vec<String> = columns.into_iter().map(|(.., text)| text).collect();
    let list = if list.is_empty() { format!("1 {} one", cx.word("as")) } else { list.join(", ") };
    let mut lines = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            lines.push(cx.word("union all"));
        }
        lines.push(format!("{} {list}", cx.word("select")));
        let mut arm = Edits::default();
        arm.replace(cx.source, or, text.clone());
        let from_text = super::source::flattened(&arm.within(cx.source, &from)?);
        lines.push(from_text);
        if let Some(selection) = &clauses.selection {
            let text = arm.within(cx.source, &(selection.start - 1..selection.end))?;
            lines.push(super::source::flattened(&text));
        }
    }
    let text = windowed::block_text(cx, block, clauses.from.first()?.tokens.start, &lines);
    edits.replace(cx.source, &rows, format!("{} {text} {}{alias}", cx.word("from"), cx.alias_word()));
    Some(())
}
