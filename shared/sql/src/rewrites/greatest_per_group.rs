use sqlparser::ast::{BinaryOperator, Expr, LimitClause, OrderByKind, Query};

use super::aggregate;
use super::block::Block;
use super::conditions::Conditions;
use super::context::Context;
use super::edit::Edits;
use super::expression;
use super::semi_join::Quantified;
use super::source::{Operand, Tokens};
use super::windowed::{self, Partner, Tied};
use super::{Draft, Rewrite};

/// ## What it does
/// The row with the greatest (or least) value of each group is found by a window function, not by asking
/// for each row whether another one beats it.
///
/// ## Why
/// NOT EXISTS with an inequality compares every row of a group with every other; a subquery with ORDER BY
/// and LIMIT sorts the group once for each of its rows. A window sorts each group once.
///
/// ## When it is the same
/// Both read the same table under the same conditions, and the columns that make the group and the order
/// are NOT NULL. No row has a greater value exactly if the value is the maximum: all rows that tie are
/// kept, as before. Where a second column breaks ties, and both with the group hold a key, the first row
/// of the order is the only one. A pair (group, maximum) is found exactly for the rows that hold the
/// maximum of their group; a key by itself is the maximum of no group but its own.
///
/// ## Source
/// Zuzarte et al., *WinMagic: subquery elimination using window aggregation* (SIGMOD 2003).
///
/// ## Tables
/// ```sql
/// CREATE TABLE price (
///     id INT PRIMARY KEY, item_id INT NOT NULL, since DATE NOT NULL, until DATE, amount INT
/// );
/// ```
///
/// ## Bad
/// ```sql
/// SELECT p.item_id, p.amount
/// FROM price p
/// WHERE p.amount > 0
///   AND NOT EXISTS (SELECT 1 FROM price q WHERE q.item_id = p.item_id AND q.since > p.since AND q.amount > 0)
/// ```
/// ## Good
/// ```sql
/// SELECT p.item_id, p.amount
/// FROM (
///     SELECT p.*, MAX(p.since) OVER (PARTITION BY p.item_id) AS max_since
///     FROM price p
///     WHERE p.amount > 0
/// ) AS p
/// WHERE p.since = p.max_since
/// ```
///
/// ## Bad
/// ```sql
/// select p.* from price p where p.id = (select q.id from price q where q.item_id = p.item_id order by q.since desc, q.id limit 1)
/// ```
/// ## Good
/// ```sql
/// select p.id, p.item_id, p.since, p.until, p.amount from (select p.*, row_number() over (partition by p.item_id order by p.since desc, p.id) as row_number from price p) as p where p.row_number = 1
/// ```
///
/// ## Bad
/// ```sql
/// SELECT p.amount FROM price p WHERE NOT EXISTS (SELECT 1 FROM price q WHERE q.item_id = p.item_id AND (q.since > p.since OR q.since = p.since AND q.id > p.id))
/// ```
/// ## Good
/// ```sql
/// SELECT p.amount FROM (SELECT p.*, ROW_NUMBER() OVER (PARTITION BY p.item_id ORDER BY p.since DESC, p.id DESC) AS row_number FROM price p) AS p WHERE p.row_number = 1
/// ```
///
/// ## Bad
/// ```sql
/// SELECT p.amount FROM price p WHERE (p.item_id, p.since) IN (SELECT q.item_id, MIN(q.since) FROM price q GROUP BY q.item_id)
/// ```
/// ## Good
/// ```sql
/// SELECT p.amount FROM (SELECT p.*, MIN(p.since) OVER (PARTITION BY p.item_id) AS min_since FROM price p) AS p WHERE p.since = p.min_since
/// ```
///
/// ## Bad
/// ```sql
/// select p.amount from price p where p.id in (select max(q.id) from price q group by q.item_id)
/// ```
/// ## Good
/// ```sql
/// select p.amount from (select p.*, max(p.id) over (partition by p.item_id) as max_id from price p) as p where p.id = p.max_id
/// ```
///
/// ## Kept
/// A day may be the last one of another item.
/// ```sql
/// SELECT p.amount FROM price p WHERE p.since IN (SELECT MAX(q.since) FROM price q GROUP BY q.item_id)
/// ```
/// A row without an end is beaten by none and is not the maximum.
/// ```sql
/// SELECT p.id FROM price p WHERE NOT EXISTS (SELECT 1 FROM price q WHERE q.item_id = p.item_id AND q.until > p.until)
/// ```
/// Which of two rows of one day comes is left to the engine.
/// ```sql
/// SELECT p.id FROM price p WHERE p.id = (SELECT q.id FROM price q WHERE q.item_id = p.item_id ORDER BY q.since DESC LIMIT 1)
/// ```
/// The maximum is that of fewer rows.
/// ```sql
/// SELECT p.id FROM price p WHERE (p.item_id, p.since) IN (SELECT q.item_id, MAX(q.since) FROM price q WHERE q.amount > 0 GROUP BY q.item_id)
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "greatest-per-group",
    title: "Find the greatest row of each group with a window",
    combines: true,
    merges: false,
    propose,
};

/// Why a row meets its own group and no other.
const TIED: &str = "both read the same table under the same conditions; group and order are NOT NULL";

/// The same of a key that is looked for among the greatest of all groups.
const KEY: &str = "both read the same table, and a key is the greatest of no group but its own";

/// A condition that a comparison with a window function replaces.
struct Found {
    /// Its position among the conditions of WHERE.
    at: usize,
    partner: Partner,
    window: String,
    name: String,
    /// What the window's value is compared with: a text, or 1 for the number of a row.
    equals: Option<String>,
    /// Why a row and its group belong together.
    because: &'static str,
    tokens: Tokens,
}

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        if !block.is_plain() || block.clauses.from.is_empty() {
            continue;
        }
        let Some(conjuncts) = cx.conjuncts(block) else { continue };
        for (at, operand) in conjuncts.iter().enumerate() {
            cx.forget_names();
            let found = unbeaten(cx, id, block, operand)
                .or_else(|| first_of_order(cx, id, block, operand))
                .or_else(|| pair(cx, id, block, operand))
                .or_else(|| of_any_group(cx, id, block, operand));
            if let Some(mut found) = found {
                found.at = at;
                out.extend(rewrite(cx, id, block, &conjuncts, &found));
            }
        }
    }
}

fn rewrite(
    cx: &Context<'_>,
    id: usize,
    block: &Block<'_>,
    conjuncts: &[Operand<'_>],
    found: &Found,
) -> Option<Draft> {
    let relation = block.relations.get(found.partner.relation)?;
    let qualifier = cx.qualifier(block, relation)?;
    let name = cx.fresh(&found.name);
    let mut edits = Edits::default();
    let item = format!("{} {} {name}", found.window, cx.word("as"));
    let filters: Vec<String> =
        found.partner.filters.iter().map(|&at| cx.flat(&conjuncts[at].tokens)).collect();
    windowed::carry(cx, id, block, found.partner.relation, &[item], &filters, &mut edits)?;
    let mut changes = Conditions::default();
    found.partner.filters.iter().for_each(|&at| changes.remove(at));
    changes.replace(
        found.at,
        match &found.equals {
            Some(text) => format!("{text} = {qualifier}.{name}"),
            None => format!("{qualifier}.{name} = 1"),
        },
    );
    changes.write(cx, block, conjuncts, &mut edits);
    Some(Draft {
        edits,
        explanation: format!(
            "For each row of `{}` the others of its group are searched again. A window sorts each group once.",
            relation.name
        ),
        conditions: vec![
            found.because.to_owned(),
            match found.equals {
                Some(_) => "all rows that hold the greatest value are kept, as before".to_owned(),
                None => "the order has no ties, since it and the group hold a key".to_owned(),
            },
        ],
        tokens: found.tokens.clone(),
    })
}

/// A column of the subquery's table as it reads over the table of the query around.
fn over(
    cx: &Context<'_>,
    inner_id: usize,
    block: &Block<'_>,
    partner: &Partner,
    tokens: &Tokens,
) -> Option<String> {
    windowed::over(cx, tokens, inner_id, block, partner.relation)
}

fn partition(
    cx: &Context<'_>,
    inner_id: usize,
    block: &Block<'_>,
    partner: &Partner,
    tied: &Tied<'_>,
) -> Option<String> {
    let keys: Option<Vec<String>> =
        tied.keys.iter().map(|(_, tokens, _)| over(cx, inner_id, block, partner, tokens)).collect();
    let keys = keys.filter(|keys| !keys.is_empty())?;
    Some(format!("{} {}", cx.word("partition by"), keys.join(", ")))
}

/// The position of a column of the one table that a block reads, where it is never NULL.
fn position(cx: &Context<'_>, id: usize, expr: &Expr) -> Option<usize> {
    let target = cx.target(expression::bare(expr)).filter(|target| target.block == id)?;
    cx.blocks.is_not_null(target).then(|| cx.blocks.base(target).map(|base| base.1))?
}

/// `NOT EXISTS (… another row is greater)`.
fn unbeaten(cx: &Context<'_>, id: usize, block: &Block<'_>, operand: &Operand<'_>) -> Option<Found> {
    let (expr, tokens) = cx.source.open(operand.expr, &operand.tokens);
    let Expr::Exists { subquery, negated: true } = expr else { return None };
    let inner_id = cx.blocks.body(subquery)?;
    let inner = cx.blocks.list.get(inner_id)?;
    if !windowed::reads_one_table(cx, id, inner) || !inner.is_bare() || aggregate::selects_aggregate(inner) {
        return None;
    }
    let conjuncts = cx.conjuncts(inner)?;
    let or = conjuncts.iter().position(|operand| {
        matches!(expression::bare(operand.expr), Expr::BinaryOp { op: BinaryOperator::Or, .. })
    });
    let tied = windowed::tied(cx, inner_id, inner, id, or)?;
    let partner = windowed::partner(cx, id, block, inner, &tied)?;
    let group = partition(cx, inner_id, block, &partner, &tied)?;
    if let Some(or) = or {
        let order = tie_broken(cx, inner_id, id, &conjuncts[or], &partner)?;
        let mut known: Vec<usize> =
            tied.keys.iter().filter_map(|key| position(cx, inner_id, key.0)).collect();
        known.extend(order.iter().map(|(column, ..)| *column));
        let table = inner.relations[0].table?;
        if !tied.others.is_empty() || !table.keys().any(|k| k.iter().all(|c| known.contains(&(*c as usize))))
        {
            return None;
        }
        let texts: Option<Vec<String>> = order
            .iter()
            .map(|(_, tokens, descending)| {
                let text = over(cx, inner_id, block, &partner, tokens)?;
                Some(if *descending { format!("{text} {}", cx.word("desc")) } else { text })
            })
            .collect();
        return Some(Found {
            at: 0,
            window: numbered(cx, &group, &texts?.join(", ")),
            name: "row_number".to_owned(),
            equals: None,
            because: TIED,
            partner,
            tokens,
        });
    }
    let [(column, column_tokens, operator, _)] = tied.others.as_slice() else { return None };
    position(cx, inner_id, column)?;
    let call = match operator {
        BinaryOperator::Gt => "max",
        BinaryOperator::Lt => "min",
        _ => return None,
    };
    let text = over(cx, inner_id, block, &partner, column_tokens)?;
    let own = own_column(cx, block, &partner, column)?;
    Some(Found {
        at: 0,
        window: format!("{}({text}) {} ({group})", cx.word(call), cx.word("over")),
        name: format!("{call}_{}", cx.target(column)?.column.to_lowercase()),
        equals: Some(own),
        because: TIED,
        partner,
        tokens,
    })
}

/// A column of the subquery, as the query around names it in its own relation.
fn own_column(cx: &Context<'_>, block: &Block<'_>, partner: &Partner, column: &Expr) -> Option<String> {
    let qualifier = cx.qualifier(block, block.relations.get(partner.relation)?)?;
    Some(format!("{qualifier}.{}", cx.target(column)?.column))
}

fn numbered(cx: &Context<'_>, group: &str, order: &str) -> String {
    format!("{} ({group} {} {order})", cx.word("row_number() over"), cx.word("order by"))
}

/// `q.a > p.a OR (q.a = p.a AND q.b > p.b)`: the columns of the order.
fn tie_broken(
    cx: &Context<'_>,
    inner_id: usize,
    outer_id: usize,
    or: &Operand<'_>,
    partner: &Partner,
) -> Option<Vec<(usize, Tokens, bool)>> {
    let (expr, tokens) = cx.source.open(or.expr, &or.tokens);
    let arms = cx.source.operands(expr, &tokens, &BinaryOperator::Or)?;
    let read = |operand: &Operand<'_>| -> Option<(usize, Tokens, BinaryOperator)> {
        let (expr, tokens) = cx.source.open(operand.expr, &operand.tokens);
        let (left, op, right) = expression::comparison(expr)?;
        let (left_tokens, right_tokens) = cx.source.sides(&tokens)?;
        let own = cx.target(expression::bare(left))?;
        let (inner, inner_tokens, op, outer) = if own.block == inner_id {
            (left, left_tokens, op.clone(), right)
        } else {
            (right, right_tokens, expression::mirrored(op)?, left)
        };
        let (inner_target, outer_target) =
            (cx.target(expression::bare(inner))?, cx.target(expression::bare(outer))?);
        let same = inner_target.block == inner_id
            && (outer_target.block, outer_target.relation) == (outer_id, partner.relation)
            && inner_target.column.eq_ignore_ascii_case(&outer_target.column);
        Some((position(cx, inner_id, inner).filter(|_| same)?, inner_tokens, op))
    };
    let [one, two] = arms.as_slice() else { return None };
    let parts = |arm: &Operand<'_>| {
        let (expr, tokens) = cx.source.open(arm.expr, &arm.tokens);
        let operands = cx.source.operands(expr, &tokens, &BinaryOperator::And)?;
        operands.iter().map(read).collect::<Option<Vec<_>>>()
    };
    let (one, two) = (parts(one)?, parts(two)?);
    let ([(first, first_tokens, by)], [a, b]) = (one.as_slice(), two.as_slice()) else { return None };
    let (equal, second) = if a.2 == BinaryOperator::Eq { (a, b) } else { (b, a) };
    let descending = |op: &BinaryOperator| match op {
        BinaryOperator::Gt => Some(true),
        BinaryOperator::Lt => Some(false),
        _ => None,
    };
    if equal.2 != BinaryOperator::Eq || equal.0 != *first || second.0 == *first {
        return None;
    }
    Some(vec![
        (*first, first_tokens.clone(), descending(by)?),
        (second.0, second.1.clone(), descending(&second.2)?),
    ])
}

/// `id = (SELECT id … ORDER BY … LIMIT 1)` where the order has no ties.
fn first_of_order(cx: &Context<'_>, id: usize, block: &Block<'_>, operand: &Operand<'_>) -> Option<Found> {
    let (expr, tokens) = cx.source.open(operand.expr, &operand.tokens);
    let (left, op, right) = expression::comparison(expr)?;
    let (outer, query) = match (expression::bare(left), expression::bare(right)) {
        (outer, Expr::Subquery(query)) | (Expr::Subquery(query), outer) => (outer, query),
        _ => return None,
    };
    let inner_id = cx.blocks.body(query)?;
    let inner = cx.blocks.list.get(inner_id)?;
    let sound = *op == BinaryOperator::Eq
        && windowed::reads_one_table(cx, id, inner)
        && takes_one(query)
        && inner.select.projection.len() == 1;
    if !sound {
        return None;
    }
    let (value, _) = cx.item(inner, 0)?;
    let column = position(cx, inner_id, value)?;
    let tied = windowed::tied(cx, inner_id, inner, id, None).filter(|tied| tied.others.is_empty())?;
    let partner = windowed::partner(cx, id, block, inner, &tied)?;
    let outer_target = cx.target(outer)?;
    let same = (outer_target.block, outer_target.relation) == (id, partner.relation)
        && outer_target.column.eq_ignore_ascii_case(&cx.target(expression::bare(value))?.column);
    let table = inner.relations[0].table?;
    let of_key = |known: &[usize]| table.keys().any(|k| k.iter().all(|c| known.contains(&(*c as usize))));
    if !same || !of_key(&[column]) {
        return None;
    }
    let OrderByKind::Expressions(list) = &query.order_by.as_ref()?.kind else { return None };
    let mut known: Vec<usize> = tied.keys.iter().filter_map(|key| position(cx, inner_id, key.0)).collect();
    for order in list {
        known.push(position(cx, inner_id, &order.expr)?);
    }
    let start = inner.clauses.tail.start;
    let end =
        cx.source.outer(inner.clauses.tail.clone()).find(|&at| cx.source.is_any(at, &["LIMIT", "FETCH"]))?;
    if !of_key(&known) {
        return None;
    }
    let order = over(cx, inner_id, block, &partner, &(start + 2..end))?;
    let group = partition(cx, inner_id, block, &partner, &tied)?;
    Some(Found {
        at: 0,
        window: numbered(cx, &group, &order),
        name: "row_number".to_owned(),
        equals: None,
        because: TIED,
        partner,
        tokens,
    })
}

/// Whether only the first row is taken, and nothing else asked.
fn takes_one(query: &Query) -> bool {
    let limited = matches!(&query.limit_clause,
        Some(LimitClause::LimitOffset { limit: Some(limit), offset: None, limit_by })
            if limit_by.is_empty() && expression::integer(limit) == Some(1));
    limited && query.with.is_none() && query.fetch.is_none() && query.locks.is_empty()
}

/// `(k, x) IN (SELECT k, MAX(x) … GROUP BY k)`.
fn pair(cx: &Context<'_>, id: usize, block: &Block<'_>, operand: &Operand<'_>) -> Option<Found> {
    let (expr, tokens) = cx.source.open(operand.expr, &operand.tokens);
    let Expr::InSubquery { expr: outer, subquery, negated: false } = expr else { return None };
    let Expr::Tuple(sides) = expression::bare(outer) else { return None };
    let inner_id = cx.blocks.body(subquery)?;
    let inner = cx.blocks.list.get(inner_id)?;
    let table = inner.relations.first()?.table?;
    let sound = inner.parent == Some(id)
        && inner.is_bare()
        && inner.relations.len() == 1
        && inner.select.having.is_none()
        && inner.select.distinct.is_none()
        && cx.subquery(inner).is_some_and(|tokens| cx.is_resolved(&tokens))
        && inner.select.projection.len() == sides.len();
    if !sound {
        return None;
    }
    let mut tied = Tied { keys: Vec::new(), others: Vec::new(), local: Vec::new() };
    for conjunct in cx.conjuncts(inner)? {
        let (_, tokens) = cx.source.open(conjunct.expr, &conjunct.tokens);
        if expression::is_volatile(conjunct.expr) || expression::has_subquery(conjunct.expr) {
            return None;
        }
        tied.local.push(super::same::of_block(cx, &tokens, inner_id)?);
    }
    let mut extreme = None;
    for (index, side) in sides.iter().enumerate() {
        let (item, item_tokens) = cx.item(inner, index)?;
        match aggregate::read(cx, item) {
            Some(found) if matches!(found.name.as_str(), "MIN" | "MAX") && extreme.is_none() => {
                extreme = Some((found, side, item_tokens));
            }
            Some(_) => return None,
            None => tied.keys.push((item, item_tokens, expression::bare(side))),
        }
    }
    let (found, side, item_tokens) = extreme?;
    let column = found.argument().map(expression::bare)?;
    let grouped: Vec<_> = inner.group_by()?.iter().map(|key| cx.target(expression::bare(key))).collect();
    let keys: Vec<_> = tied.keys.iter().map(|key| cx.target(expression::bare(key.0))).collect();
    let agrees = grouped.len() == keys.len()
        && grouped.iter().all(|key| key.is_some() && keys.contains(key))
        && !keys.is_empty();
    let partner = windowed::partner(cx, id, block, inner, &tied).filter(|_| agrees)?;
    let (target, own) = (cx.target(column)?, cx.target(expression::bare(side))?);
    let same = (own.block, own.relation) == (id, partner.relation)
        && own.column.eq_ignore_ascii_case(&target.column)
        && table.column(&target.column).is_some();
    if !same {
        return None;
    }
    let group = partition(cx, inner_id, block, &partner, &tied)?;
    Some(Found {
        at: 0,
        window: format!(
            "{} {} ({group})",
            over(cx, inner_id, block, &partner, &item_tokens)?,
            cx.word("over")
        ),
        name: found.column_name(),
        equals: Some(own_column(cx, block, &partner, column)?),
        because: TIED,
        partner,
        tokens,
    })
}

/// `id IN (SELECT MAX(id) … GROUP BY k)` where `id` is a key: it is the maximum of no group but its own.
fn of_any_group(cx: &Context<'_>, id: usize, block: &Block<'_>, operand: &Operand<'_>) -> Option<Found> {
    let (expr, tokens) = cx.source.open(operand.expr, &operand.tokens);
    let asked = Quantified::read(cx, expr, &tokens).filter(Quantified::is_in)?;
    let inner_id = cx.blocks.body(asked.subquery)?;
    let inner = cx.blocks.list.get(inner_id)?;
    let table = inner.relations.first()?.table?;
    let groups = inner.group_by().filter(|groups| !groups.is_empty())?;
    let sound = inner.parent == Some(id)
        && inner.is_bare()
        && inner.relations.len() == 1
        && inner.select.selection.is_none()
        && inner.select.having.is_none()
        && inner.select.distinct.is_none()
        && inner.select.projection.len() == 1
        && groups.iter().all(|group| cx.target(expression::bare(group)).is_some_and(|t| t.block == inner_id))
        && cx.subquery(inner).is_some_and(|tokens| cx.is_resolved(&tokens));
    if !sound {
        return None;
    }
    let (item, item_tokens) = cx.item(inner, 0)?;
    let found = aggregate::read(cx, item).filter(|found| matches!(found.name.as_str(), "MIN" | "MAX"))?;
    let column = found.argument().map(expression::bare)?;
    let at = position(cx, inner_id, column)?;
    let is_key = table.keys().any(|key| matches!(key, [only] if *only as usize == at));
    let tied = Tied { keys: Vec::new(), others: Vec::new(), local: Vec::new() };
    let partner = windowed::partner(cx, id, block, inner, &tied).filter(|_| is_key)?;
    let own = cx.target(expression::bare(asked.outer))?;
    let same = (own.block, own.relation) == (id, partner.relation)
        && own.column.eq_ignore_ascii_case(&cx.target(column)?.column);
    if !same {
        return None;
    }
    let keys: Option<Vec<String>> =
        inner.clauses.group_by.iter().map(|tokens| over(cx, inner_id, block, &partner, tokens)).collect();
    Some(Found {
        at: 0,
        window: format!(
            "{} {} ({} {})",
            over(cx, inner_id, block, &partner, &item_tokens)?,
            cx.word("over"),
            cx.word("partition by"),
            keys?.join(", ")
        ),
        name: found.column_name(),
        equals: Some(own_column(cx, block, &partner, column)?),
        because: KEY,
        partner,
        tokens,
    })
}
