//! SQM010 strayed-column

use sqlparser::ast::{Expr, Select};

use crate::lint::known::sources;
use crate::lint::shape::{block, column, columns, conjuncts, item_expr};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds a column of a subquery without a qualifier that its own tables do not have, and the query around it does.
///
/// ## Why
/// `WHERE id IN (SELECT customer_id FROM address)` is no error where `address` has no such column: the name then means the
/// column of the query around, and the condition holds for every row. DELETE with it empties a table.
///
/// ## Bad
/// ```sql schema
/// CREATE TABLE customer (id INT PRIMARY KEY, customer_id INT NOT NULL);
/// CREATE TABLE address (id INT PRIMARY KEY, owner_id INT NOT NULL);
/// ```
/// ```sql expects SQM010
/// SELECT id FROM customer WHERE customer_id IN (SELECT customer_id FROM address)
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM customer WHERE customer_id IN (SELECT owner_id FROM address)
/// ```
/// ```sql expects none
/// SELECT id FROM customer c WHERE EXISTS (SELECT 1 FROM address WHERE owner_id = c.customer_id)
/// ```
///
/// ## Limits
/// Needs a catalog that knows all tables of the subquery. Only the SELECT list of the subquery and conditions that name
/// no column of its own are looked at.
pub struct StrayedColumn;

impl Rule for StrayedColumn {
    const META: Meta = Meta {
        code: "SQM010",
        name: "strayed-column",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::PREDICATE.and(On::SUBQUERY),
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let query = match cx.node {
            Node::Expr(
                Expr::InSubquery { subquery, .. } | Expr::Exists { subquery, .. } | Expr::Subquery(subquery),
            ) => subquery,
            _ => return,
        };
        let (Some(inner), Some(outer)) = (block(query), cx.site.select) else { return };
        if cx.catalog.is_empty() || inner.from.is_empty() {
            return;
        }
        let own = sources(cx, inner);
        let around = sources(cx, outer);
        if !own.iter().all(|source| source.table.is_some_and(|table| !table.columns.is_empty())) {
            return;
        }
        for expr in lonely(inner) {
            for name in columns(expr).into_iter().filter(|name| name.qualifier.is_none()) {
                let has = |sources: &[crate::lint::known::Source<'_>]| {
                    sources.iter().any(|source| {
                        source.table.is_some_and(|table| table.column(&name.name.value).is_some())
                    })
                };
                if !has(&own) && has(&around) {
                    let message = format!(
                        "{} is no column of the subquery's tables: this means the one of the query around",
                        name.name.value
                    );
                    out.add(cx.places().of_ident(name.name), message);
                }
            }
        }
    }
}

/// The items of a subquery that are bare columns.
fn lonely(select: &Select) -> Vec<&Expr> {
    let items = select.projection.iter().filter_map(item_expr).filter(|expr| column(expr).is_some());
    let tests = select.selection.iter().flat_map(conjuncts).filter(|condition| {
        let names = columns(condition);
        names.len() == 1 && names.iter().all(|name| name.qualifier.is_none())
    });
    items.chain(tests).collect()
}
