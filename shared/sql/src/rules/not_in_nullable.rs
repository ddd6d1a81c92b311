//! SQM012 not-in-nullable

use sqlparser::ast::Expr;

use crate::lint::known::{known, sources};
use crate::lint::shape::{block, column, columns_not_null_in, conjuncts, item_expr};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `NOT IN (SELECT …)` whose list may hold a NULL.
///
/// ## Why
/// One NULL in the list, and NOT IN is never true: the query gives no rows at all, from the day on which the first NULL is
/// stored. NOT EXISTS does not mind.
///
/// ## Bad
/// ```sql schema
/// CREATE TABLE customer (id INT PRIMARY KEY, name TEXT);
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT);
/// ```
/// ```sql expects SQM012
/// SELECT name FROM customer WHERE id NOT IN (SELECT customer_id FROM sale)
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT name FROM customer WHERE id NOT IN (SELECT customer_id FROM sale WHERE customer_id IS NOT NULL)
/// ```
/// ```sql expects none
/// SELECT name FROM customer WHERE id NOT IN (SELECT id FROM sale)
/// ```
///
/// ## Limits
/// Needs a catalog that knows the column.
pub struct NotInNullable;

impl Rule for NotInNullable {
    const META: Meta = Meta {
        code: "SQM012",
        name: "not-in-nullable",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::PREDICATE,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(Expr::InSubquery { subquery, negated: true, .. }) = cx.node else { return };
        let Some(inner) = block(subquery).filter(|_| !cx.catalog.is_empty()) else { return };
        let [item] = &inner.projection[..] else { return };
        let Some((expr, name)) = item_expr(item).and_then(|expr| Some((expr, column(expr)?))) else { return };
        let sources = sources(cx, inner);
        let Some(known) = known(&sources, &name) else { return };
        let may_be_null = !known.table.is_not_null(known.column)
            || sources.get(known.source).is_some_and(|source| source.may_be_missing);
        let is_asked = inner
            .selection
            .iter()
            .flat_map(conjuncts)
            .flat_map(columns_not_null_in)
            .any(|asked| column(asked).is_some_and(|asked| asked.may_be(&name)));
        if may_be_null && !is_asked {
            let text = cx.places().text_of(expr);
            out.add(
                cx.place(expr),
                format!("{text} may be NULL, and then NOT IN is true for no row; use NOT EXISTS"),
            );
        }
    }
}
