//! Outputs that their author gave no name: a database makes one up from the expression, another one for
//! another expression.

use sqlparser::ast::{Expr, Query, SelectItem, SetExpr, Statement};

use crate::parse::{Script, Tree};

/// What a rewrite rests on that changes such an expression.
pub(super) const CONDITION: &str = "an output without a name is called otherwise by some databases: where it is read by its name, give it one";

/// What the outputs of the queries of a script are called, or the expressions that their names are made of.
pub(super) fn outputs(script: &Script<'_>) -> Vec<String> {
    let trees = script.statements.iter().filter_map(|statement| statement.tree.as_ref().ok());
    let queries = trees.filter_map(|tree| match tree {
        Tree::Sql(tree) => query(tree),
        Tree::Command(_) => None,
    });
    queries.flat_map(|query| items(&query.body)).map(name).collect()
}

/// The query whose outputs are read by their names.
fn query(statement: &Statement) -> Option<&Query> {
    match statement {
        Statement::Query(query) => Some(query),
        Statement::CreateView(create) => Some(&create.query),
        Statement::CreateTable(create) => create.query.as_deref(),
        _ => None,
    }
}

fn items(body: &SetExpr) -> &[SelectItem] {
    match body {
        SetExpr::Select(select) => &select.projection,
        SetExpr::Query(query) => items(&query.body),
        SetExpr::SetOperation { left, .. } => items(left),
        _ => &[],
    }
}

fn name(item: &SelectItem) -> String {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => alias.value.clone(),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => name.value.clone(),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => {
            parts.last().map(|name| name.value.clone()).unwrap_or_default()
        }
        other => other.to_string(),
    }
}
