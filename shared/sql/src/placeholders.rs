//! A statement without what its author may not want to be read elsewhere: comments are left out, literals
//! replaced by placeholders that say their kind, and put back into another text later.
//!
//! Works on tokens. What is quoted as a name is taken for a name.

use std::collections::HashMap;
use std::fmt;

use sqlparser::tokenizer::{Token, TokenWithSpan, Whitespace};
use sqm_domain::Dialect;

use crate::guard::{self, GuardError};
use crate::parse::{Grammar, LineIndex, Script, tokenize};
use crate::text::Position;

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A text.
    Text,
    /// A text with wildcards, the first of them not at its beginning.
    Prefix,
    /// A text with a wildcard at its beginning.
    Pattern,
    /// A whole number.
    Integer,
    /// A number with digits behind the point.
    Number,
    /// A day.
    Date,
    /// A moment.
    Timestamp,
    /// A stretch of time.
    Interval,
    /// Bytes.
    Bytes,
}

impl Kind {
    /// As it stands in a placeholder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Prefix => "prefix_pattern",
            Self::Pattern => "pattern",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Interval => "interval",
            Self::Bytes => "bytes",
        }
    }
}

/// A literal that was replaced.
#[derive(Clone, PartialEq, Eq)]
pub struct Literal {
    /// Its placeholder without the colon, such as `text_1`.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// As it is written, quotes included.
    pub written: String,
    /// What it says, quotes left out.
    pub value: String,
}

impl fmt::Debug for Literal {
    /// Without the literal, which no log shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ":{}", self.name)
    }
}

/// A statement whose literals are hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// The statement with placeholders.
    pub sql: String,
    /// What they stand for, in the order of their first place. What is written alike has one placeholder.
    pub literals: Vec<Literal>,
    /// Whether there were comments.
    pub had_comments: bool,
    /// Names in double quotes that the statement gives to nothing, which SQLite takes for texts where no column has
    /// them.
    pub doubtful: Vec<String>,
    dialect: Dialect,
}

/// Why a text has no form without literals.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotHidden {
    /// Too long, or the look at it broke off.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// None, or several.
    #[error("it holds {0} statements, and one is looked at at a time")]
    NotOne(usize),
    /// It does not parse.
    #[error("it does not parse")]
    NotParsed,
}

/// Why literals cannot be put back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRestored {
    /// Too long, or the look at it broke off.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// It has no tokens.
    #[error("it cannot be read")]
    NotRead,
    /// A placeholder that stands for nothing.
    #[error("it names the placeholder :{0}, which there is not")]
    Unknown(String),
}

/// Hides the literals of the only statement of a text.
///
/// # Errors
/// There is not exactly one statement that parses.
pub fn hide(sql: &str, dialect: Dialect) -> Result<Hidden, NotHidden> {
    guard::with_script(sql, dialect, |script| {
        let [statement] = script.statements.as_slice() else {
            return Err(NotHidden::NotOne(script.statements.len()));
        };
        if statement.tree.is_err() {
            return Err(NotHidden::NotParsed);
        }
        hide_statement(script, script.text_of(statement))
    })?
}

fn hide_statement(script: &Script<'_>, text: &str) -> Result<Hidden, NotHidden> {
    // What one grammar takes for a name another takes for a text: the one that read the statement decides.
    let grammar = script.statements.first().map_or(script.grammar, |statement| statement.grammar);
    let tokens = tokenize(grammar.parser(), text, Position::START).map_err(|_| NotHidden::NotParsed)?;
    let lines = LineIndex::new(text);
    let mut hidden = Hidden {
        sql: String::new(),
        literals: Vec::new(),
        had_comments: false,
        doubtful: doubtful(&tokens, script.dialect),
        dialect: script.dialect,
    };
    let mut names = Names::of(text);
    for (at, token) in tokens.iter().enumerate() {
        let written = lines.slice(crate::parse::span(token.span).ok_or(NotHidden::NotParsed)?);
        if let Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) =
            &token.token
        {
            hidden.had_comments = true;
            hidden.space(" ");
            continue;
        }
        match literal(&tokens, at) {
            Some((kind, value)) => {
                let known =
                    hidden.literals.iter().find(|known| known.written == written && known.kind == kind);
                let name = match known {
                    Some(known) => known.name.clone(),
                    None => {
                        let name = names.next(kind);
                        let (written, value) = (written.to_owned(), value.to_owned());
                        hidden.literals.push(Literal { name: name.clone(), kind, written, value });
                        name
                    }
                };
                hidden.sql.push(':');
                hidden.sql.push_str(&name);
            }
            // White space is one token for each stretch of it.
            None if matches!(token.token, Token::Whitespace(Whitespace::Newline)) => hidden.space("\n"),
            None if matches!(token.token, Token::Whitespace(_)) => hidden.space(" "),
            None => hidden.sql.push_str(written),
        }
    }
    hidden.sql = hidden.sql.trim().to_owned();
    Ok(hidden)
}

/// Names in double quotes that may be texts.
fn doubtful(tokens: &[TokenWithSpan], dialect: Dialect) -> Vec<String> {
    if dialect != Dialect::Sqlite {
        return Vec::new();
    }
    let quoted = |token: &TokenWithSpan| match &token.token {
        Token::Word(word) if word.quote_style == Some('"') => Some(word.value.clone()),
        _ => None,
    };
    let is_given = |at: usize| said_before(tokens, at).and_then(word).is_some_and(|word| word == "as");
    let names = tokens.iter().enumerate().filter_map(|(at, token)| Some((at, quoted(token)?)));
    let (given, used): (Vec<_>, Vec<_>) = names.partition(|(at, _)| is_given(*at));
    let is_known = |name: &String| given.iter().any(|(_, given)| given.eq_ignore_ascii_case(name));
    used.into_iter().map(|(_, name)| name).filter(|name| !is_known(name)).collect()
}

/// Names of placeholders that do not stand in the text already.
struct Names {
    text: String,
    used: HashMap<Kind, usize>,
}

impl Names {
    fn of(text: &str) -> Self {
        Self { text: text.to_lowercase(), used: HashMap::new() }
    }

    fn next(&mut self, kind: Kind) -> String {
        loop {
            let number = self.used.entry(kind).or_default();
            *number += 1;
            let name = format!("{}_{number}", kind.name());
            if !self.text.contains(&name) {
                return name;
            }
        }
    }
}

/// What is a literal that is hidden.
fn literal(tokens: &[TokenWithSpan], at: usize) -> Option<(Kind, &str)> {
    let (kind, value) = match &tokens[at].token {
        Token::Number(number, _) => {
            let is_whole = number.bytes().all(|byte| byte.is_ascii_digit());
            (if is_whole { Kind::Integer } else { Kind::Number }, number.as_str())
        }
        Token::SingleQuotedString(text)
        | Token::DoubleQuotedString(text)
        | Token::TripleSingleQuotedString(text)
        | Token::TripleDoubleQuotedString(text)
        | Token::SingleQuotedRawStringLiteral(text)
        | Token::DoubleQuotedRawStringLiteral(text)
        | Token::TripleSingleQuotedRawStringLiteral(text)
        | Token::TripleDoubleQuotedRawStringLiteral(text)
        | Token::NationalStringLiteral(text)
        | Token::EscapedStringLiteral(text)
        | Token::UnicodeStringLiteral(text) => (kind_of(tokens, at, text), text.as_str()),
        Token::DollarQuotedString(text) => (Kind::Text, text.value.as_str()),
        Token::QuoteDelimitedStringLiteral(text) | Token::NationalQuoteDelimitedStringLiteral(text) => {
            (Kind::Text, text.value.as_str())
        }
        Token::HexStringLiteral(text)
        | Token::SingleQuotedByteStringLiteral(text)
        | Token::DoubleQuotedByteStringLiteral(text)
        | Token::TripleSingleQuotedByteStringLiteral(text)
        | Token::TripleDoubleQuotedByteStringLiteral(text) => (Kind::Bytes, text.as_str()),
        _ => return None,
    };
    let is_shown = match kind {
        Kind::Integer => matches!(value, "0" | "1") || is_ordinal(tokens, at) || is_of_type(tokens, at),
        Kind::Number => is_of_type(tokens, at),
        _ => value.is_empty() || UNITS.contains(&value.to_ascii_lowercase().as_str()),
    };
    (!is_shown).then_some((kind, value))
}

/// A shorter text is nobody's secret where it stands without its quotes.
const SHORTEST: usize = 3;

/// The text with another one in the place of a word.
fn replaced(text: &str, word: &str, by: &str) -> String {
    if word.is_empty() {
        return text.to_owned();
    }
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let (mut out, mut copied) = (String::with_capacity(text.len()), 0);
    for (at, _) in text.match_indices(word) {
        let end = at + word.len();
        if is_part(text[..at].chars().next_back()) && is_part(word.chars().next())
            || is_part(text[end..].chars().next()) && is_part(word.chars().next_back())
        {
            continue;
        }
        out.push_str(&text[copied..at]);
        out.push_str(by);
        copied = end;
    }
    out.push_str(&text[copied..]);
    out
}

/// Parts of a date: which one it is, is what a query does, and nobody's secret.
const UNITS: &[&str] = &[
    "century",
    "day",
    "decade",
    "dow",
    "doy",
    "epoch",
    "hour",
    "isodow",
    "isoyear",
    "microsecond",
    "microseconds",
    "millennium",
    "millisecond",
    "milliseconds",
    "minute",
    "month",
    "quarter",
    "second",
    "week",
    "year",
];

fn kind_of(tokens: &[TokenWithSpan], at: usize, text: &str) -> Kind {
    let word = said_before(tokens, at).and_then(word).unwrap_or_default();
    match word.as_str() {
        "interval" => return Kind::Interval,
        "date" => return Kind::Date,
        "timestamp" | "datetime" | "timestamptz" => return Kind::Timestamp,
        "like" | "ilike" | "rlike" | "glob" if text.starts_with(['%', '_', '*', '?']) => {
            return Kind::Pattern;
        }
        "like" | "ilike" | "rlike" | "glob" => return Kind::Prefix,
        _ => {}
    }
    let bytes = text.as_bytes();
    let is_date = |bytes: &[u8]| {
        bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            })
    };
    match bytes.len() {
        10 if is_date(bytes) => Kind::Date,
        11.. if is_date(&bytes[..10]) && matches!(bytes[10], b' ' | b'T') => Kind::Timestamp,
        _ => Kind::Text,
    }
}

fn word(token: &Token) -> Option<String> {
    match token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_ascii_lowercase()),
        _ => None,
    }
}

fn says_something(token: &&TokenWithSpan) -> bool {
    !matches!(token.token, Token::Whitespace(_))
}

fn said_before(tokens: &[TokenWithSpan], at: usize) -> Option<&Token> {
    tokens[..at].iter().rev().find(says_something).map(|token| &token.token)
}

fn said_after(tokens: &[TokenWithSpan], at: usize) -> Option<&Token> {
    tokens[at + 1..].iter().find(says_something).map(|token| &token.token)
}

/// Whether the number is the place of an output, in GROUP BY or ORDER BY.
fn is_ordinal(tokens: &[TokenWithSpan], at: usize) -> bool {
    let stands_alone = match said_after(tokens, at) {
        None | Some(Token::Comma | Token::RParen | Token::SemiColon) => true,
        Some(token) => word(token).is_some_and(|word| {
            matches!(
                word.as_str(),
                "asc" | "desc" | "nulls" | "having" | "order" | "limit" | "offset" | "fetch"
            )
        }),
    };
    if !stands_alone {
        return false;
    }
    // Back over a list of names and numbers to the word that it belongs to.
    let mut before = tokens[..at].iter().rev().filter(says_something).map(|token| &token.token);
    match before.next() {
        Some(Token::Comma) => {}
        Some(token) => return word(token).as_deref() == Some("by"),
        None => return false,
    }
    for token in before {
        match token {
            Token::Comma | Token::Number(..) | Token::Period => {}
            token => match word(token).as_deref() {
                Some("by") => return true,
                Some("in" | "values" | "select" | "limit" | "between" | "and" | "or") | None => return false,
                Some(_) => {}
            },
        }
    }
    false
}

/// Whether the number is how long a type is, as in `NUMERIC(10, 2)`.
fn is_of_type(tokens: &[TokenWithSpan], at: usize) -> bool {
    let mut before = tokens[..at].iter().rev().filter(says_something).map(|token| &token.token);
    let mut last = before.next();
    if matches!(last, Some(Token::Comma)) {
        before.next();
        last = before.next();
    }
    let name = matches!(last, Some(Token::LParen)).then(|| before.next().and_then(word)).flatten();
    name.is_some_and(|name| {
        matches!(
            name.as_str(),
            "bit"
                | "char"
                | "character"
                | "varchar"
                | "varying"
                | "nchar"
                | "nvarchar"
                | "varchar2"
                | "decimal"
                | "numeric"
                | "number"
                | "dec"
                | "float"
                | "time"
                | "timestamp"
                | "datetime2"
                | "binary"
                | "varbinary"
        )
    })
}

impl Hidden {
    fn space(&mut self, space: &str) {
        if !self.sql.ends_with([' ', '\n']) {
            self.sql.push_str(space);
        }
    }

    /// Another text with the literals in the places of their placeholders, and without comments: some databases
    /// execute what stands in them, and people believe it.
    ///
    /// # Errors
    /// The text cannot be read, or names what there is not.
    pub fn restore(&self, text: &str) -> Result<String, NotRestored> {
        guard::check_limits(text)?;
        let grammar = Grammar::of(self.dialect).parser();
        if text.contains('\0') {
            return Err(NotRestored::NotRead);
        }
        let tokens = tokenize(grammar, text, Position::START).map_err(|_| NotRestored::NotRead)?;
        let lines = LineIndex::new(text);
        let mut restored = String::with_capacity(text.len());
        let mut copied = 0;
        for (at, token) in tokens.iter().enumerate() {
            let Some(span) = crate::parse::span(token.span) else { continue };
            let (start, end) = (lines.offset(span.start), lines.offset(span.end));
            let (name, start) = match &token.token {
                Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => {
                    restored.push_str(&text[copied..start]);
                    restored.push(' ');
                    copied = end;
                    continue;
                }
                // Models put quotes around what will be a text.
                Token::SingleQuotedString(text) if text.starts_with(':') => (&text[1..], start),
                Token::Word(word) if word.quote_style.is_none() && start > copied => {
                    if !matches!(tokens[..at].last().map(|token| &token.token), Some(Token::Colon)) {
                        continue;
                    }
                    (word.value.as_str(), start - 1)
                }
                _ => continue,
            };
            let literal = self.literals.iter().find(|literal| literal.name.eq_ignore_ascii_case(name));
            let Some(literal) = literal else {
                if self.is_ours(name) {
                    return Err(NotRestored::Unknown(name.to_owned()));
                }
                continue;
            };
            restored.push_str(&text[copied..start]);
            restored.push_str(&literal.written);
            copied = end;
        }
        restored.push_str(&text[copied..]);
        Ok(restored)
    }

    /// A text that people read, with the literals in the places of their placeholders.
    pub fn reveal(&self, text: &str) -> String {
        self.by_length(|literal| literal.name.len()).into_iter().fold(text.to_owned(), |text, literal| {
            text.replace(&format!(":{}", literal.name), &literal.written)
        })
    }

    /// A text with placeholders in the places of literals, wherever they stand in it: for what is said about the
    /// statement.
    pub fn conceal(&self, text: &str) -> String {
        self.by_length(|literal| literal.value.len()).into_iter().fold(text.to_owned(), |text, literal| {
            let name = format!(":{}", literal.name);
            let text = text.replace(&literal.written, &name);
            if literal.value.chars().count() < SHORTEST && literal.kind != Kind::Integer {
                text
            } else {
                replaced(&text, &literal.value, &name)
            }
        })
    }

    /// The longest first: one may begin with another.
    fn by_length(&self, length: impl Fn(&Literal) -> usize) -> Vec<&Literal> {
        let mut literals: Vec<&Literal> = self.literals.iter().collect();
        literals.sort_by_key(|literal| std::cmp::Reverse(length(literal)));
        literals
    }

    /// Whether a name looks like one that we give.
    fn is_ours(&self, name: &str) -> bool {
        let Some((kind, number)) = name.rsplit_once('_') else { return false };
        let kinds = [
            Kind::Text,
            Kind::Prefix,
            Kind::Pattern,
            Kind::Integer,
            Kind::Number,
            Kind::Date,
            Kind::Timestamp,
            Kind::Interval,
            Kind::Bytes,
        ];
        number.bytes().all(|byte| byte.is_ascii_digit())
            && kinds.iter().any(|known| known.name().eq_ignore_ascii_case(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(dialect: Dialect, sql: &str, expected: &str) {
        let hidden = hide(sql, dialect).unwrap();
        assert_eq!(hidden.sql, expected);
        let restored = hidden.restore(&hidden.sql).unwrap();
        assert_eq!(hide(&restored, dialect).unwrap(), Hidden { had_comments: false, ..hidden });
    }

    #[test]
    fn literals_by_their_kinds() {
        let check = |sql, expected| check(Dialect::Postgres, sql, expected);
        check(
            "SELECT a, 'x' -- secret\n FROM t WHERE b = 42 AND c = 'x' /* secret */ AND d >= DATE '2024-01-02'",
            "SELECT a, :text_1 FROM t WHERE b = :integer_1 AND c = :text_1 AND d >= DATE :date_1",
        );
        check(
            "SELECT 1 FROM t WHERE a LIKE 'x%' AND b LIKE '%x' AND c > 1.5 AND d < now() - INTERVAL '3 days'",
            "SELECT 1 FROM t WHERE a LIKE :prefix_pattern_1 AND b LIKE :pattern_1 AND c > :number_1 AND d < now() - INTERVAL :interval_1",
        );
        check("SELECT E'a\\n', $$b$$, x'ff', '' FROM t", "SELECT :text_1, :text_2, :bytes_1, '' FROM t");
        check("SELECT '2024-01-02 03:04:05', '2024-01-02'", "SELECT :timestamp_1, :date_1");
    }

    #[test]
    fn what_says_what_a_query_does_is_shown() {
        let check = |sql, expected| check(Dialect::Postgres, sql, expected);
        check(
            "SELECT date_trunc('month', d), CAST(x AS NUMERIC(10, 2)), 7 FROM t GROUP BY 1, 2 ORDER BY 2 DESC LIMIT 10",
            "SELECT date_trunc('month', d), CAST(x AS NUMERIC(10, 2)), :integer_1 FROM t GROUP BY 1, 2 ORDER BY 2 DESC LIMIT :integer_2",
        );
        check(
            "SELECT a FROM t WHERE b IN (2, 3) ORDER BY a, 2",
            "SELECT a FROM t WHERE b IN (:integer_1, :integer_2) ORDER BY a, 2",
        );
    }

    #[test]
    fn dialects_quote_in_their_own_ways() {
        check(Dialect::MySql, "SELECT `a` FROM t WHERE b = \"x\" # c", "SELECT `a` FROM t WHERE b = :text_1");
        check(Dialect::TSql, "SELECT [a b] FROM t WHERE b = N'x'", "SELECT [a b] FROM t WHERE b = :text_1");
        check(
            Dialect::BigQuery,
            "SELECT a FROM t WHERE b = r'x' OR b = '''y'''",
            "SELECT a FROM t WHERE b = :text_1 OR b = :text_2",
        );
        check(Dialect::Oracle, "SELECT a FROM t WHERE b = q'[it's]'", "SELECT a FROM t WHERE b = :text_1");
    }

    #[test]
    fn names_that_stand_in_the_text_are_not_given() {
        check(
            Dialect::Postgres,
            "SELECT text_1 FROM t WHERE a = 'x'",
            "SELECT text_1 FROM t WHERE a = :text_2",
        );
    }

    #[test]
    fn what_may_be_a_text_is_told() {
        let sql = r#"SELECT "a", b AS "n" FROM t WHERE c = "hunter2" ORDER BY "n""#;
        assert_eq!(hide(sql, Dialect::Sqlite).unwrap().doubtful, ["a", "hunter2"]);
        assert!(hide(sql, Dialect::Postgres).unwrap().doubtful.is_empty());
    }

    #[test]
    fn literals_come_back() {
        let hidden = hide("SELECT a FROM t WHERE b = 'it''s' AND c = 42", Dialect::Postgres).unwrap();
        let restore = |text: &str| hidden.restore(text);
        assert_eq!(restore("SELECT :integer_1::text, :TEXT_1").unwrap(), "SELECT 42::text, 'it''s'");
        assert_eq!(
            restore("SELECT ':text_1', ':other', x::date").unwrap(),
            "SELECT 'it''s', ':other', x::date"
        );
        assert_eq!(restore("SELECT :text_9"), Err(NotRestored::Unknown("text_9".to_owned())));
        assert_eq!(restore("SELECT 'open"), Err(NotRestored::NotRead));
        assert_eq!(hidden.reveal("compares with :text_1"), "compares with 'it''s'");
        assert_eq!(hidden.conceal("near 'it''s' and it's, 42"), "near :text_1 and :text_1, :integer_1");
        assert!(!format!("{hidden:?}").contains("it''s"), "no log shows it: {hidden:?}");
        assert_eq!(restore("SELECT 1 -- x\n + /*! DROP */ 2").unwrap(), "SELECT 1   +   2");
        assert_eq!(restore("SELECT '\0'"), Err(NotRestored::NotRead));
    }

    #[test]
    fn one_statement_that_parses() {
        assert_eq!(hide("SELECT 1; SELECT 2", Dialect::Postgres), Err(NotHidden::NotOne(2)));
        assert_eq!(hide("", Dialect::Postgres), Err(NotHidden::NotOne(0)));
        assert_eq!(hide("SELECT FROM WHERE (", Dialect::Postgres), Err(NotHidden::NotParsed));
    }
}
