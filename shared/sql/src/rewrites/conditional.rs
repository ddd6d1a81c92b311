//! Aggregates over those rows only for which a condition holds, and the one pass over the rows of several blocks that
//! they allow.

use sqlparser::ast::{DuplicateTreatment, FunctionArg, FunctionArgExpr, FunctionArguments};
use sqm_domain::Dialect;

use super::aggregate::Aggregate;
use super::context::Context;
use super::expression;
use super::same;
use super::source::Tokens;

/// A condition of a block: its canonical form and its tokens.
pub(super) type Local = (String, Tokens);

/// The conditions of a block; `None` where one of them has a subquery.
pub(super) fn local(cx: &Context<'_>, block: usize) -> Option<Vec<Local>> {
    let conjuncts = cx.conjuncts(cx.blocks.list.get(block)?)?;
    let one = |operand: super::source::Operand<'_>| {
        if expression::has_subquery(operand.expr) {
            return None;
        }
        let (_, tokens) = cx.source.open(operand.expr, &operand.tokens);
        Some((same::of_block(cx, &tokens, block)?, operand.tokens))
    };
    conjuncts.into_iter().map(one).collect()
}

/// Several blocks over the same tables, each with its conditions.
pub(super) struct OnePass<'l> {
    /// The blocks, of which the first one remains.
    pub(super) blocks: Vec<(usize, &'l [Local])>,
}

impl OnePass<'_> {
    fn is_common(&self, text: &str) -> bool {
        self.blocks.iter().all(|(_, local)| local.iter().any(|(other, _)| other == text))
    }

    /// The conditions that one of the blocks has and another has not, in the names of the first.
    pub(super) fn own(&self, cx: &Context<'_>, at: usize) -> Option<Vec<String>> {
        let (&(first, _), &(block, local)) = (self.blocks.first()?, self.blocks.get(at)?);
        let own = local.iter().filter(|(text, _)| !self.is_common(text));
        own.map(|(_, tokens)| same::moved(cx, tokens, block, first)).collect()
    }

    /// The conditions that let the rows of all through, the common ones first.
    pub(super) fn conditions(&self, cx: &Context<'_>, own: &[Vec<String>]) -> Vec<String> {
        let local = self.blocks.first().map_or(&[][..], |(_, local)| local);
        let common = local.iter().filter(|(text, _)| self.is_common(text));
        let mut conditions: Vec<String> = common.map(|(_, tokens)| cx.flat(tokens)).collect();
        conditions.extend(any_of(cx, own, conditions.is_empty()));
        conditions
    }

    /// The lines up to WHERE of the block that selects these items from the rows of all. `own` are the conditions of
    /// each that are not common.
    pub(super) fn lines(
        &self,
        cx: &Context<'_>,
        items: &[String],
        own: &[Vec<String>],
    ) -> Option<Vec<String>> {
        let &(first, _) = self.blocks.first()?;
        let block = cx.blocks.list.get(first)?;
        let from: Vec<String> = block.clauses.from.iter().map(|item| cx.flat(&item.tokens)).collect();
        let mut lines = vec![
            format!("{} {}", cx.word("select"), items.join(", ")),
            format!("{} {}", cx.word("from"), from.join(", ")),
        ];
        lines.extend(cx.where_lines(&self.conditions(cx, own)));
        Some(lines)
    }
}

/// The aggregate of one block in the names of another that reads the same tables, over the rows for
/// which the condition holds. `None` for an aggregate that cannot be written so.
pub(super) fn aggregate(
    cx: &Context<'_>,
    aggregate: &Aggregate<'_>,
    condition: Option<&str>,
    from: usize,
    to: usize,
) -> Option<String> {
    let whole = same::moved(cx, &aggregate.tokens, from, to)?;
    let Some(condition) = condition else { return Some(whole) };
    if has_filter(cx.dialect) {
        return Some(format!("{whole} {} ({} {condition})", cx.word("filter"), cx.word("where")));
    }
    let FunctionArguments::List(list) = &aggregate.function.args else { return None };
    let start = aggregate.tokens.start + 2;
    let name = cx.text(&(aggregate.tokens.start..aggregate.tokens.start + 1));
    let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
    let value = match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] => "1".to_owned(),
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(_))] => {
            let start = start + usize::from(cx.source.is_any(start, &["DISTINCT", "ALL"]));
            same::moved(cx, &(start..aggregate.tokens.end - 1), from, to)?
        }
        _ => return None,
    };
    let word = if distinct { format!("{} ", cx.word("distinct")) } else { String::new() };
    Some(format!(
        "{name}({word}{} {condition} {} {value} {})",
        cx.word("case when"),
        cx.word("then"),
        cx.word("end")
    ))
}

/// Whether aggregates take FILTER.
fn has_filter(dialect: Dialect) -> bool {
    matches!(
        dialect,
        Dialect::Postgres
            | Dialect::Greenplum
            | Dialect::Materialize
            | Dialect::RisingWave
            | Dialect::DuckDb
            | Dialect::Sqlite
            | Dialect::Databricks
            | Dialect::SparkSql
            | Dialect::Trino
            | Dialect::Presto
            | Dialect::Athena
    )
}

/// All of these conditions as one. `None` where there are none.
pub(super) fn all_of(cx: &Context<'_>, conditions: &[String]) -> Option<String> {
    match conditions {
        [] => None,
        [one] => Some(one.clone()),
        many => Some(
            many.iter().map(|one| guarded(one)).collect::<Vec<_>>().join(&format!(" {} ", cx.word("and"))),
        ),
    }
}

/// The condition that one of the alternatives holds, each the conjunction of its texts; in parentheses
/// unless it stands alone. `None` where an alternative asks for nothing.
pub(super) fn any_of(cx: &Context<'_>, alternatives: &[Vec<String>], alone: bool) -> Option<String> {
    let mut texts: Vec<String> = Vec::new();
    for alternative in alternatives {
        let text = all_of(cx, alternative)?;
        let text = if alternative.len() > 1 { format!("({text})") } else { text };
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        many => {
            let text = many.join(&format!(" {} ", cx.word("or")));
            Some(if alone { text } else { format!("({text})") })
        }
    }
}

/// In parentheses where an OR may stand in it.
fn guarded(text: &str) -> String {
    let ors = text.split_whitespace().any(|word| word.eq_ignore_ascii_case("or"));
    let wrapped = text.starts_with('(') && text.ends_with(')');
    if ors && !wrapped { format!("({text})") } else { text.to_owned() }
}
