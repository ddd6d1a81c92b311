//! Aggregates in expressions, and what they give over no rows at all.

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator,
};

use super::context::Context;
use super::expression;
use super::source::Tokens;

/// Aggregates that give NULL over no rows, in any dialect.
const NULL_OVER_NOTHING: &[&str] = &[
    "MIN",
    "MAX",
    "SUM",
    "AVG",
    "STDDEV",
    "STDDEV_POP",
    "STDDEV_SAMP",
    "VARIANCE",
    "VAR_POP",
    "VAR_SAMP",
    "BOOL_AND",
    "BOOL_OR",
    "EVERY",
    "LOGICAL_AND",
    "LOGICAL_OR",
    "MEDIAN",
];

/// Aggregates of other kinds: that they are aggregates is all that is known of them.
const OTHERS: &[&str] = &[
    "ARRAY_AGG",
    "STRING_AGG",
    "LISTAGG",
    "GROUP_CONCAT",
    "JSON_AGG",
    "JSONB_AGG",
    "OBJECT_AGG",
    "ANY_VALUE",
    "APPROX_COUNT_DISTINCT",
    "COUNT_IF",
    "COUNTIF",
    "CORR",
    "COVAR_POP",
    "COVAR_SAMP",
    "PERCENTILE_CONT",
    "PERCENTILE_DISC",
    "MODE",
    "BIT_AND",
    "BIT_OR",
    "BIT_XOR",
    "FIRST",
    "LAST",
    "ARG_MIN",
    "ARG_MAX",
    "MIN_BY",
    "MAX_BY",
    "GROUPING",
    "XMLAGG",
    "HLL",
    "REGR_SLOPE",
    "KURTOSIS",
    "SKEW",
    "PRODUCT",
    "ARRAY_CONCAT_AGG",
    "APPROX_QUANTILES",
    "APPROX_TOP_COUNT",
    "GROUP_ARRAY",
    "UNIQ",
    "QUANTILE",
    "TOTAL",
    "STDEV",
    "STDEVP",
    "VAR",
    "VARP",
    "JSON_OBJECT_AGG",
    "JSON_ARRAYAGG",
    "JSON_OBJECTAGG",
    "COUNT_BIG",
    "CHECKSUM_AGG",
    "LIST",
];

/// Functions of one row that give NULL as soon as an argument is NULL.
const STRICT: &[&str] =
    &["ROUND", "ABS", "CEIL", "CEILING", "FLOOR", "SQRT", "EXP", "LN", "TRUNC", "SIGN", "FLOAT8"];

/// An aggregate inside an expression.
pub(super) struct Aggregate<'a> {
    /// From its name to its closing parenthesis.
    pub(super) tokens: Tokens,
    pub(super) name: String,
    pub(super) function: &'a Function,
    /// Whether it gives 0 over no rows, as COUNT does, and not NULL.
    pub(super) counts: bool,
}

/// What an expression of aggregates is like.
pub(super) struct Shape<'a> {
    pub(super) aggregates: Vec<Aggregate<'a>>,
    /// Whether it is NULL over no rows.
    pub(super) null_over_nothing: bool,
}

/// Whether the function is an aggregate, as far as its name tells; with OVER it is none.
pub(super) fn is_aggregate(expr: &Expr) -> bool {
    expression::call(expr).is_some_and(|(name, function)| {
        function.over.is_none()
            && (name == "COUNT"
                || NULL_OVER_NOTHING.contains(&name.as_str())
                || OTHERS.contains(&name.as_str()))
    })
}

/// Whether it is an aggregate, and may give another value where a row is there twice.
pub(super) fn minds_copies(expr: &Expr) -> bool {
    let distinct = |function: &Function| {
        matches!(&function.args, FunctionArguments::List(list)
            if list.duplicate_treatment == Some(sqlparser::ast::DuplicateTreatment::Distinct))
    };
    is_aggregate(expr)
        && expression::call(expr).is_some_and(|(name, function)| {
            !matches!(name.as_str(), "MIN" | "MAX" | "BOOL_AND" | "BOOL_OR" | "EVERY") && !distinct(function)
        })
}

/// Whether an aggregate stands in the expression outside of its subqueries.
pub(super) fn has_aggregate(expr: &Expr) -> bool {
    expression::any(expr, is_aggregate)
}

/// Takes an expression of aggregates and constants apart. `None` where it holds anything else.
pub(super) fn shape<'a>(cx: &Context<'_>, expr: &'a Expr) -> Option<Shape<'a>> {
    let mut aggregates = Vec::new();
    let null_over_nothing = walk(cx, expr, &mut aggregates)?;
    (!aggregates.is_empty()).then_some(Shape { aggregates, null_over_nothing })
}

/// Whether the expression is NULL where every aggregate is that can be.
fn walk<'a>(cx: &Context<'_>, expr: &'a Expr, found: &mut Vec<Aggregate<'a>>) -> Option<bool> {
    match expr {
        Expr::Nested(inner)
        | Expr::Cast { expr: inner, .. }
        | Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr: inner }
        | Expr::Ceil { expr: inner, .. }
        | Expr::Floor { expr: inner, .. } => walk(cx, inner, found),
        Expr::BinaryOp { left, op, right } if is_arithmetic(op) => {
            let left = walk(cx, left, found)?;
            let right = walk(cx, right, found)?;
            Some(left || right)
        }
        Expr::Function(function) => {
            if let Some(aggregate) = read(cx, expr) {
                let null = !aggregate.counts;
                found.push(aggregate);
                return Some(null);
            }
            let (name, _) = expression::call(expr)?;
            let args = expression::plain_args(function)?;
            let mut any = false;
            let mut all = true;
            for arg in args {
                let null = walk(cx, arg, found)?;
                any |= null;
                all &= null;
            }
            match name.as_str() {
                name if STRICT.contains(&name) => Some(any),
                "COALESCE" | "IFNULL" | "NVL" => Some(all),
                _ => None,
            }
        }
        _ if expression::is_literal(expr) => Some(false),
        _ => None,
    }
}

/// Reads one aggregate: of known behaviour over no rows, without FILTER, OVER or WITHIN GROUP.
pub(super) fn read<'a>(cx: &Context<'_>, expr: &'a Expr) -> Option<Aggregate<'a>> {
    let (name, function) = expression::call(expr)?;
    let counts = name == "COUNT";
    if !counts && !NULL_OVER_NOTHING.contains(&name.as_str())
        || function.filter.is_some()
        || function.over.is_some()
        || function.null_treatment.is_some()
        || !function.within_group.is_empty()
        || !matches!(function.parameters, FunctionArguments::None)
    {
        return None;
    }
    let FunctionArguments::List(list) = &function.args else { return None };
    let sound = list.clauses.is_empty()
        && !list.args.is_empty()
        && list.args.iter().all(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => {
                !has_aggregate(expr) && !expression::has_subquery(expr)
            }
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => counts,
            _ => false,
        });
    if !sound {
        return None;
    }
    let start = cx.source.at(function.name.0.first()?.as_ident()?.span.start)?;
    let end = cx.source.mate(start + 1)? + 1;
    Some(Aggregate { tokens: start..end, name, function, counts })
}

impl Aggregate<'_> {
    /// Its only argument, where that is an expression.
    pub(super) fn argument(&self) -> Option<&Expr> {
        let FunctionArguments::List(list) = &self.function.args else { return None };
        match list.args.as_slice() {
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))] => Some(expr),
            _ => None,
        }
    }

    /// A name for its value: `avg_price`, `row_count`, `sum_value`.
    pub(super) fn column_name(&self) -> String {
        let name = self.name.to_lowercase();
        match self.argument().map(|arg| (arg, expression::column(arg))) {
            Some((_, Some(column))) => {
                format!("{name}_{}", column.last().map_or("value", |ident| ident.value.as_str()))
            }
            None if self.counts => "row_count".to_owned(),
            Some((arg, None)) if self.counts && expression::is_literal(arg) => "row_count".to_owned(),
            _ => format!("{name}_value"),
        }
    }
}

/// Whether an operator gives NULL when either side is NULL, and a number otherwise.
pub(super) fn is_arithmetic(operator: &BinaryOperator) -> bool {
    matches!(
        operator,
        BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
    )
}

/// Whether an item of the SELECT list holds an aggregate.
pub(super) fn selects_aggregate(block: &super::block::Block<'_>) -> bool {
    block.select.projection.iter().any(|item| match item {
        sqlparser::ast::SelectItem::UnnamedExpr(expr)
        | sqlparser::ast::SelectItem::ExprWithAlias { expr, .. } => has_aggregate(expr),
        _ => false,
    })
}

/// Whether an aggregate stands in the SELECT list, HAVING or ORDER BY.
pub(super) fn has_any(block: &super::block::Block<'_>) -> bool {
    of_block(block).any(has_aggregate)
}

/// Every expression of a block that may hold aggregates of its own groups.
pub(super) fn of_block<'a>(block: &super::block::Block<'a>) -> impl Iterator<Item = &'a Expr> + use<'a> {
    let select = block.select;
    let items = select.projection.iter().filter_map(|item| match item {
        sqlparser::ast::SelectItem::UnnamedExpr(expr)
        | sqlparser::ast::SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    });
    let order =
        block.query.and_then(|query| query.order_by.as_ref()).map_or(&[][..], |order| match &order.kind {
            sqlparser::ast::OrderByKind::Expressions(list) => list.as_slice(),
            sqlparser::ast::OrderByKind::All(_) => &[],
        });
    items.chain(&select.having).chain(order.iter().map(|order| &order.expr))
}
