//! ALTER TABLE in the forms of T-SQL and Oracle: what remains is the columns and keys.

use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::super::source::{Output, Source, Tok};
use super::{Mend, MendKind, create};

pub(super) fn mend(source: &Source, mends: &mut Vec<Mend>) -> Option<Vec<Tok>> {
    if !source.are(0, &["ALTER", "TABLE"]) {
        return None;
    }
    let action = source.after_name(2);
    if action == 2 {
        return None;
    }
    let mut output = Output::default();
    output.copy_range(source, 0..action);
    match source.dialect {
        Dialect::TSql | Dialect::Fabric => transact(source, action, &mut output)?,
        Dialect::Oracle => oracle(source, action, &mut output, mends)?,
        _ => return None,
    }
    mends.push(Mend { position: source.position(action), kind: MendKind::Rephrased });
    Some(output.toks)
}

/// `WITH NOCHECK ADD …` and `ALTER COLUMN a INT NULL`.
fn transact(source: &Source, action: usize, output: &mut Output) -> Option<()> {
    let end = source.len();
    if source.is(action, "WITH") && source.is_any(action + 1, &["CHECK", "NOCHECK"]) {
        output.copy_range(source, action + 2..end);
        if source.is(action + 1, "NOCHECK") {
            output.words(source, end - 1, "NOT VALID");
        }
        return Some(());
    }
    let names_type =
        source.is_ident(action + 3) && !source.is_any(action + 3, &["SET", "DROP", "TYPE", "ADD"]);
    if source.are(action, &["ALTER", "COLUMN"]) && source.is_ident(action + 2) && names_type {
        output.words(source, action, "MODIFY COLUMN");
        create::column(source, action + 2, end, output);
        return Some(());
    }
    None
}

/// `ADD (…)`, `MODIFY (…)` and what may follow a constraint.
fn oracle(source: &Source, action: usize, output: &mut Output, mends: &mut Vec<Mend>) -> Option<()> {
    let is_modify = source.is(action, "MODIFY");
    if !is_modify && !source.is(action, "ADD") || source.is_any(action + 1, &["CONSTRAINT"]) && is_modify {
        return None;
    }
    let mut start = action + 1;
    let mut end = source.len();
    if source.is_token(start, &Token::LParen) {
        end = source.after_group(start) - 1;
        start += 1;
    }
    let before = output.toks.len();
    while start < end {
        let next = source.find(start, end, |at| source.is_token(at, &Token::Comma)).unwrap_or(end);
        let empty = output.toks.len();
        if empty > before {
            output.words(source, start, ",");
        }
        let item = output.toks.len();
        if is_modify {
            modify(source, start, next, output);
        } else {
            output.words(source, start, "ADD");
            create::column(source, start, next, output);
            mends.extend(create::left_out(source, start, next));
        }
        if output.toks.len() <= item + usize::from(!is_modify) {
            output.toks.truncate(empty);
        }
        start = next + 1;
    }
    (output.toks.len() > before).then_some(())
}

/// `a NUMBER NOT NULL`, `a NULL`.
fn modify(source: &Source, start: usize, end: usize, output: &mut Output) {
    let others = ["NOT", "NULL", "DEFAULT", "CONSTRAINT", "VISIBLE", "INVISIBLE", "GENERATED", "DROP"];
    if start + 1 < end && source.is_ident(start + 1) && !source.is_any(start + 1, &others) {
        output.words(source, start, "MODIFY COLUMN");
        return create::column(source, start, end, output);
    }
    let Some(null) = source.find(start + 1, end, |at| source.is(at, "NULL")) else { return };
    output.words(source, start, "ALTER COLUMN");
    output.copy(source, start);
    let holds = source.is(null - 1, "NOT") && !create::is_off(source, null, end);
    output.words(source, start, if holds { "SET NOT NULL" } else { "DROP NOT NULL" });
}
