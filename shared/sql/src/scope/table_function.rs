//! Relations that come from values: UNNEST, FLATTEN, EXPLODE, LATERAL VIEW, series, JSON and XML tables.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, JsonTableColumn, LateralView,
    ObjectName, ObjectNamePart, TableAlias, TableFactor, Value,
};

use sqm_domain::Dialect;

use super::function::lower;
use super::names::Name;
use super::query::{NOWHERE, Place, Resolver};
use super::values::{Kind, NO_REFERENCE, Node, span};
use super::{DoubtKind, Output, Rest, ScopeId};

impl<'t> Resolver<'t, '_, '_> {
    pub(super) fn table_function(&mut self, factor: &'t TableFactor, scope: ScopeId) {
        let place = Place::new(scope);
        match factor {
            TableFactor::Function { name, args, alias, with_ordinality, .. } => {
                self.function_relation(name, args, alias.as_ref(), *with_ordinality, scope);
            }
            TableFactor::TableFunction { expr, alias } => match expr {
                Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) => {
                    self.function_relation(name, &list.args, alias.as_ref(), false, scope);
                }
                expr => {
                    let node = self.parts_of([expr], place);
                    self.values_relation(scope, Vec::new(), Rest::Any(node), alias.as_ref(), None, NOWHERE);
                }
            },
            TableFactor::UNNEST { alias, array_exprs, with_offset, with_offset_alias, with_ordinality } => {
                let offset = match (with_offset, with_offset_alias) {
                    (_, Some(alias)) => Some(self.scopes.names.ident(alias)),
                    (true, None) => Some(self.scopes.names.fold("offset")),
                    (false, None) => None,
                };
                let exprs: Vec<&'t Expr> = array_exprs.iter().collect();
                self.unnest(&exprs, alias.as_ref(), offset, *with_ordinality, scope);
            }
            TableFactor::JsonTable { json_expr, columns, alias, .. } => {
                let node = self.parts_of([json_expr], place);
                let mut outputs = Vec::new();
                self.json_columns(columns, node, &mut outputs);
                self.values_relation(scope, outputs, Rest::Nothing, alias.as_ref(), None, NOWHERE);
            }
            TableFactor::OpenJsonTable { json_expr, columns, alias, .. } => {
                let node = self.parts_of([json_expr], place);
                let mut outputs: Vec<Output> =
                    columns.iter().map(|column| self.listed_output(&column.name, node)).collect();
                if outputs.is_empty() {
                    outputs = self.fixed(&["key", "value", "type"], node);
                }
                self.values_relation(scope, outputs, Rest::Nothing, alias.as_ref(), None, NOWHERE);
            }
            TableFactor::XmlTable { row_expression, passing, columns, alias, .. } => {
                let exprs = std::iter::once(row_expression).chain(passing.arguments.iter().map(|a| &a.expr));
                let node = self.parts_of(exprs, place);
                let outputs = columns.iter().map(|column| self.listed_output(&column.name, node)).collect();
                self.values_relation(scope, outputs, Rest::Nothing, alias.as_ref(), None, NOWHERE);
            }
            TableFactor::MatchRecognize {
                table, partition_by, order_by, measures, symbols, alias, ..
            } => {
                let inner = self.scopes.add_scope(self.scopes.scope(scope).parent);
                let start = self.scopes.values.begin();
                self.factor(table, inner);
                let place = Place::new(inner);
                let mut columns = Vec::new();
                for key in partition_by {
                    let node = self.item(key, place);
                    let name = match key {
                        Expr::Identifier(ident) => Some(self.scopes.names.ident(ident)),
                        Expr::CompoundIdentifier(list) => list.last().map(|i| self.scopes.names.ident(i)),
                        _ => None,
                    };
                    columns.push(Output { name, node, span: self.covered(), star: false });
                }
                // Columns are qualified by the symbols of the pattern.
                let known = self.scopes.scope(inner).relations.first().copied();
                for measure in measures {
                    let node = self.measured(&measure.expr, known, inner);
                    let name = self.scopes.names.ident(&measure.alias);
                    columns.push(Output {
                        name: Some(name),
                        node,
                        span: span(measure.alias.span),
                        star: false,
                    });
                }
                for key in order_by {
                    self.walk(&key.expr, Kind::Sort, place);
                }
                for symbol in symbols {
                    let node = self.measured(&symbol.definition, known, inner);
                    self.scopes.values.add(node, Kind::Filter, NO_REFERENCE);
                }
                let node = self.scopes.values.finish(start);
                self.scopes.values.add(node, Kind::Rows, NO_REFERENCE);
                let (_, rest) = self.expand_all(inner, NOWHERE);
                self.values_relation(scope, columns, rest, alias.as_ref(), None, NOWHERE);
            }
            TableFactor::SemanticView { name, dimensions, metrics, facts, where_clause, alias } => {
                let inner = self.scopes.add_scope(None);
                if let Some((parts, at)) = self.table_name(name) {
                    self.named_relation(inner, parts, None, at);
                }
                let place = Place::new(inner);
                let mut columns = Vec::new();
                for expr in dimensions.iter().chain(metrics).chain(facts) {
                    let node = self.item(expr, place);
                    let name = match expr {
                        Expr::CompoundIdentifier(list) => list.last().map(|i| self.scopes.names.ident(i)),
                        Expr::Identifier(ident) => Some(self.scopes.names.ident(ident)),
                        _ => None,
                    };
                    columns.push(Output { name, node, span: self.covered(), star: false });
                }
                if let Some(predicate) = where_clause {
                    self.walk(predicate, Kind::Filter, place);
                }
                self.values_relation(scope, columns, Rest::Nothing, alias.as_ref(), None, NOWHERE);
            }
            // Met by `factor`.
            TableFactor::Table { .. }
            | TableFactor::Derived { .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::Pivot { .. }
            | TableFactor::Unpivot { .. } => {}
        }
    }

    /// An expression over rows that the symbols of a pattern name: `a.price` is `price`.
    fn measured(&mut self, expr: &'t Expr, relation: Option<super::RelationId>, scope: ScopeId) -> Node {
        let start = self.scopes.values.begin();
        let before = self.scopes.doubts.len();
        let mut work = vec![expr];
        while let Some(expr) = work.pop() {
            if let (Expr::CompoundIdentifier(idents), Some(relation)) = (expr, relation)
                && let [_, column] = &idents[..]
            {
                let name = self.scopes.names.ident(column);
                if let Some(node) = self.scopes.qualified(relation, name, span(column.span)) {
                    self.scopes.values.add(node, Kind::Transformation, NO_REFERENCE);
                }
                continue;
            }
            match expr {
                Expr::BinaryOp { left, right, .. } => work.extend([&**left, right]),
                Expr::Nested(inner) => work.push(inner),
                Expr::Function(function) => {
                    if let FunctionArguments::List(list) = &function.args {
                        for arg in &list.args {
                            if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = arg {
                                work.push(expr);
                            }
                        }
                    }
                }
                other => self.walk(other, Kind::Transformation, Place::new(scope)),
            }
        }
        self.scopes.doubts.truncate(before.max(self.scopes.doubts.len().min(before)));
        self.scopes.values.finish(start)
    }

    /// `f(x)` in a FROM clause.
    pub(super) fn function_relation(
        &mut self,
        name: &'t ObjectName,
        args: &'t [FunctionArg],
        alias: Option<&'t TableAlias>,
        ordinality: bool,
        scope: ScopeId,
    ) {
        let place = Place::new(scope);
        let mut buffer = [0u8; 32];
        let last = name.0.last().and_then(ObjectNamePart::as_ident);
        let called = last.map_or("", |ident| lower(&ident.value, &mut buffer));
        let at = last.map_or(NOWHERE, |ident| span(ident.span));
        if let (true, Some(ident)) = (called == "table", last) {
            // TABLE(f(x)), TABLE('t')
            let _ = ident;
            if let [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Function(inner)))] = args
                && let FunctionArguments::List(list) = &inner.args
            {
                return self.function_relation(&inner.name, &list.args, alias, ordinality, scope);
            }
        }
        if self.scopes.is_xml_method(name, called) {
            let start = self.scopes.values.begin();
            let path: Vec<_> = name.0.iter().filter_map(|part| part.as_ident()).collect();
            self.path(path[..path.len() - 1].iter().copied(), Kind::Transformation, place);
            let node = self.scopes.values.finish(start);
            let columns = self.alias_columns(alias, node);
            self.values_relation(scope, columns, Rest::Nothing, alias, None, at);
            return;
        }
        if called == "identifier" {
            return match self.identifier_argument(args) {
                Some(parts) => self.named_relation(scope, parts, alias, at),
                None => self.dynamic_table(name, alias, scope),
            };
        }
        // The first argument is a server.
        let args = if called == "openquery" { args.get(1..).unwrap_or_default() } else { args };
        let exprs: Vec<&'t Expr> = args
            .iter()
            .filter_map(|arg| match arg {
                FunctionArg::Named { arg: FunctionArgExpr::Expr(expr), .. }
                | FunctionArg::ExprNamed { arg: FunctionArgExpr::Expr(expr), .. }
                | FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            })
            .collect();
        match called {
            "unnest" | "explode" | "explode_outer" | "posexplode" | "posexplode_outer" | "inline"
            | "inline_outer" => {
                return self.explode(called, &exprs, alias, scope);
            }
            "flatten" => {
                let node = self.parts_of(exprs, place);
                let columns = self.fixed(&["seq", "key", "path", "index", "value", "this"], node);
                self.values_relation(scope, columns, Rest::Nothing, alias, None, at);
                return;
            }
            "json_each" | "jsonb_each" | "json_each_text" | "jsonb_each_text" | "json_tree" => {
                let node = self.parts_of(exprs, place);
                let columns = self.fixed(&["key", "value"], node);
                self.values_relation(scope, columns, Rest::Any(node), alias, None, at);
                return;
            }
            "split_to_table" | "strtok_split_to_table" => {
                let node = self.parts_of(exprs, place);
                let columns = self.fixed(&["seq", "index", "value"], node);
                self.values_relation(scope, columns, Rest::Nothing, alias, None, at);
                return;
            }
            "string_split" => {
                let node = self.parts_of(exprs, place);
                let columns = self.fixed(&["value", "ordinal"], node);
                self.values_relation(scope, columns, Rest::Nothing, alias, None, at);
                return;
            }
            "read_csv" | "read_csv_auto" | "read_parquet" | "read_json" | "read_json_auto"
            | "parquet_scan" | "read_files" | "delta_scan" | "iceberg_scan" => {
                if let Some(Expr::Value(value)) = exprs.first()
                    && let Value::SingleQuotedString(path) | Value::DoubleQuotedString(path) = &value.value
                {
                    let part = self.scopes.names.exact(path);
                    return self.named_relation(scope, vec![part], alias, at);
                }
            }
            _ => {}
        }
        if let Some(ident) = last.filter(|_| reads_elsewhere(called)) {
            let name = self.scopes.names.ident(ident);
            self.scopes.doubt(DoubtKind::Opaque, name, Vec::new(), at);
        }
        let node = self.parts_of(exprs, place);
        let own = last.map(|ident| self.scopes.names.ident(ident));
        let mut columns = self.alias_columns(alias, node);
        if ordinality {
            let name = self.scopes.names.fold("ordinality");
            let empty = self.empty();
            match columns.last_mut() {
                Some(last) if columns_named(alias) > 1 => last.node = empty,
                _ => columns.push(Output { name: Some(name), node: empty, span: at, star: false }),
            }
        }
        // A function of rows has columns that the text does not tell.
        self.values_relation(scope, columns, Rest::Any(node), alias, own, at);
    }

    fn explode(&mut self, called: &str, exprs: &[&'t Expr], alias: Option<&'t TableAlias>, scope: ScopeId) {
        if called == "unnest" {
            return self.unnest(exprs, alias, None, false, scope);
        }
        let node = self.parts_of(exprs.iter().copied(), Place::new(scope));
        let mut columns = self.alias_columns(alias, node);
        if columns.is_empty() {
            columns = self.fixed(exploded(called), node);
        }
        self.values_relation(scope, columns, Rest::Any(node), alias, None, NOWHERE);
    }

    /// UNNEST of one or several arrays: a column for each, or the fields of its only one.
    pub(super) fn unnest(
        &mut self,
        exprs: &[&'t Expr],
        alias: Option<&'t TableAlias>,
        offset: Option<Name>,
        ordinality: bool,
        scope: ScopeId,
    ) {
        let place = Place::new(scope);
        let nodes: Vec<Node> = exprs.iter().map(|&expr| self.element(expr, place)).collect();
        let whole = match nodes[..] {
            [node] => node,
            _ => self.sum(&nodes),
        };
        let given = columns_named(alias);
        let mut columns: Vec<Output> = Vec::new();
        if let Some(alias) = alias {
            let at = span(alias.name.span);
            if alias.columns.is_empty() {
                // The alias names the element itself.
                let name = self.scopes.names.ident(&alias.name);
                let fields = self.scopes.fields_to_list(whole);
                // Its fields can be asked for without it, too; a star gives them in its place.
                if fields.as_ref().is_none_or(Vec::is_empty) {
                    columns.push(Output { name: Some(name), node: whole, span: at, star: false });
                }
                for (name, node) in fields.into_iter().flatten() {
                    columns.push(Output { name: Some(name), node, span: at, star: false });
                }
            } else {
                let fields = match nodes[..] {
                    [node] if given > 1 && !ordinality => self.scopes.fields.get(&node).cloned(),
                    _ => None,
                };
                for (at, column) in alias.columns.iter().enumerate() {
                    let name = self.scopes.names.ident(&column.name);
                    let node = match (&fields, nodes.get(at)) {
                        (Some(fields), _) => fields.get(at).map_or(whole, |(_, node)| *node),
                        (None, Some(&node)) => node,
                        // More columns than arrays: a position, or the fields of a struct.
                        (None, None) if ordinality && at + 1 == given => self.empty(),
                        (None, None) => whole,
                    };
                    columns.push(Output {
                        name: Some(name),
                        node,
                        span: span(column.name.span),
                        star: false,
                    });
                }
            }
        }
        if let Some(offset) = offset {
            let node = self.empty();
            columns.push(Output { name: Some(offset), node, span: NOWHERE, star: false });
        }
        let shape_alias = alias.map(|alias| self.scopes.names.ident(&alias.name));
        let relation = self.values_relation(scope, columns, Rest::Any(whole), None, shape_alias, NOWHERE);
        if let Some(alias) = alias {
            self.scopes.relations[relation.0 as usize].span = span(alias.name.span);
        }
    }

    /// An array's element: the array's own value, and its fields where it is an array of structs.
    fn element(&mut self, expr: &'t Expr, place: Place<'t>) -> Node {
        let start = self.scopes.values.begin();
        self.walk(expr, Kind::Transformation, place);
        let node = self.scopes.values.finish(start);
        let fields = self.fields_of(expr, place).or_else(|| {
            let [edge] = self.scopes.values.edges(node) else { return None };
            self.scopes.fields_at(edge.from)
        });
        if let Some(fields) = fields {
            self.scopes.keep_fields(node, fields);
        }
        node
    }

    /// BigQuery's `FROM t, t.items AS i`: a path that starts at a relation on the left. Gives whether it is.
    pub(super) fn unnests_column(
        &mut self,
        parts: &[Name],
        name: &'t ObjectName,
        alias: Option<&'t TableAlias>,
        scope: ScopeId,
    ) -> bool {
        let left =
            !self.scopes.scope(scope).relations.is_empty() || self.scopes.scope(scope).parent.is_some();
        if !left || !matches!(self.scopes.dialect, Dialect::BigQuery | Dialect::Redshift | Dialect::Generic) {
            return false;
        }
        if self.scopes.relation_named(scope, &parts[..1]).is_none() {
            return false;
        }
        let start = self.scopes.values.begin();
        let idents = name.0.iter().filter_map(|part| part.as_ident());
        self.path(idents, Kind::Transformation, Place::new(scope));
        let node = self.scopes.values.finish(start);
        let fields = match self.scopes.values.edges(node) {
            [edge] => {
                let from = edge.from;
                self.scopes.fields_to_list(from)
            }
            _ => None,
        };
        let mut columns = Vec::new();
        if let Some(alias) = alias {
            let (name, at) = (self.scopes.names.ident(&alias.name), span(alias.name.span));
            if alias.columns.is_empty() {
                // Its fields can be asked for without it, too; a star gives them in its place.
                if fields.as_ref().is_none_or(Vec::is_empty) {
                    columns.push(Output { name: Some(name), node, span: at, star: false });
                }
                for (name, node) in fields.into_iter().flatten() {
                    columns.push(Output { name: Some(name), node, span: at, star: false });
                }
            } else {
                columns.extend(alias.columns.iter().map(|column| self.listed_output(&column.name, node)));
            }
            // `AS element AT index`: the place says nothing of what is there.
            if let Some(index) = &alias.at {
                let nothing = self.empty();
                columns.push(self.listed_output(index, nothing));
            }
        }
        self.values_relation(scope, columns, Rest::Any(node), alias, parts.last().copied(), NOWHERE);
        true
    }

    /// Hive's LATERAL VIEW explode(x) t AS a, b
    pub(super) fn lateral_view(&mut self, view: &'t LateralView, scope: ScopeId) {
        let place = Place::new(scope);
        let mut buffer = [0u8; 32];
        let called = match &view.lateral_view {
            Expr::Function(function) => super::function::last_name(function, &mut buffer),
            _ => "",
        };
        let nodes = self.generated(&view.lateral_view, view.lateral_col_alias.len().max(1), place);
        let node = nodes.last().copied().unwrap_or_else(|| self.empty());
        let mut columns = Vec::new();
        for (ident, &node) in view.lateral_col_alias.iter().zip(&nodes) {
            columns.push(self.listed_output(ident, node));
        }
        if columns.is_empty() {
            columns = self.fixed(exploded(called), node);
        }
        let alias = view.lateral_view_name.0.last().and_then(ObjectNamePart::as_ident);
        let alias = alias.map(|ident| self.scopes.names.ident(ident));
        self.values_relation(scope, columns, Rest::Nothing, None, alias, NOWHERE);
    }

    /// The columns of a function that makes rows, so many of them as are named.
    pub(super) fn generated(&mut self, expr: &'t Expr, width: usize, place: Place<'t>) -> Vec<Node> {
        let mut buffer = [0u8; 32];
        let (called, args) = match expr {
            Expr::Function(function) => {
                let called = super::function::last_name(function, &mut buffer);
                let args: Vec<&'t Expr> = match &function.args {
                    FunctionArguments::List(list) => list
                        .args
                        .iter()
                        .filter_map(|arg| match arg {
                            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                            _ => None,
                        })
                        .collect(),
                    _ => Vec::new(),
                };
                (called, args)
            }
            _ => ("", Vec::new()),
        };
        self.extent = None;
        match (called, &args[..]) {
            // The arguments fill the rows from left to right.
            ("stack", [_, values @ ..]) if width > 0 => (0..width)
                .map(|at| self.parts_of(values.iter().skip(at).step_by(width).copied(), place))
                .collect(),
            ("inline" | "inline_outer", [array]) => {
                let node = self.element(array, place);
                match self.scopes.fields_at(node) {
                    Some(fields) if fields.len() == width => fields.iter().map(|field| field.1).collect(),
                    _ => vec![node; width],
                }
            }
            (_, [array]) if called.contains("explode") => {
                let node = self.element(array, place);
                let mut nodes = vec![node; width];
                // The position comes from no column.
                if called.starts_with("pos")
                    && let Some(first) = nodes.first_mut()
                {
                    *first = self.empty();
                }
                nodes
            }
            (_, []) => vec![self.item(expr, place); width],
            (_, args) => vec![self.parts_of(args.iter().copied(), place); width],
        }
    }

    /// ClickHouse's ARRAY JOIN x AS y
    pub(super) fn array_join(&mut self, factor: &'t TableFactor, scope: ScopeId) {
        let TableFactor::Table { name, alias, .. } = factor else { return };
        let start = self.scopes.values.begin();
        let idents: Vec<&Ident> = name.0.iter().filter_map(|part| part.as_ident()).collect();
        match idents[..] {
            [ident] => self.column(ident, Kind::Transformation, Place::new(scope)),
            _ => self.path(idents.iter().copied(), Kind::Transformation, Place::new(scope)),
        }
        let node = self.scopes.values.finish(start);
        let ident = alias.as_ref().map(|alias| &alias.name).or(idents.last().copied());
        if let Some(ident) = ident {
            let column = self.listed_output(ident, node);
            self.values_relation(scope, vec![column], Rest::Nothing, None, None, NOWHERE);
        }
    }

    fn json_columns(&mut self, columns: &'t [JsonTableColumn], node: Node, outputs: &mut Vec<Output>) {
        let mut work: Vec<&'t JsonTableColumn> = columns.iter().rev().collect();
        while let Some(column) = work.pop() {
            match column {
                JsonTableColumn::Named(column) => outputs.push(self.listed_output(&column.name, node)),
                JsonTableColumn::ForOrdinality(ident) => {
                    let empty = self.empty();
                    outputs.push(self.listed_output(ident, empty));
                }
                JsonTableColumn::Nested(nested) => work.extend(nested.columns.iter().rev()),
            }
        }
    }

    /// A node for what comes out of these expressions.
    fn parts_of(&mut self, exprs: impl IntoIterator<Item = &'t Expr>, place: Place<'t>) -> Node {
        let start = self.scopes.values.begin();
        for expr in exprs {
            self.walk(expr, Kind::Transformation, place);
        }
        self.scopes.values.finish(start)
    }

    fn sum(&mut self, nodes: &[Node]) -> Node {
        let start = self.scopes.values.begin();
        for &node in nodes {
            self.scopes.values.add(node, Kind::Identity, NO_REFERENCE);
        }
        self.scopes.values.finish(start)
    }

    pub(super) fn empty(&mut self) -> Node {
        let start = self.scopes.values.begin();
        self.scopes.values.finish(start)
    }

    fn listed_output(&mut self, ident: &Ident, node: Node) -> Output {
        Output { name: Some(self.scopes.names.ident(ident)), node, span: span(ident.span), star: false }
    }

    fn fixed(&mut self, names: &[&str], node: Node) -> Vec<Output> {
        names
            .iter()
            .map(|name| Output { name: Some(self.scopes.names.fold(name)), node, span: NOWHERE, star: false })
            .collect()
    }

    fn alias_columns(&mut self, alias: Option<&'t TableAlias>, node: Node) -> Vec<Output> {
        let columns = alias.map(|alias| &alias.columns[..]).unwrap_or_default();
        columns.iter().map(|column| self.listed_output(&column.name, node)).collect()
    }
}

fn columns_named(alias: Option<&TableAlias>) -> usize {
    alias.map_or(0, |alias| alias.columns.len())
}

/// The names of the columns where the text gives none.
fn exploded(called: &str) -> &'static [&'static str] {
    if called.starts_with("posexplode") { &["pos", "col"] } else { &["col", "key", "value"] }
}

/// Whether a function of rows gives those of another database, or of another query: nobody sees from here what
/// it reads.
fn reads_elsewhere(called: &str) -> bool {
    matches!(
        called,
        "cluster"
            | "clusterallreplicas"
            | "dblink"
            | "external_query"
            | "jdbc"
            | "mongodb"
            | "mysql"
            | "mysql_query"
            | "mysql_scan"
            | "odbc"
            | "opendatasource"
            | "openquery"
            | "openrowset"
            | "postgres_query"
            | "postgres_scan"
            | "postgresql"
            | "query"
            | "query_table"
            | "remote"
            | "remotesecure"
            | "result_scan"
            | "sqlite_scan"
    )
}
