//! A text without what makes two texts of the same query look different: white space, comments, case, literals, and
//! the names of aliases.
//!
//! Two texts of one form are duplicates; two of different forms may still be the same query, which the verifier can say.
//! An alias is only named anew where it is declared and before a dot: elsewhere its name may mean a column.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use sqlparser::ast::{Query, SelectItem, SetExpr, TableAlias, TableFactor, Visit, Visitor};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token};
use sqm_domain::Dialect;

use crate::guard;
use crate::parse::{Script, Tree, tokenize};

/// The form of a text; `None` where some of it does not parse, since what is not understood is like nothing else.
pub fn form(sql: &str, dialect: Dialect) -> Option<String> {
    guard::with_script(sql, dialect, of_script).ok().flatten()
}

fn of_script(script: &Script<'_>) -> Option<String> {
    let mut form = String::new();
    for statement in &script.statements {
        // The places of a tree that was mended are not those of the text.
        let Ok(Tree::Sql(tree)) = &statement.tree else { return None };
        if !statement.mends.is_empty() {
            return None;
        }
        let mut aliases = Aliases::default();
        let _ = tree.visit(&mut aliases);
        let start = statement.span.start;
        let tokens = tokenize(statement.grammar.parser(), script.text_of(statement), start).ok()?;
        let tokens: Vec<_> =
            tokens.into_iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
        let mut names = Names { aliases: &aliases, numbers: BTreeMap::new() };
        for (at, token) in tokens.iter().enumerate() {
            let next = tokens.get(at + 1).map(|token| &token.token);
            let after_dot = at > 0 && tokens[at - 1].token == Token::Period;
            let is_qualifier = next == Some(&Token::Period) && !after_dot;
            names.write(&token.token, token.span.start, is_qualifier, &mut form);
            form.push(' ');
        }
        form.push_str("; ");
    }
    (!form.is_empty()).then_some(form)
}

/// Where aliases are declared.
#[derive(Default)]
struct Aliases {
    tables: BTreeSet<String>,
    of_tables: BTreeSet<(u64, u64)>,
    of_outputs: BTreeSet<(u64, u64)>,
}

impl Aliases {
    fn table(&mut self, alias: Option<&TableAlias>) {
        if let Some(alias) = alias {
            self.tables.insert(alias.name.value.to_lowercase());
            self.of_tables.insert(place(alias.name.span.start));
        }
    }

    fn outputs(&mut self, body: &SetExpr) {
        match body {
            SetExpr::Select(select) => {
                for item in &select.projection {
                    if let SelectItem::ExprWithAlias { alias, .. } = item {
                        self.of_outputs.insert(place(alias.span.start));
                    }
                }
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.outputs(left);
                self.outputs(right);
            }
            _ => {}
        }
    }
}

impl Visitor for Aliases {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.outputs(&query.body);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { alias, .. }
            | TableFactor::Derived { alias, .. }
            | TableFactor::TableFunction { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => self.table(alias.as_ref()),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn place(at: Location) -> (u64, u64) {
    (at.line, at.column)
}

/// Aliases by new names, numbered in the order of the text.
struct Names<'a> {
    aliases: &'a Aliases,
    numbers: BTreeMap<String, usize>,
}

impl Names<'_> {
    fn write(&mut self, token: &Token, at: Location, is_qualifier: bool, form: &mut String) {
        match token {
            Token::Word(word) => {
                let name = word.value.to_lowercase();
                if self.aliases.of_outputs.contains(&place(at)) {
                    form.push_str("~output");
                } else if self.aliases.of_tables.contains(&place(at))
                    || is_qualifier && self.aliases.tables.contains(&name)
                {
                    let next = self.numbers.len();
                    let number = *self.numbers.entry(name).or_insert(next);
                    form.push_str(&format!("~{number}"));
                } else if word.quote_style.is_some() && word.keyword == Keyword::NoKeyword {
                    // Quotes may keep the case apart, and a name from a keyword.
                    form.push_str(&format!("\"{}\"", word.value));
                } else {
                    form.push_str(&name);
                }
            }
            Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::NationalStringLiteral(_)
            | Token::HexStringLiteral(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::DollarQuotedString(_)
            | Token::SingleQuotedByteStringLiteral(_)
            | Token::Placeholder(_) => form.push('?'),
            token => form.push_str(&token.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let form = |sql: &str| form(sql, Dialect::Postgres).unwrap_or_else(|| panic!("{sql}"));
        form(one) == form(other)
    }

    #[test]
    fn what_only_looks_different() {
        let first = "SELECT o.total AS a FROM orders o JOIN lines l ON l.id = o.id WHERE o.state = 'open'";
        let second = "-- again\nselect X.total as b\nfrom ORDERS x /* all */ join lines y on y.id = x.id where x.state = 'paid'";
        assert!(same(first, second));
        assert!(same("SELECT a FROM t WHERE b IN (1, 2)", "SELECT a FROM t WHERE b IN (30, $1)"));
        assert!(same("SELECT 1", "SELECT 2;"));
    }

    #[test]
    fn what_is_different() {
        assert!(!same("SELECT a AS b, b FROM t", "SELECT a AS c, c FROM t"));
        assert!(!same(
            "SELECT o.a FROM x o, y p WHERE o.k = p.k",
            "SELECT p.a FROM x o, y p WHERE o.k = p.k"
        ));
        assert!(!same("SELECT a FROM t WHERE b IN (1, 2)", "SELECT a FROM t WHERE b IN (1, 2, 3)"));
        assert!(!same("SELECT \"A\" FROM t", "SELECT a FROM t"));
        assert!(!same("SELECT a FROM t", "SELECT a FROM u"));
        assert_eq!(form("SELECT FROM WHERE", Dialect::Postgres), None);
    }
}
