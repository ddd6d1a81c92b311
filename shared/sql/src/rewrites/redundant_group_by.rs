use std::collections::BTreeSet;

use sqlparser::ast::SelectItem;

use super::block::Block;
use super::context::Context;
use super::determined;
use super::edit::Edits;
use super::{Draft, Rewrite};

/// ## What it does
/// GROUP BY without aggregates goes where each group is one row.
///
/// ## Why
/// The grouping sorts or hashes all rows to find copies that are not there.
///
/// ## When it is the same
/// What is grouped by holds a key of every table joined, so no two rows share a group; without aggregates
/// and HAVING nothing else is made of a group.
///
/// ## Source
/// Paulley and Larson, *Exploiting uniqueness in query optimization* (ICDE 1994).
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, name VARCHAR(40), city VARCHAR(40));
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, amount INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT s.id, c.name
/// FROM sale s
/// JOIN customer c ON c.id = s.customer_id
/// WHERE s.amount > 3
/// GROUP BY s.id, c.name
/// ORDER BY s.id
/// ```
/// ## Good
/// ```sql
/// SELECT s.id, c.name
/// FROM sale s
/// JOIN customer c ON c.id = s.customer_id
/// WHERE s.amount > 3
/// ORDER BY s.id
/// ```
///
/// ## Kept
/// Customers may share a name.
/// ```sql
/// SELECT name, city FROM customer GROUP BY name, city
/// ```
/// There is an aggregate.
/// ```sql
/// SELECT id, COUNT(*) FROM customer GROUP BY id
/// ```
/// A customer with two sales makes one group of two rows.
/// ```sql
/// SELECT c.id FROM customer c JOIN sale s ON c.id = s.customer_id GROUP BY c.id
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "redundant-group-by",
    title: "Leave out GROUP BY where each group is one row",
    combines: true,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        if block.is_plain() {
            out.extend(rewrite(cx, id, block));
        }
    }
}

fn rewrite(cx: &Context<'_>, id: usize, block: &Block<'_>) -> Option<Draft> {
    let groups = block.group_by().filter(|groups| !groups.is_empty())?;
    let plain = block.select.having.is_none()
        && !super::aggregate::selects_aggregate(block)
        && block
            .select
            .projection
            .iter()
            .all(|item| matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }));
    let tail_aggregates =
        block.clauses.tail.clone().any(|at| cx.source.is_any(at, &["COUNT", "SUM", "MIN", "MAX", "AVG"]));
    if !plain || tail_aggregates {
        return None;
    }
    let known: BTreeSet<_> =
        groups.iter().map(|group| determined::column(cx, id, group)).collect::<Option<_>>()?;
    let conditions = determined::one_row(cx, id, block, known)?;
    let tokens = block.clauses.group_by.first()?.start - 2..block.clauses.group_by.last()?.end;
    let mut edits = Edits::default();
    edits.remove(cx.source, &tokens);
    Some(Draft {
        edits,
        explanation: "Each group is one row, so the grouping finds nothing to put together.".to_owned(),
        conditions,
        tokens,
    })
}
