//! What stands directly below an expression: other expressions, and queries with the part they play.

use sqlparser::ast::{
    AccessExpr, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments,
    OrderByExpr, Query, Subscript, WindowSpec, WindowType,
};

use super::walk::Role;

/// One step down from an expression.
#[derive(Debug, Clone, Copy)]
pub(super) enum Child<'a> {
    Expr(&'a Expr),
    /// An expression inside the OVER of a call.
    Window(&'a Expr),
    Query(&'a Query, Role),
}

/// Calls `each` for everything directly below the expression.
pub(super) fn children<'a>(expr: &'a Expr, each: &mut impl FnMut(Child<'a>)) {
    match expr {
        Expr::BinaryOp { left, right, .. }
        | Expr::IsDistinctFrom(left, right)
        | Expr::IsNotDistinctFrom(left, right)
        | Expr::AnyOp { left, right, .. }
        | Expr::AllOp { left, right, .. } => two(left, right, each),
        Expr::IsFalse(inner)
        | Expr::IsNotFalse(inner)
        | Expr::IsTrue(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::IsUnknown(inner)
        | Expr::IsNotUnknown(inner)
        | Expr::Nested(inner)
        | Expr::OuterJoin(inner)
        | Expr::Prior(inner)
        | Expr::UnaryOp { expr: inner, .. }
        | Expr::Cast { expr: inner, .. }
        | Expr::Extract { expr: inner, .. }
        | Expr::Ceil { expr: inner, .. }
        | Expr::Floor { expr: inner, .. }
        | Expr::Collate { expr: inner, .. }
        | Expr::Named { expr: inner, .. }
        | Expr::IsNormalized { expr: inner, .. }
        | Expr::Prefixed { value: inner, .. }
        | Expr::JsonAccess { value: inner, .. } => each(Child::Expr(inner)),
        Expr::Convert { expr: inner, styles, .. } => {
            each(Child::Expr(inner));
            all(styles, each);
        }
        Expr::Like { expr, pattern, .. }
        | Expr::ILike { expr, pattern, .. }
        | Expr::SimilarTo { expr, pattern, .. }
        | Expr::RLike { expr, pattern, .. } => two(expr, pattern, each),
        Expr::Between { expr, low, high, .. } => {
            each(Child::Expr(expr));
            two(low, high, each);
        }
        Expr::InList { expr, list, .. } => {
            each(Child::Expr(expr));
            all(list, each);
        }
        Expr::InSubquery { expr, subquery, .. } => {
            each(Child::Expr(expr));
            each(Child::Query(subquery, Role::In));
        }
        Expr::InUnnest { expr, array_expr, .. } => two(expr, array_expr, each),
        Expr::Exists { subquery, .. } => each(Child::Query(subquery, Role::Exists)),
        Expr::Subquery(query) => each(Child::Query(query, Role::Scalar)),
        Expr::AtTimeZone { timestamp, time_zone } => two(timestamp, time_zone, each),
        Expr::Position { expr, r#in } => two(expr, r#in, each),
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            each(Child::Expr(expr));
            substring_from.iter().chain(substring_for).for_each(|expr| each(Child::Expr(expr)));
        }
        Expr::Trim { expr, trim_what, trim_characters, .. } => {
            each(Child::Expr(expr));
            trim_what.iter().for_each(|expr| each(Child::Expr(expr)));
            trim_characters.iter().for_each(|exprs| all(exprs, each));
        }
        Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
            two(expr, overlay_what, each);
            each(Child::Expr(overlay_from));
            overlay_for.iter().for_each(|expr| each(Child::Expr(expr)));
        }
        Expr::Function(function) => call(function, each),
        Expr::Case { operand, conditions, else_result, .. } => {
            operand.iter().for_each(|expr| each(Child::Expr(expr)));
            for when in conditions {
                two(&when.condition, &when.result, each);
            }
            else_result.iter().for_each(|expr| each(Child::Expr(expr)));
        }
        Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
            sets.iter().for_each(|set| all(set, each));
        }
        Expr::Tuple(values) | Expr::Struct { values, .. } => all(values, each),
        Expr::Array(array) => all(&array.elem, each),
        Expr::Dictionary(fields) => fields.iter().for_each(|field| each(Child::Expr(&field.value))),
        Expr::Map(map) => map.entries.iter().for_each(|entry| two(&entry.key, &entry.value, each)),
        Expr::Interval(interval) => each(Child::Expr(&interval.value)),
        Expr::Lambda(lambda) => each(Child::Expr(&lambda.body)),
        Expr::MemberOf(member) => two(&member.value, &member.array, each),
        Expr::CompoundFieldAccess { root, access_chain } => {
            each(Child::Expr(root));
            for access in access_chain {
                match access {
                    // A name after a dot is a field, not a column.
                    AccessExpr::Dot(_) => {}
                    AccessExpr::Subscript(Subscript::Index { index }) => each(Child::Expr(index)),
                    AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride }) => {
                        let bounds = lower_bound.iter().chain(upper_bound).chain(stride);
                        bounds.for_each(|expr| each(Child::Expr(expr)));
                    }
                }
            }
        }
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::Value(_)
        | Expr::TypedString(_)
        | Expr::MatchAgainst { .. }
        | Expr::Wildcard(_)
        | Expr::QualifiedWildcard(..) => {}
    }
}

fn two<'a>(a: &'a Expr, b: &'a Expr, each: &mut impl FnMut(Child<'a>)) {
    each(Child::Expr(a));
    each(Child::Expr(b));
}

fn all<'a>(exprs: &'a [Expr], each: &mut impl FnMut(Child<'a>)) {
    exprs.iter().for_each(|expr| each(Child::Expr(expr)));
}

fn sort_keys<'a>(keys: &'a [OrderByExpr], each: &mut impl FnMut(Child<'a>)) {
    keys.iter().for_each(|key| each(Child::Expr(&key.expr)));
}

/// The expressions of a window: partition and order.
pub(super) fn window<'a>(spec: &'a WindowSpec, each: &mut impl FnMut(&'a Expr)) {
    spec.partition_by.iter().for_each(&mut *each);
    spec.order_by.iter().for_each(|key| each(&key.expr));
}

/// Everything below a function call.
pub(super) fn call<'a>(function: &'a Function, each: &mut impl FnMut(Child<'a>)) {
    for arguments in [&function.parameters, &function.args] {
        match arguments {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(query) => each(Child::Query(query, Role::Derived)),
            FunctionArguments::List(list) => {
                list.args.iter().filter_map(argument).for_each(|expr| each(Child::Expr(expr)));
                for clause in &list.clauses {
                    match clause {
                        FunctionArgumentClause::OrderBy(keys) => sort_keys(keys, each),
                        FunctionArgumentClause::Limit(expr) => each(Child::Expr(expr)),
                        _ => {}
                    }
                }
            }
        }
    }
    function.filter.iter().for_each(|expr| each(Child::Expr(expr)));
    sort_keys(&function.within_group, each);
    if let Some(WindowType::WindowSpec(spec)) = &function.over {
        window(spec, &mut |expr| each(Child::Window(expr)));
    }
}

/// The expression of an argument; `None` for `*`.
pub(super) fn argument(argument: &FunctionArg) -> Option<&Expr> {
    match argument {
        FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. } | FunctionArg::Unnamed(arg) => {
            match arg {
                FunctionArgExpr::Expr(expr) => Some(expr),
                _ => None,
            }
        }
    }
}
