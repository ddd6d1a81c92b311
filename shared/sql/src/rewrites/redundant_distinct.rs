use sqlparser::ast::{Distinct, Expr, SelectItem};

use super::aggregate;
use super::block::Block;
use super::context::Context;
use super::determined;
use super::edit::Edits;
use super::expression;
use super::{Draft, Rewrite};

/// ## What it does
/// DISTINCT goes where no two rows can be equal anyway.
///
/// ## Why
/// It sorts or hashes the whole result for nothing.
///
/// ## When it is the same
/// The selected columns, with what equalities make of them, hold a key of every joined table, all of its
/// columns NOT NULL; or every expression of GROUP BY is selected; or there are only aggregates, so that
/// there is one row.
///
/// ## Source
/// Paulley and Larson, *Exploiting uniqueness in query optimization* (ICDE 1994).
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, email VARCHAR(80) UNIQUE, city VARCHAR(40));
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT NOT NULL, amount INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT DISTINCT s.id, c.city FROM sale s JOIN customer c ON c.id = s.customer_id
/// ```
/// ## Good
/// ```sql
/// SELECT s.id, c.city FROM sale s JOIN customer c ON c.id = s.customer_id
/// ```
///
/// ## Bad
/// ```sql
/// SELECT DISTINCT city, COUNT(*) FROM customer GROUP BY city
/// ```
/// ## Good
/// ```sql
/// SELECT city, COUNT(*) FROM customer GROUP BY city
/// ```
///
/// ## Kept
/// A key that may be NULL twice.
/// ```sql
/// SELECT DISTINCT email FROM customer
/// ```
/// A customer is joined once for each sale.
/// ```sql
/// SELECT DISTINCT c.id FROM sale s JOIN customer c ON c.id = s.customer_id
/// ```
/// A part of the groups.
/// ```sql
/// SELECT DISTINCT COUNT(*) FROM customer GROUP BY city
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "redundant-distinct",
    title: "Leave out DISTINCT where no two rows are equal",
    combines: true,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        if !matches!(block.select.distinct, Some(Distinct::Distinct)) || !block.is_plain() {
            continue;
        }
        let (Some(conditions), Some(distinct)) = (reason(cx, id, block), block.clauses.distinct) else {
            continue;
        };
        let mut edits = Edits::default();
        edits.remove(cx.source, &(distinct..distinct + 1));
        out.push(Draft {
            edits,
            explanation: "No two rows of the result can be equal, so DISTINCT sorts or hashes for nothing."
                .to_owned(),
            conditions,
            tokens: distinct..distinct + 1,
        });
    }
}

fn reason(cx: &Context<'_>, id: usize, block: &Block<'_>) -> Option<Vec<String>> {
    let items: Vec<&Expr> = block
        .select
        .projection
        .iter()
        .filter_map(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                Some(expression::bare(expr))
            }
            _ => None,
        })
        .collect();
    let groups = block.group_by()?;
    let grouped = !groups.is_empty() || block.select.having.is_some();
    let aggregated = items.iter().any(|item| aggregate::has_aggregate(item));
    if !grouped && !aggregated {
        return determined::one_row(cx, id, block, determined::selected(cx, id, block));
    }
    let selected = groups.iter().all(|group| {
        let group = expression::bare(group);
        match expression::integer(group) {
            // A position in the SELECT list.
            Some(_) => true,
            None => {
                let column = determined::column(cx, id, group);
                items.iter().any(|item| {
                    *item == group || (column.is_some() && determined::column(cx, id, item) == column)
                })
            }
        }
    });
    selected.then(|| vec!["every expression of GROUP BY is selected: each group makes one row".to_owned()])
}
