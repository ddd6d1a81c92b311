//! Conditions of a plan or a text, as far as they say which index could serve them.

use std::collections::HashSet;

use sqlparser::ast::{BinaryOperator, Expr, Statement};
use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use crate::guard;
use crate::lint::shape::{
    ColumnName, bare, column, columns, conjuncts, function_name, is_comparison, is_constant,
};
use crate::lint::walk::walk;
use crate::lint::{Clause, Node};
use crate::parse::{Grammar, Tree, raw_tokens};

/// A column that is compared with what is no column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// The column, in lower case.
    pub(super) column: String,
    /// Whether only certain values are asked for, not a range of them.
    pub(super) is_equality: bool,
    /// What stands around the column.
    pub(super) around: Option<Around>,
}

/// What stands around a column, so that an index on it does not serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Around {
    /// A cast to this type, in lower case.
    Cast(String),
    /// A call of this function.
    Function(String),
    /// Any other expression.
    Expression,
}

/// The columns in an expression, each place once: brackets around one count as the column as well.
pub(super) fn own_columns(expr: &Expr) -> Vec<ColumnName<'_>> {
    let mut found = columns(expr);
    found.dedup_by(|a, b| std::ptr::eq(a.name, b.name));
    found
}

/// The terms of a condition: what has to hold for each row that is kept.
pub(super) fn terms_of(condition: &Expr) -> Vec<Term> {
    conjuncts(condition).into_iter().filter_map(term).collect()
}

fn term(condition: &Expr) -> Option<Term> {
    let of = |side: &Expr, others: &[&Expr], is_equality: bool| -> Option<Term> {
        others.iter().all(|other| is_constant(other)).then_some(())?;
        let [only] = own_columns(side)[..] else { return None };
        let around = match bare(side) {
            side if column(side).is_some() => None,
            Expr::Cast { data_type, .. } => Some(Around::Cast(data_type.to_string().to_lowercase())),
            Expr::Function(function) => Some(Around::Function(function_name(function).to_lowercase())),
            _ => Some(Around::Expression),
        };
        Some(Term { column: only.name.value.to_lowercase(), is_equality, around })
    };
    match bare(condition) {
        Expr::BinaryOp { left, op, right } if is_comparison(op) && *op != BinaryOperator::NotEq => {
            let is_equality = matches!(op, BinaryOperator::Eq | BinaryOperator::Spaceship);
            of(left, &[right], is_equality).or_else(|| of(right, &[left], is_equality))
        }
        Expr::InList { expr, list, negated: false } => of(expr, &list.iter().collect::<Vec<_>>(), true),
        Expr::Between { expr, low, high, negated: false } => of(expr, &[low, high], false),
        Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => of(left, &[right], true),
        _ => None,
    }
}

/// The terms of a condition as a plan writes it. What does not parse has none.
pub(super) fn terms(condition: &str, dialect: Dialect) -> Vec<Term> {
    let found = guard::with_script(&format!("SELECT 1 WHERE {condition}"), dialect, |script| {
        let [only] = &script.statements[..] else { return Vec::new() };
        let Ok(Tree::Sql(tree)) = &only.tree else { return Vec::new() };
        let mut found = Vec::new();
        if let Statement::Query(_) = &**tree {
            walk(tree, &mut |node, site| {
                if let Node::Expr(condition) = node
                    && site.parent.is_none()
                    && site.clause == Clause::Where
                {
                    found.extend(terms_of(condition));
                }
            });
        }
        found
    });
    found.unwrap_or_default()
}

/// The names and literals that a condition is written with.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Names, in lower case.
    pub(super) names: HashSet<String>,
    /// Numbers and texts.
    pub(super) literals: HashSet<String>,
}

impl Words {
    /// Adds those of a text.
    pub(super) fn add(&mut self, text: &str, dialect: Dialect) {
        for token in raw_tokens(Grammar::of(dialect), text).unwrap_or_default() {
            match token {
                Token::Word(word) => drop(self.names.insert(word.value.to_lowercase())),
                Token::Number(text, _)
                | Token::SingleQuotedString(text)
                | Token::DoubleQuotedString(text) => {
                    self.literals.insert(text);
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(condition: &str, dialect: Dialect, expected: &[(&str, bool, Option<Around>)]) {
        let found = terms(condition, dialect);
        let expected: Vec<Term> = expected
            .iter()
            .map(|(column, is_equality, around)| Term {
                column: (*column).to_owned(),
                is_equality: *is_equality,
                around: around.clone(),
            })
            .collect();
        assert_eq!(found, expected, "{condition}");
    }

    #[test]
    fn terms_are_found_as_databases_write_them() {
        let cast = |to: &str| Some(Around::Cast(to.to_owned()));
        let call = |name: &str| Some(Around::Function(name.to_owned()));
        check(
            "((id = 5) AND ((status)::text = 'x'::text))",
            Dialect::Postgres,
            &[("id", true, None), ("status", true, cast("text"))],
        );
        check("(id = ANY ('{1,2}'::integer[]))", Dialect::Postgres, &[("id", true, None)]);
        check("(lower((name)::text) = 'x'::text)", Dialect::Postgres, &[("name", true, call("lower"))]);
        check("((total * 2) > 5)", Dialect::Postgres, &[("total", false, Some(Around::Expression))]);
        check("(`shop`.`o`.`status` = 'x')", Dialect::MySql, &[("status", true, None)]);
        check("(o.a in (1,2))", Dialect::MySql, &[("a", true, None)]);
        check("a<>1 AND b = c AND d BETWEEN 1 AND 2", Dialect::DuckDb, &[("d", false, None)]);
        check("(NOT (hashed SubPlan 1))", Dialect::Postgres, &[]);
        check("a = 1; DROP TABLE t", Dialect::Postgres, &[]);
        check("a = 1 OR b = 2", Dialect::Postgres, &[]);
    }
}
