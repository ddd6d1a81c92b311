//! SQM104 implicit-cast

use sqlparser::ast::{Expr, Value};

use crate::lint::known::{known, sources};
use crate::lint::shape::{bare, column, is_comparison, literal};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds a text column that is compared with a number, and columns of a join that are a text and a number.
///
/// ## Why
/// The database casts the text of every row, so no index on it serves; and one text that is no number makes the query fail,
/// or match by its first digits in MySQL.
///
/// ## Bad
/// ```sql schema
/// CREATE TABLE customer (id INT PRIMARY KEY, zip VARCHAR(10), code VARCHAR(10));
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_code INT);
/// ```
/// ```sql expects SQM104 dialect=mysql
/// SELECT id FROM customer WHERE zip = 3012
/// ```
/// ```sql expects SQM104 dialect=mysql
/// SELECT c.id FROM customer c JOIN sale s ON s.customer_code = c.code
/// ```
///
/// ## Good
/// ```sql expects none dialect=mysql
/// SELECT id FROM customer WHERE zip = '3012'
/// ```
///
/// ## Limits
/// Needs a catalog with types.
pub struct ImplicitCast;

impl Rule for ImplicitCast {
    const META: Meta = Meta {
        code: "SQM104",
        name: "implicit-cast",
        group: Group::Performance,
        severity: Severity::Warning,
        on: On::BINARY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(Expr::BinaryOp { left, op, right }) = cx.node else { return };
        let Some(select) = cx.site.select.filter(|_| is_comparison(op) && !cx.catalog.is_empty()) else {
            return;
        };
        let sources = sources(cx, select);
        let kind = |expr: &Expr| match literal(bare(expr)) {
            Some(Value::Number(..)) => Some(Kind::Number),
            Some(_) => None,
            None => column(bare(expr))
                .and_then(|name| known(&sources, &name))
                .and_then(|known| kind_of(&known.data_type()?)),
        };
        let text = match (kind(left), kind(right)) {
            (Some(Kind::Text), Some(Kind::Number)) => left,
            (Some(Kind::Number), Some(Kind::Text)) => right,
            _ => return,
        };
        let name = cx.places().text_of(text);
        out.add(cx.place(text), format!("{name} is a text and is cast in every row; no index on it serves"));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
}

fn kind_of(data_type: &str) -> Option<Kind> {
    let word: String = data_type.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
    match word.as_str() {
        "CHAR" | "VARCHAR" | "TEXT" | "NVARCHAR" | "NCHAR" | "STRING" | "CHARACTER" | "VARCHAR2" => {
            Some(Kind::Text)
        }
        "INT" | "INTEGER" | "BIGINT" | "SMALLINT" | "DECIMAL" | "NUMERIC" | "NUMBER" | "FLOAT" | "DOUBLE"
        | "REAL" | "INT64" => Some(Kind::Number),
        _ => None,
    }
}
