//! Hive's `FROM t INSERT … SELECT … INSERT … SELECT …`: one statement for each INSERT.

use sqlparser::tokenizer::TokenWithSpan;
use sqm_domain::Dialect;

use super::source::{Output, Source};
use super::tokens::is_word;

/// What may follow the columns of a SELECT.
const CLAUSES: &[&str] = &[
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "WINDOW",
    "QUALIFY",
    "CLUSTER",
    "DISTRIBUTE",
    "SORT",
    "LATERAL",
    "UNION",
];

/// An INSERT of its own: its tokens, with those of the common FROM put in, and its own stretch of them.
pub(super) struct Insert {
    pub(super) tokens: Vec<TokenWithSpan>,
    pub(super) own: Vec<TokenWithSpan>,
}

/// The INSERTs of the statement; empty where it is none of this kind.
pub(super) fn inserts_of(tokens: &[TokenWithSpan], dialect: Dialect) -> Vec<Insert> {
    if !tokens.first().is_some_and(|token| is_word(&token.token, "FROM")) {
        return Vec::new();
    }
    let source = Source::of(tokens, dialect);
    let mut starts = Vec::new();
    let mut at = 0;
    while let Some(found) = source.find(at, source.len(), |at| source.is(at, "INSERT")) {
        starts.push(found);
        at = found + 1;
    }
    let Some(&first) = starts.first() else { return Vec::new() };
    let ends = starts.iter().skip(1).copied().chain([source.len()]);
    let insert = |(&start, end): (&usize, usize)| {
        let mut output = Output::default();
        let select = source.find(start, end, |at| source.is_any(at, &["SELECT", "REDUCE", "MAP"]));
        match select {
            Some(select) => {
                let clause = source.find(select, end, |at| source.is_any(at, CLAUSES)).unwrap_or(end);
                output.copy_range(&source, start..clause);
                output.copy_range(&source, 0..first);
                output.copy_range(&source, clause..end);
            }
            None => output.copy_range(&source, start..end),
        }
        Insert { tokens: output.into_tokens(), own: Output::of_range(&source, start..end) }
    };
    starts.iter().zip(ends).map(insert).collect()
}

#[cfg(test)]
mod tests {
    use super::super::grammar::Grammar;
    use super::super::tokens::tokenize;
    use super::*;
    use crate::text::Position;

    #[test]
    fn each_insert_reads_the_common_source() {
        let sql =
            "FROM (SELECT a FROM s) q INSERT INTO t SELECT a WHERE a > 1 INSERT OVERWRITE TABLE u SELECT b";
        let tokens = tokenize(Grammar::Hive.parser(), sql, Position::START).unwrap();
        let texts: Vec<String> = inserts_of(&tokens, Dialect::Hive)
            .iter()
            .map(|insert| insert.tokens.iter().map(|token| token.token.to_string()).collect())
            .collect();
        assert_eq!(
            texts,
            [
                "INSERT INTO t SELECT a FROM (SELECT a FROM s) q WHERE a > 1",
                "INSERT OVERWRITE TABLE u SELECT b FROM (SELECT a FROM s) q"
            ]
        );
    }
}
