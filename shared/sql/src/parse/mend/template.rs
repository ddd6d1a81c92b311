//! Parameters of templates: `${day}`, `{{ ref('orders') }}`, `%(day)s`, `&day`, `#{day}`.
//!
//! Where a name stands it becomes a name that is written like the parameter, elsewhere a placeholder.
//! Blocks `{% … %}` and comments `{# … #}` are left out, so what both branches of a condition say is read.

use sqlparser::tokenizer::{Span, Token};

use super::super::source::{Source, Tok, name};
use super::{Mend, MendKind};

/// The tokens with the parameters replaced; `None` if there are none.
pub(super) fn mend(source: &Source, mends: &mut Vec<Mend>) -> Option<Vec<Tok>> {
    let sign = |at: usize| {
        matches!(source.token(at), Token::LBrace | Token::Mod | Token::Ampersand | Token::Overlap)
    };
    let colon = |at: usize| source.is_token(at, &Token::Colon);
    if !(0..source.len()).any(|at| sign(at) || colon(at)) {
        return None;
    }
    let mut toks: Vec<Tok> = Vec::with_capacity(source.len());
    let mut changed = false;
    let mut at = 0;
    while at < source.len() {
        let Some((end, found)) = parameter(source, at) else {
            push(&mut toks, source.tok(at).cloned(), false);
            at += 1;
            continue;
        };
        changed = true;
        if mends.len() < 1000 {
            mends.push(Mend { position: source.position(at), kind: MendKind::Rephrased });
        }
        let span = Span::new(source.span(at).start, source.span(end - 1).end);
        let spaced = source.tok(at).is_some_and(|tok| tok.spaced);
        match found {
            Found::Nothing => {}
            Found::Name(parts) => {
                for (n, part) in parts.iter().enumerate() {
                    if n > 0 {
                        toks.push(Tok { token: Token::Period, span, spaced: false });
                    }
                    toks.push(Tok { token: Token::make_word(part, None), span, spaced: spaced && n == 0 });
                }
            }
            Found::Parameter(text) => {
                let token =
                    if is_name_place(source, at, end) { name(&text) } else { Token::Placeholder(text) };
                let is_name = matches!(token, Token::Word(_));
                push(&mut toks, Some(Tok { token, span, spaced }), is_name);
            }
        }
        at = end;
        // What is glued to a parameter that is a name belongs to the name: ${env}_orders.
        if let (Some(last), Some(next)) = (toks.last_mut(), source.tok(at))
            && !next.spaced
            && let (Token::Word(word), Token::Word(rest)) = (&mut last.token, &next.token)
            && changed
        {
            word.value.push_str(&rest.value);
            last.span.end = next.span.end;
            at += 1;
        }
    }
    changed.then_some(toks)
}

enum Found {
    Nothing,
    Name(Vec<String>),
    Parameter(String),
}

/// Adds a token; a name that is glued to a name becomes one with it.
fn push(toks: &mut Vec<Tok>, tok: Option<Tok>, is_parameter: bool) {
    let Some(tok) = tok else { return };
    if is_parameter
        && !tok.spaced
        && let Some(last) = toks.last_mut()
        && let (Token::Word(word), Token::Word(more)) = (&mut last.token, &tok.token)
    {
        let joined = format!("{}{}", word.value, more.value);
        last.token = name(&joined);
        last.span.end = tok.span.end;
        return;
    }
    toks.push(tok);
}

/// The parameter that starts here and where it ends.
fn parameter(source: &Source, at: usize) -> Option<(usize, Found)> {
    let brace = |at: usize| source.is_token(at, &Token::LBrace);
    let glued_brace = |at: usize| brace(at) && source.is_glued(at);
    match source.token(at) {
        Token::LBrace if glued_brace(at + 1) => {
            let end = source.after_group(at);
            Some((end, expression(source, at + 2, end)))
        }
        Token::LBrace
            if matches!(source.token(at + 1), Token::Mod | Token::Sharp) && source.is_glued(at + 1) =>
        {
            Some((source.after_group(at), Found::Nothing))
        }
        Token::LBrace if simple(source, at) => {
            let end = source.after_group(at);
            Some((end, Found::Parameter(text(source, at, end))))
        }
        Token::Char('$') | Token::Sharp if glued_brace(at + 1) => {
            let end = source.after_group(at + 1);
            Some((end, Found::Parameter(text(source, at, end))))
        }
        Token::Placeholder(sign) if sign == "$" && glued_brace(at + 1) => {
            let end = source.after_group(at + 1);
            Some((end, Found::Parameter(text(source, at, end))))
        }
        Token::Mod if !follows_operand(source, at) && source.is_glued(at + 1) => {
            // %s, %(name)s
            if source.is_token(at + 1, &Token::LParen) {
                let end = source.after_group(at + 1);
                return source
                    .is_any(end, &["s", "d", "i"])
                    .then(|| (end + 1, Found::Parameter(text(source, at, end + 1))));
            }
            source
                .is_any(at + 1, &["s", "d", "i"])
                .then(|| (at + 2, Found::Parameter(text(source, at, at + 2))))
        }
        Token::Ampersand | Token::Overlap if !follows_operand(source, at) && source.is_glued(at + 1) => {
            let named = source.is_ident(at + 1) || matches!(source.token(at + 1), Token::Number(..));
            // The dot that ends a variable's name.
            let mut end = at + 2;
            if source.is_token(end, &Token::Period) && source.is_glued(end) {
                end += 1;
            }
            named.then(|| (end, Found::Parameter(text(source, at, at + 2))))
        }
        Token::Colon
            if !follows_operand(source, at) && source.is_string(at + 1) && source.is_glued(at + 1) =>
        {
            Some((at + 2, Found::Parameter(text(source, at, at + 2))))
        }
        _ => None,
    }
}

/// `{x}` or `{x:Type}` and not the beginning of a literal.
fn simple(source: &Source, at: usize) -> bool {
    let bare = matches!(source.token(at + 1), Token::Word(word) if word.quote_style.is_none());
    let close = source.after_group(at);
    let typed = source.is_token(at + 2, &Token::Colon) && source.is_ident(at + 3) && close <= at + 8;
    bare && (close == at + 3 || (typed && !source.is_string(at + 3)))
}

/// What an expression in double braces means: `ref('x')` and `source('s', 't')` are tables.
fn expression(source: &Source, start: usize, end: usize) -> Found {
    let strings = || {
        let inside = (start..end).filter(|&at| source.is_string(at));
        inside.map(|at| match source.token(at) {
            Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) => text.clone(),
            other => other.to_string(),
        })
    };
    let call = source.is_token(start + 1, &Token::LParen);
    if call
        && source.is(start, "ref")
        && let Some(model) = strings().reduce(|_, last| last)
    {
        return Found::Name(vec![model]);
    }
    if call && source.is(start, "source") {
        let parts: Vec<_> = strings().collect();
        if !parts.is_empty() {
            return Found::Name(parts);
        }
    }
    if call && source.is_any(start, &["config", "set", "log"]) {
        return Found::Nothing;
    }
    Found::Parameter(text(source, start.saturating_sub(2), end))
}

fn text(source: &Source, start: usize, end: usize) -> String {
    let mut text = String::new();
    for at in start..end {
        if at > start && source.tok(at).is_some_and(|tok| tok.spaced) {
            text.push(' ');
        }
        text.push_str(&source.token(at).to_string());
    }
    text
}

fn follows_operand(source: &Source, at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else { return false };
    let keywords = [
        "SELECT", "WHERE", "AND", "OR", "ON", "IN", "BY", "THEN", "ELSE", "WHEN", "FROM", "JOIN", "LIMIT",
        "NOT", "LIKE", "BETWEEN", "SET", "VALUES", "INTO", "TABLE", "UPDATE", "AS", "RETURN",
    ];
    match source.token(before) {
        Token::Word(_) => !source.is_any(before, &keywords),
        Token::RParen | Token::RBracket | Token::RBrace | Token::Number(..) | Token::Placeholder(_) => true,
        _ => source.is_string(before),
    }
}

/// Whether a name stands from `at` to `end`: after FROM and the like, beside a dot, or glued to a name.
fn is_name_place(source: &Source, at: usize, end: usize) -> bool {
    let before =
        ["FROM", "JOIN", "INTO", "TABLE", "UPDATE", "VIEW", "EXISTS", "USING", "AS", "DATABASE", "SCHEMA"];
    let dot = |at: usize| source.is_token(at, &Token::Period);
    let after_word = at > 0
        && (source.is_any(at - 1, &before)
            || dot(at - 1)
            || (source.is_glued(at) && source.is_ident(at - 1)));
    let glued_after = source.is_glued(end) && (dot(end) || source.is_ident(end));
    after_word || glued_after
}
