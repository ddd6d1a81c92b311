//! Whether a condition on what a query gives reaches the rows that it reads.
//!
//! Databases move a condition into a subquery only where that leaves its result alone. One that is read from
//! several places is computed once, and takes no condition of theirs.

use std::collections::HashMap;

use sqlparser::ast::{Distinct, Expr, Query, Select, Statement, TableFactor};

use super::spots::Wanted;
use crate::ids::IdMap;
use crate::lint::Node;
use crate::lint::shape::{
    any, block, group_keys, has_aggregate, is_limited, is_special_grouping, item_expr, last_part,
};
use crate::lint::walk::walk;
use crate::scope::{Meaning, ScopeId, Scopes};

/// Keys of a grouping beyond which nobody looks for one of them.
const MOST_KEYS: usize = 32;

/// What reaches the rows of a query.
pub(super) enum Flat {
    /// Everything: it hands on rows as they are.
    Everything,
    /// Comparisons with constants: equal rows are left out, but none that a comparison would keep.
    Constants,
    /// Comparisons of these columns with constants: they make the groups.
    Keys(Vec<Meaning>),
    /// Nothing.
    Nothing,
}

impl Flat {
    /// Of every SELECT of a statement.
    pub(super) fn of(tree: &Statement, scopes: &Scopes<'_>) -> IdMap<ScopeId, Self> {
        let mut readers: HashMap<String, usize> = HashMap::new();
        let mut ctes: IdMap<usize, String> = IdMap::default();
        let mut blocks: Vec<(&Select, &Query)> = Vec::new();
        walk(tree, &mut |node, _| match node {
            Node::Relation(TableFactor::Table { name, .. }) if name.0.len() == 1 => {
                if let Some(name) = last_part(name) {
                    *readers.entry(name.value.to_lowercase()).or_default() += 1;
                }
            }
            Node::Query(query) => {
                for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
                    ctes.insert(address(&cte.query), cte.alias.name.value.to_lowercase());
                }
                blocks.extend(block(query).map(|select| (select, query)));
            }
            _ => {}
        });
        let mut found = IdMap::default();
        for (select, query) in blocks {
            let Some(scope) = scopes.of_select(select) else { continue };
            let name = ctes.get(&address(query));
            let is_shared = name.is_some_and(|name| readers.get(name).is_some_and(|&count| count > 1));
            found
                .insert(scope, if is_shared { Self::Nothing } else { Self::of_block(select, query, scopes) });
        }
        found
    }

    /// Whether any column of it is reached.
    pub(super) fn lets(&self, wanted: Wanted) -> bool {
        match self {
            Self::Everything => true,
            Self::Constants => wanted == Wanted::Value,
            Self::Keys(_) | Self::Nothing => false,
        }
    }

    /// Whether it groups by this column.
    pub(super) fn is_key(&self, column: &Meaning) -> bool {
        matches!(self, Self::Keys(keys) if keys.contains(column))
    }

    fn of_block(select: &Select, query: &Query, scopes: &Scopes<'_>) -> Self {
        let items = || select.projection.iter().filter_map(item_expr);
        let is_windowed = |expr: &Expr| any(expr, |it| matches!(it, Expr::Function(f) if f.over.is_some()));
        if is_limited(query) || select.qualify.is_some() || items().any(is_windowed) {
            return Self::Nothing;
        }
        let (keys, is_grouped) = group_keys(select);
        match (is_grouped, &select.distinct) {
            (true, _) if is_special_grouping(select) || keys.len() > MOST_KEYS => Self::Nothing,
            (true, _) => Self::Keys(
                keys.iter().filter_map(|key| scopes.reference(key)).map(|found| found.meaning).collect(),
            ),
            (false, _) if select.having.is_some() || items().any(has_aggregate) => Self::Nothing,
            (false, Some(Distinct::On(_))) => Self::Nothing,
            (false, Some(Distinct::Distinct)) => Self::Constants,
            (false, _) => Self::Everything,
        }
    }
}

fn address(query: &Query) -> usize {
    std::ptr::from_ref(query).addr()
}
