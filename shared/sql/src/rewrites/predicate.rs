//! The single conditions of a block with their extents, wherever AND, OR, NOT, parentheses and CASE lead.

use sqlparser::ast::{BinaryOperator, Expr, SelectItem, UnaryOperator};
use sqm_domain::Dialect;

use super::block::Block;
use super::context::{self, Context};
use super::expression::{self, Part};
use super::source::{Operand, Tokens};

/// One condition that is not made of others.
pub(super) struct Predicate<'a> {
    pub(super) expr: &'a Expr,
    pub(super) tokens: Tokens,
    /// Whether it makes no difference here if it is NULL or false.
    pub(super) filters: bool,
    /// Whether text that holds an AND may take its place without parentheses.
    pub(super) takes_and: bool,
    /// Whether text that holds an OR may take its place without parentheses.
    pub(super) takes_or: bool,
}

/// Every condition of the block, in WHERE, HAVING, ON and CASE, in the order of the clauses.
pub(super) fn predicates<'a>(cx: &Context<'a>, block: &Block<'a>) -> Vec<Predicate<'a>> {
    collect(cx, block).single
}

/// Every chain of ORs of the block, without the parentheses around it.
pub(super) fn alternatives<'a>(cx: &Context<'a>, block: &Block<'a>) -> Vec<Predicate<'a>> {
    collect(cx, block).chains
}

#[derive(Default)]
struct Found<'a> {
    single: Vec<Predicate<'a>>,
    chains: Vec<Predicate<'a>>,
}

fn collect<'a>(cx: &Context<'a>, block: &Block<'a>) -> Found<'a> {
    let mut found = Found::default();
    let clauses = &block.clauses;
    for (expr, tokens) in
        [(&block.select.selection, &clauses.selection), (&block.select.having, &clauses.having)]
    {
        if let (Some(expr), Some(tokens)) = (expr, tokens) {
            split(cx, Operand { expr, tokens: tokens.clone() }, true, &mut found);
            cases(cx, expr, &mut found);
        }
    }
    for (item, from) in block.select.from.iter().enumerate() {
        for (index, join) in from.joins.iter().enumerate() {
            let text = clauses.from.get(item).and_then(|item| item.joins.get(index));
            if let Some(sqlparser::ast::JoinConstraint::On(expr)) = context::constraint(&join.join_operator)
                && let Some(tokens) = text.and_then(|text| text.on.clone())
            {
                split(cx, Operand { expr, tokens }, true, &mut found);
                cases(cx, expr, &mut found);
            }
        }
    }
    // Not every dialect takes a condition as a value.
    let as_value = !matches!(
        cx.dialect,
        Dialect::TSql
            | Dialect::Fabric
            | Dialect::Oracle
            | Dialect::Db2
            | Dialect::Teradata
            | Dialect::Exasol
    );
    for (index, item) in block.select.projection.iter().enumerate() {
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
            if as_value && let Some((expr, tokens)) = cx.item(block, index) {
                split(cx, Operand { expr, tokens }, false, &mut found);
            }
            cases(cx, expr, &mut found);
        }
    }
    found
}

/// Takes a condition apart at AND, OR and NOT.
fn split<'a>(cx: &Context<'a>, whole: Operand<'a>, filters: bool, found: &mut Found<'a>) {
    let mut todo =
        vec![Predicate { expr: whole.expr, tokens: whole.tokens, filters, takes_and: true, takes_or: true }];
    while let Some(at) = todo.pop() {
        match at.expr {
            Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => {
                let Some(operands) = cx.source.operands(at.expr, &at.tokens, op) else { continue };
                let takes_or = at.takes_or && *op == BinaryOperator::Or;
                todo.extend(operands.into_iter().rev().map(|operand| Predicate {
                    expr: operand.expr,
                    tokens: operand.tokens,
                    filters: at.filters,
                    takes_and: at.takes_and,
                    takes_or,
                }));
                if *op == BinaryOperator::Or {
                    found.chains.push(at);
                }
            }
            Expr::Nested(_) => {
                let (expr, tokens) = cx.source.open(at.expr, &at.tokens);
                if !matches!(expr, Expr::Nested(_)) {
                    todo.push(Predicate {
                        expr,
                        tokens,
                        filters: at.filters,
                        takes_and: true,
                        takes_or: true,
                    });
                }
            }
            Expr::UnaryOp { op: UnaryOperator::Not, expr } if cx.source.is(at.tokens.start, "NOT") => {
                let tokens = at.tokens.start + 1..at.tokens.end;
                todo.push(Predicate { expr, tokens, filters: false, takes_and: false, takes_or: false });
            }
            _ if at.tokens.is_empty() => {}
            _ => found.single.push(at),
        }
    }
}

/// Finds the conditions of every CASE in an expression, outside of its subqueries.
fn cases<'a>(cx: &Context<'a>, expr: &'a Expr, found: &mut Found<'a>) {
    let mut todo = vec![expr];
    while let Some(node) = todo.pop() {
        if let Expr::Case { case_token, operand: None, conditions, .. } = node
            && let Some(case) = cx.source.at(case_token.0.span.start)
            && let Some(end) = cx.source.mate(case)
        {
            let words = |word: &'static str| {
                cx.source
                    .outer(case + 1..end)
                    .filter(move |&index| cx.source.is(index, word))
                    .collect::<Vec<_>>()
            };
            let (whens, thens) = (words("WHEN"), words("THEN"));
            if whens.len() == conditions.len() && thens.len() == conditions.len() {
                for ((when, then), arm) in whens.into_iter().zip(thens).zip(conditions) {
                    split(cx, Operand { expr: &arm.condition, tokens: when + 1..then }, true, found);
                }
            }
        }
        todo.extend(expression::parts(node).into_iter().rev().filter_map(|part| match part {
            Part::Expr(inner) => Some(inner),
            Part::Query(_) => None,
        }));
    }
}
