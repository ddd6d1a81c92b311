//! SQM107 distinct-hides-fan-out

use sqlparser::ast::{Distinct, Ident, JoinOperator, TableFactor};

use crate::lint::shape::{columns, item_expr, last_part, same_ident};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds SELECT DISTINCT over a join that selects columns of one table only.
///
/// ## Why
/// The other table is only asked whether it has a match, but each of its matches makes a copy of the row, and
/// DISTINCT throws the copies away again. EXISTS asks without making them.
///
/// ## Bad
/// ```sql expects SQM107
/// SELECT DISTINCT c.id, c.name FROM customer c JOIN orders o ON o.customer_id = c.id
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT c.id, c.name FROM customer c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id)
/// ```
/// ```sql expects none
/// SELECT DISTINCT c.name, o.status FROM customer c JOIN orders o ON o.customer_id = c.id
/// ```
///
/// ## Limits
/// Every selected column must be written with its table. EXISTS keeps rows of the one table that are equal: without
/// a key among the columns, DISTINCT is still needed there.
pub struct DistinctHidesFanOut;

impl Rule for DistinctHidesFanOut {
    const META: Meta = Meta {
        code: "SQM107",
        name: "distinct-hides-fan-out",
        group: Group::Performance,
        severity: Severity::Info,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        if !matches!(select.distinct, Some(Distinct::Distinct)) {
            return;
        }
        let mut names: Vec<&Ident> = Vec::new();
        for from in &select.from {
            let joins = from.joins.iter().map(|join| (&join.relation, &join.join_operator));
            for (relation, operator) in joins {
                use JoinOperator as J;
                if !matches!(operator, J::Join(_) | J::Inner(_)) {
                    return;
                }
                let Some(name) = name(relation) else { return };
                names.push(name);
            }
            let Some(name) = name(&from.relation) else { return };
            names.push(name);
        }
        let mut owner: Option<&Ident> = None;
        for item in &select.projection {
            let Some(expr) = item_expr(item) else { return };
            for column in columns(expr) {
                let Some(qualifier) = column.qualifier else { return };
                if owner.is_some_and(|owner| !same_ident(owner, qualifier)) {
                    return;
                }
                owner = Some(qualifier);
            }
            if crate::lint::shape::has_aggregate(expr) || crate::lint::shape::has_subquery(expr) {
                return;
            }
        }
        if let Some(owner) = owner
            && names.len() > 1
            && names.iter().any(|name| same_ident(name, owner))
        {
            let start = cx.places().of_token(&select.select_token.0);
            let span = cx.places().of_words(&["DISTINCT"], start.start).unwrap_or(start);
            let message = format!("only {} is selected from, the rest is only asked for a match; use EXISTS", owner.value);
            out.add(span, message);
        }
    }
}

fn name(relation: &TableFactor) -> Option<&Ident> {
    match relation {
        TableFactor::Table { alias: Some(alias), args: None, .. } | TableFactor::Derived { alias: Some(alias), .. } => {
            Some(&alias.name)
        }
        TableFactor::Table { name, alias: None, args: None, .. } => last_part(name),
        _ => None,
    }
}
