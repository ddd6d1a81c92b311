//! `IN (SELECT …)` taken apart, and put together as EXISTS.

use sqlparser::ast::{Distinct, Expr, Query};

use super::aggregate;
use super::block::{Block, Role};
use super::conditions::Conditions;
use super::context::Context;
use super::edit::Edits;
use super::expression;
use super::predicate::Predicate;
use super::source::Tokens;

/// What stands before IN and what the subquery selects.
pub(super) struct Parts<'a, 'b> {
    pub(super) outer: &'a Expr,
    pub(super) inner: &'a Expr,
    /// What is looked for, as it has to stand inside of the subquery.
    pub(super) outer_text: String,
    pub(super) inner_text: String,
    block: &'b Block<'a>,
    /// The subquery without its parentheses.
    tokens: Tokens,
}

impl<'a, 'b> Parts<'a, 'b> {
    /// Reads them. The subquery must be a plain SELECT of one expression without aggregates.
    pub(super) fn read(
        cx: &Context<'a>,
        id: usize,
        block: &Block<'a>,
        found: &Predicate<'a>,
        outer: &'a Expr,
        subquery: &Query,
    ) -> Option<Parts<'a, 'a>> {
        let inner_block = cx.blocks.list.get(cx.blocks.body(subquery)?)?;
        let tokens = cx.subquery(inner_block)?;
        let plain = inner_block.role == Role::Expression
            && inner_block.is_bare()
            && matches!(inner_block.group_by(), Some([]))
            && inner_block.select.having.is_none()
            && !matches!(inner_block.select.distinct, Some(Distinct::On(_)))
            && inner_block.select.projection.len() == 1
            && !inner_block.clauses.from.is_empty();
        if !plain || !cx.is_resolved(&tokens) {
            return None;
        }
        let (inner, inner_tokens) = cx.item(inner_block, 0)?;
        if matches!(outer, Expr::Tuple(_))
            || expression::has_subquery(outer)
            || expression::is_volatile(outer)
        {
            return None;
        }
        if aggregate::has_aggregate(inner)
            || expression::is_volatile(inner)
            || expression::any(inner, |node| matches!(node, Expr::Function(f) if f.over.is_some()))
        {
            return None;
        }
        let start = found.tokens.start;
        let end = cx.source.outer(found.tokens.clone()).find(|&i| cx.source.is_any(i, &["NOT", "IN"]))?;
        let outer_tokens = start..end;
        let simple = |expr: &Expr, text: String| {
            if matches!(expr, Expr::BinaryOp { .. }) { format!("({text})") } else { text }
        };
        Some(Parts {
            outer,
            inner,
            outer_text: simple(outer, cx.carried(&outer_tokens, block, id, inner_block)?),
            inner_text: simple(inner, cx.flat(&inner_tokens)),
            block: inner_block,
            tokens,
        })
    }

    /// The same as EXISTS or NOT EXISTS.
    pub(super) fn exists(&self, cx: &Context<'_>, found: &Predicate<'_>, negated: bool) -> Option<Edits> {
        let mut edits = Edits::default();
        let select = &self.block.clauses;
        let list = select.select.start + 1..select.projection.last()?.end;
        edits.replace(cx.source, &list, "1");
        let mut conditions = Conditions::default();
        conditions.add(format!("{} = {}", self.inner_text, self.outer_text));
        conditions.write(cx, self.block, &cx.conjuncts(self.block)?, &mut edits);
        let body = edits.within(cx.source, &(self.tokens.start - 1..self.tokens.end + 1))?;
        let word = cx.word(if negated { "not exists" } else { "exists" });
        let mut whole = Edits::default();
        whole.replace(cx.source, &found.tokens, format!("{word} {body}"));
        Some(whole)
    }
}
