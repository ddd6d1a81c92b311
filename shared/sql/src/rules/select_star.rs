//! SQM301 select-star

use sqlparser::ast::{SelectItem, SelectItemQualifiedWildcardKind};

use sqlparser::ast::{TableFactor, TableWithJoins};
use crate::lint::shape::last_part;
use crate::text::Span;
use crate::lint::{Findings, Group, Meta, Node, On, Role, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `SELECT *` in the result of a query, in a view and in INSERT … SELECT.
///
/// ## Why
/// It reads and sends columns that nobody asked for; on a columnar warehouse each is paid for. And the result
/// changes when somebody adds a column: views and inserts break or shift.
///
/// ## Bad
/// ```sql expects SQM301
/// SELECT * FROM orders WHERE customer_id = 7
/// ```
/// ```sql expects SQM301
/// CREATE VIEW open_order AS SELECT o.* FROM orders o WHERE o.status = 'open'
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id, status, amount FROM orders WHERE customer_id = 7
/// ```
/// In EXISTS, and where a CTE or subquery lists the columns, it costs nothing:
/// ```sql expects none
/// WITH open AS (SELECT * FROM orders WHERE status = 'open')
/// SELECT id FROM open WHERE EXISTS (SELECT * FROM customer c WHERE c.id = open.customer_id)
/// ```
/// ```sql expects none
/// WITH open AS (SELECT id, amount FROM orders WHERE status = 'open') SELECT * FROM open
/// ```
///
/// ## Limits
/// For a glance at a table (`SELECT * … LIMIT 10`) it is fine; suppress it there.
pub struct SelectStar;

impl Rule for SelectStar {
    const META: Meta = Meta {
        code: "SQM301",
        name: "select-star",
        group: Group::Cost,
        severity: Severity::Info,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        if !matches!(cx.site.role, Role::Top | Role::Source | Role::Definition | Role::Arm) {
            return;
        }
        for item in &select.projection {
            let (span, qualifier) = match item {
                SelectItem::Wildcard(options) => (cx.places().of_token(&options.wildcard_token.0), None),
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    let start = cx.places().of_name(name).start;
                    let end = cx.places().of_token(&options.wildcard_token.0).end;
                    (Span { start, end }, name.0.last())
                }
                _ => continue,
            };
            let reads_tables = select.from.iter().flat_map(relations).any(|relation| {
                is_table(relation, cx) && qualifier.is_none_or(|q| goes_by(relation, &q.to_string()))
            });
            if reads_tables {
                out.add(span, "every column is read and sent, later ones too; name those that are needed");
            }
        }
    }
}

fn relations(from: &TableWithJoins) -> impl Iterator<Item = &TableFactor> {
    std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation))
}

/// Whether the relation is a table or view, not a subquery, function or CTE of this query.
fn is_table(relation: &TableFactor, cx: &RuleContext<'_>) -> bool {
    let TableFactor::Table { name, args: None, .. } = relation else { return false };
    let ctes = cx.site.query.and_then(|query| query.with.as_ref()).map_or(&[][..], |with| &with.cte_tables);
    let own = last_part(name).map(|name| name.value.as_str()).unwrap_or("");
    name.0.len() > 1 || !ctes.iter().any(|cte| cte.alias.name.value.eq_ignore_ascii_case(own))
}

fn goes_by(relation: &TableFactor, qualifier: &str) -> bool {
    let TableFactor::Table { name, alias, .. } = relation else { return false };
    let own = alias.as_ref().map(|alias| &alias.name).or_else(|| last_part(name));
    own.is_some_and(|own| own.value.eq_ignore_ascii_case(qualifier.trim_matches(['"', '`', '[', ']'])))
}
