//! Aggregates over those rows only for which a condition holds.

use sqlparser::ast::{DuplicateTreatment, FunctionArg, FunctionArgExpr, FunctionArguments};
use sqm_domain::Dialect;

use super::aggregate::Aggregate;
use super::context::Context;
use super::same;

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
