use sqlparser::ast::{Query, TableFactor};

use super::block::{Block, Role};
use super::context::Context;
use super::edit::Edits;
use super::source::Tokens;
use super::{Draft, Rewrite};

/// ## What it does
/// A common table expression that is read once moves to the place where it is read.
///
/// ## Why
/// Where the engine keeps a CTE's rows (PostgreSQL before version 12 and with MATERIALIZED, older MySQL
/// and MariaDB), conditions of the query around do not reach into it, and no index of its tables serves.
///
/// ## When it is the same
/// It is read exactly once, is not recursive and calls no function whose value differs from call to call.
/// What its names mean does not change: no other CTE of the same name, no name of the query around.
///
/// ## Source
/// The documentation of PostgreSQL, *WITH queries*, on folding into the parent query.
///
/// ## Tables
/// ```sql
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, amount INT);
/// ```
///
/// ## Bad
/// ```sql
/// WITH paid AS MATERIALIZED (
///     SELECT id, customer_id FROM sale WHERE amount > 0
/// )
/// SELECT p.id
/// FROM paid p
/// WHERE p.customer_id = 7
/// ```
/// ## Good
/// ```sql
/// SELECT p.id
/// FROM (
///     SELECT id, customer_id FROM sale WHERE amount > 0
/// ) AS p
/// WHERE p.customer_id = 7
/// ```
///
/// ## Bad
/// ```sql
/// with a as (select id from sale), b as (select max(amount) as m from sale) select a.id from a where a.id > (select m from b)
/// ```
/// ## Good
/// ```sql
/// with b as (select max(amount) as m from sale) select a.id from (select id from sale) as a where a.id > (select m from b)
/// ```
///
/// ## Kept
/// It is read twice.
/// ```sql
/// WITH a AS (SELECT id FROM sale) SELECT x.id FROM a x JOIN a y ON x.id = y.id
/// ```
/// It reads itself.
/// ```sql
/// WITH RECURSIVE a AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM a WHERE id < 5) SELECT id FROM a
/// ```
/// Its rows are drawn once.
/// ```sql
/// WITH a AS (SELECT id, RANDOM() AS r FROM sale) SELECT id FROM a WHERE r > 0.5
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "inline-cte",
    title: "Put a common table expression where it is read",
    combines: false,
    merges: false,
    propose,
};

/// Most CTEs proposed for one statement, each by itself.
const MOST: usize = 3;

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    let Some(query) = cx.query else { return };
    let Some(with) = query.with.as_ref().filter(|with| !with.recursive) else { return };
    let count = with.cte_tables.len();
    out.extend((0..count).filter_map(|index| rewrite(cx, query, index)).take(MOST));
}

/// The CTEs of the statement: each with its tokens, from its name to its closing parenthesis.
pub(super) fn ctes(cx: &Context<'_>, query: &Query) -> Option<Vec<(Tokens, Tokens)>> {
    let with = query.with.as_ref()?;
    let mut found = Vec::new();
    for cte in &with.cte_tables {
        let start = cx.source.at(cte.alias.name.span.start)?;
        let open = (start..cx.source.len()).find(|&at| {
            cx.source.token(at) == Some(&sqlparser::tokenizer::Token::LParen)
                && !names_columns(cx, at, start, cte.alias.columns.is_empty())
        })?;
        let close = cx.source.mate(open)?;
        found.push((start..close + 1, open..close + 1));
    }
    Some(found)
}

/// Whether the parenthesis opens the list of columns after the name.
fn names_columns(cx: &Context<'_>, at: usize, start: usize, none: bool) -> bool {
    !none && at == start + 1 && cx.source.mate(at).is_some()
}

fn rewrite(cx: &Context<'_>, query: &Query, index: usize) -> Option<Draft> {
    let with = query.with.as_ref()?;
    let cte = with.cte_tables.get(index)?;
    let name = &cte.alias.name.value;
    if !cte.alias.columns.is_empty() {
        return None;
    }
    let places = ctes(cx, query)?;
    let (whole, body) = places.get(index)?;
    if cx.source.has_comment(whole) || super::expression::any_volatile(cx, body) {
        return None;
    }
    // Read once, by a relation of that name; and no other CTE hides it.
    let mut readers: Vec<(&Block<'_>, usize)> = Vec::new();
    for (_, block) in cx.each() {
        for (at, relation) in block.relations.iter().enumerate() {
            if let TableFactor::Table { name: table, args: None, .. } = relation.factor
                && table.0.len() == 1
                && table.0[0].as_ident().is_some_and(|part| part.value.eq_ignore_ascii_case(name))
            {
                readers.push((block, at));
            }
        }
    }
    let named = cx.source.words().filter(|word| *word == name.to_lowercase()).count();
    let [(block, at)] = readers.as_slice() else { return None };
    let relation = block.relations.get(*at)?;
    let tokens = cx.relation_tokens(block, relation)?;
    // Its own name, the place where it is read, and the names qualified by it.
    let qualified = cx
        .blocks
        .references
        .iter()
        .filter(|r| r.qualified && cx.text(&(r.tokens.start..r.tokens.start + 1)).eq_ignore_ascii_case(name))
        .count();
    let hidden =
        with.cte_tables.iter().filter(|other| other.alias.name.value.eq_ignore_ascii_case(name)).count();
    if hidden != 1
        || named > 2 + qualified
        || body.contains(&tokens.start)
        || block.role == Role::Cte && block.unusual_joins
    {
        return None;
    }
    // What the body names must mean the same there: a CTE between the two could hide a table.
    let later = with.cte_tables.get(index + 1..)?;
    let hides = |word: &str| later.iter().any(|other| other.alias.name.value.eq_ignore_ascii_case(word));
    if body.clone().any(|at| match cx.source.token(at) {
        Some(sqlparser::tokenizer::Token::Word(word)) => hides(&word.value),
        _ => false,
    }) {
        return None;
    }
    let qualifier = cx.qualifier(block, relation)?;
    let mut edits = Edits::default();
    edits.replace(cx.source, &tokens, format!("{} {}{qualifier}", cx.text(body), cx.alias_word()));
    let first = cx.source.at(with.with_token.0.span.start)?;
    if with.cte_tables.len() == 1 {
        edits.remove_forward(cx.source, &(first..whole.end));
    } else if index == 0 {
        edits.remove_forward(cx.source, &(whole.start..whole.end + 1));
    } else {
        edits.remove(cx.source, &(whole.start - 1..whole.end));
    }
    Some(Draft {
        edits,
        explanation: format!(
            "`{name}` is read once. In its place, conditions and indexes reach into it where the engine would keep \
             its rows."
        ),
        conditions: vec!["it is read exactly once and gives the same rows each time".to_owned()],
        tokens: whole.clone(),
    })
}
