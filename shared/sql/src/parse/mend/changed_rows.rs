//! Db2's `SELECT … FROM FINAL TABLE (INSERT …)`: the rows of a change as they are after it, as a query in WITH
//! that changes data. Those before it (`OLD TABLE`) are not read: RETURNING gives others.

use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::super::source::{Output, Source, Tok};
use super::{Mend, MendKind};

/// What the query in WITH is called: no table is.
const NAME: &str = "rows of the change";

pub(super) fn mend(source: &Source, mends: &mut Vec<Mend>) -> Option<Vec<Tok>> {
    if !matches!(source.dialect, Dialect::Db2 | Dialect::Generic) || !source.is(0, "SELECT") {
        return None;
    }
    let is_change = |at: usize| {
        source.is_any(at, &["FINAL", "NEW"])
            && source.is(at + 1, "TABLE")
            && source.is_token(at + 2, &Token::LParen)
            && source.is_any(at + 3, &["INSERT", "UPDATE", "DELETE", "MERGE"])
    };
    let start = source.find(0, source.len(), is_change)?;
    let end = source.after_group(start + 2);
    let mut output = Output::default();
    output.words(source, start, "WITH");
    output.put(source, start, Token::make_word(NAME, Some('"')));
    output.words(source, start, "AS (");
    output.copy_range(source, start + 3..end - 1);
    output.words(source, end - 1, "RETURNING * )");
    output.copy_range(source, 0..start);
    output.put(source, start, Token::make_word(NAME, Some('"')));
    output.copy_range(source, end..source.len());
    mends.push(Mend { position: source.position(start), kind: MendKind::Rephrased });
    Some(output.toks)
}
