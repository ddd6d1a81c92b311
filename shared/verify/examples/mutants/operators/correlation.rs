//! A subquery that forgets the row around it.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, ObjectName, Query, Select, SetExpr, TableFactor, visit_expressions, visit_relations,
};
use sqm_sql::catalog::Catalog;

use super::{Operator, each_expr, take_conjunct};

pub const OPERATOR: Operator = Operator {
    name: "correlation",
    apply: |query, site, catalog| {
        each_expr(query, |expr| {
            let (Expr::Exists { subquery, .. }
            | Expr::Subquery(subquery)
            | Expr::InSubquery { subquery, .. }) = expr
            else {
                return;
            };
            let Query { body, .. } = subquery.as_mut();
            if let SetExpr::Select(select) = body.as_mut() {
                let own = Own::of(select, catalog);
                take_conjunct(&mut select.selection, site, |condition| own.lacks_a_name_of(condition));
            }
        });
    },
};

/// What the FROM of a subquery brings.
struct Own {
    /// Names of relations, in lower case.
    relations: Vec<String>,
    /// Names of columns, in lower case.
    columns: Vec<String>,
    /// Whether these are all.
    is_known: bool,
}

impl Own {
    fn of(select: &Select, catalog: &Catalog) -> Self {
        let mut own = Self { relations: Vec::new(), columns: Vec::new(), is_known: true };
        for from in &select.from {
            for factor in std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation))
            {
                let TableFactor::Table { name, alias, .. } = factor else {
                    own.is_known = false;
                    continue;
                };
                let parts = parts(name);
                let called =
                    alias.as_ref().map_or_else(|| parts.last().cloned(), |a| Some(a.name.value.clone()));
                own.relations.extend(called.map(|name| name.to_lowercase()));
                match catalog.find(&parts) {
                    Some(table) => own.columns.extend(table.columns.iter().map(|c| c.name.to_lowercase())),
                    None => own.is_known = false,
                }
            }
        }
        own
    }

    /// Whether the condition names a column of another relation.
    fn lacks_a_name_of(&self, condition: &Expr) -> bool {
        let mut has_inside = false;
        let _ = visit_relations(condition, |_| {
            has_inside = true;
            ControlFlow::<()>::Break(())
        });
        let mut lacks = false;
        let _ = visit_expressions(condition, |expr| {
            lacks |= match expr {
                Expr::CompoundIdentifier(parts) => parts
                    .iter()
                    .rev()
                    .nth(1)
                    .is_some_and(|relation| !self.relations.contains(&relation.value.to_lowercase())),
                Expr::Identifier(name) => self.is_known && !self.columns.contains(&name.value.to_lowercase()),
                _ => false,
            };
            ControlFlow::<()>::Continue(())
        });
        lacks && !has_inside
    }
}

fn parts(name: &ObjectName) -> Vec<String> {
    name.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.clone()).collect()
}
