//! Names: every identifier in lower case, so that one spelling means one thing in every dialect.
//!
//! Quoted names of a catalog that differ in case alone are refused when the tables are bound.

use datafusion::sql::sqlparser::ast::{
    ExceptSelectItem, ExcludeSelectItem, Expr, Ident, JoinConstraint, JoinOperator, NamedWindowExpr,
    ObjectName, ObjectNamePart, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, TableAlias,
    TableFactor, TableWithJoins, WildcardAdditionalOptions, WindowType,
};

fn fold(ident: &mut Ident) {
    if ident.value.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii()) {
        ident.value = ident.value.to_lowercase();
    }
    // DataFusion folds what is not quoted by its own rule; the value is final here.
    ident.quote_style = None;
}

fn fold_name(name: &mut ObjectName) {
    for part in &mut name.0 {
        if let ObjectNamePart::Identifier(ident) = part {
            fold(ident);
        }
    }
}

fn fold_alias(alias: &mut TableAlias) {
    fold(&mut alias.name);
    for column in &mut alias.columns {
        fold(&mut column.name);
    }
}

/// Folds the names that a query itself declares: its common table expressions.
pub fn fold_query(query: &mut Query) {
    for cte in query.with.iter_mut().flat_map(|with| &mut with.cte_tables) {
        fold_alias(&mut cte.alias);
    }
}

/// Folds aliases, wildcards and named windows of a SELECT.
pub fn fold_select(select: &mut Select) {
    for item in &mut select.projection {
        match item {
            SelectItem::ExprWithAlias { alias, .. } => fold(alias),
            SelectItem::QualifiedWildcard(kind, options) => {
                if let SelectItemQualifiedWildcardKind::ObjectName(name) = kind {
                    fold_name(name);
                }
                fold_wildcard(options);
            }
            SelectItem::Wildcard(options) => fold_wildcard(options),
            SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAliases { .. } => {}
        }
    }
    for window in &mut select.named_window {
        fold(&mut window.0);
        if let NamedWindowExpr::NamedWindow(name) = &mut window.1 {
            fold(name);
        }
    }
    for from in &mut select.from {
        fold_joins(from);
    }
}

fn fold_wildcard(options: &mut WildcardAdditionalOptions) {
    match &mut options.opt_exclude {
        Some(ExcludeSelectItem::Single(name)) => fold_name(name),
        Some(ExcludeSelectItem::Multiple(names)) => names.iter_mut().for_each(fold_name),
        None => {}
    }
    if let Some(ExceptSelectItem { first_element, additional_elements }) = &mut options.opt_except {
        fold(first_element);
        additional_elements.iter_mut().for_each(fold);
    }
}

/// Folds the column names of USING.
fn fold_joins(from: &mut TableWithJoins) {
    if let TableFactor::NestedJoin { table_with_joins, .. } = &mut from.relation {
        fold_joins(table_with_joins);
    }
    for join in &mut from.joins {
        if let TableFactor::NestedJoin { table_with_joins, .. } = &mut join.relation {
            fold_joins(table_with_joins);
        }
        if let Some(JoinConstraint::Using(columns)) = constraint(&mut join.join_operator) {
            columns.iter_mut().for_each(fold_name);
        }
    }
}

fn constraint(operator: &mut JoinOperator) -> Option<&mut JoinConstraint> {
    match operator {
        JoinOperator::Join(c)
        | JoinOperator::Inner(c)
        | JoinOperator::Left(c)
        | JoinOperator::LeftOuter(c)
        | JoinOperator::Right(c)
        | JoinOperator::RightOuter(c)
        | JoinOperator::FullOuter(c)
        | JoinOperator::CrossJoin(c)
        | JoinOperator::Semi(c)
        | JoinOperator::LeftSemi(c)
        | JoinOperator::RightSemi(c)
        | JoinOperator::Anti(c)
        | JoinOperator::LeftAnti(c)
        | JoinOperator::RightAnti(c) => Some(c),
        _ => None,
    }
}

/// Folds a relation's name and alias, and gives a derived table without one an alias of its own.
pub fn fold_factor(factor: &mut TableFactor, aliases: &mut usize) {
    match factor {
        TableFactor::Table { name, alias, .. } => {
            fold_name(name);
            alias.iter_mut().for_each(fold_alias);
        }
        TableFactor::Derived { alias, .. } => match alias {
            Some(alias) => fold_alias(alias),
            None => {
                *aliases += 1;
                let name = Ident::new(format!("__derived_{aliases}"));
                *alias = Some(TableAlias { explicit: true, name, columns: Vec::new(), at: None });
            }
        },
        TableFactor::TableFunction { alias, .. }
        | TableFactor::Function { alias, .. }
        | TableFactor::UNNEST { alias, .. }
        | TableFactor::NestedJoin { alias, .. } => alias.iter_mut().for_each(fold_alias),
        _ => {}
    }
}

/// Folds the names that an expression mentions.
pub fn fold_expr(expr: &mut Expr) {
    match expr {
        Expr::Identifier(ident) => fold(ident),
        Expr::CompoundIdentifier(parts) => parts.iter_mut().for_each(fold),
        Expr::QualifiedWildcard(name, _) => fold_name(name),
        Expr::Function(function) => {
            fold_name(&mut function.name);
            match &mut function.over {
                Some(WindowType::NamedWindow(name)) => fold(name),
                Some(WindowType::WindowSpec(spec)) => spec.window_name.iter_mut().for_each(fold),
                None => {}
            }
        }
        _ => {}
    }
}
