//! The first rows: Oracle's ROWNUM where it only bounds how many there are, and the ties of FETCH and TOP.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, GroupByExpr, Ident, LimitClause, OrderBy, OrderByKind, Query, Select,
    SelectItem, SetExpr, TableFactor, TableWithJoins, Value, Visit, Visitor, WindowSpec, WindowType,
};

use super::build::{as_number, binary, call, number};
use super::marked_joins::conjuncts;
use super::operators::take_out;

/// Brings `WHERE ROWNUM <= 5` to LIMIT, in a query and the sides of its set operations.
pub fn lower_rownum(query: &mut Query, is_aggregate: &dyn Fn(&str) -> bool) -> ControlFlow<String> {
    if let SetExpr::SetOperation { left, right, .. } = query.body.as_mut() {
        for side in [left, right] {
            lower_side(side, is_aggregate)?;
        }
        return ControlFlow::Continue(());
    }
    let SetExpr::Select(select) = query.body.as_mut() else { return ControlFlow::Continue(()) };
    let Some(bound) = taken(select)? else { return ControlFlow::Continue(()) };
    // The rows of a sorted query are counted in their order.
    if let ([TableWithJoins { relation: TableFactor::Derived { subquery, .. }, joins }], None) =
        (select.from.as_mut_slice(), &select.selection)
        && joins.is_empty()
        && subquery.order_by.is_some()
        && subquery.limit_clause.is_none()
        && subquery.fetch.is_none()
    {
        limit(subquery, bound);
        return ControlFlow::Continue(());
    }
    // Rows are counted before they are grouped and sorted.
    let is_plain = query.order_by.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none()
        && is_plain(select, is_aggregate);
    if is_plain {
        limit(query, bound);
        return ControlFlow::Continue(());
    }
    let [TableWithJoins { relation, joins }] = select.from.as_mut_slice() else {
        return ControlFlow::Break(BESIDE.to_owned());
    };
    if !joins.is_empty() {
        return ControlFlow::Break(BESIDE.to_owned());
    }
    let name = match &*relation {
        TableFactor::Table { name, alias: None, .. } => {
            name.0.last().and_then(|part| part.as_ident()).map(|name| name.value.clone())
        }
        TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. }
            if alias.columns.is_empty() =>
        {
            Some(alias.name.value.clone())
        }
        _ => None,
    };
    let Some(name) = name else { return ControlFlow::Break(BESIDE.to_owned()) };
    let all = vec![SelectItem::Wildcard(Default::default())];
    let rows = super::select::select(all, relation.clone(), select.selection.take());
    let mut rows = super::select::query(rows);
    limit(&mut rows, bound);
    *relation = super::select::derived(rows, &name, &[]);
    ControlFlow::Continue(())
}

const BESIDE: &str =
    "ROWNUM beside joins, groups or ORDER BY is not verified: put the rows that are counted in a subquery";

fn lower_side(side: &mut SetExpr, is_aggregate: &dyn Fn(&str) -> bool) -> ControlFlow<String> {
    match side {
        SetExpr::SetOperation { left, right, .. } => {
            lower_side(left, is_aggregate)?;
            lower_side(right, is_aggregate)
        }
        SetExpr::Select(select) => {
            let Some(bound) = taken(select)? else { return ControlFlow::Continue(()) };
            if !is_plain(select, is_aggregate) {
                return ControlFlow::Break(BESIDE.to_owned());
            }
            let mut query = super::select::query(SetExpr::Select(select.clone()));
            limit(&mut query, bound);
            *side = SetExpr::Query(Box::new(query));
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    }
}

fn is_plain(select: &Select, is_aggregate: &dyn Fn(&str) -> bool) -> bool {
    let computes = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
            super::bare::aggregates(expr, is_aggregate)
        }
        _ => false,
    };
    let is_grouped = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    !is_grouped
        && select.having.is_none()
        && select.distinct.is_none()
        && !select.projection.iter().any(computes)
}

fn limit(query: &mut Query, rows: i64) {
    let limit = Some(number(rows.max(0)));
    query.limit_clause = Some(LimitClause::LimitOffset { limit, offset: None, limit_by: Vec::new() });
}

/// Takes the bounds out of the condition: the least of them.
fn taken(select: &mut Select) -> ControlFlow<String, Option<i64>> {
    let mentions = |expr: &Expr| expr.visit(&mut Mentions { subqueries: 0 }).is_break();
    let other =
        "ROWNUM is verified only where WHERE says ROWNUM <= n: use ROW_NUMBER() OVER (ORDER BY …), or FETCH";
    let is_output = select.projection.iter().any(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => mentions(expr),
        _ => false,
    });
    if is_output {
        return ControlFlow::Break(other.to_owned());
    }
    if !select.selection.as_ref().is_some_and(mentions) {
        return ControlFlow::Continue(None);
    }
    let Some(condition) = select.selection.take() else { return ControlFlow::Continue(None) };
    let (mut least, mut rest) = (None::<i64>, Vec::new());
    for part in conjuncts(condition) {
        if let Some(rows) = bound(&part) {
            least = Some(least.map_or(rows, |least| least.min(rows)));
        } else if mentions(&part) {
            return ControlFlow::Break(other.to_owned());
        } else {
            rest.push(part);
        }
    }
    select.selection = rest.into_iter().reduce(|a, b| binary(a, BinaryOperator::And, b));
    ControlFlow::Continue(least)
}

/// Looks for it outside of subqueries, which have their own.
struct Mentions {
    subqueries: usize,
}

impl Visitor for Mentions {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.subqueries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.subqueries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.subqueries == 0 && is_rownum(expr) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

fn is_rownum(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(name) if name.quote_style.is_none() && name.value.eq_ignore_ascii_case("rownum"))
}

fn bound(part: &Expr) -> Option<i64> {
    use BinaryOperator as B;
    match part {
        Expr::Nested(inner) => bound(inner),
        Expr::BinaryOp { left, op, right } => {
            let (op, n) = if is_rownum(left) {
                (op.clone(), whole(right)?)
            } else if is_rownum(right) {
                let turned = match op {
                    B::Gt => B::Lt,
                    B::GtEq => B::LtEq,
                    B::Eq => B::Eq,
                    _ => return None,
                };
                (turned, whole(left)?)
            } else {
                return None;
            };
            match op {
                B::LtEq => Some(n),
                B::Lt => Some(n.saturating_sub(1)),
                B::Eq if n == 1 => Some(1),
                _ => None,
            }
        }
        _ => None,
    }
}

fn whole(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Value(value) if matches!(value.value, Value::Number(..)) => as_number(expr),
        _ => None,
    }
}

/// Those that have one of the first ranks: FETCH and TOP … WITH TIES.
pub fn lower_ties(query: &mut Query) -> ControlFlow<String> {
    let SetExpr::Select(select) = query.body.as_mut() else { return ControlFlow::Continue(()) };
    let rows = match (&mut query.fetch, &mut select.top) {
        (Some(fetch), _) if fetch.with_ties && !fetch.percent => {
            let rows = fetch.quantity.take().unwrap_or_else(|| number(1));
            query.fetch = None;
            rows
        }
        (None, Some(top)) if top.with_ties && !top.percent => {
            use datafusion::sql::sqlparser::ast::TopQuantity;
            let rows = match top.quantity.take() {
                Some(TopQuantity::Constant(n)) => Expr::value(Value::Number(n.to_string(), false)),
                Some(TopQuantity::Expr(rows)) => rows,
                None => number(1),
            };
            select.top = None;
            rows
        }
        _ => return ControlFlow::Continue(()),
    };
    let Some(OrderBy { kind: OrderByKind::Expressions(keys), .. }) = &query.order_by else {
        return ControlFlow::Break("WITH TIES without ORDER BY is not verified: leave it out".to_owned());
    };
    if select.distinct.is_some() || select.qualify.is_some() || query.limit_clause.is_some() {
        return ControlFlow::Break("WITH TIES beside DISTINCT, QUALIFY or OFFSET is not verified".to_owned());
    }
    let mut keys = keys.clone();
    for key in &mut keys {
        if let Some(value) = meant(&key.expr, &select.projection) {
            key.expr = value;
        } else if as_number(&key.expr).is_some() {
            return ControlFlow::Break(
                "WITH TIES ordered by the number of a column of * is not verified".to_owned(),
            );
        }
    }
    let mut rank = call("rank", Vec::new());
    if let Expr::Function(Function { over, .. }) = &mut rank {
        *over = Some(WindowType::WindowSpec(WindowSpec {
            window_name: None,
            partition_by: Vec::new(),
            order_by: keys,
            window_frame: None,
        }));
    }
    select.qualify = Some(binary(rank, BinaryOperator::LtEq, rows));
    ControlFlow::Continue(())
}

/// The output that a key names, by its alias or its number.
pub fn meant(key: &Expr, outputs: &[SelectItem]) -> Option<Expr> {
    let named = |name: &Ident| {
        outputs.iter().find_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if alias.value.eq_ignore_ascii_case(&name.value) => {
                Some(expr.clone())
            }
            _ => None,
        })
    };
    match key {
        Expr::Identifier(name) => named(name),
        Expr::Value(_) => {
            let at = usize::try_from(as_number(key)?).ok()?.checked_sub(1)?;
            // A star in front of it would stand for several.
            if outputs
                .iter()
                .take(at + 1)
                .any(|item| !matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }))
            {
                return None;
            }
            match outputs.get(at)? {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr.clone()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Takes a number out of a LIMIT that is one.
pub fn constant_limit(query: &mut Query) -> Option<(i64, i64)> {
    let Some(LimitClause::LimitOffset { limit, offset, limit_by }) = &mut query.limit_clause else {
        return None;
    };
    let rows = whole(limit.as_ref()?)?;
    let skipped = match offset {
        None => 0,
        Some(offset) => whole(&offset.value)?,
    };
    if !limit_by.is_empty() {
        return None;
    }
    if let Some(limit) = limit {
        let _ = take_out(limit);
    }
    query.limit_clause = None;
    Some((rows, skipped))
}
