//! SQM022 contradiction

use sqlparser::ast::{BinaryOperator, Expr, Value};

use crate::lint::shape::{ColumnName, column, conjuncts, integer, literal};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds conditions joined by AND that cannot hold together: `x = 1 AND x = 2`, `x > 10 AND x < 5`,
/// `x = 1 AND x IS NULL`.
///
/// ## Why
/// No row meets them: the query is empty, whatever is in the tables. OR, or another column, was meant.
///
/// ## Bad
/// ```sql expects SQM022
/// SELECT id FROM orders WHERE status = 'open' AND status = 'paid'
/// ```
/// ```sql expects SQM022
/// SELECT id FROM orders WHERE amount > 100 AND amount < 10
/// ```
/// ```sql expects SQM022
/// SELECT id FROM orders WHERE status = 'open' AND status IS NULL
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM orders WHERE status = 'open' OR status = 'paid'
/// ```
/// ```sql expects none
/// SELECT id FROM orders WHERE amount > 10 AND amount < 100
/// ```
///
/// ## Limits
/// Literals are compared as they are written, texts exactly: under a collation without regard to case
/// `'a'` and `'A'` may be equal, and texts that differ only so are not reported. Numbers must be integers.
pub struct Contradiction;

impl Rule for Contradiction {
    const META: Meta = Meta {
        code: "SQM022",
        name: "contradiction",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::BINARY,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::BinaryOp { op: BinaryOperator::And, .. }) = cx.node else { return };
        if matches!(cx.site.parent, Some(Expr::BinaryOp { op: BinaryOperator::And, .. })) {
            return;
        }
        let mut seen: Vec<(ColumnName<'_>, Fact<'_>, &Expr)> = Vec::new();
        for condition in conjuncts(expr) {
            let Some((column, fact)) = fact(condition) else { continue };
            let other = seen.iter().take(64).find(|(name, known, _)| column.is_like(name) && fact.excludes(known));
            if let Some((_, _, first)) = other {
                let span = cx.places().from_to(first, condition);
                let message = format!("no {} meets both conditions, so no row comes back", column.name.value);
                out.add(span, message);
                return;
            }
            seen.push((column, fact, condition));
        }
    }
}

/// What a condition says of a column.
#[derive(Debug, Clone, Copy)]
enum Fact<'a> {
    Is(&'a Value),
    IsNull,
    /// Bounds, both included.
    Within(i64, i64),
}

impl Fact<'_> {
    fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Is(a), Self::Is(b)) => differ(a, b),
            (Self::IsNull, Self::Is(_) | Self::Within(..)) | (Self::Is(_) | Self::Within(..), Self::IsNull) => true,
            (Self::Within(low, high), Self::Within(from, to)) => low.max(from) > high.min(to),
            (Self::Is(value), Self::Within(low, high)) | (Self::Within(low, high), Self::Is(value)) => {
                matches!(value, Value::Number(text, _)
                    if text.parse::<i64>().is_ok_and(|number| number < *low || number > *high))
            }
            (Self::IsNull, Self::IsNull) => false,
        }
    }
}

/// Whether two literals are unequal in every collation.
fn differ(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a, _), Value::Number(b, _)) => {
            matches!((a.parse::<i64>(), b.parse::<i64>()), (Ok(a), Ok(b)) if a != b)
        }
        (Value::SingleQuotedString(a), Value::SingleQuotedString(b)) => {
            a.trim_end().to_lowercase() != b.trim_end().to_lowercase() && a.is_ascii() && b.is_ascii()
        }
        (Value::Boolean(a), Value::Boolean(b)) => a != b,
        _ => false,
    }
}

fn fact(condition: &Expr) -> Option<(ColumnName<'_>, Fact<'_>)> {
    match condition {
        Expr::IsNull(inner) => Some((column(inner)?, Fact::IsNull)),
        Expr::Between { expr, negated: false, low, high } => {
            let (low, high) = (integer(low)?, integer(high)?);
            // One that is empty by itself is another rule's.
            (low <= high).then_some((column(expr)?, Fact::Within(low, high)))
        }
        Expr::BinaryOp { left, op, right } => {
            let column = column(left)?;
            let fact = match op {
                BinaryOperator::Eq => match literal(right)? {
                    Value::Null => return None,
                    value => Fact::Is(value),
                },
                // Columns need not be integers: `> 10` and `< 11` leave 10.5.
                BinaryOperator::Gt | BinaryOperator::GtEq => Fact::Within(integer(right)?, i64::MAX),
                BinaryOperator::Lt | BinaryOperator::LtEq => Fact::Within(i64::MIN, integer(right)?),
                _ => return None,
            };
            Some((column, fact))
        }
        _ => None,
    }
}
