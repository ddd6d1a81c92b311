use sqlparser::ast::BinaryOperator;

use super::aggregate;
use super::block::Block;
use super::conditions::Conditions;
use super::context::Context;
use super::determined;
use super::edit::Edits;
use super::expression;
use super::{Draft, Rewrite};

/// ## What it does
/// A condition of HAVING on the grouping columns alone moves to WHERE.
///
/// ## Why
/// In WHERE it drops rows before they are grouped, and may use an index.
///
/// ## When it is the same
/// The condition names only columns that are grouped by and no aggregate, so it has one value for all rows
/// of a group. There is a GROUP BY without ROLLUP or the like: without one, WHERE would leave a row where
/// HAVING leaves none.
///
/// ## Source
/// Pirahesh, Hellerstein and Hasan, *Extensible/rule based query rewrite optimization in Starburst*
/// (SIGMOD 1992), predicate push-down.
///
/// ## Tables
/// ```sql
/// CREATE TABLE sale (id INT PRIMARY KEY, city VARCHAR(40), amount INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT city, SUM(amount) FROM sale WHERE amount > 0 GROUP BY city HAVING city <> 'Bern' AND SUM(amount) > 10
/// ```
/// ## Good
/// ```sql
/// SELECT city, SUM(amount) FROM sale WHERE amount > 0 AND city <> 'Bern' GROUP BY city HAVING SUM(amount) > 10
/// ```
///
/// ## Bad
/// ```sql
/// SELECT city, COUNT(*)
/// FROM sale
/// GROUP BY city
/// HAVING city = 'Bern' OR city = 'Zug'
/// ```
/// ## Good
/// ```sql
/// SELECT city, COUNT(*)
/// FROM sale
/// WHERE city = 'Bern' OR city = 'Zug'
/// GROUP BY city
/// ```
///
/// ## Kept
/// An aggregate, a column that is not grouped by, and no groups at all.
/// ```sql
/// SELECT city, COUNT(*) FROM sale GROUP BY city HAVING COUNT(*) > 1
/// ```
/// ```sql
/// SELECT COUNT(*) FROM sale HAVING 1 = 0
/// ```
/// Totals are made over the groups before HAVING drops some.
/// ```sql
/// SELECT city, COUNT(*) FROM sale GROUP BY ROLLUP (city) HAVING city = 'Bern'
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "having-to-where",
    title: "Filter before grouping instead of after",
    combines: true,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        if block.is_plain() {
            out.extend(rewrite(cx, id, block));
        }
    }
}

fn rewrite(cx: &Context<'_>, id: usize, block: &Block<'_>) -> Option<Draft> {
    let groups = block.group_by().filter(|groups| !groups.is_empty())?;
    let grouped: Option<Vec<_>> = groups
        .iter()
        .map(|group| {
            let target = cx.target(expression::bare(group)).filter(|target| target.block == id)?;
            Some((target.relation, target.column.to_lowercase()))
        })
        .collect();
    let grouped = grouped?;
    let (expr, tokens) = (block.select.having.as_ref()?, block.clauses.having.as_ref()?);
    let having = cx.source.operands(expr, tokens, &BinaryOperator::And)?;
    let moves: Vec<bool> = having
        .iter()
        .map(|operand| {
            let names = cx.names(&operand.tokens);
            !names.is_empty()
                && !aggregate::has_aggregate(operand.expr)
                && !expression::has_subquery(operand.expr)
                && !expression::is_volatile(operand.expr)
                && !expression::any(operand.expr, determined::is_window)
                && names.iter().all(|name| {
                    name.target.as_ref().is_some_and(|target| {
                        target.block == id
                            && grouped.contains(&(target.relation, target.column.to_lowercase()))
                    })
                })
        })
        .collect();
    if !moves.contains(&true) {
        return None;
    }
    let mut edits = Edits::default();
    let mut added = Conditions::default();
    let mut texts = Vec::new();
    let mut kept_before = false;
    for (operand, moves) in having.iter().zip(&moves) {
        if !moves {
            kept_before = true;
            continue;
        }
        let text = cx.flat(&operand.tokens);
        added.add(text.clone());
        texts.push(text);
        if kept_before {
            edits.remove(cx.source, &(operand.tokens.start - 1..operand.tokens.end));
        }
    }
    if texts.len() == having.len() {
        edits = Edits::default();
        edits.remove(cx.source, &(tokens.start - 1..tokens.end));
    } else {
        // Those before the first that stays go with the AND after them.
        for (operand, _) in having.iter().zip(&moves).take_while(|(_, moves)| **moves) {
            edits.remove_forward(cx.source, &(operand.tokens.start..operand.tokens.end + 1));
        }
    }
    added.write(cx, block, &cx.conjuncts(block)?, &mut edits);
    Some(Draft {
        edits,
        explanation: format!(
            "`{}` is the same for all rows of a group, so it can drop them before they are grouped.",
            texts.join("`, `")
        ),
        conditions: vec!["only columns that are grouped by are named".to_owned()],
        tokens: tokens.clone(),
    })
}
