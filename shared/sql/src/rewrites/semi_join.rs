//! A value held against all that a subquery gives: IN, ANY and ALL taken apart, and put together as EXISTS.

use sqlparser::ast::{BinaryOperator, Distinct, Expr, Query};

use super::aggregate;
use super::block::{Block, Role};
use super::conditions::Conditions;
use super::context::Context;
use super::edit::Edits;
use super::expression;
use super::predicate::Predicate;
use super::source::{Operand, Tokens};

/// `x = ANY (SELECT …)`, `x <> ALL (SELECT …)` and the like. IN is the first of them, NOT IN the second.
pub(super) struct Quantified<'a> {
    /// What is held against the subquery.
    pub(super) outer: &'a Expr,
    pub(super) outer_tokens: Tokens,
    pub(super) operator: BinaryOperator,
    /// Whether the comparison has to hold for all rows, and not for one.
    pub(super) all: bool,
    pub(super) subquery: &'a Query,
}

impl<'a> Quantified<'a> {
    /// Reads a condition without the parentheses around it.
    pub(super) fn read(cx: &Context<'_>, expr: &'a Expr, tokens: &Tokens) -> Option<Self> {
        let compared = || cx.source.sides(tokens).map(|sides| sides.0);
        let (outer, operator, all, subquery, outer_tokens) = match expr {
            Expr::InSubquery { expr, subquery, negated } => {
                let end = cx.source.outer(tokens.clone()).find(|&at| cx.source.is_any(at, &["NOT", "IN"]))?;
                let operator = if *negated { BinaryOperator::NotEq } else { BinaryOperator::Eq };
                (expr, operator, *negated, subquery, tokens.start..end)
            }
            Expr::AnyOp { left, compare_op, right, .. } => {
                let Expr::Subquery(subquery) = &**right else { return None };
                (left, compare_op.clone(), false, subquery, compared()?)
            }
            Expr::AllOp { left, compare_op, right } => {
                let Expr::Subquery(subquery) = &**right else { return None };
                (left, compare_op.clone(), true, subquery, compared()?)
            }
            _ => return None,
        };
        expression::mirrored(&operator)?;
        Some(Self { outer, outer_tokens, operator, all, subquery })
    }

    /// Whether it asks if the value is there, as IN does.
    pub(super) fn is_in(&self) -> bool {
        !self.all && self.operator == BinaryOperator::Eq
    }

    /// Whether it asks if the value is not there, as NOT IN does.
    pub(super) fn is_not_in(&self) -> bool {
        self.all && self.operator == BinaryOperator::NotEq
    }
}

/// What is held against a subquery, and what the subquery selects.
pub(super) struct Parts<'a, 'b> {
    inner: &'a Expr,
    /// What is looked for, as it has to stand inside of the subquery.
    pub(super) outer_text: String,
    pub(super) inner_text: String,
    id: usize,
    block: &'b Block<'a>,
    /// The conditions of the subquery.
    conjuncts: Vec<Operand<'a>>,
    operator: BinaryOperator,
    /// The subquery without its parentheses.
    tokens: Tokens,
}

impl<'a, 'b> Parts<'a, 'b> {
    /// Reads them. The subquery must be a plain SELECT of one expression without aggregates.
    pub(super) fn read(
        cx: &Context<'a>,
        id: usize,
        block: &Block<'a>,
        found: &Quantified<'a>,
    ) -> Option<Parts<'a, 'a>> {
        let outer = found.outer;
        let inner_id = cx.blocks.body(found.subquery)?;
        let inner_block = cx.blocks.list.get(inner_id)?;
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
        let simple = |expr: &Expr, text: String| {
            if matches!(expr, Expr::BinaryOp { .. }) { format!("({text})") } else { text }
        };
        Some(Parts {
            inner,
            outer_text: simple(outer, cx.carried(&found.outer_tokens, block, id, inner_block)?),
            inner_text: simple(inner, cx.flat(&inner_tokens)),
            id: inner_id,
            block: inner_block,
            conjuncts: cx.conjuncts(inner_block)?,
            operator: found.operator.clone(),
            tokens,
        })
    }

    /// `EXISTS (… AND inner = outer)` for ANY.
    pub(super) fn exists(&self, cx: &Context<'_>) -> Option<String> {
        let operator = expression::mirrored(&self.operator)?;
        self.asked(cx, "exists", Some(self.tie(&operator)), None)
    }

    /// `NOT EXISTS (… AND inner = outer)` for `<> ALL`: no row speaks against it.
    pub(super) fn not_exists(&self, cx: &Context<'_>) -> Option<String> {
        let operator = expression::opposite(&expression::mirrored(&self.operator)?)?;
        self.asked(cx, "not exists", Some(self.tie(&operator)), self.said_not_null(cx))
    }

    /// `NOT EXISTS (… AND inner IS NULL)`: no row leaves it open.
    pub(super) fn no_null(&self, cx: &Context<'_>) -> Option<String> {
        self.asked(cx, "not exists", Some(format!("{} {}", self.inner_text, cx.word("is null"))), None)
    }

    /// `NOT EXISTS (…)`: there is no row at all.
    pub(super) fn no_row(&self, cx: &Context<'_>) -> Option<String> {
        self.asked(cx, "not exists", None, None)
    }

    /// Whether the subquery never gives a NULL: by the catalog, or since its conditions let none through.
    pub(super) fn inner_is_not_null(&self, cx: &Context<'_>) -> bool {
        is_never_null(cx, self.inner, &self.conjuncts)
    }

    /// Whether the subquery names nothing of the query around it.
    pub(super) fn is_alone(&self, cx: &Context<'_>) -> bool {
        cx.names(&self.tokens)
            .iter()
            .all(|name| name.target.as_ref().is_some_and(|target| cx.blocks.is_inside(target.block, self.id)))
    }

    fn tie(&self, operator: &BinaryOperator) -> String {
        format!("{} {} {}", self.inner_text, expression::sign(operator), self.outer_text)
    }

    /// The position of the condition that says in so many words that it gives no NULL.
    fn said_not_null(&self, cx: &Context<'_>) -> Option<usize> {
        self.conjuncts.iter().position(|conjunct| {
            matches!(expression::bare(conjunct.expr), Expr::IsNotNull(column) if is_same(cx, column, self.inner))
        })
    }

    fn asked(
        &self,
        cx: &Context<'_>,
        word: &str,
        added: Option<String>,
        removed: Option<usize>,
    ) -> Option<String> {
        let mut edits = Edits::default();
        let select = &self.block.clauses;
        let list = select.select.start + 1..select.projection.last()?.end;
        edits.replace(cx.source, &list, "1");
        let mut conditions = Conditions::default();
        removed.into_iter().for_each(|at| conditions.remove(at));
        if let Some(added) = added {
            conditions.add(added);
            conditions.write(cx, self.block, &self.conjuncts, &mut edits);
        }
        let body = edits.within(cx.source, &(self.tokens.start - 1..self.tokens.end + 1))?;
        Some(format!("{} {body}", cx.word(word)))
    }
}

/// The conditions that hold of the rows for which a predicate is asked: those of WHERE, where it stands there itself.
pub(super) fn known<'c, 'a>(
    block: &Block<'a>,
    conjuncts: &'c [Operand<'a>],
    found: &Predicate<'a>,
) -> &'c [Operand<'a>] {
    let selection = block.clauses.selection.as_ref();
    if selection.is_some_and(|tokens| tokens.contains(&found.tokens.start)) { conjuncts } else { &[] }
}

/// Whether a column is never NULL in the rows for which these conditions hold: by the catalog, or since a
/// comparison with it or IS NOT NULL is among them.
pub(super) fn is_never_null(cx: &Context<'_>, expr: &Expr, conjuncts: &[Operand<'_>]) -> bool {
    let expr = expression::bare(expr);
    cx.target(expr).is_some_and(|target| {
        cx.blocks.is_not_null(target)
            || conjuncts.iter().any(|conjunct| match expression::bare(conjunct.expr) {
                Expr::IsNotNull(column) => is_same(cx, column, expr),
                other => expression::comparison(other)
                    .is_some_and(|(left, _, right)| is_same(cx, left, expr) || is_same(cx, right, expr)),
            })
    })
}

/// Whether both name the same column of the same relation.
fn is_same(cx: &Context<'_>, one: &Expr, other: &Expr) -> bool {
    match (cx.target(expression::bare(one)), cx.target(expression::bare(other))) {
        (Some(one), Some(other)) => {
            (one.block, one.relation) == (other.block, other.relation)
                && one.column.eq_ignore_ascii_case(&other.column)
        }
        _ => false,
    }
}
