use sqlparser::ast::Distinct;

use super::block::{Block, Role, limits};
use super::context::Context;
use super::edit::Edits;
use super::{Draft, Rewrite};

/// ## What it does
/// ORDER BY in a subquery that nothing cuts short goes, and so does DISTINCT in the subquery of IN or
/// EXISTS.
///
/// ## Why
/// The order of a subquery's rows is lost as soon as they are joined, filtered or looked up; sorting them,
/// and looking for copies among them, is work for nothing.
///
/// ## When it is the same
/// The subquery has neither LIMIT nor the like, so ORDER BY decides about no row. IN and EXISTS ask
/// whether a row is there, and copies change nothing about that.
///
/// ## Source
/// The SQL standard: a table has no order (ISO/IEC 9075-2, query expressions).
///
/// ## Tables
/// ```sql
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, amount INT);
/// CREATE TABLE customer (id INT PRIMARY KEY);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT SUM(d.amount) FROM (SELECT amount FROM sale WHERE amount > 3 ORDER BY amount) AS d
/// ```
/// ## Good
/// ```sql
/// SELECT SUM(d.amount) FROM (SELECT amount FROM sale WHERE amount > 3) AS d
/// ```
///
/// ## Bad
/// ```sql
/// SELECT id FROM customer WHERE id IN (SELECT DISTINCT customer_id FROM sale ORDER BY customer_id)
/// ```
/// ## Good
/// ```sql
/// SELECT id FROM customer WHERE id IN (SELECT customer_id FROM sale)
/// ```
///
/// ## Kept
/// It decides which rows come.
/// ```sql
/// SELECT SUM(d.amount) FROM (SELECT amount FROM sale ORDER BY amount DESC LIMIT 3) AS d
/// ```
/// The order of the result.
/// ```sql
/// SELECT id FROM sale ORDER BY amount
/// ```
/// The whole query is the ordered subquery: its author counts on the order.
/// ```sql
/// SELECT * FROM (SELECT id FROM sale ORDER BY amount) AS d
/// ```
/// An aggregate that depends on the order of its input.
/// ```sql
/// SELECT STRING_AGG(d.name, ',') FROM (SELECT CAST(id AS TEXT) AS name FROM sale ORDER BY amount) AS d
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "idle-order-by",
    title: "Leave out ORDER BY and DISTINCT that decide nothing",
    combines: true,
    merges: true,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (_, block) in cx.each() {
        out.extend(rewrite(cx, block));
    }
}

fn rewrite(cx: &Context<'_>, block: &Block<'_>) -> Option<Draft> {
    let query = block.query.filter(|query| !limits(query) && query.with.is_none())?;
    let listed = block.role == Role::Expression
        && block.clauses.scope.start.checked_sub(2).is_some_and(|at| cx.source.is_any(at, &["IN", "EXISTS"]));
    let ordered = query.order_by.is_some()
        && !matches!(block.select.distinct, Some(Distinct::On(_)))
        && match block.role {
            Role::Expression => listed,
            Role::Derived => block.parent.is_some_and(|parent| forgets_order(cx, parent)),
            Role::Top | Role::Cte => false,
        };
    let distinct = listed && matches!(block.select.distinct, Some(Distinct::Distinct)) && block.is_plain();
    let mut edits = Edits::default();
    let mut tokens = None;
    if distinct {
        let at = block.clauses.distinct?;
        edits.remove(cx.source, &(at..at + 1));
        tokens = Some(at..at + 1);
    }
    if ordered && !block.clauses.tail.is_empty() {
        edits.remove(cx.source, &block.clauses.tail);
        tokens.get_or_insert(block.clauses.tail.clone());
    }
    Some(Draft {
        edits,
        explanation: "Neither the order nor the copies of the subquery's rows reach the result.".to_owned(),
        conditions: vec!["nothing cuts the subquery short".to_owned()],
        tokens: tokens?,
    })
}

/// Whether a block joins, groups or filters what it reads into another order, or none.
fn forgets_order(cx: &Context<'_>, id: usize) -> bool {
    let block = &cx.blocks.list[id];
    let ordered_aggregate = [
        "ARRAY_AGG",
        "STRING_AGG",
        "LISTAGG",
        "GROUP_CONCAT",
        "JSON_AGG",
        "JSONB_AGG",
        "FIRST",
        "LAST",
        "ROW_NUMBER",
        "LIST",
        "XMLAGG",
        "ARRAY",
    ];
    let names_one = block.clauses.scope.clone().any(|at| cx.source.is_any(at, &ordered_aggregate));
    let reorders = block.relations.len() > 1
        || super::aggregate::selects_aggregate(block)
        || !matches!(block.group_by(), Some([]))
        || block.query.is_some_and(|query| query.order_by.is_some());
    reorders && !names_one && block.is_plain()
}
