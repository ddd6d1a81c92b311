//! Queries: WITH, the body, ORDER BY and LIMIT; VALUES; pipes.

use sqlparser::ast::{
    Expr, LimitClause, NamedWindowDefinition, OrderBy, OrderByExpr, OrderByKind, Query, SelectItem, SetExpr,
    Statement, TableAlias, Values, With,
};

use sqm_domain::Dialect;

use super::names::Name;
use super::values::{Kind, NO_REFERENCE, Node};
use super::{Output, Rest, ScopeId, Scopes, ShapeId};
use crate::ids::IdMap;
use crate::parse::SetSide;
use crate::text::{Position, Span};

/// What a query gives: columns, and the node of its rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows {
    pub(crate) shape: ShapeId,
    pub(crate) node: Node,
}

#[derive(Debug)]
struct Cte {
    name: Name,
    rows: Rows,
    /// The tables it reads: they are read once it is referred to.
    reads: Vec<(super::TableId, Span)>,
}

/// Walks syntax and fills [`Scopes`]. It lives as long as the tree that it walks.
pub(crate) struct Resolver<'t, 's, 'c> {
    pub(crate) scopes: &'s mut Scopes<'c>,
    /// Expressions still to be walked, innermost walk last.
    pub(super) work: Vec<(&'t Expr, Kind)>,
    ctes: Vec<Cte>,
    /// Parameters of the lambdas around the expression at hand.
    pub(super) parameters: Vec<Name>,
    /// Tables read, in order, with their places.
    pub(crate) reads: Vec<(super::TableId, Span)>,
    /// Where SELECT INTO writes.
    pub(crate) into: Option<&'t sqlparser::ast::ObjectName>,
    /// What the statement at hand changes, data-modifying CTEs included.
    pub(crate) effects: Vec<super::Effect>,
    /// What the expression at hand covers of the text, as far as its leaves say.
    pub(super) extent: Option<Span>,
    /// Values that were resolved for their fields, by the address of the expression: paths through nested
    /// calls would meet each of them twice at every level.
    pub(super) resolved: IdMap<(usize, ScopeId), Node>,
    /// What subqueries that make structs give, by the address of the query.
    pub(super) struct_queries: IdMap<usize, Rows>,
    /// Whether the INSERT at hand takes its columns by name.
    pub(crate) inserts_by_name: bool,
    /// Which columns the set operations by name keep.
    pub(crate) set_sides: Vec<(SetSide, Vec<String>)>,
    /// The columns of the table that OUTPUT fills, where the text lists them.
    pub(crate) output_columns: Vec<String>,
    /// Names in WITH clauses that stand for expressions, as written.
    pub(crate) named_expressions: Vec<String>,
    /// Those that are in sight: key and expression.
    pub(super) expressions: Vec<(Name, &'t Expr)>,
    /// Those that are being looked into.
    pub(super) expanding: Vec<Name>,
    /// The column that COLUMNS stands for while an item is resolved for each of them.
    pub(super) stands_for: Option<Node>,
    /// The call of COLUMNS that the item at hand holds.
    pub(super) columns_met: Option<&'t sqlparser::ast::Function>,
}

/// The span of what stands nowhere in the text.
pub(crate) const NOWHERE: Span = Span { start: Position::START, end: Position::START };

/// Where an expression stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'t> {
    pub(crate) scope: ScopeId,
    pub(crate) windows: &'t [NamedWindowDefinition],
    pub(crate) aliases: Aliases,
}

/// Whether the outputs of a SELECT can be referred to by their aliases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aliases {
    /// Where nothing else of that name is to be had.
    Last,
    /// After columns that are known, before columns that may exist.
    AfterKnown,
    /// Before anything else.
    First,
}

impl<'t> Place<'t> {
    pub(crate) fn new(scope: ScopeId) -> Self {
        Self { scope, windows: &[], aliases: Aliases::Last }
    }

    pub(crate) fn with(self, aliases: Aliases) -> Self {
        Self { aliases, ..self }
    }
}

impl<'t, 's, 'c> Resolver<'t, 's, 'c> {
    pub(crate) fn new(scopes: &'s mut Scopes<'c>) -> Self {
        Self {
            scopes,
            work: Vec::new(),
            ctes: Vec::new(),
            parameters: Vec::new(),
            reads: Vec::new(),
            into: None,
            effects: Vec::new(),
            extent: None,
            resolved: IdMap::default(),
            struct_queries: IdMap::default(),
            inserts_by_name: false,
            set_sides: Vec::new(),
            output_columns: Vec::new(),
            named_expressions: Vec::new(),
            expressions: Vec::new(),
            expanding: Vec::new(),
            stands_for: None,
            columns_met: None,
        }
    }

    /// Resolves a query. `parent` is the scope it may refer to.
    pub(crate) fn query(&mut self, query: &'t Query, parent: Option<ScopeId>) -> Rows {
        let depth = self.ctes.len();
        let expressions = self.expressions.len();
        if let Some(with) = &query.with {
            self.with(with, parent);
        }
        let plain = query.pipe_operators.is_empty();
        let rows = match &*query.body {
            SetExpr::Select(select) => self.select(select, parent, Some(query)),
            body => {
                let rows = self.body(body, parent);
                let is_cut = query.order_by.is_some() || counts(query).next().is_some();
                if is_cut { self.order_outputs(rows, query, parent) } else { rows }
            }
        };
        let rows = if plain {
            rows
        } else {
            let from = self.visible_from(&query.body);
            self.pipes(rows, from, &query.pipe_operators, parent)
        };
        self.expressions.truncate(expressions);
        self.ctes.truncate(depth);
        rows
    }

    /// The relations of the FROM that a pipe starts with.
    fn visible_from(&self, body: &SetExpr) -> Vec<super::Relation> {
        let SetExpr::Select(select) = body else { return Vec::new() };
        let scope = self.scopes.of_select(select).filter(|_| select.projection.is_empty());
        let relations = scope.into_iter().flat_map(|scope| self.scopes.relations(scope));
        relations.map(|(_, relation)| relation.clone()).collect()
    }

    /// Declares the CTEs of a WITH clause. They stay visible until [`Resolver::leave`].
    pub(crate) fn with(&mut self, with: &'t With, parent: Option<ScopeId>) {
        for cte in &with.cte_tables {
            let name = self.scopes.names.ident(&cte.alias.name);
            if let Some(expr) = self.named_expression(cte) {
                self.expressions.push((self.scopes.names.key(name), expr));
                continue;
            }
            let (reads, effects) = (self.reads.len(), self.effects.len());
            let rows = match &*cte.query.body {
                SetExpr::SetOperation { .. }
                    if with.recursive
                        || self.recursion_is_silent() && refers_to_itself(&cte.query, &cte.alias) =>
                {
                    self.recursive(&cte.query, name, &cte.alias, parent)
                }
                _ => self.query(&cte.query, parent),
            };
            let rows = self.rename(rows, &cte.alias);
            // What changes a table is done whether or not it is referred to.
            let reads = if self.effects.len() > effects { Vec::new() } else { self.reads.split_off(reads) };
            self.ctes.push(Cte { name, rows, reads });
        }
    }

    /// The expression that a name in WITH stands for.
    fn named_expression(&self, cte: &'t sqlparser::ast::Cte) -> Option<&'t Expr> {
        if !self.named_expressions.contains(&cte.alias.name.value) {
            return None;
        }
        match &*cte.query.body {
            SetExpr::Select(select) if select.from.is_empty() => match &select.projection[..] {
                [SelectItem::ExprWithAlias { expr, .. }] => Some(expr),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a CTE may refer to itself without RECURSIVE; elsewhere the name is that of a table.
    fn recursion_is_silent(&self) -> bool {
        use sqm_domain::Dialect::*;
        matches!(self.scopes.dialect, TSql | Fabric | Oracle | Snowflake | Db2 | Sqlite | Exasol | Generic)
    }

    /// The number of CTEs that are visible.
    pub(crate) fn enter(&self) -> usize {
        self.ctes.len()
    }

    /// Forgets CTEs declared since [`Resolver::enter`].
    pub(crate) fn leave(&mut self, depth: usize) {
        self.ctes.truncate(depth);
    }

    /// The CTE that a table name of one part means here.
    pub(super) fn cte(&mut self, name: Name) -> Option<Rows> {
        let names = &self.scopes.names;
        let wanted = names.identity(name);
        let cte = self.ctes.iter_mut().rev().find(|cte| names.identity(cte.name) == wanted)?;
        self.reads.append(&mut cte.reads);
        Some(cte.rows)
    }

    /// Gives the columns of a CTE the names of its column list.
    fn rename(&mut self, rows: Rows, alias: &TableAlias) -> Rows {
        if alias.columns.is_empty() {
            return rows;
        }
        let names: Vec<Name> =
            alias.columns.iter().map(|column| self.scopes.names.ident(&column.name)).collect();
        let mut columns = self.scopes.shape(rows.shape).columns.clone();
        for (at, name) in names.into_iter().enumerate() {
            match columns.get_mut(at) {
                // Nothing says which of the columns behind the star this one is.
                Some(column) if column.star => {
                    column.name = Some(name);
                    column.star = false;
                }
                Some(column) => column.name = Some(name),
                None => {
                    let Some(&last) = columns.last() else { break };
                    columns.push(Output { name: Some(name), ..last });
                }
            }
        }
        Rows { shape: self.scopes.add_shape(columns, Rest::Nothing), ..rows }
    }

    /// A recursive query: its outputs are promised before the arms that refer to them are resolved.
    fn recursive(
        &mut self,
        query: &'t Query,
        name: Name,
        alias: &TableAlias,
        parent: Option<ScopeId>,
    ) -> Rows {
        let depth = self.ctes.len();
        if let Some(with) = &query.with {
            self.with(with, parent);
        }
        let arms = super::set::Arms::of(&query.body);
        let anchor = self.body(arms.first, parent);
        let renamed = self.rename(anchor, alias);
        let mut promised = self.scopes.shape(renamed.shape).columns.clone();
        for column in &mut promised {
            column.node = self.scopes.values.promise();
        }
        let rows = self.scopes.values.promise();
        let nodes: Vec<Node> = promised.iter().map(|column| column.node).collect();
        let shape = self.scopes.add_shape(promised, Rest::Arms(vec![renamed.shape]));
        let whole = Rows { shape, node: rows };
        self.ctes.push(Cte { name, rows: whole, reads: Vec::new() });
        let others: Vec<Rows> = arms.rest.iter().map(|arm| self.body(arm.body, parent)).collect();
        for (at, &node) in nodes.iter().enumerate() {
            let start = self.scopes.values.begin();
            for arm in std::iter::once(&anchor).chain(&others) {
                let columns = &self.scopes.shapes[arm.shape.0 as usize].columns;
                if let Some(column) = columns.get(at) {
                    self.scopes.values.add(column.node, Kind::Identity, NO_REFERENCE);
                }
            }
            self.scopes.values.complete(node, start);
        }
        let start = self.scopes.values.begin();
        for arm in std::iter::once(&anchor).chain(&others) {
            self.scopes.values.add(arm.node, Kind::Rows, NO_REFERENCE);
        }
        self.scopes.values.complete(rows, start);
        self.ctes.truncate(depth);
        whole
    }

    /// Anything that can stand where a SELECT can.
    pub(super) fn body(&mut self, body: &'t SetExpr, parent: Option<ScopeId>) -> Rows {
        match body {
            SetExpr::Select(select) => self.select(select, parent, None),
            SetExpr::Query(query) => self.query(query, parent),
            SetExpr::SetOperation { .. } => self.set_operation(body, parent),
            SetExpr::Values(values) => self.values(values, parent),
            SetExpr::Table(table) => {
                let mut parts = Vec::new();
                for part in [&table.schema_name, &table.table_name].into_iter().flatten() {
                    parts.push(self.scopes.names.fold(part));
                }
                self.whole_table(parts, parent)
            }
            SetExpr::Insert(statement)
            | SetExpr::Update(statement)
            | SetExpr::Delete(statement)
            | SetExpr::Merge(statement) => self.modifying(statement, parent),
        }
    }

    /// `TABLE t`.
    fn whole_table(&mut self, parts: Vec<Name>, parent: Option<ScopeId>) -> Rows {
        let scope = self.scopes.add_scope(parent);
        let start = self.scopes.values.begin();
        self.named_relation(scope, parts, None, NOWHERE);
        let (columns, rest) = self.expand_all(scope, NOWHERE);
        let node = self.scopes.values.finish(start);
        Rows { shape: self.scopes.add_shape(columns, rest), node }
    }

    /// A statement that changes a table where a query is expected; it gives what it returns.
    fn modifying(&mut self, statement: &'t Statement, parent: Option<ScopeId>) -> Rows {
        let rows = match statement {
            Statement::Insert(insert) => self.insert(insert, parent),
            Statement::Update(update) => self.update(update, parent),
            Statement::Delete(delete) => self.delete(delete, parent),
            Statement::Merge(merge) => self.merge(merge, parent),
            _ => None,
        };
        rows.unwrap_or_else(|| {
            let start = self.scopes.values.begin();
            let node = self.scopes.values.finish(start);
            Rows { shape: self.scopes.add_shape(Vec::new(), Rest::Nothing), node }
        })
    }

    fn values(&mut self, values: &'t Values, parent: Option<ScopeId>) -> Rows {
        let scope = self.scopes.add_scope(parent);
        let place = Place::new(scope);
        let width = values.rows.first().map_or(0, |row| row.content.len());
        let mut columns = Vec::with_capacity(width);
        for at in 0..width {
            let start = self.scopes.values.begin();
            self.extent = None;
            for row in &values.rows {
                if let Some(expr) = row.content.get(at) {
                    self.walk(expr, Kind::Identity, place);
                }
            }
            let node = self.scopes.values.finish(start);
            let name = self.scopes.names.fold(&format!("column{}", at + 1));
            columns.push(Output { name: Some(name), node, span: self.covered(), star: false });
        }
        let start = self.scopes.values.begin();
        let node = self.scopes.values.finish(start);
        Rows { shape: self.scopes.add_shape(columns, Rest::Nothing), node }
    }

    /// ORDER BY and LIMIT of something that is not a plain SELECT: they can name outputs only.
    fn order_outputs(&mut self, rows: Rows, query: &'t Query, parent: Option<ScopeId>) -> Rows {
        let scope = self.scopes.add_scope(parent);
        self.scopes.scopes[scope.0 as usize].outputs = self.scopes.shape(rows.shape).columns.clone();
        let start = self.scopes.values.begin();
        self.scopes.values.add(rows.node, Kind::Rows, NO_REFERENCE);
        if let Some(order_by) = &query.order_by {
            self.order(order_by, Place::new(scope));
        }
        self.limit(query, Place::new(scope));
        Rows { node: self.scopes.values.finish(start), ..rows }
    }

    /// The keys of an ORDER BY, in the scope of its SELECT.
    pub(super) fn order(&mut self, order_by: &'t OrderBy, place: Place<'t>) {
        let keys = match &order_by.kind {
            OrderByKind::Expressions(keys) => keys,
            OrderByKind::All(_) => return self.order_by_all(place),
        };
        // Some grammars have it for a column.
        let has_all = matches!(
            self.scopes.dialect,
            Dialect::Snowflake
                | Dialect::Databricks
                | Dialect::SparkSql
                | Dialect::DuckDb
                | Dialect::ClickHouse
        );
        if let ([OrderByExpr { expr: Expr::Identifier(ident), .. }], true) = (&keys[..], has_all)
            && ident.quote_style.is_none()
            && ident.value.eq_ignore_ascii_case("all")
        {
            return self.order_by_all(place);
        }
        // To some a name inside an expression is a column's rather than an output's.
        for key in keys {
            let is_name = matches!(key.expr, Expr::Identifier(_));
            let aliases = match (is_name, self.scopes.dialect) {
                (true, _) => Aliases::First,
                (false, Dialect::Postgres) => Aliases::Last,
                (false, Dialect::DuckDb | Dialect::Sqlite) => Aliases::AfterKnown,
                (false, _) => Aliases::First,
            };
            self.key(&key.expr, Kind::Sort, place.with(aliases));
        }
    }

    /// Every output is a key.
    fn order_by_all(&mut self, place: Place<'t>) {
        for at in 0..self.scopes.scope(place.scope).outputs.len() {
            let node = self.scopes.scope(place.scope).outputs[at].node;
            self.scopes.values.add(node, Kind::Sort, NO_REFERENCE);
        }
    }

    /// A key of ORDER BY or GROUP BY: an expression, or the position of an output.
    pub(super) fn key(&mut self, expr: &'t Expr, kind: Kind, place: Place<'t>) {
        if let Expr::Value(value) = expr
            && let sqlparser::ast::Value::Number(number, _) = &value.value
        {
            let at = number.to_string().parse::<usize>().unwrap_or(0);
            let outputs = &self.scopes.scopes[place.scope.0 as usize].outputs;
            if let Some(output) = at.checked_sub(1).and_then(|at| outputs.get(at)) {
                let node = output.node;
                self.scopes.values.add(node, kind, NO_REFERENCE);
            }
            return;
        }
        self.walk(expr, kind, place);
    }

    /// The subqueries that say how many rows are kept, and the keys of LIMIT n BY.
    pub(super) fn limit(&mut self, query: &'t Query, place: Place<'t>) {
        for count in counts(query) {
            self.walk(count, Kind::Filter, place);
        }
        if let Some(LimitClause::LimitOffset { limit_by, .. }) = &query.limit_clause {
            for key in limit_by {
                self.walk(key, Kind::Filter, place.with(Aliases::AfterKnown));
            }
        }
    }

    /// What the expressions walked since `extent` was reset cover.
    pub(super) fn covered(&self) -> Span {
        self.extent.unwrap_or(NOWHERE)
    }

    pub(super) fn cover(&mut self, span: Span) {
        if span.start.line == 0 {
            return;
        }
        self.extent = Some(match self.extent {
            None => span,
            Some(extent) => Span { start: extent.start.min(span.start), end: extent.end.max(span.end) },
        });
    }
}

/// The subqueries in LIMIT, OFFSET and FETCH.
fn counts(query: &Query) -> impl Iterator<Item = &Expr> {
    let (limit, offset) = match &query.limit_clause {
        Some(LimitClause::LimitOffset { limit, offset, .. }) => {
            (limit.as_ref(), offset.as_ref().map(|offset| &offset.value))
        }
        Some(LimitClause::OffsetCommaLimit { offset, limit }) => (Some(limit), Some(offset)),
        None => (None, None),
    };
    let fetch = query.fetch.as_ref().and_then(|fetch| fetch.quantity.as_ref());
    [limit, offset, fetch].into_iter().flatten().filter(|expr| is_subquery(expr))
}

/// Whether it is a subquery. What else says how many rows are kept is a number or a variable, no column.
pub(super) fn is_subquery(mut expr: &Expr) -> bool {
    while let Expr::Nested(inner) = expr {
        expr = inner;
    }
    matches!(expr, Expr::Subquery(_))
}

/// Whether the right arms of a CTE's set operation select from the CTE itself, as dialects that do not
/// write RECURSIVE allow. Looks at FROM clauses of the arms alone.
fn refers_to_itself(query: &Query, alias: &TableAlias) -> bool {
    let arms = super::set::Arms::of(&query.body);
    arms.rest.iter().any(|arm| {
        let SetExpr::Select(select) = arm.body else { return false };
        select.from.iter().any(|item| {
            std::iter::once(&item.relation).chain(item.joins.iter().map(|join| &join.relation)).any(
                |factor| {
                    matches!(factor, sqlparser::ast::TableFactor::Table { name, .. }
                    if name.0.len() == 1 && name.0[0].as_ident().is_some_and(
                        |ident| ident.value.eq_ignore_ascii_case(&alias.name.value)))
                },
            )
        })
    })
}
