//! FROM: tables, derived tables, joins and what their conditions make of columns.

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, Join, JoinConstraint, JoinOperator, ObjectName,
    ObjectNamePart, Statement, TableAlias, TableFactor, TableWithJoins,
};

use sqm_domain::Dialect;

use super::names::Name;
use super::query::{NOWHERE, Place, Resolver, Rows};
use super::values::{Kind, NO_REFERENCE, Node, span};
use super::{Merged, Relation, RelationId, Rest, ScopeId, Source};
use crate::text::Span;

/// How many views upon views are looked through.
const MOST_VIEWS: usize = 64;

impl<'t> Resolver<'t, '_, '_> {
    pub(crate) fn table_with_joins(&mut self, item: &'t TableWithJoins, scope: ScopeId) {
        let from = self.scopes.scope(scope).relations.len();
        self.factor(&item.relation, scope);
        for join in &item.joins {
            self.join(join, scope, from);
        }
    }

    /// `from`: the first relation on the left side of the join.
    pub(super) fn join(&mut self, join: &'t Join, scope: ScopeId, from: usize) {
        use JoinOperator::*;
        let right = self.scopes.scope(scope).relations.len();
        if matches!(join.join_operator, ArrayJoin | LeftArrayJoin | InnerArrayJoin) {
            return self.array_join(&join.relation, scope);
        }
        self.factor(&join.relation, scope);
        let constraint = match &join.join_operator {
            Join(c) | Inner(c) | Left(c) | LeftOuter(c) | Right(c) | RightOuter(c) | FullOuter(c)
            | CrossJoin(c) | StraightJoin(c) => c,
            Semi(c) | LeftSemi(c) | Anti(c) | LeftAnti(c) => {
                let using = self.using_edges(c, scope, from, right);
                self.hide(scope, right, usize::MAX);
                if using {
                    return;
                }
                c
            }
            RightSemi(c) | RightAnti(c) => {
                self.hide(scope, from, right);
                c
            }
            AsOf { match_condition, constraint } => {
                self.walk(match_condition, Kind::Join, Place::new(scope));
                constraint
            }
            CrossApply | OuterApply | ArrayJoin | LeftArrayJoin | InnerArrayJoin => return,
        };
        match constraint {
            JoinConstraint::On(condition) => self.walk(condition, Kind::Join, Place::new(scope)),
            JoinConstraint::Using(columns) => {
                for column in columns {
                    if let Some(ident) = column.0.last().and_then(ObjectNamePart::as_ident) {
                        let name = self.scopes.names.ident(ident);
                        self.merge_column(scope, from, right, name, span(ident.span));
                    }
                }
            }
            JoinConstraint::Natural => {
                for name in self.common_columns(scope, from, right) {
                    self.merge_column(scope, from, right, name, NOWHERE);
                }
            }
            JoinConstraint::None => {}
        }
    }

    fn hide(&mut self, scope: ScopeId, from: usize, to: usize) {
        let relations = self.scopes.scope(scope).relations.clone();
        for &relation in relations.iter().take(to).skip(from) {
            self.scopes.relations[relation.0 as usize].hidden = true;
        }
    }

    /// USING of a semi-join compares columns and makes none. Gives whether there was one.
    fn using_edges(
        &mut self,
        constraint: &'t JoinConstraint,
        scope: ScopeId,
        from: usize,
        right: usize,
    ) -> bool {
        let JoinConstraint::Using(columns) = constraint else { return false };
        for column in columns {
            let Some(ident) = column.0.last().and_then(ObjectNamePart::as_ident) else { continue };
            let name = self.scopes.names.ident(ident);
            for (_, node) in self.scopes.sides(scope, from, right, name, span(ident.span)) {
                self.scopes.values.add(node, Kind::Join, NO_REFERENCE);
            }
        }
        true
    }

    /// Makes one column of those that both sides have under this name.
    fn merge_column(&mut self, scope: ScopeId, from: usize, right: usize, name: Name, at: Span) {
        let key = self.scopes.names.key(name);
        let earlier = self.scopes.scopes[scope.0 as usize].merged.iter().position(|merged| merged.key == key);
        let mut covered: Vec<RelationId> = Vec::new();
        let mut nodes: Vec<Node> = Vec::new();
        if let Some(earlier) = earlier {
            let merged = self.scopes.scopes[scope.0 as usize].merged.remove(earlier);
            covered = merged.relations;
            nodes.push(merged.node);
        }
        // What was merged before stands for the left side.
        let left = if nodes.is_empty() { from } else { right };
        for (relation, node) in self.scopes.sides(scope, left, right, name, at) {
            covered.push(relation);
            nodes.push(node);
        }
        for &node in &nodes {
            self.scopes.values.add(node, Kind::Join, NO_REFERENCE);
        }
        let start = self.scopes.values.begin();
        for node in nodes {
            self.scopes.values.add(node, Kind::Identity, NO_REFERENCE);
        }
        let node = self.scopes.values.finish(start);
        self.scopes.scopes[scope.0 as usize].merged.push(Merged {
            key,
            node,
            relations: covered,
            sides: (from, right),
        });
    }

    /// The names that both sides of a NATURAL join are known to have, in the left side's order.
    fn common_columns(&mut self, scope: ScopeId, from: usize, right: usize) -> Vec<Name> {
        let relations = self.scopes.scope(scope).relations.clone();
        let mut left = Vec::new();
        for &relation in &relations[from..right] {
            left.extend(self.scopes.listed_names(relation));
        }
        let mut common = Vec::new();
        for &relation in &relations[right..] {
            for name in self.scopes.listed_names(relation) {
                let key = self.scopes.names.key(name);
                let shared = left.iter().any(|&left| self.scopes.names.key(left) == key);
                if shared && !common.iter().any(|&c| self.scopes.names.key(c) == key) {
                    common.push(name);
                }
            }
        }
        common
    }

    pub(crate) fn factor(&mut self, factor: &'t TableFactor, scope: ScopeId) {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => self.table(name, alias.as_ref(), scope),
            // Options of a stage are no arguments.
            TableFactor::Table { name, alias, args: Some(_), .. } if is_stage(name) => {
                self.table(name, alias.as_ref(), scope);
            }
            TableFactor::Table { name, alias, args: Some(args), with_ordinality, .. } => {
                self.function_relation(name, &args.args, alias.as_ref(), *with_ordinality, scope);
            }
            TableFactor::Derived { lateral, subquery, alias, .. } => {
                // Only what is LATERAL sees its neighbours; APPLY is, too, and nothing else could refer
                // to them in vain.
                let parent = if *lateral || self.sees_neighbours() {
                    Some(scope)
                } else {
                    self.scopes.scope(scope).parent
                };
                let rows = self.query(subquery, parent);
                self.derived(scope, rows, alias.as_ref());
            }
            TableFactor::NestedJoin { table_with_joins, alias } => match alias {
                None => self.table_with_joins(table_with_joins, scope),
                Some(alias) => self.aliased_join(table_with_joins, alias, scope),
            },
            TableFactor::Pivot { table, aggregate_functions, value_column, value_source, alias, .. } => {
                self.pivot(table, aggregate_functions, value_column, value_source, alias.as_ref(), scope);
            }
            TableFactor::Unpivot { table, value, name, columns, alias, .. } => {
                self.unpivot(table, value, name, columns, alias.as_ref(), scope);
            }
            other => self.table_function(other, scope),
        }
    }

    /// T-SQL writes APPLY, whose operator comes after the subquery was met.
    fn sees_neighbours(&self) -> bool {
        matches!(self.scopes.dialect, Dialect::TSql | Dialect::Fabric | Dialect::Oracle)
    }

    fn table(&mut self, name: &'t ObjectName, alias: Option<&'t TableAlias>, scope: ScopeId) {
        let Some((parts, at)) = self.table_name(name) else {
            return self.dynamic_table(name, alias, scope);
        };
        // BigQuery: FROM t, t.items: a column of a relation to the left.
        if parts.len() > 1 && self.unnests_column(&parts, name, alias, scope) {
            return;
        }
        self.named_relation(scope, parts, alias, at);
    }

    /// A relation by its name: a CTE or a table.
    pub(super) fn named_relation(
        &mut self,
        scope: ScopeId,
        parts: Vec<Name>,
        alias: Option<&'t TableAlias>,
        at: Span,
    ) {
        if let [name] = parts[..]
            && let Some(rows) = self.cte(name)
        {
            self.scopes.values.add(rows.node, Kind::Rows, NO_REFERENCE);
            self.relation(scope, Source::Shape(rows.shape), alias, Some(name), at);
            return;
        }
        let last = parts.last().copied();
        if let [name] = parts[..]
            && self.scopes.is_dual(name)
        {
            self.values_relation(scope, Vec::new(), Rest::Nothing, alias, last, at);
            return;
        }
        let table = self.scopes.tables.table(parts, &mut self.scopes.names, self.scopes.catalog);
        if self.scopes.follow_views
            && let Some(rows) = self.view(table)
        {
            self.scopes.values.add(rows.node, Kind::Rows, NO_REFERENCE);
            self.relation(scope, Source::Shape(rows.shape), alias, last, at);
            return;
        }
        self.reads.push((table, at));
        self.relation(scope, Source::Table(table), alias, last, at);
    }

    /// A query that is not a part of this text: places in it are no places here.
    pub(super) fn quoted_query(&mut self, text: &str) -> Option<Rows> {
        let script = crate::parse::parse(text, self.scopes.dialect);
        let [statement] = &script.statements[..] else { return None };
        let Ok(crate::parse::Tree::Sql(statement)) = &statement.tree else { return None };
        let query = match &**statement {
            Statement::Query(query) => query,
            Statement::CreateView(create) => &create.query,
            _ => return None,
        };
        let (references, doubts) = (self.scopes.references.len(), self.scopes.doubts.len());
        let mut inner = Resolver::new(&mut *self.scopes);
        let rows = inner.query(query, None);
        let reads = std::mem::take(&mut inner.reads);
        for reference in &mut self.scopes.references[references..] {
            reference.span = NOWHERE;
        }
        self.scopes.doubts.truncate(doubts);
        self.reads.extend(reads.into_iter().map(|(table, _)| (table, NOWHERE)));
        Some(rows)
    }

    /// The rows of a view of the catalog; `None` for a table, and where the view cannot be read.
    fn view(&mut self, table: super::TableId) -> Option<Rows> {
        if let Some(&known) = self.scopes.views.get(&table) {
            return known;
        }
        let found = self.scopes.tables.catalog_table(table, self.scopes.catalog)?;
        let text = found.view.as_deref()?;
        // Views upon views: each level takes some of the stack.
        if self.scopes.views.values().filter(|rows| rows.is_none()).count() > MOST_VIEWS {
            return None;
        }
        // A view that selects from itself is a table to itself.
        self.scopes.views.insert(table, None);
        let rows = self.quoted_query(text)?;
        let mut columns = self.scopes.shape(rows.shape).columns.clone();
        for (column, declared) in columns.iter_mut().zip(&found.columns) {
            if !column.star {
                column.name = Some(self.scopes.names.exact(&declared.name));
            }
        }
        let rest = self.scopes.take_rest(rows.shape);
        let rows = Rows { shape: self.scopes.add_shape(columns, rest), ..rows };
        self.scopes.views.insert(table, Some(rows));
        Some(rows)
    }

    /// A relation without a name in the text, such as `identifier(:t)`: anything may come from it.
    pub(super) fn dynamic_table(
        &mut self,
        name: &'t ObjectName,
        alias: Option<&'t TableAlias>,
        scope: ScopeId,
    ) {
        let start = self.scopes.values.begin();
        let star = self.scopes.names.exact("*");
        let from = self.scopes.unknown_column(star);
        self.scopes.values.add(from, Kind::Transformation, NO_REFERENCE);
        let node = self.scopes.values.finish(start);
        let shape = self.scopes.add_shape(Vec::new(), Rest::Any(node));
        let at = name.0.first().map_or(NOWHERE, |part| match part {
            ObjectNamePart::Identifier(ident) => span(ident.span),
            ObjectNamePart::Function(function) => span(function.name.span),
        });
        self.relation(scope, Source::Shape(shape), alias, None, at);
    }

    /// The parts of a table's name and its place; `None` where it is computed.
    pub(crate) fn table_name(&mut self, name: &ObjectName) -> Option<(Vec<Name>, Span)> {
        // A stage is one name, dots and slashes included, and is kept as written.
        if let Some(first) = name.0.first().and_then(|part| part.as_ident())
            && first.value.starts_with('@')
            && self.scopes.dialect == Dialect::Snowflake
        {
            let idents = name.0.iter().filter_map(|part| part.as_ident());
            let text = idents.map(|ident| ident.value.as_str()).collect::<Vec<_>>().join(".");
            return Some((vec![self.scopes.names.exact(&text)], span(first.span)));
        }
        let mut parts = Vec::with_capacity(name.0.len());
        let mut at: Option<Span> = None;
        for part in &name.0 {
            match part {
                ObjectNamePart::Identifier(ident) => {
                    let next = span(ident.span);
                    at = Some(at.map_or(next, |at| Span { start: at.start, end: next.end }));
                    self.name_parts(ident, &mut parts);
                }
                ObjectNamePart::Function(function) => {
                    // Snowflake and Databricks: IDENTIFIER('db.t') is a name when its argument is a text.
                    parts.extend(self.identifier_literal(function)?);
                    let next = span(function.name.span);
                    at = Some(at.map_or(next, |at| Span { start: at.start, end: next.end }));
                }
            }
        }
        // Some dialects leave parts out: db..t
        parts.retain(|&part| !self.scopes.names.text(part).is_empty());
        if self.is_file(&parts) {
            parts.remove(0);
        }
        if parts.is_empty() {
            return None;
        }
        Some((parts, at?))
    }

    /// Spark reads files where a format is the schema: json.`folder/file`.
    fn is_file(&self, parts: &[Name]) -> bool {
        let [format, path] = parts else { return false };
        let formats = ["json", "csv", "parquet", "orc", "avro", "text", "binaryfile", "delta", "xml"];
        matches!(self.scopes.dialect, Dialect::SparkSql | Dialect::Databricks)
            && formats.contains(&self.scopes.names.text(*format))
            && self.scopes.names.text(*path).contains(['/', '\\'])
    }

    /// BigQuery allows a whole path between one pair of backticks.
    fn name_parts(&mut self, ident: &Ident, parts: &mut Vec<Name>) {
        if ident.quote_style == Some('`')
            && self.scopes.dialect == Dialect::BigQuery
            && ident.value.contains('.')
        {
            for part in ident.value.split('.') {
                let name = self.scopes.names.exact(part);
                parts.push(name);
            }
        } else {
            let name = self.scopes.names.ident(ident);
            parts.push(name);
        }
    }

    fn identifier_literal(&mut self, function: &sqlparser::ast::ObjectNamePartFunction) -> Option<Vec<Name>> {
        self.identifier_argument(&function.args)
    }

    /// The name in IDENTIFIER('db.t'); `None` where it is computed or bound later.
    pub(super) fn identifier_argument(&mut self, args: &[FunctionArg]) -> Option<Vec<Name>> {
        let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = args else { return None };
        let text = match argument {
            Expr::Value(value) => value.value.clone().into_string()?,
            // A plain name: some grammars read it so.
            Expr::Identifier(ident) => ident.value.clone(),
            Expr::CompoundIdentifier(idents) => {
                return Some(idents.iter().map(|ident| self.scopes.names.ident(ident)).collect());
            }
            _ => return None,
        };
        if text.starts_with([':', '$', '@']) {
            return None;
        }
        Some(text.split('.').map(|part| self.scopes.names.fold(part.trim_matches('"'))).collect())
    }

    pub(super) fn derived(&mut self, scope: ScopeId, rows: Rows, alias: Option<&'t TableAlias>) {
        self.scopes.values.add(rows.node, Kind::Rows, NO_REFERENCE);
        self.relation(scope, Source::Shape(rows.shape), alias, None, NOWHERE);
    }

    /// A relation of values: its columns and what else may be asked of it.
    pub(super) fn values_relation(
        &mut self,
        scope: ScopeId,
        columns: Vec<super::Output>,
        rest: Rest,
        alias: Option<&'t TableAlias>,
        name: Option<Name>,
        at: Span,
    ) -> RelationId {
        let shape = self.scopes.add_shape(columns, rest);
        self.relation(scope, Source::Shape(shape), alias, name, at)
    }

    fn relation(
        &mut self,
        scope: ScopeId,
        source: Source,
        alias: Option<&'t TableAlias>,
        name: Option<Name>,
        at: Span,
    ) -> RelationId {
        let (alias, renamed, at) = match alias {
            Some(alias) => {
                let renamed = alias.columns.iter().map(|c| self.scopes.names.ident(&c.name)).collect();
                let at = if at == NOWHERE { span(alias.name.span) } else { at };
                (Some(self.scopes.names.ident(&alias.name)), renamed, at)
            }
            None => (name, Vec::new(), at),
        };
        self.scopes.add_relation(scope, Relation { alias, source, renamed, hidden: false, span: at })
    }

    /// A relation for a table that a statement changes.
    pub(crate) fn target(
        &mut self,
        scope: ScopeId,
        table: super::TableId,
        alias: Option<Name>,
        at: Span,
    ) -> RelationId {
        let alias = alias.or_else(|| self.scopes.tables.parts(table).last().copied());
        let source = Source::Table(table);
        self.scopes
            .add_relation(scope, Relation { alias, source, renamed: Vec::new(), hidden: false, span: at })
    }

    /// `(a JOIN b ON …) AS x`: its columns are those of both, under one name.
    fn aliased_join(&mut self, join: &'t TableWithJoins, alias: &'t TableAlias, scope: ScopeId) {
        let parent = self.scopes.scope(scope).parent;
        let inner = self.scopes.add_scope(parent);
        let start = self.scopes.values.begin();
        self.table_with_joins(join, inner);
        let (columns, rest) = self.expand_all(inner, span(alias.name.span));
        let node = self.scopes.values.finish(start);
        let rows = Rows { shape: self.scopes.add_shape(columns, rest), node };
        self.derived(scope, rows, Some(alias));
    }
}

impl super::Scopes<'_> {
    /// The columns of this name on the two sides of a join.
    fn sides(
        &mut self,
        scope: ScopeId,
        from: usize,
        right: usize,
        name: Name,
        at: Span,
    ) -> Vec<(RelationId, Node)> {
        let relations = self.scope(scope).relations.clone();
        let mut sides = Vec::with_capacity(2);
        for range in [from..right, right..relations.len()] {
            let range = &relations[range];
            let known = range.iter().find(|&&relation| self.known_to_have(relation, name));
            let open = range.iter().find(|&&relation| self.may_have(relation, name));
            if let Some(&relation) = known.or(open)
                && let Some(node) = self.qualified(relation, name, at)
            {
                sides.push((relation, node));
            }
        }
        sides
    }

    pub(super) fn known_to_have(&self, relation: RelationId, name: Name) -> bool {
        self.has(relation, name, self.names.key(name))
    }

    pub(super) fn may_have(&self, relation: RelationId, name: Name) -> bool {
        match self.relation(relation).source {
            Source::Table(table) => {
                self.tables.known_columns(table).is_none() || self.known_to_have(relation, name)
            }
            Source::Shape(shape) => !matches!(self.shape(shape).rest, Rest::Nothing),
        }
    }

    fn listed_names(&self, relation: RelationId) -> Vec<Name> {
        match self.relation(relation).source {
            Source::Table(table) => {
                let known = self.tables.known_columns(table).unwrap_or_default();
                known.iter().map(|&column| self.tables.column(column).name).collect()
            }
            Source::Shape(shape) => {
                self.shape(shape).columns.iter().filter(|c| !c.star).filter_map(|c| c.name).collect()
            }
        }
    }
}

fn is_stage(name: &ObjectName) -> bool {
    name.0.first().and_then(|part| part.as_ident()).is_some_and(|ident| ident.value.starts_with('@'))
}
