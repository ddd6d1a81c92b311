//! Which columns of a block determine which others: keys and equalities put to use.
//!
//! Source: Paulley and Larson, *Exploiting uniqueness in query optimization* (ICDE 1994).

use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Expr, SelectItem, SelectItemQualifiedWildcardKind};

use super::block::{Block, name_parts};
use super::context::{self, Context};
use super::expression;

/// A column of a block: its relation and its position in the catalog's table.
type Column = (usize, usize);

/// The selected columns of a block, as far as they are columns.
pub(super) fn selected(cx: &Context<'_>, id: usize, block: &Block<'_>) -> BTreeSet<Column> {
    let mut columns = BTreeSet::new();
    let all_of = |relation: usize| {
        let count =
            block.relations.get(relation).and_then(|r| r.table).map_or(0, |table| table.columns.len());
        (0..count).map(move |column| (relation, column))
    };
    for item in &block.select.projection {
        match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                columns.extend(column(cx, id, expr));
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(parts), options)
                if options.to_string().is_empty() =>
            {
                let parts = name_parts(parts);
                let named = (0..block.relations.len()).filter(|&index| {
                    parts.last().is_some_and(|last| block.relations[index].name.eq_ignore_ascii_case(last))
                });
                columns.extend(named.flat_map(all_of));
            }
            SelectItem::Wildcard(options) if options.to_string().is_empty() => {
                columns.extend((0..block.relations.len()).flat_map(all_of));
            }
            _ => {}
        }
    }
    columns
}

/// The column of this block that an expression is, if it is one of a catalog's table.
pub(super) fn column(cx: &Context<'_>, id: usize, expr: &Expr) -> Option<Column> {
    let target = cx.target(expression::bare(expr)).filter(|target| target.block == id)?;
    let (_, column) = cx.blocks.base(target)?;
    Some((target.relation, column))
}

/// The keys by which the known columns, and what equalities make of them, fix one row of every relation,
/// in words. `None` where two rows may agree in all of the known columns.
pub(super) fn one_row(
    cx: &Context<'_>,
    id: usize,
    block: &Block<'_>,
    mut known: BTreeSet<Column>,
) -> Option<Vec<String>> {
    if block.unusual_joins || block.relations.is_empty() {
        return None;
    }
    let mut equalities: Vec<(Option<usize>, &Expr, &Expr)> = Vec::new();
    for conjunct in cx.conjuncts(block)? {
        equalities.extend(equality(conjunct.expr).map(|(a, b)| (None, a, b)));
    }
    for (item, from) in block.select.from.iter().enumerate() {
        for (index, join) in from.joins.iter().enumerate() {
            // An outer join's condition fixes a row of its right side only.
            let only = if context::is_inner(&join.join_operator) {
                None
            } else if context::is_left(&join.join_operator) {
                Some(block.relations.iter().position(|r| r.item == item && r.join == Some(index))?)
            } else {
                return None;
            };
            for conjunct in cx.on_conjuncts(block, item, index)? {
                equalities.extend(equality(conjunct.expr).map(|(a, b)| (only, a, b)));
            }
        }
    }
    let mut fixed = BTreeSet::new();
    let mut keys = Vec::new();
    loop {
        let before = (known.len(), fixed.len());
        for (only, left, right) in &equalities {
            for (from, to) in [(left, right), (right, left)] {
                let Some(to) = column(cx, id, to) else { continue };
                let reached = match column(cx, id, from) {
                    Some(from) => known.contains(&from),
                    None => expression::is_literal(from),
                };
                if reached && only.is_none_or(|relation| to.0 == relation) {
                    known.insert(to);
                }
            }
        }
        for (index, relation) in block.relations.iter().enumerate() {
            let Some(table) = relation.table else { continue };
            if fixed.contains(&index) {
                continue;
            }
            // A key of a relation that an outer join fills up is NULL only in the row that is made up.
            let key = table.keys().find(|key| {
                key.iter().all(|&c| known.contains(&(index, c as usize)) && table.is_not_null(c as usize))
            });
            if let Some(key) = key {
                fixed.insert(index);
                known.extend((0..table.columns.len()).map(|column| (index, column)));
                let names: Vec<_> = key
                    .iter()
                    .filter_map(|&c| {
                        Some(format!("{}.{}", relation.name, table.columns.get(c as usize)?.name))
                    })
                    .collect();
                keys.push(format!("`{}` is a key", names.join(", ")));
            }
        }
        if before == (known.len(), fixed.len()) {
            break;
        }
    }
    (fixed.len() == block.relations.len()).then_some(keys)
}

/// The two sides of an equality.
pub(super) fn equality(expr: &Expr) -> Option<(&Expr, &Expr)> {
    match expression::comparison(expression::bare(expr))? {
        (left, BinaryOperator::Eq, right) => Some((expression::bare(left), expression::bare(right))),
        _ => None,
    }
}

/// Whether it is a window function.
pub(super) fn is_window(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if function.over.is_some())
}
