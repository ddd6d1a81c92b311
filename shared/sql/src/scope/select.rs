//! One SELECT: FROM first, then the list, then what selects, groups and orders its rows.

use sqlparser::ast::{
    ConnectByKind, Distinct, Expr, GroupByExpr, GroupByWithModifier, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, Top, TopQuantity, Value,
};

use sqm_domain::Dialect;

use super::query::{Aliases, Place, Resolver, Rows, is_subquery};
use super::values::{Kind, NO_REFERENCE, span};
use super::{Output, Rest, ScopeId};

impl<'t> Resolver<'t, '_, '_> {
    pub(super) fn select(
        &mut self,
        select: &'t Select,
        parent: Option<ScopeId>,
        around: Option<&'t Query>,
    ) -> Rows {
        let scope = self.scopes.add_scope(parent);
        self.scopes.selects.insert(std::ptr::from_ref(select).addr(), scope);
        let start = self.scopes.values.begin();
        for item in &select.from {
            self.table_with_joins(item, scope);
        }
        for view in &select.lateral_views {
            self.lateral_view(view, scope);
        }
        let place = Place { scope, windows: &select.named_window, aliases: self.alias_rule() };
        let mut rest = Vec::new();
        if select.projection.is_empty() && !select.from.is_empty() {
            // FROM t, as DuckDB writes SELECT *.
            let (columns, open) = self.expand_all(scope, super::query::NOWHERE);
            self.scopes.scopes[scope.0 as usize].outputs = columns;
            rest.push(open);
        }
        for item in &select.projection {
            self.select_item(item, place, &mut rest);
        }
        if let Some(exclude) = &select.exclude {
            self.drop_excluded(scope, exclude);
        }
        self.rows_of(select, place);
        self.columns_met = None;
        if let Some(query) = around {
            // Behind a pipe the order is that of the pipe.
            if query.pipe_operators.is_empty()
                && let Some(order_by) = &query.order_by
            {
                self.order(order_by, place);
            }
            self.limit(query, place);
        }
        if let Some(into) = &select.into {
            self.into = Some(&into.name);
        }
        let node = self.scopes.values.finish(start);
        // Nothing refers to the scope's own outputs any more.
        let columns = std::mem::take(&mut self.scopes.scopes[scope.0 as usize].outputs);
        let mut stars = Vec::new();
        let mut arms = Vec::new();
        for rest in rest {
            match rest {
                Rest::Stars(more) => stars.extend(more),
                Rest::Arms(more) => arms.extend(more),
                Rest::Nothing | Rest::Any(_) => {}
            }
        }
        let rest = match (stars.is_empty(), arms.is_empty()) {
            (false, _) => Rest::Stars(stars),
            (true, false) => Rest::Arms(arms),
            (true, true) => Rest::Nothing,
        };
        let rows = Rows { shape: self.scopes.add_shape(columns, rest), node };
        self.as_struct(select, rows)
    }

    /// Whether aliases of the list can be used inside of the list.
    fn alias_rule(&self) -> Aliases {
        use Dialect::*;
        match self.scopes.dialect {
            Snowflake | Redshift | Databricks | SparkSql | DuckDb | Teradata | Vertica | ClickHouse
            | Athena => Aliases::AfterKnown,
            _ => Aliases::Last,
        }
    }

    pub(super) fn select_item(&mut self, item: &'t SelectItem, place: Place<'t>, rest: &mut Vec<Rest>) {
        let before = self.scopes.scope(place.scope).outputs.len();
        self.one_item(item, place, rest);
        if let Some(call) = self.columns_met.take() {
            self.scopes.scopes[place.scope.0 as usize].outputs.truncate(before);
            self.for_each_column(item, call, place, rest);
        }
    }

    fn one_item(&mut self, item: &'t SelectItem, place: Place<'t>, rest: &mut Vec<Rest>) {
        match item {
            SelectItem::UnnamedExpr(expr) => self.unnamed(expr, place),
            SelectItem::ExprWithAlias { expr, alias } => {
                let name = self.scopes.names.ident(alias);
                let node = self.item(expr, place);
                self.cover(span(alias.span));
                self.push_output(place.scope, Some(name), node, false);
            }
            SelectItem::ExprWithAliases { expr, aliases } => {
                let nodes = self.generated(expr, aliases.len(), place);
                for (alias, node) in aliases.iter().zip(nodes) {
                    let name = self.scopes.names.ident(alias);
                    self.push_output(place.scope, Some(name), node, false);
                }
            }
            SelectItem::Wildcard(options) => {
                let at = span(options.wildcard_token.0.span);
                rest.push(self.star(place, None, options, at));
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                let at = name.0.first().and_then(|part| part.as_ident()).map(|ident| span(ident.span));
                let at = at.unwrap_or_else(|| span(options.wildcard_token.0.span));
                rest.push(self.star(place, Some(name), options, at));
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), _) => {
                self.struct_star(expr, place);
            }
        }
    }

    /// An item without an alias takes the name of the column it is.
    fn unnamed(&mut self, expr: &'t Expr, place: Place<'t>) {
        // T-SQL: alias = expression.
        if let Expr::BinaryOp { left, op: sqlparser::ast::BinaryOperator::Eq, right } = expr
            && matches!(self.scopes.dialect, Dialect::TSql | Dialect::Fabric)
            && let Expr::Identifier(alias) = &**left
        {
            let name = self.scopes.names.ident(alias);
            let node = self.item(right, place);
            // An assignment to a variable gives no column.
            if !alias.value.starts_with('@') {
                self.push_output(place.scope, Some(name), node, false);
            }
            return;
        }
        let node = self.item(expr, place);
        let name = self.own_name(expr, node);
        self.push_output(place.scope, name, node, false);
    }

    pub(super) fn own_name(&mut self, expr: &'t Expr, node: super::Node) -> Option<super::Name> {
        match expr {
            // A position, as in `$1`, takes the name of the column it means.
            Expr::Identifier(ident) if ident.value.starts_with('$') => {
                let origin = self.scopes.values.edges(node).first().map_or(node, |edge| edge.from);
                self.scopes.name_of(origin)
            }
            Expr::Value(value) => match &value.value {
                Value::Placeholder(text) if text.starts_with('$') => {
                    let origin = self.scopes.values.edges(node).first()?.from;
                    self.scopes.name_of(origin)
                }
                _ => None,
            },
            Expr::Identifier(ident) => Some(self.scopes.names.ident(ident)),
            Expr::CompoundIdentifier(idents) => {
                let last = idents.last()?;
                if last.value.starts_with('$') && self.scopes.dialect == Dialect::Snowflake {
                    let origin = self.scopes.values.edges(node).first().map_or(node, |edge| edge.from);
                    return self.scopes.name_of(origin);
                }
                Some(self.scopes.names.ident(last))
            }
            Expr::CompoundFieldAccess { access_chain, .. } => match access_chain.last()? {
                sqlparser::ast::AccessExpr::Dot(Expr::Identifier(ident)) => {
                    Some(self.scopes.names.ident(ident))
                }
                _ => None,
            },
            Expr::JsonAccess { path, .. } => match path.path.last()? {
                sqlparser::ast::JsonPathElem::Dot { key, .. } => Some(self.scopes.names.fold(key)),
                _ => None,
            },
            Expr::Nested(inner) | Expr::Prior(inner) | Expr::OuterJoin(inner) => self.own_name(inner, node),
            Expr::Cast { expr, kind: sqlparser::ast::CastKind::DoubleColon, .. } => self.own_name(expr, node),
            Expr::Collate { expr, .. } => self.own_name(expr, node),
            Expr::Named { name, .. } => Some(self.scopes.names.ident(name)),
            _ => None,
        }
    }

    /// Resolves an item of the list into a node of its own.
    pub(super) fn item(&mut self, expr: &'t Expr, place: Place<'t>) -> super::Node {
        self.extent = None;
        let start = self.scopes.values.begin();
        self.walk(expr, Kind::Identity, place);
        let node = self.scopes.values.finish(start);
        if let Some(fields) = self.fields_of(expr, place) {
            self.scopes.keep_fields(node, fields);
        }
        node
    }

    pub(super) fn push_output(
        &mut self,
        scope: ScopeId,
        name: Option<super::Name>,
        node: super::Node,
        star: bool,
    ) {
        let output = Output { name, node, span: self.covered(), star };
        self.scopes.scopes[scope.0 as usize].outputs.push(output);
    }

    /// What selects, groups and orders the rows.
    fn rows_of(&mut self, select: &'t Select, place: Place<'t>) {
        let after_known = place.with(Aliases::AfterKnown);
        if let Some(Top { quantity: Some(TopQuantity::Expr(count)), .. }) = &select.top
            && is_subquery(count)
        {
            self.walk(count, Kind::Filter, place);
        }
        if let Some(Distinct::On(keys)) = &select.distinct {
            for key in keys {
                self.key(key, Kind::GroupBy, after_known);
            }
        }
        for predicate in [&select.prewhere, &select.selection].into_iter().flatten() {
            self.walk(predicate, Kind::Filter, place);
        }
        for clause in &select.connect_by {
            match clause {
                ConnectByKind::ConnectBy { relationships, .. } => {
                    for expr in relationships {
                        self.walk(expr, Kind::Join, place);
                    }
                }
                ConnectByKind::StartWith { condition, .. } => self.walk(condition, Kind::Filter, place),
            }
        }
        let modifiers = match &select.group_by {
            GroupByExpr::All(modifiers) => {
                self.group_by_all(select, place);
                modifiers
            }
            GroupByExpr::Expressions(keys, modifiers) => {
                for key in keys {
                    self.key(key, Kind::GroupBy, after_known);
                }
                modifiers
            }
        };
        for modifier in modifiers {
            if let GroupByWithModifier::GroupingSets(sets) = modifier {
                self.key(sets, Kind::GroupBy, after_known);
            }
        }
        for key in select.cluster_by.iter().chain(&select.distribute_by) {
            self.key(key, Kind::Sort, place.with(Aliases::First));
        }
        for key in &select.sort_by {
            self.key(&key.expr, Kind::Sort, place.with(Aliases::First));
        }
        for predicate in [&select.having, &select.qualify].into_iter().flatten() {
            self.walk(predicate, Kind::Filter, after_known);
        }
    }

    /// GROUP BY ALL groups by every output that aggregates nothing.
    fn group_by_all(&mut self, select: &'t Select, place: Place<'t>) {
        let outputs = self.scopes.scopes[place.scope.0 as usize].outputs.clone();
        if outputs.len() != select.projection.len() {
            return;
        }
        for output in outputs {
            let edges = self.scopes.values.edges(output.node);
            let aggregates =
                edges.iter().any(|edge| matches!(edge.kind, Kind::Aggregation | Kind::MaskedAggregation));
            if !aggregates && !output.star {
                self.scopes.values.add(output.node, Kind::GroupBy, NO_REFERENCE);
            }
        }
    }

    /// BigQuery's SELECT AS STRUCT: one output, whose fields are the items.
    fn as_struct(&mut self, select: &'t Select, rows: Rows) -> Rows {
        use sqlparser::ast::ValueTableMode;
        if !matches!(
            select.value_table_mode,
            Some(ValueTableMode::AsStruct | ValueTableMode::DistinctAsStruct)
        ) {
            return rows;
        }
        let columns = self.scopes.shape(rows.shape).columns.clone();
        let start = self.scopes.values.begin();
        let mut fields = Vec::new();
        for column in &columns {
            self.scopes.values.add(column.node, Kind::Identity, NO_REFERENCE);
            if let Some(name) = column.name {
                fields.push((self.scopes.names.key(name), column.node));
            }
        }
        let node = self.scopes.values.finish(start);
        self.scopes.keep_fields(node, fields);
        // Outside of a FROM clause it is one value; inside, its fields are columns: the shape has both.
        self.scopes.structs.insert(rows.shape, node);
        rows
    }
}
