use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{DuplicateTreatment, FunctionArguments, TableFactor};

use super::aggregate;
use super::block::Block;
use super::context::Context;
use super::determined;
use super::edit::Edits;
use super::expression;
use super::removal::{self, Written};
use super::same;
use super::windowed;
use super::{Draft, Rewrite};

/// ## What it does
/// A join with a derived table that aggregates the same table by group becomes a window function over the
/// table.
///
/// ## Why
/// The table is read twice and joined with itself; a window computes the same in one pass.
///
/// ## When it is the same
/// The derived table reads nothing but the same table, without conditions, and the join equates each
/// column that it groups by with the same column of the table, which is NOT NULL. So each row meets its own
/// group, once.
///
/// ## Source
/// Zuzarte et al., *WinMagic: subquery elimination using window aggregation* (SIGMOD 2003).
///
/// ## Tables
/// ```sql
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT NOT NULL, voucher INT, amount DECIMAL(12, 2));
/// ```
///
/// ## Bad
/// ```sql
/// SELECT s.id, s.amount
/// FROM sale s
/// JOIN (SELECT customer_id, MAX(amount) AS top FROM sale GROUP BY customer_id) m
///   ON m.customer_id = s.customer_id AND m.top = s.amount
/// ```
/// ## Good
/// ```sql
/// SELECT s.id, s.amount
/// FROM (
///     SELECT s.*, MAX(amount) OVER (PARTITION BY customer_id) AS top
///     FROM sale s
/// ) AS s
/// WHERE s.top = s.amount
/// ```
///
/// ## Bad
/// ```sql
/// select s.id, s.amount / m.total from sale s, (select x.customer_id as c, sum(x.amount) as total from sale x group by x.customer_id) m where m.c = s.customer_id and s.id > 3
/// ```
/// ## Good
/// ```sql
/// select s.id, s.amount / s.total from (select s.*, sum(s.amount) over (partition by s.customer_id) as total from sale s) as s where s.id > 3
/// ```
///
/// ## Bad
/// ```sql
/// select s.* from sale s join (select customer_id, max(amount) as amount from sale group by customer_id) m on s.customer_id = m.customer_id and s.amount = m.amount
/// ```
/// ## Good
/// ```sql
/// select s.id, s.customer_id, s.voucher, s.amount from (select s.*, max(amount) over (partition by customer_id) as max_amount from sale s) as s where s.amount = s.max_amount
/// ```
///
/// ## Kept
/// Rows without a voucher meet no group, yet have one.
/// ```sql
/// SELECT s.id FROM sale s JOIN (SELECT voucher, MAX(amount) AS top FROM sale GROUP BY voucher) m ON m.voucher = s.voucher
/// ```
/// The group is that of fewer rows.
/// ```sql
/// SELECT s.id FROM sale s JOIN (SELECT customer_id, MAX(amount) AS top FROM sale WHERE id > 3 GROUP BY customer_id) m ON m.customer_id = s.customer_id
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "aggregate-join-to-window",
    title: "Compute the aggregate over a window instead of joining it",
    combines: false,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        if !block.is_plain() {
            continue;
        }
        for derived in 0..block.relations.len() {
            let tables = (0..block.relations.len()).filter(|&table| table != derived);
            cx.forget_names();
            out.extend(tables.into_iter().find_map(|table| rewrite(cx, id, block, derived, table)));
        }
    }
}

fn rewrite(cx: &Context<'_>, id: usize, block: &Block<'_>, derived: usize, table: usize) -> Option<Draft> {
    let (own, other) = (block.relations.get(table)?, block.relations.get(derived)?);
    let TableFactor::Derived { subquery, lateral: false, alias: Some(alias), .. } = other.factor else {
        return None;
    };
    let inner_id = cx.blocks.body(subquery)?;
    let inner = cx.blocks.list.get(inner_id)?;
    let [source] = inner.relations.as_slice() else { return None };
    let sound = alias.columns.is_empty()
        && own.table.is_some_and(|table| source.table.is_some_and(|other| std::ptr::eq(table, other)))
        && inner.is_bare()
        && inner.select.selection.is_none()
        && inner.select.having.is_none()
        && inner.select.distinct.is_none()
        && (other.join.is_some() || block.clauses.from.get(other.item)?.joins.is_empty())
        && !cx.source.has_comment(&inner.clauses.scope)
        && cx.is_resolved(&inner.clauses.scope);
    if !sound {
        return None;
    }
    let groups = inner.group_by().filter(|groups| !groups.is_empty())?;
    let grouped: BTreeSet<usize> = groups
        .iter()
        .map(|group| determined::column(cx, inner_id, group).map(|c| c.1))
        .collect::<Option<_>>()?;
    let qualifier = cx.qualifier(block, own)?;
    let over = |tokens: &super::source::Tokens| {
        same::renamed(cx, tokens, |name, _| {
            name.qualified.then(|| format!("{qualifier}.{}", same::column_text(cx, name)))
        })
    };
    let mut partition = Vec::new();
    for tokens in &inner.clauses.group_by {
        partition.push(over(tokens)?);
    }
    let window = format!("{} ({} {})", cx.word("over"), cx.word("partition by"), partition.join(", "));
    // The columns of the derived table: those grouped by, and the aggregates.
    let names = other.columns.clone()?;
    let mut written = Written::new();
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    let mut items = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let (expr, tokens) = cx.item(inner, index)?;
        if let Some((_, column)) = determined::column(cx, inner_id, expression::bare(expr)) {
            if !grouped.contains(&column) {
                return None;
            }
            keys.insert(name.to_lowercase(), column);
            written
                .insert(name.to_lowercase(), format!("{qualifier}.{}", own.table?.columns.get(column)?.name));
            continue;
        }
        let found = aggregate::read(cx, expr)?;
        let FunctionArguments::List(list) = &found.function.args else { return None };
        let known = matches!(found.name.as_str(), "SUM" | "MIN" | "MAX" | "AVG" | "COUNT");
        if !known || list.duplicate_treatment == Some(DuplicateTreatment::Distinct) || name.is_empty() {
            return None;
        }
        // The table may have a column of that name.
        let taken = own.table?.column(name).is_some();
        let output = if taken { cx.fresh(&found.column_name()) } else { name.clone() };
        items.push(format!("{} {window} {} {output}", over(&tokens)?, cx.word("as")));
        written.insert(name.to_lowercase(), format!("{qualifier}.{output}"));
    }
    // The equalities that lead each row to its own group.
    let mut gone = BTreeMap::new();
    let mut led = BTreeSet::new();
    let mut at = None;
    for condition in removal::conditions(cx, block)? {
        let Some((left, right)) = determined::equality(condition.operand.expr) else { continue };
        for (one, two) in [(left, right), (right, left)] {
            let (Some(a), Some(b)) = (cx.target(one), cx.target(two)) else { continue };
            let key = keys.get(&a.column.to_lowercase());
            if (a.block, a.relation) == (id, derived)
                && (b.block, b.relation) == (id, table)
                && key.is_some()
                && key.copied() == own.table?.column(&b.column)
                && cx.blocks.is_not_null(b)
            {
                led.extend(key.copied());
                gone.insert(condition.operand.tokens.start, None);
                at.get_or_insert(condition.operand.tokens.clone());
            }
        }
    }
    if led != grouped || items.is_empty() || own.nullable {
        return None;
    }
    if removal::renames_output(cx, id, block, derived, &written) {
        return None;
    }
    let mut edits = Edits::default();
    let gone = removal::Gone { relation: derived, written, changed: gone };
    removal::remove(cx, id, block, &gone, &mut edits)?;
    windowed::carry(cx, id, block, table, &items, &[], &mut edits)?;
    Some(Draft {
        edits,
        explanation: format!("`{}` is read twice and joined with itself. A window reads it once.", own.name),
        conditions: vec!["each row meets its own group: what they share is NOT NULL".to_owned()],
        tokens: at?,
    })
}
