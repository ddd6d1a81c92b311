//! SQM413 unused-cte

use std::collections::HashMap;

use sqlparser::ast::{SetExpr, TableFactor};

use crate::lint::walk::walk_query;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds a common table expression that nothing reads.
///
/// ## Why
/// It is left over from an edit, or the query reads another one by mistake. Some databases run it all the same.
///
/// ## Bad
/// ```sql expects SQM413
/// WITH open AS (SELECT id FROM orders WHERE status = 'open'), late AS (SELECT id FROM orders WHERE due < '2024-01-01')
/// SELECT id FROM open
/// ```
///
/// ## Good
/// ```sql expects none
/// WITH open AS (SELECT id, due FROM orders WHERE status = 'open'), late AS (SELECT id FROM open WHERE due < '2024-01-01')
/// SELECT id FROM late
/// ```
/// One that writes does so without being read:
/// ```sql expects none
/// WITH moved AS (DELETE FROM orders WHERE status = 'done' RETURNING id) SELECT 1 AS done
/// ```
///
/// ## Limits
/// A CTE that only an unused one reads is reported once the other is gone. Names are compared without regard to
/// case. A reference from a text (dynamic SQL, a template) is not seen.
pub struct UnusedCte;

impl Rule for UnusedCte {
    const META: Meta = Meta {
        code: "SQM413",
        name: "unused-cte",
        group: Group::Clarity,
        severity: Severity::Warning,
        on: On::QUERY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Query(query) = cx.node else { return };
        let Some(with) = &query.with else { return };
        let mut read: HashMap<String, usize> = HashMap::new();
        walk_query(query, cx.site, &mut |node, _| {
            if let Some(name) = table(node) {
                *read.entry(name).or_default() += 1;
            }
        });
        for cte in &with.cte_tables {
            let name = &cte.alias.name;
            let key = name.value.to_lowercase();
            let total = read.get(&key).copied().unwrap_or(0);
            // A recursive one reads itself.
            let mut own = 0;
            if total > 0 {
                walk_query(&cte.query, cx.site, &mut |node, _| own += usize::from(table(node).as_ref() == Some(&key)));
            }
            let writes = matches!(
                &*cte.query.body,
                SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_)
            );
            if total == own && !writes {
                out.add(cx.places().of_ident(name), format!("nothing reads {}; leave it out", name.value));
            }
        }
    }
}

/// The first part of the name of a table that is read here, in lower case.
fn table(node: Node<'_>) -> Option<String> {
    match node {
        Node::Relation(TableFactor::Table { name, .. } | TableFactor::Function { name, .. }) => {
            Some(name.0.first()?.as_ident()?.value.to_lowercase())
        }
        Node::Query(query) => match &*query.body {
            SetExpr::Table(table) => Some(table.table_name.as_ref()?.to_lowercase()),
            _ => None,
        },
        _ => None,
    }
}
