//! CREATE DOMAIN with its parts in any order and with NOT NULL, and the types that T-SQL and DuckDB declare by
//! another one: what remains is a domain with its type, its collation and its conditions.

use sqlparser::tokenizer::Token;

use super::super::source::{Output, Source, Tok};
use super::{Mend, MendKind};

/// What may follow the type.
const PARTS: &[&str] = &["COLLATE", "DEFAULT", "CONSTRAINT", "NOT", "NULL", "CHECK"];

pub(super) fn mend(source: &Source, mends: &mut Vec<Mend>) -> Option<Vec<Tok>> {
    let is_alias = source.are(0, &["CREATE", "TYPE"]);
    if !is_alias && !source.are(0, &["CREATE", "DOMAIN"]) {
        return None;
    }
    let after_name = source.after_name(2);
    let is_link = source.is_any(after_name, &["AS", "FROM"]);
    if after_name == 2 || is_alias && !is_link {
        return None;
    }
    let start = after_name + usize::from(is_link);
    if is_alias
        && source.is_any(start, &["ENUM", "RANGE", "STRUCT", "ROW", "MAP", "UNION", "OBJECT", "TABLE"])
        || !source.is_ident(start)
    {
        return None;
    }
    let part = |at: usize| source.is_any(at, PARTS);
    let next = |at: usize| source.find(at, source.len(), part).unwrap_or(source.len());
    let after_type = next(start + 1);
    let mut output = Output::default();
    output.words(source, 0, "CREATE DOMAIN");
    output.copy_range(source, 2..after_name);
    output.words(source, after_name, "AS");
    output.copy_range(source, start..after_type);
    let collate = source.find(after_type, source.len(), |at| source.is(at, "COLLATE"));
    if let Some(collate) = collate {
        let last = source.after_name(collate + 1) - 1;
        output.words(source, collate, "COLLATE");
        output.copy(source, last);
    }
    let mut at = after_type;
    while at < source.len() {
        if source.is(at, "CONSTRAINT") && source.is_ident(at + 1) {
            output.copy_range(source, at..at + 2);
            at += 2;
        }
        if source.is(at, "CHECK") && source.is_token(at + 1, &Token::LParen) {
            output.copy_range(source, at..source.after_group(at + 1));
        } else if source.are(at, &["NOT", "NULL"]) {
            output.words(source, at, "CHECK ( VALUE IS NOT NULL )");
            at += 1;
        } else if source.is(at, "NULL") && source.is(at - 2, "CONSTRAINT") {
            output.toks.truncate(output.toks.len() - 2);
        }
        // A default may be NULL itself.
        let skipped = 1 + usize::from(source.is(at, "DEFAULT"));
        at = next(at + skipped);
    }
    mends.push(Mend { position: source.position(0), kind: MendKind::Rephrased });
    Some(output.toks)
}
