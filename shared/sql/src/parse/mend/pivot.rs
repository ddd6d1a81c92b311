//! `PIVOT t ON a USING sum(b)` as a query, and PIVOT with GROUP BY as one over those columns alone.

use sqlparser::tokenizer::Token;

use super::super::source::{Output, Source, Tok};
use super::{Mend, MendKind};

pub(super) fn mend(source: &Source, mends: &mut Vec<Mend>) -> Option<Vec<Tok>> {
    let mut output = Output::default();
    let mut at = 0;
    while at < source.len() {
        let starts =
            at == 0 || matches!(source.token(at - 1), Token::LParen) || source.is_any(at - 1, &["AS"]);
        let next = match () {
            () if starts && source.is(at, "PIVOT") => statement(source, at, &mut output),
            () if starts && source.is(at, "UNPIVOT") => reverse(source, at, &mut output),
            () if source.is(at, "PIVOT") && source.is_token(at + 1, &Token::LParen) => {
                grouped(source, at, &mut output)
            }
            () => None,
        };
        at = match next {
            Some(next) => {
                output.changed = true;
                mends.push(Mend { position: source.position(at), kind: MendKind::Rephrased });
                next
            }
            None => {
                output.copy(source, at);
                at + 1
            }
        };
    }
    output.changed.then_some(output.toks)
}

/// The end of the statement or of the brackets around it.
fn end_of(source: &Source, at: usize) -> usize {
    source.find(at, source.len(), |at| source.is_token(at, &Token::RParen)).unwrap_or(source.len())
}

/// The place after a name or a bracketed query.
fn after_source(source: &Source, at: usize) -> Option<usize> {
    let end =
        if source.is_token(at, &Token::LParen) { source.after_group(at) } else { source.after_name(at) };
    let end = if end == at && source.is_string(at) { at + 1 } else { end };
    (end > at).then_some(end)
}

/// `PIVOT t ON a [IN (…)] USING f(b) [GROUP BY c]`.
fn statement(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let table = at + 1;
    let on = after_source(source, table)?;
    if !source.is(on, "ON") {
        return None;
    }
    let end = end_of(source, on);
    let using = source.find(on, end, |at| source.is(at, "USING"))?;
    let group = source.find(using, end, |at| source.is(at, "GROUP")).unwrap_or(end);
    let in_list = source.find(on, using, |at| source.is(at, "IN"));
    let columns = on + 1..in_list.unwrap_or(using);
    output.words(source, at, "SELECT * FROM");
    narrowed(source, table..on, columns.clone(), using + 1..group, group..end, output);
    output.words(source, at, "PIVOT (");
    output.copy_range(source, using + 1..group);
    output.words(source, on, "FOR");
    let several = columns.len() > 1 && columns.clone().any(|at| source.is_token(at, &Token::Comma));
    if several {
        output.words(source, on, "(");
    }
    output.copy_range(source, columns);
    if several {
        output.words(source, on, ")");
    }
    match in_list {
        Some(list) => output.copy_range(source, list..using),
        None => output.words(source, on, "IN ( ANY )"),
    }
    output.words(source, at, ")");
    Some(end)
}

/// The source of a pivot; with GROUP BY only its columns that matter, so that no other is in the way.
fn narrowed(
    source: &Source,
    table: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
    aggregates: std::ops::Range<usize>,
    group: std::ops::Range<usize>,
    output: &mut Output,
) {
    if group.len() < 3 {
        return output.copy_range(source, table);
    }
    output.words(source, group.start, "( SELECT");
    output.copy_range(source, group.start + 2..group.end);
    let names = |range: std::ops::Range<usize>| {
        range.filter(|&at| {
            let call = source.is_token(at + 1, &Token::LParen);
            let alias = at > 0 && source.is(at - 1, "AS");
            source.is_ident(at)
                && !call
                && !alias
                && !source.is_any(at, &["AS", "DISTINCT", "FILTER", "WHERE"])
        })
    };
    for at in names(columns).chain(names(aggregates)) {
        output.words(source, at, ",");
        output.copy(source, at);
    }
    output.words(source, table.start, "FROM");
    output.copy_range(source, table.clone());
    output.words(source, table.end - 1, ")");
}

/// `UNPIVOT t ON a, b INTO NAME k VALUE v`.
fn reverse(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let table = at + 1;
    let on = after_source(source, table)?;
    let end = end_of(source, on);
    let into = source.find(on, end, |at| source.is(at, "INTO"))?;
    let value = source.find(into, end, |at| source.is(at, "VALUE"))?;
    if !source.is(on, "ON") || !source.is(into + 1, "NAME") {
        return None;
    }
    output.words(source, at, "SELECT * FROM");
    output.copy_range(source, table..on);
    output.words(source, at, "UNPIVOT (");
    output.copy_range(source, value + 1..end);
    output.words(source, into, "FOR");
    output.copy_range(source, into + 2..value);
    output.words(source, on, "IN (");
    output.copy_range(source, on + 1..into);
    output.words(source, on, ") )");
    Some(end)
}

/// `t PIVOT (f(a) FOR b IN (…) GROUP BY c)`: the table is in the output already.
fn grouped(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let end = source.after_group(at + 1);
    let group = source.find(at + 2, end - 1, |at| source.is(at, "GROUP"))?;
    let on = source.find(at + 2, group, |at| source.is(at, "FOR"))?;
    let list = source.find(on, group, |at| source.is(at, "IN"))?;
    // One FOR alone: more would make a product of columns that the grammar cannot say.
    if source.after_group(list + 1) != group {
        return None;
    }
    let mut start = at.checked_sub(1)?;
    if !source.is_ident(start) {
        return None;
    }
    while start >= 2 && source.is_token(start - 1, &Token::Period) {
        start -= 2;
    }
    if start == 0 || !source.is_any(start - 1, &["FROM", "JOIN"]) {
        return None;
    }
    output.toks.truncate(output.toks.len() - (at - start));
    narrowed(source, start..at, on + 1..list, at + 2..on, group..end - 1, output);
    output.copy_range(source, at..group);
    output.copy_range(source, end - 1..end);
    Some(end)
}
