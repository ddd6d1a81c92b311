use std::collections::BTreeSet;

use sqlparser::ast::{SetOperator, SetQuantifier, TableFactor};

use super::block::{Block, limits};
use super::conditional;
use super::conditions::Conditions;
use super::context::Context;
use super::edit::Edits;
use super::push_filter;
use super::{Draft, Rewrite};

/// ## What it does
/// A common table expression that is read several times, each time under conditions, makes only the rows
/// that one of its readers asks for.
///
/// ## Why
/// A CTE that is read twice is kept by most engines, and kept whole: no condition of its readers reaches
/// into it. TPC-DS asks for two years of a CTE that holds them all.
///
/// ## When it is the same
/// Every reader asks something of the CTE's rows; a row for which none of that holds is read by nobody.
/// The columns are plain ones inside, or ones that the CTE groups by, and it has neither LIMIT nor window
/// functions, whose results depend on the rows that would go. The readers keep their conditions.
///
/// ## Source
/// El-Helw et al., *Optimization of common table expressions in MPP database systems* (VLDB 2015).
///
/// ## Tables
/// ```sql
/// CREATE TABLE sale (id INT PRIMARY KEY, shop INT, year INT, amount INT);
/// ```
///
/// ## Bad
/// ```sql
/// WITH yearly AS (
///     SELECT shop, year, SUM(amount) AS total
///     FROM sale
///     GROUP BY shop, year
/// )
/// SELECT a.shop, a.total, b.total AS earlier
/// FROM yearly a
/// JOIN yearly b ON b.shop = a.shop
/// WHERE a.year = 2024
///   AND b.year = 2023
/// ```
/// ## Good
/// ```sql
/// WITH yearly AS (
///     SELECT shop, year, SUM(amount) AS total
///     FROM sale
///     WHERE year = 2024 OR year = 2023
///     GROUP BY shop, year
/// )
/// SELECT a.shop, a.total, b.total AS earlier
/// FROM yearly a
/// JOIN yearly b ON b.shop = a.shop
/// WHERE a.year = 2024
///   AND b.year = 2023
/// ```
///
/// ## Kept
/// One reader asks for all of it.
/// ```sql
/// WITH yearly AS (SELECT shop, year FROM sale) SELECT a.shop FROM yearly a JOIN yearly b ON b.shop = a.shop WHERE a.year = 2024
/// ```
/// A rank among all rows.
/// ```sql
/// WITH ranked AS (SELECT shop, year, RANK() OVER (ORDER BY amount) AS r FROM sale) SELECT a.shop FROM ranked a JOIN ranked b ON b.r = a.r WHERE a.year = 2024 AND b.year = 2023
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "filter-cte",
    title: "Make only the rows of a common table expression that are read",
    combines: false,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    let Some(with) = cx.query.and_then(|query| query.with.as_ref()).filter(|with| !with.recursive) else {
        return;
    };
    for cte in &with.cte_tables {
        let same =
            |other: &&sqlparser::ast::Cte| other.alias.name.value.eq_ignore_ascii_case(&cte.alias.name.value);
        if with.cte_tables.iter().filter(same).count() == 1 {
            out.extend(rewrite(cx, cte));
        }
    }
}

fn rewrite(cx: &Context<'_>, cte: &sqlparser::ast::Cte) -> Option<Draft> {
    let name = &cte.alias.name.value;
    if limits(&cte.query) || cte.query.with.is_some() || !cte.alias.columns.is_empty() {
        return None;
    }
    let arms = match cx.blocks.body(&cte.query) {
        Some(body) => vec![body],
        None => {
            let set = cx.blocks.sets.iter().find(|set| std::ptr::eq(set.query, cte.query.as_ref()))?;
            let simple = set.operator == SetOperator::Union
                && matches!(
                    set.quantifier,
                    SetQuantifier::All | SetQuantifier::None | SetQuantifier::Distinct
                );
            simple.then(|| set.arms.clone())?
        }
    };
    let mut readers: Vec<(usize, &Block<'_>, usize)> = Vec::new();
    for (id, block) in cx.each() {
        for (at, relation) in block.relations.iter().enumerate() {
            if let TableFactor::Table { name: table, .. } = relation.factor
                && let [part] = table.0.as_slice()
                && part.as_ident().is_some_and(|part| part.value.eq_ignore_ascii_case(name))
            {
                readers.push((id, block, at));
            }
        }
    }
    // Each reader is known: its name stands nowhere else but before columns.
    let lower = name.to_lowercase();
    let qualifies =
        |tokens: &super::source::Tokens| cx.text(&(tokens.start..tokens.start + 1)).to_lowercase() == lower;
    let qualified = cx.blocks.references.iter().filter(|r| r.qualified && qualifies(&r.tokens)).count();
    if cx.source.words().filter(|word| *word == lower).count() != 1 + readers.len() + qualified {
        return None;
    }
    // The columns that are asked of, by position; and for each arm, what each reader asks.
    let mut columns: BTreeSet<usize> = BTreeSet::new();
    let mut asked: Vec<Vec<Vec<String>>> = arms.iter().map(|_| Vec::new()).collect();
    for &(id, block, at) in &readers {
        let relation = block.relations.get(at)?;
        if relation.nullable || !block.is_plain() {
            return None;
        }
        let names = relation.columns.clone()?;
        let mut texts: Vec<Vec<String>> = Vec::new();
        for operand in cx.conjuncts(block)? {
            let Some(found) = push_filter::texts(cx, (id, at), &arms, &names, &operand) else { continue };
            texts.push(found);
            columns.extend(cx.names(&operand.tokens).iter().filter_map(|name| {
                let column = &name.target.as_ref()?.column;
                names.iter().position(|name| name.eq_ignore_ascii_case(column))
            }));
        }
        if texts.is_empty() {
            return None;
        }
        for (arm, asked) in asked.iter_mut().enumerate() {
            asked.push(texts.iter().map(|texts| texts[arm].clone()).collect());
        }
    }
    if readers.len() < 2 || arms.iter().all(|&arm| is_narrow(cx, arm, &columns)) {
        return None;
    }
    let mut edits = Edits::default();
    for (&arm, asked) in arms.iter().zip(&asked) {
        let block = cx.blocks.list.get(arm)?;
        let conjuncts = cx.conjuncts(block)?;
        let text = conditional::any_of(cx, asked, conjuncts.is_empty())?;
        if conjuncts.iter().any(|operand| cx.flat(&operand.tokens) == text) {
            return None;
        }
        let mut added = Conditions::default();
        added.add(text);
        added.write(cx, block, &conjuncts, &mut edits);
    }
    let start = cx.source.at(cte.alias.name.span.start)?;
    Some(Draft {
        edits,
        explanation: format!(
            "`{name}` is read {} times, and each reader leaves most of its rows.",
            readers.len()
        ),
        conditions: vec!["every reader asks one of these conditions of the rows".to_owned()],
        tokens: start..start + 1,
    })
}

/// Whether the block asks something of each of these columns already, as those who write such CTEs do.
fn is_narrow(cx: &Context<'_>, arm: usize, columns: &BTreeSet<usize>) -> bool {
    let Some(block) = cx.blocks.list.get(arm) else { return true };
    let conjuncts = cx.conjuncts(block).unwrap_or_default();
    columns.iter().all(|&column| {
        let Some(target) = cx.item(block, column).and_then(|(expr, _)| cx.target(expr)) else { return false };
        conjuncts.iter().any(|operand| {
            let names = cx.names(&operand.tokens);
            !names.is_empty() && names.iter().all(|name| name.target.as_ref() == Some(target))
        })
    })
}
