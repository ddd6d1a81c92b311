//! Questions to a tree that many rules ask: what is a column, a literal, an aggregate; which conjuncts.

use sqlparser::ast::{
    BinaryOperator, CastKind, Expr, Function, FunctionArguments, GroupByExpr, Ident, ObjectName,
    ObjectNamePart, Query, Select, SetExpr, Value,
};
use sqm_domain::Dialect;

use super::children::{Child, argument, children};

/// A column as it is written.
#[derive(Debug, Clone, Copy)]
pub struct ColumnName<'a> {
    /// The part directly before the name: an alias or a table.
    pub qualifier: Option<&'a Ident>,
    /// The column.
    pub name: &'a Ident,
}

impl ColumnName<'_> {
    /// Whether both are written alike, in any case.
    pub fn is_like(&self, other: &Self) -> bool {
        same_ident(self.name, other.name)
            && match (self.qualifier, other.qualifier) {
                (Some(a), Some(b)) => same_ident(a, b),
                (None, None) => true,
                _ => false,
            }
    }

    /// Whether both may be one column: a missing qualifier fits any.
    pub fn may_be(&self, other: &Self) -> bool {
        same_ident(self.name, other.name)
            && match (self.qualifier, other.qualifier) {
                (Some(a), Some(b)) => same_ident(a, b),
                _ => true,
            }
    }
}

/// Whether two identifiers are written alike, in any case.
pub fn same_ident(a: &Ident, b: &Ident) -> bool {
    a.value.eq_ignore_ascii_case(&b.value)
}

/// The expression without brackets around it.
pub fn bare(expr: &Expr) -> &Expr {
    let mut expr = expr;
    while let Expr::Nested(inner) = expr {
        expr = inner;
    }
    expr
}

/// The column that the expression is.
pub fn column(expr: &Expr) -> Option<ColumnName<'_>> {
    match bare(expr) {
        // `"x"` and `x` without a place are made by the parser, not written.
        Expr::Identifier(name) => Some(ColumnName { qualifier: None, name }),
        Expr::CompoundIdentifier(parts) => {
            let name = parts.last()?;
            Some(ColumnName { qualifier: parts.len().checked_sub(2).map(|at| &parts[at]), name })
        }
        _ => None,
    }
}

/// The literal that the expression is; a sign before a number is not looked through.
pub fn literal(expr: &Expr) -> Option<&Value> {
    match bare(expr) {
        Expr::Value(value) if !matches!(value.value, Value::Placeholder(_)) => Some(&value.value),
        _ => None,
    }
}

/// Whether the expression is the literal NULL.
pub fn is_null(expr: &Expr) -> bool {
    matches!(literal(expr), Some(Value::Null))
}

/// The text of a string literal.
pub fn string(expr: &Expr) -> Option<&str> {
    match literal(expr)? {
        Value::SingleQuotedString(text)
        | Value::NationalStringLiteral(text)
        | Value::EscapedStringLiteral(text)
        | Value::TripleSingleQuotedString(text) => Some(text),
        _ => None,
    }
}

/// The number that the expression is, sign included, where it is small enough to be exact.
pub fn integer(expr: &Expr) -> Option<i64> {
    match bare(expr) {
        Expr::Value(value) => match &value.value {
            Value::Number(text, _) => text.parse().ok(),
            _ => None,
        },
        Expr::UnaryOp { op: sqlparser::ast::UnaryOperator::Minus, expr } => integer(expr).map(|n| -n),
        _ => None,
    }
}

/// Whether the expression reads nothing: literals, parameters and calls and operators over them.
pub fn is_constant(expr: &Expr) -> bool {
    let mut left = vec![expr];
    while let Some(expr) = left.pop() {
        match expr {
            Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::CompoundFieldAccess { .. }
            | Expr::Wildcard(_)
            | Expr::QualifiedWildcard(..)
            | Expr::MatchAgainst { .. } => return false,
            _ => {}
        }
        let mut has_query = false;
        children(expr, &mut |child| match child {
            Child::Expr(child) | Child::Window(child) => left.push(child),
            Child::Query(..) => has_query = true,
        });
        if has_query {
            return false;
        }
    }
    true
}

/// Every column below the expression, subqueries left out.
pub fn columns(expr: &Expr) -> Vec<ColumnName<'_>> {
    let mut found = Vec::new();
    let mut left = vec![expr];
    while let Some(expr) = left.pop() {
        found.extend(column(expr));
        children(expr, &mut |child| {
            if let Child::Expr(child) | Child::Window(child) = child {
                left.push(child);
            }
        });
    }
    found
}

/// Whether there is a subquery anywhere below.
pub fn has_subquery(expr: &Expr) -> bool {
    let mut left = vec![expr];
    let mut found = false;
    while let Some(expr) = left.pop() {
        children(expr, &mut |child| match child {
            Child::Expr(child) | Child::Window(child) => left.push(child),
            Child::Query(..) => found = true,
        });
        if found {
            return true;
        }
    }
    false
}

/// The operands of a chain of one operator, from left to right, brackets looked through.
pub fn operands<'a>(expr: &'a Expr, operator: &BinaryOperator) -> Vec<&'a Expr> {
    let mut found = Vec::new();
    let mut left = vec![expr];
    while let Some(expr) = left.pop() {
        match bare(expr) {
            Expr::BinaryOp { left: a, op, right: b } if op == operator => {
                left.push(b);
                left.push(a);
            }
            other => found.push(other),
        }
    }
    found
}

/// The conditions that must all hold.
pub fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    operands(expr, &BinaryOperator::And)
}

/// The conditions of which one must hold.
pub fn disjuncts(expr: &Expr) -> Vec<&Expr> {
    operands(expr, &BinaryOperator::Or)
}

/// Whether the operator compares.
pub fn is_comparison(op: &BinaryOperator) -> bool {
    use BinaryOperator as B;
    matches!(op, B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq | B::Spaceship)
}

/// The last part of a function's name, as written.
pub fn function_name(function: &Function) -> &str {
    last_part(&function.name).map_or("", |ident| ident.value.as_str())
}

/// Whether the function has one of these names, in any case.
pub fn is_named(function: &Function, names: &[&str]) -> bool {
    let own = function_name(function);
    names.iter().any(|name| own.eq_ignore_ascii_case(name))
}

/// The last part of a name.
pub fn last_part(name: &ObjectName) -> Option<&Ident> {
    match name.0.last()? {
        ObjectNamePart::Identifier(ident) => Some(ident),
        ObjectNamePart::Function(_) => None,
    }
}

/// The parts of a name as text; `None` where one is computed.
pub fn parts(name: &ObjectName) -> Option<Vec<&str>> {
    name.0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) => Some(ident.value.as_str()),
            ObjectNamePart::Function(_) => None,
        })
        .collect()
}

/// The expressions that a function is called with.
pub fn arguments(function: &Function) -> Vec<&Expr> {
    match &function.args {
        FunctionArguments::List(list) => list.args.iter().filter_map(argument).collect(),
        _ => Vec::new(),
    }
}

/// Whether the call is `COUNT(*)` or `COUNT` of a constant.
pub fn counts_rows(function: &Function) -> bool {
    let FunctionArguments::List(list) = &function.args else { return false };
    is_named(function, &["count"])
        && list.duplicate_treatment.is_none()
        && list.args.len() <= 1
        && list
            .args
            .iter()
            .all(|arg| argument(arg).is_none_or(|expr| literal(expr).is_some() && !is_null(expr)))
}

/// Whether DISTINCT stands before the arguments.
pub fn is_distinct(function: &Function) -> bool {
    use sqlparser::ast::DuplicateTreatment;
    matches!(&function.args, FunctionArguments::List(list)
        if list.duplicate_treatment == Some(DuplicateTreatment::Distinct))
}

/// Aggregates by name. Unknown names are taken for scalar functions.
const AGGREGATES: &[&str] = &[
    "any_value",
    "approx_count_distinct",
    "approx_distinct",
    "approx_percentile",
    "approx_quantiles",
    "arbitrary",
    "arg_max",
    "arg_min",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "boolor_agg",
    "booland_agg",
    "checksum_agg",
    "collect_list",
    "collect_set",
    "corr",
    "count",
    "count_big",
    "count_if",
    "countif",
    "covar_pop",
    "covar_samp",
    "every",
    "first",
    "group_concat",
    "grouping",
    "histogram",
    "hll_count",
    "json_agg",
    "json_arrayagg",
    "json_object_agg",
    "json_objectagg",
    "jsonb_agg",
    "jsonb_object_agg",
    "kurtosis",
    "last",
    "listagg",
    "logical_and",
    "logical_or",
    "max",
    "max_by",
    "mean",
    "median",
    "min",
    "min_by",
    "mode",
    "object_agg",
    "percentile",
    "percentile_approx",
    "percentile_cont",
    "percentile_disc",
    "quantile",
    "regr_slope",
    "regr_intercept",
    "skewness",
    "std",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "stdev",
    "stdevp",
    "string_agg",
    "sum",
    "total",
    "uniq",
    "uniqexact",
    "var",
    "var_pop",
    "var_samp",
    "variance",
    "varp",
    "xmlagg",
    "argmax",
    "argmin",
    "sumif",
    "avgif",
    "quantiles",
    "grouping_id",
    "array_concat_agg",
    "approx_top_count",
    "wm_concat",
    "sum_if",
    "bitmap_construct_agg",
    "hash_agg",
    "array_union_agg",
    "array_unique_agg",
    "entropy",
    "product",
    "list",
    "first_value",
    "last_value",
    "nth_value",
];

/// Whether the call is an aggregate (and no window function).
pub fn is_aggregate(function: &Function) -> bool {
    function.over.is_none()
        && (is_named(function, AGGREGATES) || !function.within_group.is_empty() || function.filter.is_some())
}

/// Whether an aggregate of this block stands in the expression; those of subqueries are not counted.
pub fn has_aggregate(expr: &Expr) -> bool {
    any(expr, |expr| matches!(expr, Expr::Function(function) if is_aggregate(function)))
}

/// Adds the expressions directly below, subqueries left out.
pub fn operands_of<'a>(expr: &'a Expr, left: &mut Vec<&'a Expr>) {
    children(expr, &mut |child| {
        if let Child::Expr(child) | Child::Window(child) = child {
            left.push(child);
        }
    });
}

/// Whether the test holds for the expression or for one below it, subqueries left out.
pub fn any<'a>(expr: &'a Expr, mut test: impl FnMut(&'a Expr) -> bool) -> bool {
    let mut left = vec![expr];
    while let Some(expr) = left.pop() {
        if test(expr) {
            return true;
        }
        children(expr, &mut |child| {
            if let Child::Expr(child) | Child::Window(child) = child {
                left.push(child);
            }
        });
    }
    false
}

/// The expressions of GROUP BY, and whether there is a GROUP BY at all (`GROUP BY ALL` too).
pub fn group_keys(select: &Select) -> (&[Expr], bool) {
    match &select.group_by {
        GroupByExpr::All(_) => (&[], true),
        GroupByExpr::Expressions(exprs, modifiers) => (exprs, !exprs.is_empty() || !modifiers.is_empty()),
    }
}

/// Whether GROUP BY names several groupings (ROLLUP, CUBE, GROUPING SETS) or `ALL`.
pub fn is_special_grouping(select: &Select) -> bool {
    match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(exprs, modifiers) => {
            !modifiers.is_empty()
                || exprs.iter().any(|expr| {
                    matches!(expr, Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_))
                        || matches!(expr, Expr::Function(f) if is_named(f, &["rollup", "cube", "grouping"]))
                })
        }
    }
}

/// The block that a query consists of, unless it is a set operation or something else.
pub fn block(query: &Query) -> Option<&Select> {
    let mut body = &*query.body;
    loop {
        match body {
            SetExpr::Select(select) => return Some(select),
            SetExpr::Query(inner) if inner.with.is_none() => body = &inner.body,
            _ => return None,
        }
    }
}

/// The expression of a select item.
pub fn item_expr(item: &sqlparser::ast::SelectItem) -> Option<&Expr> {
    use sqlparser::ast::SelectItem;
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

/// Whether the block gives exactly one row: an aggregate without GROUP BY, or no FROM.
pub fn gives_one_row(select: &Select) -> bool {
    if group_keys(select).1 || select.having.is_some() || select.qualify.is_some() {
        return false;
    }
    let is_total = select.projection.iter().filter_map(item_expr).any(has_aggregate);
    is_total || (select.from.is_empty() && select.selection.is_none())
}

/// Whether the query limits its rows by LIMIT, FETCH or TOP.
pub fn is_limited(query: &Query) -> bool {
    use sqlparser::ast::LimitClause;
    let limit = match &query.limit_clause {
        Some(LimitClause::LimitOffset { limit, .. }) => limit.is_some(),
        Some(LimitClause::OffsetCommaLimit { .. }) => true,
        None => false,
    };
    limit || query.fetch.is_some() || block(query).is_some_and(|select| select.top.is_some())
}

/// Whether the query is limited to one row.
pub fn is_limited_to_one(query: &Query) -> bool {
    use sqlparser::ast::LimitClause;
    match &query.limit_clause {
        Some(
            LimitClause::LimitOffset { limit: Some(limit), .. } | LimitClause::OffsetCommaLimit { limit, .. },
        ) => integer(limit) == Some(1),
        _ => query.fetch.as_ref().is_some_and(|fetch| {
            fetch.quantity.as_ref().is_none_or(|quantity| integer(quantity) == Some(1)) && !fetch.with_ties
        }),
    }
}

/// The columns that must not be NULL for the condition to be true, without looking through OR.
pub fn columns_not_null_in(condition: &Expr) -> Vec<&Expr> {
    let mut strict: Vec<&Expr> = Vec::new();
    match bare(condition) {
        Expr::BinaryOp { left, op, right } if is_comparison(op) && *op != BinaryOperator::Spaceship => {
            strict.extend([&**left, &**right]);
        }
        Expr::InList { expr, .. } | Expr::InSubquery { expr, negated: false, .. } | Expr::IsNotNull(expr) => {
            strict.push(expr);
        }
        Expr::Between { expr, low, high, negated: false } => strict.extend([&**expr, &**low, &**high]),
        Expr::Like { expr, .. } | Expr::ILike { expr, .. } => strict.push(expr),
        _ => {}
    }
    let mut found = Vec::new();
    while let Some(expr) = strict.pop() {
        match uncast(expr) {
            inner @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => found.push(inner),
            Expr::BinaryOp { left, op, right } => {
                use BinaryOperator as B;
                if matches!(op, B::Plus | B::Minus | B::Multiply | B::Divide | B::Modulo | B::StringConcat) {
                    strict.extend([&**left, &**right]);
                }
            }
            Expr::UnaryOp { expr, .. } => strict.push(expr),
            Expr::Function(function) if is_named(function, STRICT) => strict.extend(arguments(function)),
            Expr::Extract { expr, .. } => strict.push(expr),
            _ => {}
        }
    }
    found
}

/// Functions that give NULL for NULL.
const STRICT: &[&str] = &[
    "upper",
    "lower",
    "abs",
    "round",
    "length",
    "trim",
    "ltrim",
    "rtrim",
    "date",
    "year",
    "month",
    "day",
    "date_trunc",
    "substr",
    "left",
    "right",
    "floor",
    "ceil",
    "to_date",
    "to_char",
];

/// Casts and collations around the expression taken away.
pub fn uncast(expr: &Expr) -> &Expr {
    let mut expr = bare(expr);
    while let Expr::Cast {
        kind: CastKind::Cast | CastKind::DoubleColon | CastKind::TryCast,
        expr: inner,
        ..
    }
    | Expr::Collate { expr: inner, .. } = expr
    {
        expr = bare(inner);
    }
    expr
}

/// How many nodes two expressions may have to be compared.
const MOST_COMPARED: usize = 500;

/// Whether two expressions are written alike: spans, brackets and the case of unquoted names do not
/// matter. Expressions that are too large are never alike.
pub fn same(a: &Expr, b: &Expr) -> bool {
    let mut budget = MOST_COMPARED;
    same_within(a, b, &mut budget)
}

fn same_within(a: &Expr, b: &Expr, budget: &mut usize) -> bool {
    let (a, b) = (bare(a), bare(b));
    if *budget == 0 || std::mem::discriminant(a) != std::mem::discriminant(b) {
        return false;
    }
    *budget -= 1;
    match (a, b) {
        (Expr::Identifier(a), Expr::Identifier(b)) => same_ident(a, b),
        (Expr::CompoundIdentifier(a), Expr::CompoundIdentifier(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_ident(a, b))
        }
        (Expr::Value(a), Expr::Value(b)) => a.value == b.value && !matches!(a.value, Value::Placeholder(_)),
        (Expr::BinaryOp { left: al, op: a, right: ar }, Expr::BinaryOp { left: bl, op: b, right: br }) => {
            a == b && same_within(al, bl, budget) && same_within(ar, br, budget)
        }
        (Expr::UnaryOp { op: a_op, expr: a }, Expr::UnaryOp { op: b_op, expr: b }) => {
            a_op == b_op && same_within(a, b, budget)
        }
        (Expr::IsNull(a), Expr::IsNull(b)) | (Expr::IsNotNull(a), Expr::IsNotNull(b)) => {
            same_within(a, b, budget)
        }
        _ => {
            // The rest is compared as the parser compares, once it is known to be small.
            let size = |expr| {
                let mut count = 0;
                any(expr, |_| {
                    count += 1;
                    count > MOST_COMPARED
                }) || has_subquery(expr)
            };
            !size(a) && !size(b) && a == b
        }
    }
}

/// Whether the dialect is that of a database that stores columns, scans rather than looks up, and has no
/// indexes worth the name.
pub fn is_warehouse(dialect: Dialect) -> bool {
    use Dialect::*;
    matches!(
        dialect,
        Snowflake
            | BigQuery
            | Redshift
            | Databricks
            | SparkSql
            | Hive
            | Trino
            | Presto
            | Athena
            | ClickHouse
            | Impala
            | DuckDb
            | Exasol
            | Vertica
            | StarRocks
            | Doris
            | Drill
            | Dremio
            | Fabric
    )
}
