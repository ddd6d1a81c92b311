//! Small questions about expressions, asked of the tree alone.

use sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    Query, Subscript, Value, WindowType,
};
use sqlparser::tokenizer::{Location, Token};

use super::context::Context;
use super::source::Tokens;

/// What an expression is made of.
pub(super) enum Part<'a> {
    Expr(&'a Expr),
    Query(&'a Query),
}

/// The direct parts of an expression, in the order of the text. Parts of kinds that no rewrite knows are
/// left out; whoever relies on having seen every subquery counts them.
pub(super) fn parts(expr: &Expr) -> Vec<Part<'_>> {
    use Part::{Expr as E, Query as Q};
    match expr {
        Expr::BinaryOp { left, right, .. }
        | Expr::IsDistinctFrom(left, right)
        | Expr::IsNotDistinctFrom(left, right)
        | Expr::AnyOp { left, right, .. }
        | Expr::AllOp { left, right, .. } => vec![E(left), E(right)],
        Expr::Like { expr, pattern, .. }
        | Expr::ILike { expr, pattern, .. }
        | Expr::SimilarTo { expr, pattern, .. }
        | Expr::RLike { expr, pattern, .. } => vec![E(expr), E(pattern)],
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
        | Expr::Prior(inner) => vec![E(inner)],
        Expr::UnaryOp { expr, .. }
        | Expr::Cast { expr, .. }
        | Expr::Extract { expr, .. }
        | Expr::Ceil { expr, .. }
        | Expr::Floor { expr, .. }
        | Expr::Collate { expr, .. }
        | Expr::IsNormalized { expr, .. }
        | Expr::Named { expr, .. } => vec![E(expr)],
        Expr::Convert { expr, styles, .. } => std::iter::once(E(expr)).chain(styles.iter().map(E)).collect(),
        Expr::AtTimeZone { timestamp, time_zone } => vec![E(timestamp), E(time_zone)],
        Expr::InList { expr, list, .. } => std::iter::once(E(expr)).chain(list.iter().map(E)).collect(),
        Expr::InSubquery { expr, subquery, .. } => vec![E(expr), Q(subquery)],
        Expr::InUnnest { expr, array_expr, .. } => vec![E(expr), E(array_expr)],
        Expr::Between { expr, low, high, .. } => vec![E(expr), E(low), E(high)],
        Expr::Exists { subquery, .. } | Expr::Subquery(subquery) => vec![Q(subquery)],
        Expr::Position { expr, r#in } => vec![E(expr), E(r#in)],
        Expr::Substring { expr, substring_from, substring_for, .. } => std::iter::once(E(expr))
            .chain(substring_from.iter().map(|e| E(e)))
            .chain(substring_for.iter().map(|e| E(e)))
            .collect(),
        Expr::Trim { trim_what, expr, .. } => {
            trim_what.iter().map(|e| E(e)).chain(std::iter::once(E(expr))).collect()
        }
        Expr::Case { operand, conditions, else_result, .. } => operand
            .iter()
            .map(|e| E(e))
            .chain(conditions.iter().flat_map(|when| [E(&when.condition), E(&when.result)]))
            .chain(else_result.iter().map(|e| E(e)))
            .collect(),
        Expr::Tuple(list) => list.iter().map(E).collect(),
        Expr::Struct { values, .. } => values.iter().map(E).collect(),
        Expr::Array(array) => array.elem.iter().map(E).collect(),
        Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
            sets.iter().flatten().map(E).collect()
        }
        Expr::Interval(interval) => vec![E(&interval.value)],
        Expr::Function(function) => function_parts(function),
        Expr::CompoundFieldAccess { root, access_chain } => std::iter::once(E(root))
            .chain(access_chain.iter().filter_map(|access| match access {
                AccessExpr::Dot(expr) | AccessExpr::Subscript(Subscript::Index { index: expr }) => {
                    Some(E(expr))
                }
                AccessExpr::Subscript(_) => None,
            }))
            .collect(),
        _ => Vec::new(),
    }
}

fn function_parts(function: &Function) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    match &function.args {
        FunctionArguments::Subquery(query) => found.push(Part::Query(query)),
        FunctionArguments::List(list) => {
            for arg in &list.args {
                let (FunctionArg::Unnamed(arg)
                | FunctionArg::Named { arg, .. }
                | FunctionArg::ExprNamed { arg, .. }) = arg;
                if let FunctionArgExpr::Expr(expr) = arg {
                    found.push(Part::Expr(expr));
                }
            }
        }
        FunctionArguments::None => {}
    }
    found.extend(function.filter.iter().map(|e| Part::Expr(e)));
    if let Some(WindowType::WindowSpec(window)) = &function.over {
        found.extend(window.partition_by.iter().map(Part::Expr));
        found.extend(window.order_by.iter().map(|order| Part::Expr(&order.expr)));
    }
    found
}

/// Whether `wanted` holds for the expression or any part of it. Subqueries are not entered.
pub(super) fn any(expr: &Expr, mut wanted: impl FnMut(&Expr) -> bool) -> bool {
    let mut todo = vec![expr];
    while let Some(node) = todo.pop() {
        if wanted(node) {
            return true;
        }
        todo.extend(parts(node).into_iter().filter_map(|part| match part {
            Part::Expr(inner) => Some(inner),
            Part::Query(_) => None,
        }));
    }
    false
}

/// Whether it holds a subquery.
pub(super) fn has_subquery(expr: &Expr) -> bool {
    any(expr, |node| parts(node).iter().any(|part| matches!(part, Part::Query(_))))
}

/// The expression without the parentheses around it.
pub(super) fn bare(mut expr: &Expr) -> &Expr {
    while let Expr::Nested(inner) = expr {
        expr = inner;
    }
    expr
}

/// The name of a column: `c`, `t.c`, `db.t.c`.
pub(super) fn column(expr: &Expr) -> Option<&[Ident]> {
    match expr {
        Expr::Identifier(name) => Some(std::slice::from_ref(name)),
        Expr::CompoundIdentifier(parts) => Some(parts),
        _ => None,
    }
}

/// Where a column's name starts.
pub(super) fn place(expr: &Expr) -> Option<Location> {
    column(expr)?.first().map(|ident| ident.span.start)
}

/// The name of a function, upper-case, where it has one part; and the function.
pub(super) fn call(expr: &Expr) -> Option<(String, &Function)> {
    let Expr::Function(function) = expr else { return None };
    let [part] = function.name.0.as_slice() else { return None };
    let ident = part.as_ident()?;
    Some((ident.value.to_uppercase(), function))
}

/// The arguments of a plain call: unnamed expressions, no DISTINCT, FILTER, OVER or the like.
pub(super) fn plain_args(function: &Function) -> Option<Vec<&Expr>> {
    if function.filter.is_some()
        || function.over.is_some()
        || function.null_treatment.is_some()
        || !function.within_group.is_empty()
        || !matches!(function.parameters, FunctionArguments::None)
    {
        return None;
    }
    let FunctionArguments::List(list) = &function.args else { return None };
    if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return None;
    }
    list.args
        .iter()
        .map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
            _ => None,
        })
        .collect()
}

/// A whole number that is written as such, with its sign.
pub(super) fn integer(expr: &Expr) -> Option<i64> {
    match bare(expr) {
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) => number.to_string().parse().ok(),
            _ => None,
        },
        Expr::UnaryOp { op: sqlparser::ast::UnaryOperator::Minus, expr } => integer(expr)?.checked_neg(),
        _ => None,
    }
}

/// The content of a plain string literal.
pub(super) fn string(expr: &Expr) -> Option<&str> {
    match bare(expr) {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// Whether it is a literal: a number, string, boolean, NULL, or a typed string such as `DATE '…'`.
pub(super) fn is_literal(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::Value(value) => !matches!(value.value, Value::Placeholder(_)),
        Expr::TypedString(_) => true,
        Expr::UnaryOp { expr, .. } => matches!(bare(expr), Expr::Value(_)),
        _ => false,
    }
}

/// Whether it is the literal NULL.
pub(super) fn is_null(expr: &Expr) -> bool {
    matches!(bare(expr), Expr::Value(value) if matches!(value.value, Value::Null))
}

/// The comparison that says the same with the sides exchanged.
pub(super) fn mirrored(operator: &BinaryOperator) -> Option<BinaryOperator> {
    Some(match operator {
        BinaryOperator::Eq => BinaryOperator::Eq,
        BinaryOperator::NotEq => BinaryOperator::NotEq,
        BinaryOperator::Lt => BinaryOperator::Gt,
        BinaryOperator::LtEq => BinaryOperator::GtEq,
        BinaryOperator::Gt => BinaryOperator::Lt,
        BinaryOperator::GtEq => BinaryOperator::LtEq,
        _ => return None,
    })
}

/// The comparison that is true where this one is false.
pub(super) fn opposite(operator: &BinaryOperator) -> Option<BinaryOperator> {
    Some(match operator {
        BinaryOperator::Eq => BinaryOperator::NotEq,
        BinaryOperator::NotEq => BinaryOperator::Eq,
        BinaryOperator::Lt => BinaryOperator::GtEq,
        BinaryOperator::LtEq => BinaryOperator::Gt,
        BinaryOperator::Gt => BinaryOperator::LtEq,
        BinaryOperator::GtEq => BinaryOperator::Lt,
        _ => return None,
    })
}

/// A comparison whose result is NULL when either side is.
pub(super) fn comparison(expr: &Expr) -> Option<(&Expr, &BinaryOperator, &Expr)> {
    match expr {
        Expr::BinaryOp { left, op, right } if mirrored(op).is_some() => Some((left, op, right)),
        _ => None,
    }
}

/// How a comparison is written.
pub(super) fn sign(operator: &BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "<>",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        _ => "?",
    }
}

/// Functions whose value may differ between two calls in one statement.
pub(super) const VOLATILE: &[&str] = &[
    "RANDOM",
    "RAND",
    "NEWID",
    "UUID",
    "GEN_RANDOM_UUID",
    "GENERATE_UUID",
    "UUID_STRING",
    "NEXTVAL",
    "SETVAL",
    "CLOCK_TIMESTAMP",
    "TIMEOFDAY",
    "SYS_GUID",
    "UNIFORM",
    "RANDSTR",
    "SEQ1",
    "SEQ2",
    "SEQ4",
    "SEQ8",
    "SLEEP",
    "PG_SLEEP",
    "LAST_INSERT_ID",
    "ROW_COUNT",
    "DBMS_RANDOM",
];

/// Whether it calls a function whose value may differ between two calls in one statement.
pub(super) fn is_volatile(expr: &Expr) -> bool {
    any(expr, |node| match node {
        Expr::Function(function) => function.name.0.iter().any(|part| {
            part.as_ident().is_some_and(|name| VOLATILE.contains(&name.value.to_uppercase().as_str()))
        }),
        _ => false,
    })
}

/// Whether these tokens name a function whose value may differ between two calls.
pub(super) fn any_volatile(cx: &Context<'_>, tokens: &Tokens) -> bool {
    tokens.clone().any(|at| match cx.source.token(at) {
        Some(Token::Word(word)) => VOLATILE.contains(&word.value.to_uppercase().as_str()),
        _ => false,
    })
}
