//! A relation of FROM that carries window functions: itself, and beside its columns what a window over
//! its rows computes; and which relation of a query is the one that a subquery reads again.

use sqlparser::ast::{BinaryOperator, Expr, SelectItem};

use super::block::{Block, Role};
use super::context::Context;
use super::determined;
use super::edit::Edits;
use super::expression;
use super::same;
use super::source::{Operand, Tokens};
use super::unused_left_join::{selects_all, selects_all_of};

/// Most columns that are written out in the place of `*`.
const MOST_COLUMNS: usize = 16;

/// How a subquery over one table is tied to the query around it.
pub(super) struct Tied<'a> {
    /// Equalities: the inner column, and the other side.
    pub(super) keys: Vec<(&'a Expr, Tokens, &'a Expr)>,
    /// Inequalities: the inner column, the operator, and the other side.
    pub(super) others: Vec<(&'a Expr, Tokens, BinaryOperator, &'a Expr)>,
    /// Conditions on the table alone, in canonical form.
    pub(super) local: Vec<String>,
}

/// The relation of the query around that is the subquery's table again.
pub(super) struct Partner {
    pub(super) relation: usize,
    /// The conditions of the query around, by position, that the subquery repeats.
    pub(super) filters: Vec<usize>,
}

/// Whether the block is one plain SELECT from one table of the catalog, tied by WHERE alone.
pub(super) fn reads_one_table(cx: &Context<'_>, outer_id: usize, inner: &Block<'_>) -> bool {
    inner.parent == Some(outer_id)
        && inner.role == Role::Expression
        && inner.is_plain()
        && matches!(inner.group_by(), Some([]))
        && inner.select.having.is_none()
        && inner.select.distinct.is_none()
        && inner.relations.len() == 1
        && inner.relations[0].table.is_some()
        && cx.subquery(inner).is_some_and(|tokens| cx.is_resolved(&tokens))
}

/// Sorts the conditions of such a subquery, but for the one at `skip`. `None` where one of them ties it in
/// another way.
pub(super) fn tied<'a>(
    cx: &Context<'a>,
    inner_id: usize,
    inner: &Block<'a>,
    outer_id: usize,
    skip: Option<usize>,
) -> Option<Tied<'a>> {
    let mut tied = Tied { keys: Vec::new(), others: Vec::new(), local: Vec::new() };
    for (at, conjunct) in cx.conjuncts(inner)?.into_iter().enumerate() {
        if skip == Some(at) {
            continue;
        }
        if expression::is_volatile(conjunct.expr) || expression::has_subquery(conjunct.expr) {
            return None;
        }
        let is_local = cx
            .names(&conjunct.tokens)
            .iter()
            .all(|name| name.target.as_ref().is_some_and(|target| target.block == inner_id));
        if is_local {
            let (_, tokens) = cx.source.open(conjunct.expr, &conjunct.tokens);
            tied.local.push(same::of_block(cx, &tokens, inner_id)?);
            continue;
        }
        let (expr, tokens) = cx.source.open(conjunct.expr, &conjunct.tokens);
        let (left, op, right) = expression::comparison(expr)?;
        let (left_tokens, right_tokens) = cx.source.sides(&tokens)?;
        let block_of = |expr| cx.target(expression::bare(expr)).map(|target| target.block);
        let (inner, tokens, op, outer) = match (block_of(left)?, block_of(right)?) {
            (a, b) if a == inner_id && b == outer_id => (left, left_tokens, op.clone(), right),
            (a, b) if a == outer_id && b == inner_id => {
                (right, right_tokens, expression::mirrored(op)?, left)
            }
            _ => return None,
        };
        let (inner, outer) = (expression::bare(inner), expression::bare(outer));
        match op {
            BinaryOperator::Eq => tied.keys.push((inner, tokens, outer)),
            op => tied.others.push((inner, tokens, op, outer)),
        }
    }
    Some(tied)
}

/// Finds the relation of the query around that is the same table, to the same rows of which every tie
/// leads, and on which the query around asks what the subquery asks of its table.
pub(super) fn partner(
    cx: &Context<'_>,
    outer_id: usize,
    outer: &Block<'_>,
    inner: &Block<'_>,
    tied: &Tied<'_>,
) -> Option<Partner> {
    let table = inner.relations.first()?.table?;
    let conjuncts = cx.conjuncts(outer)?;
    (0..outer.relations.len()).find_map(|relation| {
        let candidate = &outer.relations[relation];
        if candidate.nullable || !candidate.table.is_some_and(|other| std::ptr::eq(other, table)) {
            return None;
        }
        let leads = |inner: &Expr, outer_side: &Expr, not_null: bool| {
            let (Some(inner), Some(target)) = (cx.target(inner), cx.target(outer_side)) else { return false };
            let is_own = |block, other, column: &str| {
                (block, other) == (outer_id, relation) && column.eq_ignore_ascii_case(&inner.column)
            };
            if is_own(target.block, target.relation, &target.column) {
                return !not_null || cx.blocks.is_not_null(target);
            }
            // By an equality of the query around; what passes that is not NULL.
            not_null
                && every_equality(cx, outer, &conjuncts).iter().any(|(left, right)| {
                    [(left, right), (right, left)].iter().any(|(one, two)| {
                        cx.target(one).is_some_and(|t| is_own(t.block, t.relation, &t.column))
                            && cx.target(two).is_some_and(|t| {
                                (t.block, t.relation) == (target.block, target.relation)
                                    && t.column.eq_ignore_ascii_case(&target.column)
                            })
                    })
                })
        };
        let all = tied.keys.iter().all(|(inner, _, outer)| leads(inner, outer, true))
            && tied.others.iter().all(|(inner, _, _, outer)| leads(inner, outer, false));
        if !all {
            return None;
        }
        let mut filters = Vec::new();
        for local in &tied.local {
            let at = conjuncts.iter().position(|operand| {
                let (_, tokens) = cx.source.open(operand.expr, &operand.tokens);
                let own = same::canonical(cx, &tokens, |target| {
                    ((target.block, target.relation) == (outer_id, relation))
                        .then(|| format!("#0.{}", target.column.to_lowercase()))
                });
                own.as_ref() == Some(local)
            })?;
            filters.push(at);
        }
        Some(Partner { relation, filters })
    })
}

/// The equalities that hold for every row that a block lets through: of WHERE, and of its joins where
/// all of them are inner.
fn every_equality<'a>(
    cx: &Context<'a>,
    block: &Block<'a>,
    conjuncts: &[Operand<'a>],
) -> Vec<(&'a Expr, &'a Expr)> {
    let mut found: Vec<_> = conjuncts.iter().filter_map(|c| determined::equality(c.expr)).collect();
    for (item, from) in block.select.from.iter().enumerate() {
        for (index, join) in from.joins.iter().enumerate() {
            if super::context::is_inner(&join.join_operator)
                && let Some(on) = cx.on_conjuncts(block, item, index)
            {
                found.extend(on.iter().filter_map(|c| determined::equality(c.expr)));
            }
        }
    }
    found
}

/// The text of tokens of a subquery over one table as it reads over the same table of the query around.
pub(super) fn over(
    cx: &Context<'_>,
    tokens: &Tokens,
    inner_id: usize,
    outer: &Block<'_>,
    relation: usize,
) -> Option<String> {
    let qualifier = cx.qualifier(outer, outer.relations.get(relation)?)?;
    same::renamed(cx, tokens, |name, target| {
        (target.block == inner_id && name.qualified)
            .then(|| format!("{qualifier}.{}", same::column_text(cx, name)))
    })
}

/// `(SELECT s.*, window AS name FROM sale AS s WHERE filter) AS s` in the place of `sale AS s`; wildcards
/// of the SELECT list are written out, so that nothing new is selected.
pub(super) fn carry(
    cx: &Context<'_>,
    outer_id: usize,
    outer: &Block<'_>,
    relation: usize,
    items: &[String],
    filters: &[String],
    edits: &mut Edits,
) -> Option<()> {
    let own = outer.relations.get(relation)?;
    let tokens = cx.relation_tokens(outer, own)?;
    let qualifier = cx.qualifier(outer, own)?;
    // `db.t.c` would not reach the derived table.
    let long = |target: &Option<super::block::Target>| {
        target.as_ref().is_some_and(|t| (t.block, t.relation) == (outer_id, relation))
    };
    if cx.blocks.references.iter().any(|name| long(&name.target) && name.tokens.len() > 3) {
        return None;
    }
    write_out_wildcards(cx, outer, relation, edits)?;
    let mut lines = vec![
        format!("{} {qualifier}.*, {}", cx.word("select"), items.join(", ")),
        format!("{} {}", cx.word("from"), cx.flat(&tokens)),
    ];
    lines.extend(cx.where_lines(filters));
    let text = block_text(cx, outer, tokens.start, &lines);
    edits.replace(cx.source, &tokens, format!("{text} {}{qualifier}", cx.alias_word()));
    Some(())
}

/// Lines in parentheses in the place of a relation: set in below the line of this token, or on one line
/// where the block is written so.
pub(super) fn block_text(cx: &Context<'_>, block: &Block<'_>, at: usize, lines: &[String]) -> String {
    if !cx.is_multiline(block) {
        let line = lines.iter().map(|line| line.trim_start()).collect::<Vec<_>>().join(" ");
        return format!("({line})");
    }
    let (starts, blanks) = cx.source.indent(at);
    let line = cx.source.indent(at.saturating_sub(1)).1;
    let indent = if starts { blanks } else { line };
    let step = cx.step();
    let body: Vec<String> = lines.iter().map(|line| format!("{indent}{step}{line}")).collect();
    format!("(\n{}\n{indent})", body.join("\n"))
}

/// Writes the columns of one relation out wherever `*` would show what is added to it.
pub(super) fn write_out_wildcards(
    cx: &Context<'_>,
    block: &Block<'_>,
    relation: usize,
    edits: &mut Edits,
) -> Option<()> {
    if !selects_all(block) && !selects_all_of(block, relation) {
        return Some(());
    }
    let own = block.relations.get(relation)?;
    let table = own.table?;
    if table.columns.is_empty() || table.columns.len() > MOST_COLUMNS {
        return None;
    }
    let qualifier = cx.qualifier(block, own)?;
    let columns: Vec<String> =
        table.columns.iter().map(|column| format!("{qualifier}.{}", column.name)).collect();
    let columns = columns.join(", ");
    for (item, tokens) in block.select.projection.iter().zip(&block.clauses.projection) {
        match item {
            SelectItem::Wildcard(options) if options.to_string().is_empty() => {
                let all: Option<Vec<String>> = (0..block.relations.len())
                    .map(|other| match other == relation {
                        true => Some(columns.clone()),
                        false => Some(format!("{}.*", cx.qualifier(block, &block.relations[other])?)),
                    })
                    .collect();
                edits.replace(cx.source, tokens, all?.join(", "));
            }
            SelectItem::QualifiedWildcard(kind, options) => {
                let name = kind.to_string();
                let name = name.trim_end_matches(".*").rsplit('.').next().unwrap_or_default();
                if name.trim_matches(['"', '`', '[', ']']).eq_ignore_ascii_case(&own.name) {
                    if !options.to_string().is_empty() {
                        return None;
                    }
                    edits.replace(cx.source, tokens, columns.clone());
                }
            }
            SelectItem::Wildcard(_) => return None,
            _ => {}
        }
    }
    Some(())
}
