use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Expr, SetOperator, SetQuantifier};

use super::block::{Role, Set};
use super::context::Context;
use super::determined;
use super::edit::Edits;
use super::expression;
use super::{Draft, Rewrite};

/// ## What it does
/// UNION becomes UNION ALL where no two rows of the result can be equal, or where copies do not matter.
///
/// ## Why
/// UNION sorts or hashes all rows to find copies that are not there.
///
/// ## When it is the same
/// No SELECT gives a row twice, since what it selects holds a key; and any two of them select, at the same
/// place, values that differ: two literals, or a column that each compares with another literal. A
/// subquery of IN or EXISTS asks only whether a row is there, so copies do no harm.
///
/// ## Source
/// Paulley and Larson, *Exploiting uniqueness in query optimization* (ICDE 1994).
///
/// ## Tables
/// ```sql
/// CREATE TABLE sale (id INT PRIMARY KEY, state VARCHAR(10), amount INT);
/// CREATE TABLE refund (id INT PRIMARY KEY, amount INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT 'sale' AS kind, id, amount FROM sale UNION SELECT 'refund', id, amount FROM refund ORDER BY id
/// ```
/// ## Good
/// ```sql
/// SELECT 'sale' AS kind, id, amount FROM sale UNION ALL SELECT 'refund', id, amount FROM refund ORDER BY id
/// ```
///
/// ## Bad
/// ```sql
/// select id, state from sale where state = 'open' union select id, state from sale where state = 'paid'
/// ```
/// ## Good
/// ```sql
/// select id, state from sale where state = 'open' union all select id, state from sale where state = 'paid'
/// ```
///
/// ## Bad
/// ```sql
/// SELECT id FROM sale WHERE id IN (SELECT amount FROM sale UNION SELECT amount FROM refund)
/// ```
/// ## Good
/// ```sql
/// SELECT id FROM sale WHERE id IN (SELECT amount FROM sale UNION ALL SELECT amount FROM refund)
/// ```
///
/// ## Kept
/// One sale may come twice: it has no key in what is selected.
/// ```sql
/// SELECT 'sale' AS kind, amount FROM sale UNION SELECT 'refund', amount FROM refund
/// ```
/// A sale and a refund may agree in all that is selected.
/// ```sql
/// SELECT id, amount FROM sale UNION SELECT id, amount FROM refund
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "union-to-union-all",
    title: "Put rows together without looking for copies",
    combines: true,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for set in &cx.blocks.sets {
        if set.operator == SetOperator::Union
            && matches!(set.quantifier, SetQuantifier::None | SetQuantifier::Distinct)
        {
            out.extend(rewrite(cx, set));
        }
    }
}

fn rewrite(cx: &Context<'_>, set: &Set<'_>) -> Option<Draft> {
    let harmless = set.role == Role::Expression && is_list(cx, set) && !super::block::limits(set.query);
    let mut conditions = Vec::new();
    if harmless {
        conditions.push("only whether a row is there is asked".to_owned());
    } else {
        for &arm in &set.arms {
            let block = cx.blocks.list.get(arm)?;
            if !block.is_plain()
                || !matches!(block.group_by(), Some([]))
                || super::aggregate::selects_aggregate(block)
            {
                return None;
            }
            conditions.extend(determined::one_row(cx, arm, block, determined::selected(cx, arm, block))?);
        }
        for (index, &one) in set.arms.iter().enumerate() {
            for &two in &set.arms[index + 1..] {
                if !differ(cx, one, two) {
                    return None;
                }
            }
        }
        conditions.push("at one place the SELECTs give different values".to_owned());
    }
    let mut edits = Edits::default();
    let mut first = None;
    for pair in set.arms.windows(2) {
        let (one, two) = (cx.blocks.list.get(pair[0])?, cx.blocks.list.get(pair[1])?);
        let between = one.clauses.scope.end..two.clauses.scope.start;
        let at = between.clone().find(|&at| cx.source.is(at, "UNION"))?;
        if cx.source.is(at + 1, "DISTINCT") {
            edits.replace(cx.source, &(at + 1..at + 2), cx.word("all"));
        } else {
            edits.insert_after(cx.source, at, format!(" {}", cx.word("all")));
        }
        first.get_or_insert(at);
    }
    let first = first?;
    conditions.dedup();
    Some(Draft {
        edits,
        explanation:
            "UNION looks for copies among all rows. There are none to be found, or none that matter."
                .to_owned(),
        conditions,
        tokens: first..first + 1,
    })
}

/// Whether the union is the subquery of IN or EXISTS.
fn is_list(cx: &Context<'_>, set: &Set<'_>) -> bool {
    let first = set.arms.first().and_then(|&arm| cx.blocks.list.get(arm));
    first
        .and_then(|block| block.clauses.scope.start.checked_sub(2))
        .is_some_and(|at| cx.source.is_any(at, &["IN", "EXISTS"]))
}

/// Whether two blocks select, at one place, values that are never equal.
fn differ(cx: &Context<'_>, one: usize, two: usize) -> bool {
    let count = cx.blocks.list[one].select.projection.len().min(cx.blocks.list[two].select.projection.len());
    (0..count).any(|index| match (value(cx, one, index), value(cx, two, index)) {
        (Some(a), Some(b)) => a.iter().all(|value| !b.contains(value)) && !a.is_empty() && !b.is_empty(),
        _ => false,
    })
}

/// The only values that an item of the SELECT list can have: texts or whole numbers, told apart.
fn value(cx: &Context<'_>, id: usize, index: usize) -> Option<BTreeSet<String>> {
    let block = cx.blocks.list.get(id)?;
    let (item, _) = cx.item(block, index)?;
    let literal = |expr: &Expr| {
        // Texts that differ in case or in blanks at the end may be equal by collation.
        expression::string(expr)
            .map(|text| format!("'{}", text.trim_end().to_lowercase()))
            .or_else(|| expression::integer(expr).map(|number| number.to_string()))
    };
    if let Some(text) = literal(item) {
        return Some(BTreeSet::from([text]));
    }
    let target = cx.target(expression::bare(item))?;
    let is_this = |expr: &Expr| cx.target(expression::bare(expr)) == Some(target);
    cx.conjuncts(block)?.iter().find_map(|operand| match expression::bare(operand.expr) {
        Expr::InList { expr, list, negated: false } if is_this(expr) => list.iter().map(literal).collect(),
        other => match expression::comparison(other)? {
            (left, BinaryOperator::Eq, right) if is_this(left) => Some(BTreeSet::from([literal(right)?])),
            (left, BinaryOperator::Eq, right) if is_this(right) => Some(BTreeSet::from([literal(left)?])),
            _ => None,
        },
    })
}
