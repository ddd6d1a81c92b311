//! PostgreSQL's `JOIN b USING (id) AS j`: a name for the merged columns alone, which are found without it
//! as well.

use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::super::source::{Output, Source, Tok};
use super::{Mend, MendKind};

/// More of them are made by nobody.
const MOST_NAMES: usize = 100;

pub(super) fn mend(source: &Source, mends: &mut Vec<Mend>) -> Option<Vec<Tok>> {
    if !matches!(source.dialect, Dialect::Postgres | Dialect::Generic | Dialect::Ansi) {
        return None;
    }
    let names: Vec<(usize, &str)> = (0..source.len()).filter_map(|at| alias(source, at)).collect();
    // Where something else is called the same, what it qualifies may be that one's.
    let is_declared = |at: usize| names.iter().any(|(place, _)| *place == at);
    let is_twice = |name: &str| {
        let is_name = |at: &usize| source.is(*at, name) && !source.is_token(at + 1, &Token::Period);
        (1..source.len()).filter(is_name).any(|at| !is_declared(at - 1))
    };
    if names.is_empty() || names.len() > MOST_NAMES || names.iter().any(|(_, name)| is_twice(name)) {
        return None;
    }
    let mut output = Output::default();
    let mut at = 0;
    while at < source.len() {
        let is_part = at > 0 && source.is_token(at - 1, &Token::Period);
        let qualifies = !is_part
            && source.is_token(at + 1, &Token::Period)
            && names.iter().any(|(_, name)| source.is(at, name));
        if is_declared(at) || qualifies {
            mends.push(Mend { position: source.position(at), kind: MendKind::Rephrased });
            at += 2;
        } else {
            output.copy(source, at);
            at += 1;
        }
    }
    Some(output.toks)
}

/// Where AS stands behind the columns of a USING, and the name.
fn alias(source: &Source, at: usize) -> Option<(usize, &str)> {
    let is_using = source.is(at, "USING") && source.is_token(at + 1, &Token::LParen);
    let after = is_using.then(|| source.after_group(at + 1))?;
    let Token::Word(name) = source.token(after + 1) else { return None };
    // Columns in brackets are those of the table that the dialect has there.
    let is_alias = source.is(after, "AS") && !source.is_token(after + 2, &Token::LParen);
    is_alias.then_some((after, name.value.as_str()))
}
