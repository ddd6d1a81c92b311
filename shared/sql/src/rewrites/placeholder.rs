//! How values that a program puts in are written: as the text does it elsewhere, or else as the dialect does.

use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::context::Context;
use super::source::Tokens;

/// A style of placeholders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `:name`, `@name`, `$name`: this sign before a name.
    Named(char),
    /// `$1`, `?1`: this sign before a number, of which this many are taken.
    Numbered(char, usize),
    /// `?`: by their order alone.
    Positional,
}

impl Style {
    /// That of the text, without the part that goes.
    pub(super) fn of(cx: &Context<'_>, gone: &Tokens) -> Self {
        let kept = || (0..cx.source.len()).filter(|at| !gone.contains(at));
        let mut found = None;
        for at in kept() {
            let style = match cx.source.token(at) {
                Some(Token::Placeholder(text)) => written(text),
                Some(Token::Question) => Some(Self::Positional),
                Some(Token::Colon) if is_name(cx, at) => Some(Self::Named(':')),
                _ => None,
            };
            found = match (found, style) {
                (Some(Self::Numbered(sign, most)), Some(Self::Numbered(_, number))) => {
                    Some(Self::Numbered(sign, number.max(most)))
                }
                (None, style) => style,
                (found, _) => found,
            };
        }
        found.unwrap_or_else(|| Self::of_dialect(cx.dialect))
    }

    fn of_dialect(dialect: Dialect) -> Self {
        use Dialect as D;
        match dialect {
            D::Postgres | D::Greenplum | D::Materialize | D::RisingWave | D::Redshift => {
                Self::Numbered('$', 0)
            }
            D::TSql | D::Fabric | D::BigQuery => Self::Named('@'),
            D::DuckDb => Self::Named('$'),
            D::MySql
            | D::MariaDb
            | D::SingleStore
            | D::Doris
            | D::StarRocks
            | D::Snowflake
            | D::Db2
            | D::Trino
            | D::Presto
            | D::Athena
            | D::Teradata => Self::Positional,
            _ => Self::Named(':'),
        }
    }

    /// The placeholder of this position for a value of this name.
    pub(super) fn write(self, position: usize, name: &str) -> String {
        match self {
            Self::Named(sign) => format!("{sign}{name}"),
            Self::Numbered(sign, taken) => format!("{sign}{}", taken + position + 1),
            Self::Positional => "?".to_owned(),
        }
    }
}

fn written(text: &str) -> Option<Style> {
    let sign = text.chars().next()?;
    let rest = &text[sign.len_utf8()..];
    match rest.parse() {
        Ok(number) => Some(Style::Numbered(sign, number)),
        Err(_) if rest.is_empty() => (sign == '?').then_some(Style::Positional),
        Err(_) => Some(Style::Named(sign)),
    }
}

/// Whether a colon begins a name, and does not follow something of which the name would be a part.
fn is_name(cx: &Context<'_>, at: usize) -> bool {
    let Some(here) = cx.source.bytes(&(at..at + 1)) else { return false };
    let after = cx.source.bytes(&(at + 1..at + 2));
    let before = cx.source.text[..here.start].chars().next_back();
    let is_word = matches!(cx.source.token(at + 1), Some(Token::Word(_)));
    is_word
        && after.is_some_and(|after| after.start == here.end)
        && before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ',' | '=' | '<' | '>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_are_told_by_what_is_written() {
        assert_eq!(written("?"), Some(Style::Positional));
        assert_eq!(written("$12"), Some(Style::Numbered('$', 12)));
        assert_eq!(written("?3"), Some(Style::Numbered('?', 3)));
        assert_eq!(written("@page"), Some(Style::Named('@')));
        assert_eq!(written("$"), None);
    }

    #[test]
    fn placeholders_go_on_where_the_text_ends() {
        assert_eq!(Style::Numbered('$', 2).write(1, "last_id"), "$4");
        assert_eq!(Style::Named('@').write(1, "last_id"), "@last_id");
        assert_eq!(Style::Positional.write(1, "last_id"), "?");
    }
}
