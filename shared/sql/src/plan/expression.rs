//! Expressions of a plan, as texts.

use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use crate::guard;
use crate::parse::{Grammar, raw_tokens};

/// A column that an expression names: the relation's alias and the column, without quotes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    pub(super) alias: String,
    pub(super) column: String,
}

/// The columns that an expression names, in order.
pub(super) fn named(expression: &str) -> Vec<Named> {
    let Some(tokens) = raw_tokens(Grammar::Postgres, expression) else { return Vec::new() };
    let mut found = Vec::new();
    for parts in tokens.windows(3) {
        if let [Token::Word(alias), Token::Period, Token::Word(column)] = parts {
            found.push(Named { alias: alias.value.clone(), column: column.value.clone() });
        }
    }
    found
}

/// The column that an expression is, if it is nothing else.
pub(super) fn plain(expression: &str) -> Option<Named> {
    let bare = without_brackets(expression);
    let tokens = raw_tokens(Grammar::Postgres, bare)?;
    match tokens.as_slice() {
        [Token::Word(alias), Token::Period, Token::Word(column)] => {
            Some(Named { alias: alias.value.clone(), column: column.value.clone() })
        }
        _ => None,
    }
}

/// The expression without brackets around the whole: they say that it was computed below.
pub(super) fn without_brackets(expression: &str) -> &str {
    let mut bare = expression.trim();
    while let Some(inner) = bare.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        if !is_closed(inner) {
            break;
        }
        bare = inner.trim();
    }
    bare
}

/// Whether every bracket of a text is closed in it.
fn is_closed(text: &str) -> bool {
    let (mut depth, mut quote) = (0_usize, None);
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            _ => {}
        }
    }
    depth == 0
}

/// Whether it parses.
pub(super) fn parses(expression: &str) -> bool {
    let is_one = guard::with_script(
        &format!("SELECT {expression}"),
        Dialect::Postgres,
        |script| matches!(&script.statements[..], [statement] if statement.tree.is_ok()),
    );
    is_one.unwrap_or(false)
}

/// An identifier in quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A key of a Sort without what says how it sorts.
pub(super) fn sorted_by(key: &str) -> &str {
    let mut key = key.trim();
    loop {
        let shorter =
            [" DESC", " ASC", " NULLS FIRST", " NULLS LAST"].iter().find_map(|end| key.strip_suffix(end));
        let shorter = shorter.or_else(|| {
            let (before, last) = key.rsplit_once(' ')?;
            before
                .strip_suffix(" COLLATE")
                .or_else(|| before.strip_suffix(" USING").filter(|_| !last.contains(')')))
        });
        match shorter {
            Some(shorter) => key = shorter.trim_end(),
            None => return key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found() {
        let found = named("((o.\"Total\" + c.x) > f(o.y)) AND (o.s = 'c.z'::text)");
        let found: Vec<_> = found.iter().map(|named| format!("{}.{}", named.alias, named.column)).collect();
        assert_eq!(found, ["o.Total", "c.x", "o.y", "o.s"]);
        assert_eq!(plain("((o.x))").unwrap().column, "x");
        assert_eq!(plain("(o.x + 1)"), None);
    }

    #[test]
    fn brackets_around_the_whole_are_taken_off() {
        for (given, bare) in [("(sum(a))", "sum(a)"), ("(a) + (b)", "(a) + (b)"), ("((a = ')'))", "a = ')'")]
        {
            assert_eq!(without_brackets(given), bare);
        }
    }

    #[test]
    fn a_sort_key_is_its_expression() {
        for (given, key) in [
            ("o.x", "o.x"),
            ("o.x DESC NULLS LAST", "o.x"),
            ("o.x COLLATE \"C\" DESC", "o.x"),
            ("(lower((o.x)::text)) USING ~<~", "(lower((o.x)::text))"),
        ] {
            assert_eq!(sorted_by(given), key);
        }
    }
}
