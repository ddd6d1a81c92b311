//! `LEFT OUTER UNION ALL BY NAME ON (a)`, `UNION ALL STRICT CORRESPONDING BY (a)`: set operations that
//! match columns by name and say which they keep. The tree has them as BY NAME, the mend the rest.

use sqlparser::tokenizer::Token;

use super::super::source::{Output, Source};
use super::{Mend, MendKind, SetSide};

pub(super) fn mend(
    source: &Source,
    start: usize,
    output: &mut Output,
    mends: &mut Vec<Mend>,
) -> Option<usize> {
    let mut at = start;
    let mut side = match () {
        () if source.is(at, "LEFT") => Some(SetSide::Left),
        () if source.is(at, "FULL") => Some(SetSide::Full),
        () if source.is(at, "INNER") => Some(SetSide::Inner),
        () => None,
    };
    if side.is_some() {
        at += 1;
        at += usize::from(source.is(at, "OUTER"));
    }
    let operator = at;
    if !source.is_any(operator, &["UNION", "EXCEPT", "INTERSECT"]) {
        return None;
    }
    at += 1;
    let quantifier = at;
    at += usize::from(source.is_any(at, &["ALL", "DISTINCT"]));
    let after_quantifier = at;
    let strict = source.is(at, "STRICT");
    at += usize::from(strict);
    if source.are(at, &["BY", "NAME"]) {
        at += 2;
        if !source.is(at, "ON") && side.is_none() && !strict {
            return None;
        }
        at += usize::from(source.is(at, "ON") && source.is_token(at + 1, &Token::LParen));
    } else if source.is(at, "CORRESPONDING") {
        at += 1;
        if side.is_none() && !strict {
            side = Some(SetSide::Inner);
        }
        at += usize::from(source.is(at, "BY"));
    } else {
        return None;
    }
    let mut columns = Vec::new();
    if source.is_token(at, &Token::LParen) && !source.starts_query(at) {
        let end = source.after_group(at);
        for inner in at + 1..end {
            if let Token::Word(word) = source.token(inner) {
                columns.push(word.value.clone());
            }
        }
        at = end;
    }
    output.copy_range(source, operator..operator + 1);
    output.copy_range(source, quantifier..after_quantifier);
    output.words(source, operator, "BY NAME");
    let kind = MendKind::SetByName { side: side.unwrap_or(SetSide::Full), columns };
    mends.push(Mend { position: source.position(operator), kind });
    Some(at)
}
