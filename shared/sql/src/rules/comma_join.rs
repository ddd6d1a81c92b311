//! SQM402 comma-join

use sqlparser::ast::{Ident, TableFactor};

use crate::lint::shape::{last_part, same_ident};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds tables joined by comma, with their conditions in WHERE.
///
/// ## Why
/// Which condition joins and which filters is hard to see, and a forgotten one makes a cross join. Mixed with JOIN,
/// the comma binds weaker than it looks: `a, b JOIN c ON a.x = c.x` does not see `a`.
///
/// ## Bad
/// ```sql expects SQM402
/// SELECT o.id, c.name FROM orders o, customer c WHERE o.customer_id = c.id
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT o.id, c.name FROM orders o JOIN customer c ON o.customer_id = c.id
/// ```
/// A comma before something that unfolds the row is the usual form:
/// ```sql expects none dialect=bigquery
/// SELECT o.id, item.sku FROM shop.orders AS o, UNNEST(o.items) AS item
/// ```
///
/// ## Limits
/// None known.
pub struct CommaJoin;

impl Rule for CommaJoin {
    const META: Meta = Meta {
        code: "SQM402",
        name: "comma-join",
        group: Group::Clarity,
        severity: Severity::Info,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        let is_own = |relation: &TableFactor| match relation {
            TableFactor::Table { args: None, name, .. } => {
                // In BigQuery `FROM t, t.items` unfolds an array.
                let first = name.0.first().and_then(|part| part.as_ident()).filter(|_| name.0.len() > 1);
                !first.is_some_and(|first| goes_by(&select.from[0].relation, first))
            }
            TableFactor::Derived { lateral, .. } => !lateral,
            TableFactor::NestedJoin { .. } => true,
            _ => false,
        };
        let rest = select.from.iter().skip(1).map(|from| &from.relation);
        if let Some(second) = rest.into_iter().find(|relation| is_own(relation)) {
            out.add(cx.places().of_relation(second), "write JOIN … ON, so that the conditions of the join are seen");
        }
    }
}

fn goes_by(relation: &TableFactor, name: &Ident) -> bool {
    let TableFactor::Table { name: table, alias, .. } = relation else { return false };
    alias.as_ref().map(|alias| &alias.name).or_else(|| last_part(table)).is_some_and(|own| same_ident(own, name))
}
