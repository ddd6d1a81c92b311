//! SQM120 repeated-subquery

use sqlparser::ast::{Expr, Query};

use crate::lint::walk::walk_expr;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds the same scalar subquery twice in one SELECT.
///
/// ## Why
/// Hardly any database notices: it is run twice (for each row, if it is correlated). A join, a LATERAL or a
/// common table expression computes it once.
///
/// ## Bad
/// ```sql expects SQM120
/// SELECT id, amount - (SELECT avg(amount) FROM orders) AS above, amount / (SELECT avg(amount) FROM orders) AS ratio
/// FROM orders
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT o.id, o.amount - a.mean AS above, o.amount / a.mean AS ratio
/// FROM orders o CROSS JOIN (SELECT avg(amount) AS mean FROM orders) AS a
/// ```
///
/// ## Limits
/// Only subqueries that are written alike, up to case and spaces, and that are at most 500 characters long.
pub struct RepeatedSubquery;

impl Rule for RepeatedSubquery {
    const META: Meta = Meta {
        code: "SQM120",
        name: "repeated-subquery",
        group: Group::Performance,
        severity: Severity::Info,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        let items = select.projection.iter().filter_map(crate::lint::shape::item_expr);
        let mut seen: Vec<(usize, &Query)> = Vec::new();
        let mut found = Vec::new();
        for (part, expr) in items.chain(&select.selection).chain(&select.having).enumerate() {
            if !crate::lint::shape::has_subquery(expr) {
                continue;
            }
            walk_expr(expr, cx.site, &mut |node, site| {
                // Those inside of a subquery are the concern of its own block.
                let own = site.select.map(std::ptr::from_ref) == cx.site.select.map(std::ptr::from_ref);
                if let Node::Expr(Expr::Subquery(query)) = node
                    && own
                    && found.len() < 20
                    && seen.len() < 20
                {
                    if seen.iter().any(|(_, known)| *known == &**query) {
                        found.push(query);
                    }
                    seen.push((part, query));
                }
            });
        }
        for query in found {
            let span = cx.places().of_query(query);
            out.add(span, "the same subquery stands here twice and is run twice; compute it once in a join or CTE");
        }
    }
}
