//! What a column's name in a block means, as far as the catalog tells: for rules that need types, keys or
//! NOT NULL and no more of name resolution than one block.

use std::collections::HashSet;

use sqlparser::ast::{Join, JoinOperator, Query, Select, Statement, TableFactor};

use crate::catalog::{Catalog, Table};

use super::rule::{Node, RuleContext};
use super::shape::{ColumnName, parts};
use super::walk::walk;

/// A relation of a FROM clause.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The name by which its columns are qualified.
    pub name: &'a str,
    /// Its table; `None` where the catalog has none, or it is no table.
    pub table: Option<&'a Table>,
    /// Whether it stands on the side of an outer join that may be missing.
    pub may_be_missing: bool,
    /// The relation itself.
    pub factor: &'a TableFactor,
}

/// A column of a table of the catalog.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The position of its relation in the FROM clause.
    pub source: usize,
    /// Its table.
    pub table: &'a Table,
    /// Its position in the table.
    pub column: usize,
}

impl Known<'_> {
    /// Its type as the catalog writes it, upper-case.
    pub fn data_type(&self) -> Option<String> {
        self.table.columns.get(self.column)?.data_type.as_ref().map(|name| name.to_uppercase())
    }

    /// Whether its values, where not NULL, occur once.
    pub fn is_unique(&self) -> bool {
        self.table.keys().any(|key| matches!(key, [only] if *only as usize == self.column))
    }
}

/// The names of the statement's common table expressions, in lower case.
pub fn cte_names(statement: &Statement) -> HashSet<String> {
    let mut names = HashSet::new();
    walk(statement, &mut |node, _| {
        if let Node::Query(Query { with: Some(with), .. }) = node {
            names.extend(with.cte_tables.iter().map(|cte| cte.alias.name.value.to_lowercase()));
        }
    });
    names
}

/// The relations of a block. Tables are looked up only where the catalog knows any.
pub fn sources<'a>(cx: &RuleContext<'a>, select: &'a Select) -> Vec<Source<'a>> {
    let none = HashSet::new();
    let ctes = if cx.catalog.is_empty() { &none } else { cx.cte_names() };
    let mut found = Vec::new();
    for from in &select.from {
        let first = found.len();
        found.extend(source(cx.catalog, ctes, &from.relation));
        for Join { relation, join_operator, .. } in &from.joins {
            let (left, right) = match join_operator {
                JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => (false, true),
                JoinOperator::Right(_) | JoinOperator::RightOuter(_) => (true, false),
                JoinOperator::FullOuter(_) => (true, true),
                _ => (false, false),
            };
            if left {
                found[first..].iter_mut().for_each(|source: &mut Source<'_>| source.may_be_missing = true);
            }
            let mut joined = source(cx.catalog, ctes, relation);
            if let Some(joined) = &mut joined {
                joined.may_be_missing = right;
            }
            found.extend(joined);
        }
    }
    found
}

fn source<'a>(catalog: &'a Catalog, ctes: &HashSet<String>, factor: &'a TableFactor) -> Option<Source<'a>> {
    let (name, table) = match factor {
        TableFactor::Table { name, alias, args, .. } => {
            let parts = parts(name)?;
            let last = *parts.last()?;
            let is_cte = parts.len() == 1 && ctes.contains(&last.to_lowercase());
            let renamed = alias.as_ref().is_some_and(|alias| !alias.columns.is_empty());
            let table = if is_cte || args.is_some() || renamed { None } else { catalog.find(&parts) };
            (alias.as_ref().map_or(last, |alias| alias.name.value.as_str()), table)
        }
        TableFactor::Derived { alias, .. } | TableFactor::NestedJoin { alias, .. } => {
            (alias.as_ref().map_or("", |alias| alias.name.value.as_str()), None)
        }
        _ => ("", None),
    };
    Some(Source { name, table, may_be_missing: false, factor })
}

/// The relation of the block that a qualified column belongs to.
pub fn relation_of(sources: &[Source<'_>], column: &ColumnName<'_>) -> Option<usize> {
    let qualifier = column.qualifier?;
    sources.iter().position(|source| source.name.eq_ignore_ascii_case(&qualifier.value))
}

/// The column of the catalog that a name of the block means. An unqualified one is known only where every
/// table is, and one of them alone has it.
pub fn known<'a>(sources: &[Source<'a>], column: &ColumnName<'_>) -> Option<Known<'a>> {
    let has = |at: usize| -> Option<Known<'a>> {
        let table = sources.get(at)?.table?;
        Some(Known { source: at, table, column: table.column(&column.name.value)? })
    };
    if column.qualifier.is_some() {
        return has(relation_of(sources, column)?);
    }
    if !sources.iter().all(|source| source.table.is_some_and(|table| !table.columns.is_empty())) {
        return None;
    }
    let mut found = (0..sources.len()).filter_map(has);
    found.next().filter(|_| found.next().is_none())
}
