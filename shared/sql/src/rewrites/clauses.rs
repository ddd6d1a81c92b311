//! Where the clauses of a SELECT stand in the text.

use sqlparser::ast::{GroupByExpr, JoinConstraint, JoinOperator, Query, Select, TableWithJoins};

use super::source::{Source, Tokens};

/// The extents of a SELECT's clauses, keywords left out unless said otherwise.
#[derive(Debug, Clone)]
pub(super) struct Clauses {
    /// From SELECT to the last token of its last clause.
    pub(super) select: Tokens,
    /// The same with the ORDER BY and LIMIT of the query whose body it is: where its names are visible.
    pub(super) scope: Tokens,
    /// The words DISTINCT or ALL after SELECT, where they stand.
    pub(super) distinct: Option<usize>,
    /// Each item of the SELECT list, alias included.
    pub(super) projection: Vec<Tokens>,
    /// The items of FROM.
    pub(super) from: Vec<FromItem>,
    /// The condition of WHERE.
    pub(super) selection: Option<Tokens>,
    /// Each expression of GROUP BY.
    pub(super) group_by: Vec<Tokens>,
    /// The condition of HAVING.
    pub(super) having: Option<Tokens>,
    /// ORDER BY and all after it, keywords included; empty where there is none.
    pub(super) tail: Tokens,
}

/// One comma-separated item of FROM.
#[derive(Debug, Clone)]
pub(super) struct FromItem {
    /// All of it.
    pub(super) tokens: Tokens,
    /// The first relation, its alias included.
    pub(super) relation: Tokens,
    /// Its joins.
    pub(super) joins: Vec<JoinText>,
}

/// A join.
#[derive(Debug, Clone)]
pub(super) struct JoinText {
    /// From the first word of the join (`LEFT`, `JOIN` …) to the end of its condition.
    pub(super) tokens: Tokens,
    /// The word JOIN.
    pub(super) keyword: usize,
    /// The relation, its alias included.
    pub(super) relation: Tokens,
    /// The condition after ON.
    pub(super) on: Option<Tokens>,
}

/// Words that end a SELECT on its own level.
const ENDS: &[&str] = &["UNION", "INTERSECT", "EXCEPT", "MINUS"];
/// Words that start what belongs to the query around a SELECT.
const TAIL: &[&str] = &["ORDER", "LIMIT", "OFFSET", "FETCH", "FOR", "SETTINGS", "FORMAT"];
const JOIN_WORDS: &[&str] =
    &["LEFT", "RIGHT", "FULL", "INNER", "OUTER", "CROSS", "NATURAL", "SEMI", "ANTI", "GLOBAL", "ASOF", "ANY"];

impl Clauses {
    /// Finds them. `None` where text and tree do not agree.
    pub(super) fn read(select: &Select, query: Option<&Query>, source: &Source<'_>) -> Option<Self> {
        let start = source.at(select.select_token.0.span.start)?;
        if !source.is(start, "SELECT") {
            return None;
        }
        let outer = level(source, start);
        let is = |index: usize, word: &str| source.is(index, word);
        // A word that may be a name as well counts only in the order in which the clauses come.
        let mut stops = Stops::default();
        for &index in &outer {
            let last = index.checked_sub(1);
            let after = |word: &str| last.is_some_and(|last| is(last, word));
            if stops.from.is_none() && is(index, "FROM") && !after("DISTINCT") && !select.from.is_empty() {
                stops.from = Some(index);
            } else if select.selection.is_some() && stops.selection.is_none() && is(index, "WHERE") {
                stops.selection = Some(index);
            } else if groups(select) && stops.group.is_none() && is(index, "GROUP") && is(index + 1, "BY") {
                stops.group = Some(index);
            } else if select.having.is_some() && stops.having.is_none() && is(index, "HAVING") {
                stops.having = Some(index);
            } else if stops.other.is_none()
                && stops.from.is_some()
                && (is(index, "QUALIFY") || (is(index, "WINDOW") && !select.named_window.is_empty()))
            {
                stops.other = Some(index);
            } else if has_tail(query)
                && stops.tail.is_none()
                && source.is_any(index, TAIL)
                && index > start + 1
            {
                if is(index, "ORDER") && !is(index + 1, "BY") {
                    continue;
                }
                stops.tail = Some(index);
            }
        }
        let end =
            outer.last().map(|&last| source.mate(last).filter(|&mate| mate > last).unwrap_or(last) + 1)?;
        let select_end = stops.tail.unwrap_or(end);
        let next = |after: Option<usize>| {
            let after = after.unwrap_or(start);
            [stops.from, stops.selection, stops.group, stops.having, stops.other, stops.tail]
                .into_iter()
                .flatten()
                .filter(|&stop| stop > after)
                .min()
                .unwrap_or(end)
        };
        let distinct = source.is_any(start + 1, &["DISTINCT", "ALL"]).then_some(start + 1);
        let list = distinct.map_or(start + 1, |at| at + 1)..next(None);
        let mut projection = source.split_commas(&list);
        if projection.last().is_some_and(Tokens::is_empty) {
            projection.pop(); // A trailing comma.
        }
        let from = match stops.from {
            Some(at) => read_from(&select.from, source, at + 1..next(stops.from))?,
            None => Vec::new(),
        };
        let group_by = match stops.group {
            Some(at) => source.split_commas(&(at + 2..next(stops.group))),
            None => Vec::new(),
        };
        let agrees = stops.from.is_some() != select.from.is_empty()
            && stops.selection.is_some() == select.selection.is_some()
            && stops.having.is_some() == select.having.is_some()
            && (projection.len() == select.projection.len()
                || select.top.is_some()
                || select.distinct.is_some());
        if !agrees {
            return None;
        }
        Some(Self {
            select: start..select_end,
            scope: start..end,
            distinct,
            projection,
            from,
            selection: stops.selection.map(|at| at + 1..next(stops.selection)),
            group_by,
            having: stops.having.map(|at| at + 1..next(stops.having)),
            tail: select_end..end,
        })
    }
}

#[derive(Default)]
struct Stops {
    from: Option<usize>,
    selection: Option<usize>,
    group: Option<usize>,
    having: Option<usize>,
    other: Option<usize>,
    tail: Option<usize>,
}

fn groups(select: &Select) -> bool {
    match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(list, _) => !list.is_empty(),
    }
}

fn has_tail(query: Option<&Query>) -> bool {
    query.is_some_and(|query| query.order_by.is_some() || super::block::limits(query))
}

/// The tokens on the level of the SELECT at `start`, to its end.
fn level(source: &Source<'_>, start: usize) -> Vec<usize> {
    use sqlparser::tokenizer::Token;
    let mut tokens = Vec::new();
    let mut index = start;
    while let Some(token) = source.token(index) {
        if matches!(token, Token::RParen | Token::RBracket | Token::RBrace | Token::SemiColon)
            || (index > start && source.is_any(index, ENDS))
            || (index > start && source.is(index, "SELECT"))
        {
            break;
        }
        tokens.push(index);
        index = match source.mate(index) {
            Some(mate) if mate > index => {
                // The closing bracket is passed over; the opening one stands for both.
                mate + 1
            }
            _ => index + 1,
        };
    }
    tokens
}

fn read_from(from: &[TableWithJoins], source: &Source<'_>, tokens: Tokens) -> Option<Vec<FromItem>> {
    let items = source.split_commas(&tokens);
    if items.len() != from.len() {
        return None;
    }
    items.into_iter().zip(from).map(|(tokens, item)| read_item(item, source, tokens)).collect()
}

fn read_item(item: &TableWithJoins, source: &Source<'_>, tokens: Tokens) -> Option<FromItem> {
    let plain = item.joins.iter().all(|join| {
        matches!(
            join.join_operator,
            JoinOperator::Join(_)
                | JoinOperator::Inner(_)
                | JoinOperator::Left(_)
                | JoinOperator::LeftOuter(_)
                | JoinOperator::Right(_)
                | JoinOperator::RightOuter(_)
                | JoinOperator::FullOuter(_)
                | JoinOperator::CrossJoin(_)
        )
    });
    if !plain {
        // Such a FROM is marked by the reader of blocks; its parts are not needed.
        return Some(FromItem { relation: tokens.clone(), tokens, joins: Vec::new() });
    }
    let words: Vec<usize> = source.outer(tokens.clone()).collect();
    let keywords: Vec<usize> = words.iter().copied().filter(|&index| source.is(index, "JOIN")).collect();
    if keywords.len() != item.joins.len() {
        return None;
    }
    let starts: Vec<usize> = keywords
        .iter()
        .map(|&keyword| {
            let mut start = keyword;
            while start > tokens.start + 1 && source.is_any(start - 1, JOIN_WORDS) {
                start -= 1;
            }
            start
        })
        .collect();
    let mut joins = Vec::with_capacity(keywords.len());
    for (index, (&keyword, join)) in keywords.iter().zip(&item.joins).enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(tokens.end);
        let on = words.iter().copied().find(|&word| word > keyword && word < end && source.is(word, "ON"));
        let has_on = matches!(
            &join.join_operator,
            JoinOperator::Join(JoinConstraint::On(_))
                | JoinOperator::Inner(JoinConstraint::On(_))
                | JoinOperator::Left(JoinConstraint::On(_))
                | JoinOperator::LeftOuter(JoinConstraint::On(_))
                | JoinOperator::Right(JoinConstraint::On(_))
                | JoinOperator::RightOuter(JoinConstraint::On(_))
                | JoinOperator::FullOuter(JoinConstraint::On(_))
        );
        if on.is_some() != has_on {
            return None;
        }
        joins.push(JoinText {
            tokens: starts[index]..end,
            keyword,
            relation: keyword + 1..on.unwrap_or(end),
            on: on.map(|on| on + 1..end),
        });
    }
    let relation = tokens.start..starts.first().copied().unwrap_or(tokens.end);
    Some(FromItem { tokens, relation, joins })
}
