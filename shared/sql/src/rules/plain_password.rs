//! SQM212 plain-password

use sqlparser::ast::{BinaryOperator, Expr, Statement};

use crate::lint::shape::{column, string};

use crate::lint::{Clause, Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds passwords kept or compared as plain text: a text column called `password`, and a comparison of such a
/// column with a literal.
///
/// ## Why
/// Whoever reads the table, a backup or the log of queries has the passwords. Keep a salted hash (argon2, bcrypt,
/// scrypt) and compare in the program.
///
/// ## Bad
/// ```sql expects SQM212
/// CREATE TABLE account (id BIGINT PRIMARY KEY, password VARCHAR(200) NOT NULL)
/// ```
/// ```sql expects SQM212
/// SELECT id FROM account WHERE password = 'secret'
/// ```
///
/// ## Good
/// ```sql expects none
/// CREATE TABLE account (id BIGINT PRIMARY KEY, password_hash VARCHAR(200) NOT NULL)
/// ```
///
/// ## Limits
/// Only columns called `password`, `passwd`, `pwd` or `passphrase`; what is in them is not known.
pub struct PlainPassword;

impl Rule for PlainPassword {
    const META: Meta = Meta {
        code: "SQM212",
        name: "plain-password",
        group: Group::Safety,
        severity: Severity::Warning,
        on: On::STATEMENT.and(On::BINARY),
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        match cx.node {
            Node::Statement(Statement::CreateTable(table)) => {
                for column in &table.columns {
                    let data_type = column.data_type.to_string().to_lowercase();
                    if is_password(&column.name.value) && ["char", "text", "string"].iter().any(|t| data_type.contains(t)) {
                        let span = cx.places().of_ident(&column.name);
                        out.add(span, "a password that can be read; keep a salted hash, and say so in the name");
                    }
                }
            }
            Node::Expr(expr @ Expr::BinaryOp { left, op: BinaryOperator::Eq, right }) => {
                let is_it = |expr: &Expr| column(expr).is_some_and(|column| is_password(&column.name.value));
                let in_condition = matches!(cx.site.clause, Clause::Where | Clause::On);
                if in_condition && (is_it(left) && string(right).is_some() || is_it(right) && string(left).is_some()) {
                    out.add(cx.place(expr), "a password in plain text, in the query and in its logs; compare hashes");
                }
            }
            _ => {}
        }
    }
}

fn is_password(name: &str) -> bool {
    ["password", "passwd", "pwd", "passphrase"].iter().any(|word| name.eq_ignore_ascii_case(word))
}
