//! Outputs of one name, which DataFusion refuses, get names of their own: what they were called is kept beside
//! them. Where such a name is asked for, nobody can say which of them is meant, and neither is it said here.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Ident, OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr, Visit, Visitor,
};
use sqm_domain::Dialect;

use super::columns::Scopes;
use super::operators::take_out;
use crate::dialects::prefers_outputs_in_having;

/// What outputs were called that go by another name.
pub type Renamed = BTreeMap<String, String>;

/// How the new names begin.
pub const AGAIN: &str = "__again_";

/// The name that an output has by itself.
fn own_name(item: &SelectItem) -> Option<&Ident> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last(),
        _ => None,
    }
}

/// Names that more than one output has, where one of them is an alias: columns are told apart by their tables.
fn repeated(select: &Select) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<String, (usize, bool)> = BTreeMap::new();
    for item in &select.projection {
        if let Some(name) = own_name(item) {
            let (times, is_alias) = counts.entry(name.value.to_lowercase()).or_default();
            *times += 1;
            *is_alias |= matches!(item, SelectItem::ExprWithAlias { .. });
        }
    }
    let is_meant =
        |(name, (times, is_alias)): (String, (usize, bool))| (times > 1 && is_alias).then_some((name, times));
    counts.into_iter().filter_map(is_meant).collect()
}

/// Gives repeated outputs of a SELECT names of their own. Those of the outermost SELECT are never asked for, but
/// for its ORDER BY, and the first of them keeps its name.
pub fn name_apart(select: &mut Select, is_outermost: bool, renamed: &mut Renamed) {
    let repeated = repeated(select);
    if repeated.is_empty() {
        return;
    }
    let mut seen = BTreeMap::new();
    for item in &mut select.projection {
        let Some(name) = own_name(item).map(|name| name.value.to_lowercase()) else { continue };
        if !repeated.contains_key(&name) {
            continue;
        }
        let times = seen.entry(name.clone()).or_insert(0);
        *times += 1;
        if is_outermost && *times == 1 {
            continue;
        }
        let expr = match item {
            SelectItem::ExprWithAlias { expr, .. } | SelectItem::UnnamedExpr(expr) => take_out(expr),
            _ => continue,
        };
        *item = SelectItem::ExprWithAlias { expr, alias: fresh(&name, renamed) };
    }
}

/// A name that no output has.
fn fresh(name: &str, renamed: &mut Renamed) -> Ident {
    let fresh = format!("{AGAIN}{}_{name}", renamed.len());
    renamed.insert(fresh.clone(), name.to_owned());
    Ident::new(fresh)
}

/// Refuses a query whose keys name one of several outputs.
pub fn ambiguous(query: &Query) -> ControlFlow<String> {
    let SetExpr::Select(select) = &*query.body else { return ControlFlow::Continue(()) };
    let repeated = repeated(select);
    if repeated.is_empty() {
        return ControlFlow::Continue(());
    }
    // Of outputs that are the same it does not matter which is meant.
    let differ = |name: &str| {
        let mut all = select.projection.iter().filter_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if alias.value.to_lowercase() == name => Some(expr),
            SelectItem::UnnamedExpr(expr)
                if own_name(item).is_some_and(|own| own.value.to_lowercase() == name) =>
            {
                Some(expr)
            }
            _ => None,
        });
        let first = all.next();
        all.any(|other| Some(other) != first)
    };
    let check = |expr: &Expr| match expr {
        Expr::Identifier(name) => {
            let lower = name.value.to_lowercase();
            if repeated.contains_key(&lower) && differ(&lower) {
                return ControlFlow::Break(format!(
                    "several outputs are called {name}, and a key names one of them: give them different names"
                ));
            }
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    };
    if let Some(order) = &query.order_by
        && let OrderByKind::Expressions(keys) = &order.kind
    {
        keys.iter().try_for_each(|key| check(&key.expr))?;
    }
    if let GroupByExpr::Expressions(keys, _) = &select.group_by {
        keys.iter().try_for_each(check)?;
    }
    ControlFlow::Continue(())
}

/// Refuses a key that names an output which PostgreSQL calls by the column that it casts.
pub fn named_by_cast(query: &Query) -> ControlFlow<String> {
    let (SetExpr::Select(select), Some(OrderBy { kind: OrderByKind::Expressions(keys), .. })) =
        (&*query.body, &query.order_by)
    else {
        return ControlFlow::Continue(());
    };
    let names = select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(Expr::Cast { expr, .. }) => match &**expr {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        },
        _ => None,
    });
    let names: Vec<&Ident> = names.collect();
    let meant = keys.iter().find_map(|key| match &key.expr {
        Expr::Identifier(name) => names.iter().find(|own| own.value.eq_ignore_ascii_case(&name.value)),
        _ => None,
    });
    match meant {
        Some(name) => ControlFlow::Break(format!(
            "{name} in ORDER BY is the output that casts it, and no column: give the output an alias"
        )),
        None => ControlFlow::Continue(()),
    }
}

/// Refuses a HAVING that names what is an output and a column: some dialects mean the one, some the other.
pub fn having(
    select: &Select,
    dialect: Dialect,
    scopes: &mut Scopes<'_>,
    is_aggregate: &dyn Fn(&str) -> bool,
) -> ControlFlow<String> {
    let Some(having) = select.having.as_ref().filter(|_| prefers_outputs_in_having(dialect)) else {
        return ControlFlow::Continue(());
    };
    let aliases = select.projection.iter().filter_map(|item| match item {
        SelectItem::ExprWithAlias { expr, alias } => {
            let is_itself = match expr {
                Expr::Identifier(own) => own.value.eq_ignore_ascii_case(&alias.value),
                Expr::CompoundIdentifier(parts) => {
                    parts.last().is_some_and(|own| own.value.eq_ignore_ascii_case(&alias.value))
                }
                _ => false,
            };
            (!is_itself).then(|| alias.value.to_lowercase())
        }
        _ => None,
    });
    let mut names = Mentioned { aliases: aliases.collect(), is_aggregate, shields: 0, found: Vec::new() };
    let _ = having.visit(&mut names);
    if names.found.is_empty() {
        return ControlFlow::Continue(());
    }
    let Some(relations) = scopes.of_from(&select.from) else { return ControlFlow::Continue(()) };
    for name in names.found {
        if relations.iter().any(|relation| relation.columns.contains(&name)) {
            return ControlFlow::Break(format!(
                "{name} in HAVING may be the output or the column of that name: write the expression in its place"
            ));
        }
    }
    ControlFlow::Continue(())
}

/// Finds aliases by themselves outside of aggregates and subqueries.
struct Mentioned<'f> {
    aliases: Vec<String>,
    is_aggregate: &'f dyn Fn(&str) -> bool,
    shields: usize,
    found: Vec<String>,
}

impl Mentioned<'_> {
    fn shields(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Function(function) => super::single_name(function).is_some_and(self.is_aggregate),
            Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => true,
            _ => false,
        }
    }
}

impl Visitor for Mentioned<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let (Expr::Identifier(name), 0) = (expr, self.shields) {
            let name = name.value.to_lowercase();
            if self.aliases.contains(&name) {
                self.found.push(name);
            }
        }
        self.shields += usize::from(self.shields(expr));
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        self.shields -= usize::from(self.shields(expr));
        ControlFlow::Continue(())
    }
}

/// After DataFusion has refused outputs of one name: gives all that are computed names of their own, and columns
/// beside a star, which stands for columns of any name. Whether anything was changed.
pub fn name_all(select: &mut Select, renamed: &mut Renamed) -> bool {
    let is_star =
        |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
    let has_star = select.projection.iter().any(is_star);
    if select.projection.len() < 2 {
        return false;
    }
    let mut changed = false;
    for item in &mut select.projection {
        let name = own_name(item).map(|name| name.value.to_lowercase());
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        let name = match name {
            Some(_) if !has_star => continue,
            Some(name) => name,
            None => expr.to_string(),
        };
        let expr = take_out(expr);
        let alias = fresh_number(&name, renamed);
        *item = SelectItem::ExprWithAlias { expr, alias };
        changed = true;
    }
    changed
}

/// A name that no output has, without the one before in it, which may be any text.
fn fresh_number(name: &str, renamed: &mut Renamed) -> Ident {
    let fresh = format!("__output_{}_", renamed.len());
    renamed.insert(fresh.clone(), name.to_owned());
    Ident::new(fresh)
}
