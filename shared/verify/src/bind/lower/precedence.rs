//! Operators without brackets that the grammar may bind otherwise than the dialect does. It follows PostgreSQL
//! for the most part, where others have other ranks: what one of them reads in another way is refused, so that
//! no verdict is about another query.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, SetExpr, UnaryOperator};
use sqm_domain::Dialect;

/// Why it is in doubt what the operands of an expression are.
pub fn doubt(expr: &Expr, dialect: Dialect) -> Option<&'static str> {
    use Rank as R;
    match expr {
        // In PostgreSQL a sign binds tighter than a power, in the grammar less tightly.
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } if rank(expr) == Some(R::Power) => {
            Some("a sign before a power is not verified without brackets")
        }
        Expr::BinaryOp { left, op, right }
            if !matches!(op, BinaryOperator::Or | BinaryOperator::Xor) && (is_xor(left) || is_xor(right)) =>
        {
            Some(XOR)
        }
        Expr::InList { expr, .. }
        | Expr::InSubquery { expr, .. }
        | Expr::Between { expr, .. }
        | Expr::Like { expr, .. }
        | Expr::ILike { expr, .. }
        | Expr::IsNull(expr)
        | Expr::IsNotNull(expr)
            if is_xor(expr) =>
        {
            Some(XOR)
        }
        Expr::BinaryOp { left, op, right } => {
            // What ends in a bracket leaves no doubt about what follows.
            let left = if is_membership(left) { None } else { rank(left) };
            let inner = [left, rank(right)].into_iter().flatten();
            inner.filter_map(|inner| disputed(operator(op)?, inner, op, dialect)).next()
        }
        Expr::InList { expr, .. } | Expr::InSubquery { expr, .. } | Expr::Between { expr, .. }
            if rank(expr) == Some(R::Comparison) =>
        {
            Some(COMPARISONS)
        }
        Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. }
            if [expr, pattern].into_iter().any(|side| rank(side) == Some(R::Comparison)) =>
        {
            Some(COMPARISONS)
        }
        _ => None,
    }
}

/// MySQL lets XOR reach further than AND, the grammar less far than `=`.
const XOR: &str = "XOR beside another operator is not verified without brackets";

fn is_xor(expr: &Expr) -> bool {
    matches!(expr, Expr::BinaryOp { op: BinaryOperator::Xor, .. })
}

const COMPARISONS: &str = "a comparison of comparisons is not verified without brackets";

/// Why an operator of one rank around one of another is in doubt.
fn disputed(outer: Rank, inner: Rank, op: &BinaryOperator, dialect: Dialect) -> Option<&'static str> {
    use Rank as R;
    match (outer, inner) {
        // MySQL lets its DIV reach as far as `*`, the grammar further.
        _ if matches!(op, BinaryOperator::MyIntegerDivide) => {
            Some("DIV beside another operator is not verified without brackets")
        }
        // SQLite binds `<` tighter than `=`, PostgreSQL IN tighter than `<`, others bind them alike.
        (R::Comparison, R::Comparison) => Some(COMPARISONS),
        // T-SQL binds bits as tightly as `+`, PostgreSQL all of them alike, MySQL each in another way.
        (R::Bits, R::Bits | R::Sum | R::Product | R::Power | R::Joined)
        | (R::Sum | R::Product | R::Joined, R::Bits) => {
            Some("an operator on bits beside another one is not verified without brackets")
        }
        // PostgreSQL binds `||` less tightly than `+`, Oracle alike, SQLite tighter than `*`.
        (R::Joined, R::Sum) | (R::Sum, R::Joined) => Some(JOINED),
        (R::Joined, R::Product) | (R::Product, R::Joined) if dialect == Dialect::Sqlite => Some(JOINED),
        _ => None,
    }
}

const JOINED: &str = "|| beside arithmetic is not verified without brackets";

/// What operators have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    Power,
    Product,
    Sum,
    Joined,
    Bits,
    Comparison,
}

/// The rank of an expression that stands without brackets.
fn rank(expr: &Expr) -> Option<Rank> {
    match expr {
        Expr::BinaryOp { op, .. } => operator(op),
        Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. } => Some(Rank::Comparison),
        _ => None,
    }
}

fn is_membership(expr: &Expr) -> bool {
    matches!(expr, Expr::InList { .. } | Expr::InSubquery { .. })
}

fn operator(op: &BinaryOperator) -> Option<Rank> {
    use BinaryOperator as B;
    Some(match op {
        B::PGExp => Rank::Power,
        B::Multiply | B::Divide | B::Modulo | B::MyIntegerDivide | B::DuckIntegerDivide => Rank::Product,
        B::Plus | B::Minus => Rank::Sum,
        B::StringConcat => Rank::Joined,
        B::BitwiseAnd
        | B::BitwiseOr
        | B::BitwiseXor
        | B::PGBitwiseXor
        | B::PGBitwiseShiftLeft
        | B::PGBitwiseShiftRight => Rank::Bits,
        B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq | B::Spaceship => Rank::Comparison,
        _ => return None,
    })
}

/// Why it is in doubt what a set operation takes: one that stands, without brackets, to the right of another,
/// where the grammar binds INTERSECT tighter, and these dialects go from left to right.
pub fn doubt_of_set(body: &SetExpr, dialect: Dialect) -> Option<&'static str> {
    let SetExpr::SetOperation { left, right, .. } = body else { return None };
    if matches!(**right, SetExpr::SetOperation { .. }) && matches!(dialect, Dialect::Sqlite | Dialect::Oracle)
    {
        return Some("INTERSECT behind another set operation is not verified without brackets");
    }
    doubt_of_set(left, dialect)
}
