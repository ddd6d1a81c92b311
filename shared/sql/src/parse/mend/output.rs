//! T-SQL's OUTPUT where the grammar does not expect it: before the FROM of a DELETE, and with the columns of
//! the table that it fills.

use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::super::source::{Output, Source, Tok};
use super::{Mend, MendKind};

/// `DELETE t OUTPUT … FROM … WHERE …` as `DELETE t FROM … OUTPUT … WHERE …`.
pub(super) fn move_behind_from(source: &Source, mends: &mut Vec<Mend>) -> Option<Vec<Tok>> {
    if !matches!(source.dialect, Dialect::TSql | Dialect::Fabric) || !source.is(0, "DELETE") {
        return None;
    }
    let target = source.after_name(1 + usize::from(source.is(1, "FROM")));
    let from = source.find(target, source.len(), |at| source.is(at, "FROM"))?;
    if !source.is(target, "OUTPUT") {
        return None;
    }
    let place =
        source.find(from, source.len(), |at| source.is_any(at, &["WHERE", "OPTION"])).unwrap_or(source.len());
    let mut output = Output::default();
    output.copy(source, 0);
    output.copy_range(source, 1 + usize::from(source.is(1, "FROM"))..target);
    output.copy_range(source, from..place);
    output.copy_range(source, target..from);
    output.copy_range(source, place..source.len());
    mends.push(Mend { position: source.position(target), kind: MendKind::Rephrased });
    Some(output.toks)
}

/// `OUTPUT … INTO t (a, b)` as `OUTPUT … INTO t`.
pub(super) fn mend(source: &Source, at: usize, output: &mut Output, mends: &mut Vec<Mend>) -> Option<usize> {
    if !source.is(at, "OUTPUT") || !matches!(source.dialect, Dialect::TSql | Dialect::Fabric) {
        return None;
    }
    let into = source.find(at, source.len(), |at| source.is(at, "INTO"))?;
    let open = source.after_name(into + 1);
    if !source.is_token(open, &Token::LParen) || source.starts_query(open) {
        return None;
    }
    let close = source.after_group(open);
    let names = (open + 1..close).filter_map(|at| match source.token(at) {
        Token::Word(word) => Some(word.value.clone()),
        _ => None,
    });
    mends.push(Mend {
        position: source.position(open),
        kind: MendKind::OutputColumns { columns: names.collect() },
    });
    output.copy_range(source, at..open);
    Some(close)
}
