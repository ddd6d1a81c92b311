use sqlparser::ast::{BinaryOperator, Expr, SetOperator, SetQuantifier};

use super::block::Set;
use super::conditional;
use super::context::Context;
use super::determined;
use super::edit::Edits;
use super::expression;
use super::same;
use super::{Draft, Rewrite};

/// ## What it does
/// SELECTs that read the same tables under different conditions and are put together by UNION become one
/// SELECT under the OR of their conditions.
///
/// ## Why
/// Each SELECT reads the tables again, and UNION then looks for copies among all their rows.
///
/// ## When it is the same
/// All select the same from the same tables. Under UNION, copies go, as they do under DISTINCT. Under UNION
/// ALL, a row must not pass two of the conditions: each compares one column with another literal.
///
/// ## Source
/// Pirahesh, Hellerstein and Hasan, *Extensible/rule based query rewrite optimization in Starburst*
/// (SIGMOD 1992).
///
/// ## Tables
/// ```sql
/// CREATE TABLE sale (id INT PRIMARY KEY, state VARCHAR(10), amount INT, shop INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT id, amount FROM sale WHERE state = 'open' AND shop = 3
/// UNION ALL
/// SELECT id, amount FROM sale WHERE state = 'paid' AND amount > 5 AND shop = 3
/// ORDER BY id
/// ```
/// ## Good
/// ```sql
/// SELECT id, amount FROM sale WHERE shop = 3 AND (state = 'open' OR (state = 'paid' AND amount > 5))
/// ORDER BY id
/// ```
///
/// ## Bad
/// ```sql
/// select shop from sale where amount > 5 union select shop from sale where state = 'open'
/// ```
/// ## Good
/// ```sql
/// select distinct shop from sale where amount > 5 or state = 'open'
/// ```
///
/// ## Kept
/// A row may pass both and comes twice.
/// ```sql
/// SELECT id FROM sale WHERE amount > 5 UNION ALL SELECT id FROM sale WHERE state = 'open'
/// ```
/// They select different columns.
/// ```sql
/// SELECT id FROM sale WHERE amount > 5 UNION SELECT shop FROM sale WHERE state = 'open'
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "union-of-same-tables",
    title: "Read the tables once under the OR of the conditions",
    combines: false,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for set in &cx.blocks.sets {
        if set.operator == SetOperator::Union {
            out.extend(rewrite(cx, set));
        }
    }
}

fn rewrite(cx: &Context<'_>, set: &Set<'_>) -> Option<Draft> {
    let all = match set.quantifier {
        SetQuantifier::All => true,
        SetQuantifier::None | SetQuantifier::Distinct => false,
        _ => return None,
    };
    let first_id = *set.arms.first()?;
    let first = cx.blocks.list.get(first_id)?;
    let last = cx.blocks.list.get(*set.arms.last()?)?;
    let mut arms: Vec<Vec<(String, String)>> = Vec::new();
    for &arm in &set.arms {
        let block = cx.blocks.list.get(arm)?;
        let sound = block.is_plain()
            && matches!(block.group_by(), Some([]))
            && block.select.having.is_none()
            && block.select.distinct.is_none()
            && !super::aggregate::selects_aggregate(block)
            && block.select.projection.len() == first.select.projection.len()
            && same::same_from(cx, first_id, arm)
            && !cx.source.has_comment(&block.clauses.scope);
        if !sound {
            return None;
        }
        for index in 0..block.select.projection.len() {
            let ((one, one_tokens), (two, two_tokens)) = (cx.item(first, index)?, cx.item(block, index)?);
            let windowed = expression::any(one, determined::is_window);
            if windowed
                || expression::is_volatile(one)
                || expression::has_subquery(two)
                || same::of_block(cx, &one_tokens, first_id)? != same::of_block(cx, &two_tokens, arm)?
            {
                return None;
            }
        }
        let mut parts = Vec::new();
        for operand in cx.conjuncts(block)? {
            if expression::is_volatile(operand.expr) || expression::has_subquery(operand.expr) {
                return None;
            }
            let (_, tokens) = cx.source.open(operand.expr, &operand.tokens);
            let or = matches!(expression::bare(operand.expr), Expr::BinaryOp { op: BinaryOperator::Or, .. });
            let text = same::moved(cx, &tokens, arm, first_id)?;
            parts.push((same::of_block(cx, &tokens, arm)?, if or { format!("({text})") } else { text }));
        }
        if parts.is_empty() {
            return None;
        }
        arms.push(parts);
    }
    if all && !disjoint(cx, set)? {
        return None;
    }
    let (common, own): (Vec<_>, Vec<_>) = {
        let is_common = |text: &String| arms.iter().all(|arm| arm.iter().any(|(other, _)| other == text));
        let common: Vec<String> =
            arms[0].iter().filter(|(text, _)| is_common(text)).map(|(_, text)| text.clone()).collect();
        let own: Vec<Vec<String>> = arms
            .iter()
            .map(|arm| {
                arm.iter().filter(|(text, _)| !is_common(text)).map(|(_, text)| text.clone()).collect()
            })
            .collect();
        (common, own)
    };
    let mut conditions = common;
    conditions.extend(conditional::any_of(cx, &own, conditions.is_empty()));
    let selection = first.clauses.selection.clone()?;
    let mut edits = Edits::default();
    edits.replace(cx.source, &selection, conditions.join(&format!(" {} ", cx.word("and"))));
    edits.remove(cx.source, &(first.clauses.scope.end..last.clauses.select.end));
    if !all {
        edits.insert_after(cx.source, first.clauses.select.start, format!(" {}", cx.word("distinct")));
    }
    Some(Draft {
        edits,
        explanation: format!(
            "{} SELECTs read the same tables. One pass finds the rows of all.",
            set.arms.len()
        ),
        conditions: vec![
            "all select the same from the same tables".to_owned(),
            if all {
                "no row passes two of the conditions".to_owned()
            } else {
                "UNION removes copies, as DISTINCT does".to_owned()
            },
        ],
        tokens: first.clauses.scope.start..last.clauses.select.end,
    })
}

/// Whether each arm asks of one column another literal.
fn disjoint(cx: &Context<'_>, set: &Set<'_>) -> Option<bool> {
    let mut asked: Vec<Vec<(String, String)>> = Vec::new();
    for &arm in &set.arms {
        let block = cx.blocks.list.get(arm)?;
        let mut columns = Vec::new();
        for operand in cx.conjuncts(block)? {
            let Some((left, right)) = determined::equality(operand.expr) else { continue };
            for (column, value) in [(left, right), (right, left)] {
                let literal = expression::string(value)
                    .map(|text| format!("'{}", text.trim_end().to_lowercase()))
                    .or_else(|| expression::integer(value).map(|number| number.to_string()));
                if let (Some(target), Some(literal)) = (cx.target(column), literal) {
                    columns.push((same::in_block(arm, false, target), literal));
                }
            }
        }
        asked.push(columns);
    }
    Some(asked.iter().enumerate().all(|(index, one)| {
        asked[index + 1..].iter().all(|two| {
            one.iter().any(|(column, value)| two.iter().any(|(other, v)| other == column && v != value))
        })
    }))
}
