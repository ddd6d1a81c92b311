use sqlparser::ast::{Distinct, Expr, SetOperator, SetQuantifier};

use super::aggregate;
use super::block::{Block, limits};
use super::conditions::Conditions;
use super::context::Context;
use super::determined;
use super::edit::Edits;
use super::expression;
use super::same;
use super::source::Operand;
use super::{Draft, Rewrite};

/// ## What it does
/// A condition on the columns of a derived table moves into it; into each SELECT of a UNION.
///
/// ## Why
/// Inside, it spares the rows that would be joined, grouped or put together only to be dropped, and an
/// index of the table serves.
///
/// ## When it is the same
/// Each column that the condition names is a plain column inside; where the derived table groups, one that
/// it groups by, so that the condition drops whole groups. The derived table has neither LIMIT nor window
/// functions, whose results depend on the rows that would go, and no outer join fills it up.
///
/// ## Source
/// Levy, Mumick and Sagiv, *Query optimization by predicate move-around* (VLDB 1994).
///
/// ## Tables
/// ```sql
/// CREATE TABLE sale (id INT PRIMARY KEY, shop INT, amount INT);
/// CREATE TABLE refund (id INT PRIMARY KEY, shop INT, amount INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT d.shop, d.total FROM (SELECT shop, SUM(amount) AS total FROM sale GROUP BY shop) d WHERE d.shop = 3 AND d.total > 5
/// ```
/// ## Good
/// ```sql
/// SELECT d.shop, d.total FROM (SELECT shop, SUM(amount) AS total FROM sale WHERE shop = 3 GROUP BY shop) d WHERE d.total > 5
/// ```
///
/// ## Bad
/// ```sql
/// select sum(amount) from (select shop as s, amount from sale where amount > 0 union all select shop, amount from refund) as d where s in (3, 4)
/// ```
/// ## Good
/// ```sql
/// select sum(amount) from (select shop as s, amount from sale where amount > 0 and shop in (3, 4) union all select shop, amount from refund where shop in (3, 4)) as d
/// ```
///
/// ## Kept
/// Which rows come first is asked of all of them.
/// ```sql
/// SELECT d.id FROM (SELECT id, shop FROM sale ORDER BY amount LIMIT 10) d WHERE d.shop = 3
/// ```
/// A rank among all of them.
/// ```sql
/// SELECT d.id FROM (SELECT id, shop, RANK() OVER (ORDER BY amount) AS r FROM sale) d WHERE d.shop = 3
/// ```
/// An outer join keeps the rows for which there is none.
/// ```sql
/// SELECT s.id FROM sale s LEFT JOIN (SELECT id, shop FROM refund) d ON d.id = s.id WHERE d.shop IS NULL
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "push-filter",
    title: "Ask inside a derived table what is asked of its rows",
    combines: true,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        if block.is_plain() {
            for relation in 0..block.relations.len() {
                out.extend(rewrite(cx, id, block, relation));
            }
        }
    }
}

/// The blocks that make the rows of a derived table.
fn arms(cx: &Context<'_>, block: &Block<'_>, relation: usize) -> Option<Vec<usize>> {
    let sqlparser::ast::TableFactor::Derived { subquery, alias: Some(alias), lateral: false, .. } =
        block.relations.get(relation)?.factor
    else {
        return None;
    };
    if !alias.columns.is_empty() || limits(subquery) || subquery.with.is_some() {
        return None;
    }
    if let Some(body) = cx.blocks.body(subquery) {
        return Some(vec![body]);
    }
    let set = cx.blocks.sets.iter().find(|set| std::ptr::eq(set.query, subquery.as_ref()))?;
    let simple = set.operator == SetOperator::Union
        && matches!(set.quantifier, SetQuantifier::All | SetQuantifier::None | SetQuantifier::Distinct);
    simple.then(|| set.arms.clone())
}

fn rewrite(cx: &Context<'_>, id: usize, block: &Block<'_>, relation: usize) -> Option<Draft> {
    let own = block.relations.get(relation)?;
    if own.nullable {
        return None;
    }
    let arms = arms(cx, block, relation)?;
    let names = own.columns.clone()?;
    let conjuncts = cx.conjuncts(block)?;
    let mut outside = Conditions::default();
    let mut inside: Vec<Conditions> = arms.iter().map(|_| Conditions::default()).collect();
    let mut moved: Option<(super::source::Tokens, String)> = None;
    for (at, operand) in conjuncts.iter().enumerate() {
        let Some(texts) = texts(cx, (id, relation), &arms, &names, operand) else { continue };
        outside.remove(at);
        for (conditions, text) in inside.iter_mut().zip(texts) {
            conditions.add(text);
        }
        moved.get_or_insert((operand.tokens.clone(), cx.flat(&operand.tokens)));
    }
    let (tokens, text) = moved?;
    let mut edits = Edits::default();
    outside.write(cx, block, &conjuncts, &mut edits);
    for (conditions, &arm) in inside.into_iter().zip(&arms) {
        let block = cx.blocks.list.get(arm)?;
        conditions.write(cx, block, &cx.conjuncts(block)?, &mut edits);
    }
    Some(Draft {
        edits,
        explanation: format!("`{text}` drops rows that `{}` need not make.", own.name),
        conditions: vec![
            "the columns come out of the derived table as they are, groups as a whole".to_owned(),
        ],
        tokens,
    })
}

/// The condition as it reads inside of each block. `None` where it cannot move.
pub(super) fn texts(
    cx: &Context<'_>,
    (id, relation): (usize, usize),
    arms: &[usize],
    names: &[String],
    operand: &Operand<'_>,
) -> Option<Vec<String>> {
    if expression::is_volatile(operand.expr) || expression::has_subquery(operand.expr) {
        return None;
    }
    let own = cx
        .names(&operand.tokens)
        .iter()
        .all(|name| name.target.as_ref().is_some_and(|t| (t.block, t.relation) == (id, relation)));
    if !own || cx.names(&operand.tokens).is_empty() {
        return None;
    }
    let mut found = Vec::new();
    for &arm in arms {
        let block = cx.blocks.list.get(arm)?;
        let windowed = block.select.projection.iter().any(|item| match item {
            sqlparser::ast::SelectItem::UnnamedExpr(expr)
            | sqlparser::ast::SelectItem::ExprWithAlias { expr, .. } => {
                expression::any(expr, determined::is_window)
            }
            _ => true,
        });
        let grouped = block.group_by()?;
        if !block.is_plain()
            || windowed
            || block.select.projection.len() != names.len()
            || matches!(block.select.distinct, Some(Distinct::On(_)))
            || grouped.is_empty() && (aggregate::selects_aggregate(block) || block.select.having.is_some())
        {
            return None;
        }
        let mut known = true;
        let text = same::renamed(cx, &operand.tokens, |_, target| {
            let index = names.iter().position(|name| name.eq_ignore_ascii_case(&target.column));
            let column = index.and_then(|index| cx.item(block, index)).filter(|(expr, _)| {
                let is_group = |group: &Expr| {
                    cx.target(expression::bare(group)).is_some()
                        && cx.target(expression::bare(group)) == cx.target(expr)
                };
                cx.target(expr).is_some_and(|t| t.block == arm)
                    && (grouped.is_empty() || grouped.iter().any(is_group))
            });
            known &= column.is_some();
            Some(cx.flat(&column?.1))
        });
        found.push(text.filter(|_| known)?);
    }
    Some(found)
}
