//! SQM207 dynamic-sql

use sqlparser::ast::{BinaryOperator, Expr, Statement, Value};

use crate::lint::shape::{any, arguments, is_named, literal};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds SQL that is put together from texts and values and then executed: `EXECUTE IMMEDIATE 'SELECT …' || name`,
/// `EXEC('… ' + @name)`.
///
/// ## Why
/// Whoever decides about the value decides about the statement: that is SQL injection. Bind values as parameters
/// (`USING`, `sp_executesql`), and quote names with the function made for it (`quote_ident`, `QUOTENAME`, `format`
/// with `%I`).
///
/// ## Bad
/// ```sql expects SQM207 dialect=snowflake
/// EXECUTE IMMEDIATE 'DELETE FROM orders WHERE customer = ''' || name || ''''
/// ```
///
/// ## Good
/// ```sql expects none dialect=bigquery
/// EXECUTE IMMEDIATE 'DELETE FROM orders WHERE customer = ?' USING name
/// ```
///
/// ## Limits
/// A text that was put together before, in a variable or in a program, is not seen.
pub struct DynamicSql;

impl Rule for DynamicSql {
    const META: Meta = Meta {
        code: "SQM207",
        name: "dynamic-sql",
        group: Group::Safety,
        severity: Severity::Warning,
        on: On::STATEMENT.and(On::CALL),
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let suspects: Vec<&Expr> = match cx.node {
            Node::Statement(Statement::Execute { parameters, .. }) => parameters.iter().collect(),
            Node::Expr(Expr::Function(function))
                if is_named(function, &["sp_executesql", "dblink", "dblink_exec", "query_to_xml", "openquery"]) =>
            {
                arguments(function)
            }
            _ => return,
        };
        for expr in suspects {
            if any(expr, is_assembled) {
                let message = "a value becomes a part of the statement; bind it as a parameter, or quote it as a name";
                out.add(cx.place(expr), message);
            }
        }
    }
}

/// Whether this joins a text that looks like SQL with something that is no literal.
fn is_assembled(expr: &Expr) -> bool {
    let parts: Vec<&Expr> = match expr {
        Expr::BinaryOp { op: BinaryOperator::StringConcat, .. } => {
            crate::lint::shape::operands(expr, &BinaryOperator::StringConcat)
        }
        Expr::BinaryOp { op: BinaryOperator::Plus, .. } => {
            crate::lint::shape::operands(expr, &BinaryOperator::Plus)
        }
        Expr::Function(function) if is_named(function, &["concat", "concat_ws"]) => arguments(function),
        _ => return false,
    };
    let is_text = |expr: &&Expr| {
        matches!(
            literal(expr),
            Some(Value::SingleQuotedString(_) | Value::NationalStringLiteral(_) | Value::DoubleQuotedString(_))
        )
    };
    let is_quoted = |expr: &Expr| {
        matches!(expr, Expr::Function(function)
            if is_named(function, &["quote_ident", "quote_literal", "quote_nullable", "quotename", "quote", "format"]))
    };
    parts.iter().any(is_text) && parts.iter().any(|part| literal(part).is_none() && !is_quoted(part))
}
