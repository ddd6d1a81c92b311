//! ClickHouse's `WITH expression AS name`: the tree has `WITH name AS (SELECT expression AS name)`, and the
//! mend says that the name stands for the expression, not for a table.

use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::super::source::{Output, Source, Tok};
use super::{Mend, MendKind};

pub(super) fn mend(source: &Source, mends: &mut Vec<Mend>) -> Option<Vec<Tok>> {
    if source.dialect != Dialect::ClickHouse {
        return None;
    }
    let mut found: Vec<(usize, usize)> = Vec::new();
    for at in (0..source.len()).filter(|&at| source.is(at, "WITH")) {
        expressions(source, at + 1, &mut found);
    }
    if found.is_empty() {
        return None;
    }
    found.sort_unstable();
    let mut output = Output::default();
    let mut ends = Vec::new();
    let mut found = found.into_iter().peekable();
    for at in 0..source.len() {
        if let Some((_, name)) = found.next_if(|(start, _)| *start == at) {
            output.copy(source, name);
            output.words(source, at, "AS ( SELECT");
            ends.push(name);
            if let Token::Word(word) = source.token(name) {
                let kind = MendKind::NamedExpression { name: word.value.clone() };
                mends.push(Mend { position: source.position(name), kind });
            }
        }
        output.copy(source, at);
        if ends.last() == Some(&at) {
            ends.pop();
            output.words(source, at, ")");
        }
    }
    Some(output.toks)
}

/// The expressions in the list of a WITH: where each starts, and where its name stands.
fn expressions(source: &Source, start: usize, found: &mut Vec<(usize, usize)>) {
    let mut item = start + usize::from(source.is(start, "RECURSIVE"));
    loop {
        let columns =
            if source.is_token(item + 1, &Token::LParen) { source.after_group(item + 1) } else { item + 1 };
        let is_query =
            source.is_ident(item) && source.is(columns, "AS") && source.is_token(columns + 1, &Token::LParen);
        let end = if is_query {
            source.after_group(columns + 1)
        } else {
            let ends =
                |at: usize| source.is_token(at, &Token::Comma) || source.is_any(at, &["SELECT", "INSERT"]);
            let named = |at: usize| source.is(at, "AS") && source.is_ident(at + 1) && ends(at + 2);
            let Some(name) = source.find(item, source.len(), named) else { return };
            found.push((item, name + 1));
            name + 2
        };
        if !source.is_token(end, &Token::Comma) {
            return;
        }
        item = end + 1;
    }
}
