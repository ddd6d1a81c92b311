//! SQM009 loose-column-in-group

use sqlparser::ast::{BinaryOperator, Expr, Select, SelectItem};
use sqm_domain::Dialect;

use crate::lint::shape::{
    ColumnName, bare, column, conjuncts, group_keys, has_aggregate, integer, is_aggregate, is_constant, is_named,
    is_special_grouping, item_expr, same,
};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds columns that are selected beside aggregates, or from groups, but are neither grouped by nor aggregated.
///
/// ## Why
/// A group has many values of the column. MySQL (without ONLY_FULL_GROUP_BY) and SQLite give any of them; most
/// other databases refuse the query.
///
/// ## Bad
/// ```sql expects SQM009 dialect=mysql
/// SELECT customer_id, status, count(*) AS n FROM orders GROUP BY customer_id
/// ```
/// ```sql expects SQM009 dialect=sqlite
/// SELECT status, count(*) AS n FROM orders
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT customer_id, status, count(*) AS n FROM orders GROUP BY customer_id, status
/// ```
/// ```sql expects none
/// SELECT customer_id, max(status) AS status, count(*) AS n FROM orders GROUP BY customer_id
/// ```
/// What depends on the keys is the same in the whole group:
/// ```sql expects none
/// SELECT upper(country) AS land, count(*) AS n FROM customer GROUP BY country
/// ```
/// ```sql schema
/// CREATE TABLE customer (id BIGINT PRIMARY KEY, name TEXT NOT NULL);
/// CREATE TABLE orders (id BIGINT PRIMARY KEY, customer_id BIGINT NOT NULL REFERENCES customer (id));
/// ```
/// ```sql expects none
/// SELECT c.id, c.name, count(o.id) AS n FROM customer c JOIN orders o ON o.customer_id = c.id GROUP BY c.id
/// ```
///
/// ## Limits
/// In a join, only where the catalog knows every table: a column may depend on a key that is grouped by.
/// Without GROUP BY, only in dialects that take it silently.
/// Arguments of functions that are not known are left alone, since the function may aggregate.
pub struct LooseColumnInGroup;

impl Rule for LooseColumnInGroup {
    const META: Meta = Meta {
        code: "SQM009",
        name: "loose-column-in-group",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        let (keys, is_grouped) = group_keys(select);
        let items = || select.projection.iter().filter_map(item_expr);
        if is_special_grouping(select) || !(is_grouped || items().any(has_aggregate)) || !is_plain(select) {
            return;
        }
        if !is_grouped && !is_lenient(cx.dialect) {
            return;
        }
        let keys: Vec<&Expr> = keys.iter().map(|key| named(key, select)).collect();
        let fixed: Vec<ColumnName<'_>> = select.selection.iter().flat_map(conjuncts).filter_map(equality).collect();
        for item in items() {
            if let Some(loose) = loose(item, &keys, &fixed) {
                let name = cx.places().text_of(loose);
                let message = format!("a group has many values of {name}; group by it or aggregate it");
                out.add(cx.place(loose), message);
            }
        }
    }
}

/// Whether the database takes columns beside aggregates without GROUP BY, or is not known. The others refuse it
/// at once, so that it is never stored unnoticed.
fn is_lenient(dialect: Dialect) -> bool {
    matches!(
        dialect,
        Dialect::MySql | Dialect::MariaDb | Dialect::SingleStore | Dialect::Sqlite | Dialect::Generic
    )
}

/// Whether the block reads one table: in a join a column may depend on a key of another.
fn is_plain(select: &Select) -> bool {
    let [from] = &select.from[..] else { return false };
    from.joins.is_empty() && select.lateral_views.is_empty() && select.connect_by.is_empty()
}

/// A key that is a position or an alias means the item.
fn named<'a>(key: &'a Expr, select: &'a Select) -> &'a Expr {
    if let Some(position) = integer(key).and_then(|position| usize::try_from(position).ok()) {
        let item = position.checked_sub(1).and_then(|at| select.projection.get(at));
        return item.and_then(item_expr).unwrap_or(key);
    }
    let Some(name) = column(key).filter(|key| key.qualifier.is_none()) else { return key };
    let aliased = select.projection.iter().find_map(|item| match item {
        SelectItem::ExprWithAlias { expr, alias } if alias.value.eq_ignore_ascii_case(&name.name.value) => Some(expr),
        _ => None,
    });
    match aliased {
        // An alias over an aggregate is no key, so the column of that name is meant.
        Some(expr) if !has_aggregate(expr) => expr,
        _ => key,
    }
}

/// The column that a condition fixes to one value.
fn equality(condition: &Expr) -> Option<ColumnName<'_>> {
    let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition else { return None };
    column(left).filter(|_| is_constant(right)).or_else(|| column(right).filter(|_| is_constant(left)))
}

/// Functions of one row that are sure to be.
const SCALAR: &[&str] = &[
    "upper", "lower", "coalesce", "round", "abs", "concat", "substr", "substring", "length", "date_trunc", "trim", "year",
    "month", "day", "date", "to_char", "ifnull", "nvl", "nullif", "left", "right", "replace", "greatest", "least",
];

/// The first column that is in no key and in no aggregate.
fn loose<'a>(item: &'a Expr, keys: &[&Expr], fixed: &[ColumnName<'_>]) -> Option<&'a Expr> {
    let mut left = vec![item];
    while let Some(expr) = left.pop() {
        let expr = bare(expr);
        // A key may be written with or without its table.
        let is_key = keys.iter().any(|key| {
            same(key, expr) || matches!((column(key), column(expr)), (Some(key), Some(own)) if key.may_be(&own))
        });
        if is_key {
            continue;
        }
        match expr {
            Expr::Identifier(name) if name.quote_style.is_none() && is_variable(&name.value) => {}
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                if !column(expr).is_some_and(|own| fixed.iter().any(|column| column.may_be(&own))) {
                    return Some(expr);
                }
            }
            Expr::Function(function)
                if is_aggregate(function) || function.over.is_some() || !is_named(function, SCALAR) => {}
            Expr::CompoundFieldAccess { .. } | Expr::Lambda(_) => {}
            _ => crate::lint::shape::operands_of(expr, &mut left),
        }
    }
    None
}

/// Names without brackets that are functions or variables.
fn is_variable(name: &str) -> bool {
    name.starts_with(['@', '$', ':'])
        || ["current_date", "current_timestamp", "current_time", "current_user", "user", "sysdate", "rownum", "level",
            "session_user", "localtimestamp", "localtime", "true", "false"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
}
