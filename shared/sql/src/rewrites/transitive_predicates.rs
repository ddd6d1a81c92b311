use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Expr};

use super::block::{Block, Target};
use super::conditions::Conditions;
use super::context::{self, Context};
use super::determined;
use super::edit::Edits;
use super::expression;
use super::same;
use super::{Draft, Rewrite};

/// ## What it does
/// A range, list or pattern that one side of a join equality must meet is asked of the other side, too.
///
/// ## Why
/// Optimizers derive `b.day = 5` from `a.day = b.day AND a.day = 5`, but many do not derive ranges and
/// lists, and then read the whole of the other table, or all of its partitions.
///
/// ## When it is the same
/// The columns are equal in every row that is joined and of the same type, so what holds for one holds
/// for the other. In the ON of a LEFT JOIN, a row of the right side that does not meet the condition
/// would match no row that passes WHERE.
///
/// ## Source
/// Levy, Mumick and Sagiv, *Query optimization by predicate move-around* (VLDB 1994).
///
/// ## Tables
/// ```sql
/// CREATE TABLE sale (id INT PRIMARY KEY, day INT, shop INT);
/// CREATE TABLE visit (day INT, shop INT, people INT);
/// CREATE TABLE weather (day VARCHAR(10));
/// ```
///
/// ## Bad
/// ```sql
/// SELECT s.id, v.people
/// FROM sale s
/// JOIN visit v ON v.day = s.day
/// WHERE s.day BETWEEN 5 AND 7
/// ```
/// ## Good
/// ```sql
/// SELECT s.id, v.people
/// FROM sale s
/// JOIN visit v ON v.day = s.day
/// WHERE s.day BETWEEN 5 AND 7
///   AND v.day BETWEEN 5 AND 7
/// ```
///
/// ## Bad
/// ```sql
/// select s.id, v.people from sale s left join visit v on v.day = s.day where s.day > 5
/// ```
/// ## Good
/// ```sql
/// select s.id, v.people from sale s left join visit v on v.day = s.day and v.day > 5 where s.day > 5
/// ```
///
/// ## Kept
/// Every optimizer derives an equality.
/// ```sql
/// SELECT s.id FROM sale s JOIN visit v ON v.day = s.day WHERE s.day = 5
/// ```
/// A text and a number are compared as numbers, yet ordered as texts.
/// ```sql
/// SELECT s.id FROM sale s JOIN weather w ON w.day = s.day WHERE s.day > 5
/// ```
/// The range is of the side that may be missing.
/// ```sql
/// SELECT s.id FROM sale s LEFT JOIN visit v ON v.day = s.day AND v.day > 5
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "transitive-predicates",
    title: "Ask of both sides of a join what one of them must meet",
    combines: true,
    merges: true,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        if block.is_plain() && block.relations.len() > 1 {
            out.extend(in_where(cx, id, block));
            out.extend(in_left_joins(cx, id, block));
        }
    }
}

/// A condition on one column: the column, its place in the text.
struct Range {
    target: Target,
    tokens: super::source::Tokens,
}

/// The conditions of WHERE that hold a column between literals.
fn ranges(cx: &Context<'_>, id: usize, block: &Block<'_>) -> Option<Vec<Range>> {
    let mut found = Vec::new();
    for operand in cx.conjuncts(block)? {
        let (expr, tokens) = cx.source.open(operand.expr, &operand.tokens);
        let literal = |expr: &Expr| expression::is_literal(expr) && !expression::is_null(expr);
        let column = match expr {
            Expr::Between { expr, low, high, negated: false } if literal(low) && literal(high) => expr,
            Expr::InList { expr, list, negated: false } if list.len() > 1 && list.iter().all(literal) => expr,
            Expr::Like { expr, pattern, negated: false, .. } if expression::string(pattern).is_some() => expr,
            other => match expression::comparison(other) {
                Some((left, op, right)) if !matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq) => {
                    if literal(right) {
                        left
                    } else if literal(left) {
                        right
                    } else {
                        continue;
                    }
                }
                _ => continue,
            },
        };
        let Some(target) = cx.target(expression::bare(column)).filter(|target| target.block == id) else {
            continue;
        };
        found.push(Range { target: target.clone(), tokens });
    }
    Some(found)
}

fn is_same(one: &Target, two: &Target) -> bool {
    (one.block, one.relation) == (two.block, two.relation) && one.column.eq_ignore_ascii_case(&two.column)
}

/// Whether both columns are of one type, so that they are ordered alike.
fn alike(cx: &Context<'_>, one: &Target, two: &Target) -> bool {
    matches!((cx.data_type(one), cx.data_type(two)), (Some(a), Some(b)) if a == b)
}

/// The condition as it reads of the other column.
fn of_other(cx: &Context<'_>, block: &Block<'_>, range: &Range, other: &Target) -> Option<String> {
    let qualifier = cx.qualifier(block, block.relations.get(other.relation)?)?;
    same::renamed(cx, &range.tokens, |_, target| {
        is_same(target, &range.target).then(|| format!("{qualifier}.{}", other.column))
    })
}

fn sides<'a>(cx: &Context<'a>, expr: &Expr) -> Option<(&'a Target, &'a Target)> {
    let (left, right) = determined::equality(expr)?;
    Some((cx.target(left)?, cx.target(right)?))
}

fn in_where(cx: &Context<'_>, id: usize, block: &Block<'_>) -> Option<Draft> {
    let conjuncts = cx.conjuncts(block)?;
    let ranges = ranges(cx, id, block)?;
    let mut equalities: Vec<(&Target, &Target)> =
        conjuncts.iter().filter_map(|operand| sides(cx, operand.expr)).collect();
    for (item, from) in block.select.from.iter().enumerate() {
        if !from.joins.iter().all(|join| context::is_inner(&join.join_operator)) {
            continue;
        }
        for join in 0..from.joins.len() {
            equalities.extend(
                cx.on_conjuncts(block, item, join)?.iter().filter_map(|operand| sides(cx, operand.expr)),
            );
        }
    }
    let mut added = BTreeSet::new();
    let mut changes = Conditions::default();
    let mut first = None;
    for range in &ranges {
        for (left, right) in &equalities {
            for (one, two) in [(left, right), (right, left)] {
                let other = is_same(one, &range.target)
                    && two.block == id
                    && two.relation != one.relation
                    && alike(cx, one, two)
                    && !ranges.iter().any(|range| is_same(&range.target, two));
                if !other {
                    continue;
                }
                let text = of_other(cx, block, range, two)?;
                if added.insert(text.clone()) {
                    changes.add(text);
                    first.get_or_insert(range.tokens.clone());
                }
            }
        }
    }
    let tokens = first?;
    let mut edits = Edits::default();
    changes.write(cx, block, &conjuncts, &mut edits);
    Some(draft(edits, tokens))
}

fn in_left_joins(cx: &Context<'_>, id: usize, block: &Block<'_>) -> Option<Draft> {
    let ranges = ranges(cx, id, block)?;
    let mut edits = Edits::default();
    let mut first = None;
    for (item, from) in block.select.from.iter().enumerate() {
        for (index, join) in from.joins.iter().enumerate() {
            if !context::is_left(&join.join_operator) {
                continue;
            }
            let on = cx.on_conjuncts(block, item, index)?;
            let own = block.relations.iter().position(|r| (r.item, r.join) == (item, Some(index)))?;
            for range in ranges.iter().filter(|range| !block.relations[range.target.relation].nullable) {
                let other = on.iter().filter_map(|operand| sides(cx, operand.expr)).find_map(|(a, b)| {
                    [(a, b), (b, a)].into_iter().find(|(one, two)| {
                        is_same(one, &range.target)
                            && (two.block, two.relation) == (id, own)
                            && alike(cx, one, two)
                    })
                });
                let Some((_, two)) = other else { continue };
                let is_asked = on.iter().any(|operand| {
                    sides(cx, operand.expr).is_none()
                        && cx
                            .names(&operand.tokens)
                            .iter()
                            .any(|n| n.target.as_ref().is_some_and(|t| is_same(t, two)))
                });
                if is_asked {
                    continue;
                }
                let text = of_other(cx, block, range, two)?;
                let end = on.last()?.tokens.end - 1;
                edits.insert_after(cx.source, end, format!(" {} {text}", cx.word("and")));
                first.get_or_insert(range.tokens.clone());
            }
        }
    }
    first.map(|tokens| draft(edits, tokens))
}

fn draft(edits: Edits, tokens: super::source::Tokens) -> Draft {
    Draft {
        edits,
        explanation:
            "The join makes both columns equal; asked of both, the condition narrows both tables down."
                .to_owned(),
        conditions: vec!["the columns are equal in what is joined, and of the same type".to_owned()],
        tokens,
    }
}
