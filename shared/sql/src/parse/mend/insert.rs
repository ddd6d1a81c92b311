//! INSERT with clauses between its target and its query.

use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::super::source::{Output, Source, Tok};
use super::{Mend, MendKind, clause};

pub(super) fn mend(source: &Source, mends: &mut Vec<Mend>) -> Option<Vec<Tok>> {
    let start = source.find(0, source.len(), |at| {
        source.is_any(at, &["INSERT", "INS", "UPSERT"]) && !source.is(at.wrapping_sub(1), "THEN")
    })?;
    if start > 0 && !source.is(0, "WITH") {
        return None;
    }
    let top = clause::top_of_change(source, start + 1);
    let mut at = top.unwrap_or(start + 1);
    let mut output = Output::default();
    output.copy_range(source, 0..start);
    output.words(source, start, "INSERT");
    let directory = source.find(start, source.len().min(start + 5), |at| source.is(at, "DIRECTORY"));
    if let Some(directory) = directory {
        output.copy_range(source, at..directory + 2);
        at = directory + 2;
        let clauses = ["ROW", "STORED", "FIELDS", "LINES", "COLLECTION", "MAP", "NULL", "ESCAPED", "USING"];
        let query = source.find(at, source.len(), |at| starts_rows(source, at))?;
        if source.is_any(at, &clauses) {
            mends.push(Mend { position: source.position(at), kind: MendKind::Rephrased });
            output.copy_range(source, query..source.len());
            return Some(output.toks);
        }
    } else {
        let words = ["OVERWRITE", "INTO", "IGNORE", "OR", "REPLACE", "ABORT", "FAIL", "ROLLBACK", "TABLE"];
        while source.is_any(at, &words) && !source.is_any(at, &["VALUES"]) {
            // OVERWRITE INTO is OVERWRITE.
            if !(source.is(at, "INTO") && source.is(at - 1, "OVERWRITE")) {
                output.copy(source, at);
            }
            at += 1;
        }
        let after_name = source.after_name(at);
        if after_name == at || source.is_any(at, &["ALL", "FIRST"]) {
            return None;
        }
        output.copy_range(source, at..after_name);
        at = after_name;
    }
    let target = at;
    let mut changed = top.is_some() || source.is(start, "UPSERT");
    // Teradata: INSERT t (1, 2)
    let is_values = source.dialect == Dialect::Teradata
        && source.is_token(at, &Token::LParen)
        && source.after_group(at) == source.len()
        && !is_names(source, at);
    if is_values && !source.starts_query(at) {
        output.words(source, at, "VALUES");
        output.copy_range(source, at..source.len());
        mends.push(Mend { position: source.position(target), kind: MendKind::Rephrased });
        return Some(output.toks);
    }
    let query = source.find(at, source.len(), |at| starts_rows(source, at))?;
    while at < query {
        if source.is(at, "OUTPUT") && matches!(source.dialect, Dialect::TSql | Dialect::Fabric) {
            output.copy_range(source, at..query);
            at = query;
        } else if source.is(at, "PARTITION") && source.is_token(at + 1, &Token::LParen) {
            let end = source.after_group(at + 1);
            output.copy_range(source, at..end);
            at = end;
        } else if source.is_token(at, &Token::LParen) && is_names(source, at) {
            let end = source.after_group(at);
            output.copy_range(source, at..end);
            at = end;
        } else if source.is(at, "AS") && at == target && source.is_ident(at + 1) {
            output.copy_range(source, at..at + 2);
            at += 2;
        } else {
            if source.are(at, &["BY", "NAME"]) {
                mends.push(Mend { position: source.position(at), kind: MendKind::InsertByName });
            }
            changed = true;
            at += 1;
        }
    }
    let open = source.is_token(query, &Token::LParen) && source.is(query + 1, "WITH");
    if open && source.after_group(query) == source.len() {
        output.copy_range(source, query + 1..source.len() - 1);
        changed = true;
    } else if source.is(query, "FROM") {
        changed |= from_last(source, query, &mut output);
    } else {
        output.copy_range(source, query..source.len());
    }
    if changed {
        mends.push(Mend { position: source.position(target), kind: MendKind::Rephrased });
    }
    changed.then_some(output.toks)
}

fn starts_rows(source: &Source, at: usize) -> bool {
    source.starts_query(at)
        || source.is_any(at, &["VALUES", "DEFAULT", "FORMAT", "EXEC", "EXECUTE"])
        || (source.is(at, "TABLE") && source.is_ident(at + 1))
        || (source.is(at, "FROM") && source.dialect != Dialect::DuckDb)
}

/// Whether the group is a list of names.
fn is_names(source: &Source, at: usize) -> bool {
    let end = source.after_group(at);
    let name = |at: usize| source.is_ident(at) || matches!(source.token(at), Token::Comma | Token::Period);
    end > at + 2 && (at + 1..end - 1).all(name)
}

/// `FROM t SELECT a WHERE b` as `SELECT a FROM t WHERE b`; says whether that was possible.
pub(super) fn from_last(source: &Source, start: usize, output: &mut Output) -> bool {
    let select = source.find(start, source.len(), |at| source.is(at, "SELECT"));
    let Some(select) = select else {
        output.words(source, start, "SELECT *");
        output.copy_range(source, start..source.len());
        return true;
    };
    let clauses = [
        "WHERE",
        "GROUP",
        "HAVING",
        "ORDER",
        "LIMIT",
        "WINDOW",
        "QUALIFY",
        "UNION",
        "CLUSTER",
        "DISTRIBUTE",
        "SORT",
        "LATERAL",
    ];
    let clause = source.find(select, source.len(), |at| source.is_any(at, &clauses)).unwrap_or(source.len());
    output.copy_range(source, select..clause);
    output.copy_range(source, start..select);
    output.copy_range(source, clause..source.len());
    true
}
