//! SQM011 duplicate-alias

use std::collections::HashSet;

use sqlparser::ast::{Ident, Select, TableFactor, TableWithJoins};

use crate::lint::shape::last_part;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds two relations of one FROM clause that go by the same name.
///
/// ## Why
/// A column written with that name can mean either. Most databases refuse the query; those that take it
/// choose silently.
///
/// ## Bad
/// ```sql expects SQM011
/// SELECT o.id FROM orders o JOIN order_line o ON o.order_id = o.id
/// ```
/// ```sql expects SQM011 SQM402
/// SELECT e.id FROM employee AS e, employee AS e WHERE e.manager_id = e.id
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT o.id FROM orders o JOIN order_line l ON l.order_id = o.id
/// ```
///
/// ## Limits
/// Names are compared without regard to case. Tables of the same name from different schemas that have no
/// alias are not reported, since they can still be told apart.
pub struct DuplicateAlias;

impl Rule for DuplicateAlias {
    const META: Meta = Meta {
        code: "SQM011",
        name: "duplicate-alias",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        let mut seen = HashSet::new();
        for ident in names(select) {
            if !seen.insert(ident.value.to_lowercase()) {
                let message = format!("{} names two relations here; give one another alias", ident.value);
                out.add(cx.places().of_ident(ident), message);
            }
        }
    }
}

/// What the relations go by.
fn names(select: &Select) -> Vec<&Ident> {
    fn add<'a>(relation: &'a TableFactor, names: &mut Vec<&'a Ident>) {
        match relation {
            TableFactor::Table { alias: Some(alias), .. }
            | TableFactor::Derived { alias: Some(alias), .. }
            | TableFactor::Function { alias: Some(alias), .. }
            | TableFactor::UNNEST { alias: Some(alias), .. } => names.push(&alias.name),
            TableFactor::Table { name, alias: None, args: None, .. } if name.0.len() == 1 => {
                names.extend(last_part(name));
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => all(table_with_joins, names),
            _ => {}
        }
    }
    fn all<'a>(from: &'a TableWithJoins, names: &mut Vec<&'a Ident>) {
        add(&from.relation, names);
        from.joins.iter().for_each(|join| add(&join.relation, names));
    }
    let mut names = Vec::new();
    select.from.iter().for_each(|from| all(from, &mut names));
    names
}
