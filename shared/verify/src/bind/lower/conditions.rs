//! Numbers as conditions, which MySQL and SQLite take: what is no condition by its form is marked, and becomes
//! one, or remains what it is, once its type is known (`bind/operands.rs`). And conditions as numbers.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    JoinConstraint, Select, TableWithJoins, UnaryOperator, Value,
};
use sqm_domain::Dialect;

use super::Names;
use super::build::{case, number};
use super::columns::constraint;
use super::dates::single_name;
use super::operators::{compares, take};
use crate::dialects::takes_numbers_for_truth;

/// The operator that asks whether the left side is true; the right side is zero.
pub const TRUTH: &str = "is truth";

/// Marks the conditions of a SELECT.
pub fn lower_select(select: &mut Select, dialect: Dialect) {
    if !takes_numbers_for_truth(dialect) {
        return;
    }
    for condition in select.selection.iter_mut().chain(&mut select.having).chain(&mut select.qualify) {
        mark(condition);
    }
    for TableWithJoins { joins, .. } in &mut select.from {
        for join in joins {
            if !matches!(constraint(&join.join_operator), Some(JoinConstraint::On(_))) {
                continue;
            }
            use datafusion::sql::sqlparser::ast::JoinOperator as J;
            if let J::Join(JoinConstraint::On(on))
            | J::Inner(JoinConstraint::On(on))
            | J::Left(JoinConstraint::On(on))
            | J::LeftOuter(JoinConstraint::On(on))
            | J::Right(JoinConstraint::On(on))
            | J::RightOuter(JoinConstraint::On(on))
            | J::FullOuter(JoinConstraint::On(on)) = &mut join.join_operator
            {
                mark(on);
            }
        }
    }
}

/// Marks what is a condition inside of an expression, and makes numbers of conditions that are computed with.
pub fn lower(expr: &mut Expr, dialect: Dialect, names: &dyn Names) {
    if !takes_numbers_for_truth(dialect) {
        return;
    }
    as_numbers(expr, names);
    match expr {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Xor,
            right,
        } => {
            mark(left);
            mark(right);
        }
        Expr::UnaryOp { op: UnaryOperator::Not | UnaryOperator::BangNot, expr } => mark(expr),
        Expr::IsTrue(inner) | Expr::IsNotTrue(inner) | Expr::IsFalse(inner) | Expr::IsNotFalse(inner) => {
            mark(inner);
        }
        Expr::Case { operand: None, conditions, .. } => {
            conditions.iter_mut().for_each(|arm| mark(&mut arm.condition));
        }
        Expr::Function(function) => {
            let is_choice = single_name(function)
                .is_some_and(|name| matches!(name.to_ascii_lowercase().as_str(), "if" | "iif"));
            if is_choice && let Some(condition) = first(function) {
                mark(condition);
            }
        }
        _ => {}
    }
    // A XOR of conditions is that they differ.
    if let Expr::BinaryOp { left, op: op @ BinaryOperator::Xor, right } = expr {
        *op = BinaryOperator::NotEq;
        take(left, |left| Expr::Nested(Box::new(left)));
        take(right, |right| Expr::Nested(Box::new(right)));
        take(expr, |expr| Expr::Nested(Box::new(expr)));
    }
}

fn first(function: &mut Function) -> Option<&mut Expr> {
    let FunctionArguments::List(list) = &mut function.args else { return None };
    match list.args.first_mut() {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))) => Some(expr),
        _ => None,
    }
}

/// SUM (a > 1), 2 * (a > 1).
fn as_numbers(expr: &mut Expr, names: &dyn Names) {
    use BinaryOperator as B;
    match expr {
        Expr::Function(function) => {
            let adds = single_name(function)
                .is_some_and(|name| matches!(name.to_ascii_lowercase().as_str(), "sum" | "avg" | "total"));
            if adds && let Some(argument) = first(function) {
                as_number(argument, names);
            }
        }
        Expr::BinaryOp { left, op: B::Plus | B::Minus | B::Multiply, right } => {
            as_number(left, names);
            as_number(right, names);
        }
        _ => {}
    }
}

fn as_number(expr: &mut Expr, names: &dyn Names) {
    let is_condition = match &*expr {
        Expr::Value(_) => false,
        Expr::Identifier(name) => names.is_truth(&name.value.to_lowercase()),
        Expr::CompoundIdentifier(parts) => {
            parts.last().is_some_and(|name| names.is_truth(&name.value.to_lowercase()))
        }
        other => is_condition(other),
    };
    if is_condition {
        take(expr, |condition| {
            let negated = Expr::UnaryOp {
                op: UnaryOperator::Not,
                expr: Box::new(Expr::Nested(Box::new(condition.clone()))),
            };
            case(vec![(condition, number(1)), (negated, number(0))], None)
        });
    }
}

/// Marks an expression that is no condition by its form.
fn mark(expr: &mut Expr) {
    if let Expr::Nested(inner) = expr {
        return mark(inner);
    }
    if !is_condition(expr) {
        take(expr, |expr| {
            let (left, right) = (Box::new(Expr::Nested(Box::new(expr))), Box::new(number(0)));
            let op = BinaryOperator::Custom(TRUTH.to_owned());
            Expr::Nested(Box::new(Expr::BinaryOp { left, op, right }))
        });
    }
}

/// Whether it is TRUE, FALSE or NULL by its form.
fn is_condition(expr: &Expr) -> bool {
    use BinaryOperator as B;
    match expr {
        Expr::Nested(inner) => is_condition(inner),
        Expr::BinaryOp { op, .. } => {
            compares(op)
                || matches!(op, B::Custom(name) if name == TRUTH)
                || matches!(
                    op,
                    B::And
                        | B::Or
                        | B::Xor
                        | B::Spaceship
                        | B::Regexp
                        | B::Match
                        | B::PGRegexMatch
                        | B::PGRegexIMatch
                        | B::PGRegexNotMatch
                        | B::PGRegexNotIMatch
                )
        }
        Expr::UnaryOp { op, .. } => matches!(op, UnaryOperator::Not | UnaryOperator::BangNot),
        Expr::Value(value) => matches!(value.value, Value::Boolean(_) | Value::Null),
        Expr::Cast { data_type, .. } => matches!(data_type, DataType::Boolean | DataType::Bool),
        Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::InUnnest { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. }
        | Expr::SimilarTo { .. }
        | Expr::RLike { .. }
        | Expr::AnyOp { .. }
        | Expr::AllOp { .. }
        | Expr::Exists { .. } => true,
        _ => false,
    }
}
