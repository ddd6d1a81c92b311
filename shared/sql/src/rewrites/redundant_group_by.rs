use std::collections::BTreeSet;

use sqlparser::ast::{Expr, SelectItem};

use super::aggregate;
use super::block::Block;
use super::context::Context;
use super::determined;
use super::edit::Edits;
use super::expression::{self, Part};
use super::source::Tokens;
use super::{Draft, Rewrite};

/// ## What it does
/// GROUP BY goes where each group is one row, and the aggregates with it: the greatest of one value is that value.
///
/// ## Why
/// The grouping sorts or hashes all rows to find others that are not there.
///
/// ## When it is the same
/// What is grouped by holds a key of every table joined, so no two rows share a group. MIN, MAX and SUM of one
/// value are that value, NULL as well, and so many rows are counted as there are: one. Without HAVING nothing else
/// is made of a group.
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
/// ## Bad
/// ```sql
/// select id, max(amount) as amount, sum(amount * 2) + 1 as twice, count(*) as n from sale group by id
/// ```
/// ## Good
/// ```sql
/// select id, amount as amount, (amount * 2) + 1 as twice, 1 as n from sale
/// ```
///
/// ## Kept
/// Customers may share a name.
/// ```sql
/// SELECT name, city FROM customer GROUP BY name, city
/// ```
/// A value that may be NULL is counted, or an average has another type.
/// ```sql
/// SELECT id, COUNT(city), AVG(id) FROM customer GROUP BY id
/// ```
/// Groups are dropped.
/// ```sql
/// SELECT id, MAX(city) FROM customer GROUP BY id HAVING COUNT(*) > 1
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
    for index in 0..block.select.projection.len() {
        let (expr, item) = cx.item(block, index)?;
        of_one_row(cx, expr, &item, &mut edits)?;
    }
    edits.remove(cx.source, &tokens);
    Some(Draft {
        edits,
        explanation: "Each group is one row, so the grouping finds nothing to put together.".to_owned(),
        conditions,
        tokens,
    })
}

/// Writes what each aggregate of an item is over one row. `None` for one that is something else.
fn of_one_row(cx: &Context<'_>, expr: &Expr, item: &Tokens, edits: &mut Edits) -> Option<()> {
    let mut todo = vec![expr];
    while let Some(node) = todo.pop() {
        if determined::is_window(node) {
            return None;
        }
        if !aggregate::is_aggregate(node) {
            for part in expression::parts(node) {
                match part {
                    Part::Expr(inner) => todo.push(inner),
                    Part::Query(_) => return None,
                }
            }
            continue;
        }
        let found = aggregate::read(cx, node)?;
        let never_null = |arg: &Expr| {
            expression::is_literal(arg) && !expression::is_null(arg)
                || cx.target(expression::bare(arg)).is_some_and(|target| cx.blocks.is_not_null(target))
        };
        let text = match (found.name.as_str(), found.argument()) {
            ("COUNT", None) => "1".to_owned(),
            ("COUNT", Some(arg)) if never_null(arg) => "1".to_owned(),
            ("MIN" | "MAX" | "SUM", Some(arg)) => {
                let start = found.tokens.start + 2;
                let start = start + usize::from(cx.source.is_any(start, &["DISTINCT", "ALL"]));
                let text = cx.flat(&(start..found.tokens.end - 1));
                let is_simple = expression::column(arg).is_some() || expression::is_literal(arg);
                if is_simple || found.tokens == *item { text } else { format!("({text})") }
            }
            _ => return None,
        };
        edits.replace(cx.source, &found.tokens, text);
    }
    Some(())
}
