//! Structs: which value each field is, through what makes structs, arrays of them, and paths.
//!
//! An array's fields are those of its elements. Where the making of a struct was not seen, a path stops at
//! the column: its fields are parts of its value.

use sqlparser::ast::{
    AccessExpr, Array, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    JsonPathElem, Query, StructField, Subscript, Value,
};

use super::function::last_name;
use super::names::Name;
use super::query::{Place, Resolver};
use super::values::{Kind, NO_REFERENCE, Node};

/// Fields in order.
pub(super) type Fields = Vec<(Name, Node)>;

/// What a path goes through.
enum Step<'t> {
    Field(&'t str),
    Index,
}

impl<'t> Resolver<'t, '_, '_> {
    /// `a.b[1].c`, `f(x).y`, `col[0]`
    fn is_relation(&mut self, ident: &Ident, place: Place<'t>) -> bool {
        let name = self.scopes.names.ident(ident);
        !self.scopes.knows_column(place.scope, name)
            && self.scopes.relation_named(place.scope, &[name]).is_some()
    }

    pub(super) fn access(&mut self, root: &'t Expr, chain: &'t [AccessExpr], kind: Kind, place: Place<'t>) {
        let changed = kind.over(Kind::Transformation);
        // A prefix of dots alone is a path like any other.
        let mut idents: Vec<&'t Ident> = match root {
            Expr::Identifier(ident) => vec![ident],
            Expr::CompoundIdentifier(idents) => idents.iter().collect(),
            // (t).a is t.a where t is a relation, and not a column of that type.
            Expr::Nested(inner) => match &**inner {
                Expr::Identifier(ident) if self.is_relation(ident, place) => vec![ident],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let mut used = 0;
        if !idents.is_empty() {
            for element in chain {
                let AccessExpr::Dot(Expr::Identifier(ident)) = element else { break };
                idents.push(ident);
                used += 1;
            }
        }
        let mut steps = Vec::new();
        for element in &chain[used..] {
            match element {
                AccessExpr::Subscript(Subscript::Index { index }) => {
                    steps.push(literal(index).map_or(Step::Index, Step::Field));
                    self.push(index, changed);
                }
                AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride }) => {
                    steps.push(Step::Index);
                    self.push_all([lower_bound, upper_bound, stride].into_iter().flatten(), changed);
                }
                AccessExpr::Dot(Expr::Identifier(ident)) => steps.push(Step::Field(&ident.value)),
                // Functions may take columns; other names are names of fields.
                AccessExpr::Dot(function) => {
                    steps.push(Step::Index);
                    if matches!(function, Expr::Function(_)) {
                        self.push(function, changed);
                    }
                }
            }
        }
        match (&idents[..], steps.is_empty()) {
            ([], true) => self.push(root, kind),
            ([], false) => {
                let node = self.field_node(root, place);
                self.follow(node, &steps, kind);
            }
            (idents, true) => self.path_or_column(idents, kind, place),
            (idents, false) => {
                let start = self.scopes.values.begin();
                self.path_or_column(idents, Kind::Identity, place);
                let node = self.scopes.values.finish(start);
                self.follow(node, &steps, kind);
            }
        }
    }

    /// `a:b.c[0]`
    pub(super) fn json_access(
        &mut self,
        value: &'t Expr,
        path: &'t [JsonPathElem],
        kind: Kind,
        place: Place<'t>,
    ) {
        let mut steps = Vec::new();
        for element in path {
            match element {
                JsonPathElem::Dot { key, .. } => steps.push(Step::Field(key)),
                JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } => {
                    steps.push(literal(key).map_or(Step::Index, Step::Field));
                    self.push(key, kind.over(Kind::Transformation));
                }
            }
        }
        let node = self.field_node(value, place);
        self.follow(node, &steps, kind);
    }

    /// Adds what a path leads to: the field's value where its making was seen, otherwise a part of what was
    /// reached.
    fn follow(&mut self, from: Node, steps: &[Step<'t>], kind: Kind) {
        let (mut node, mut kind) = (from, kind);
        for (at, step) in steps.iter().enumerate() {
            match step {
                Step::Field(name) => {
                    let name = self.scopes.names.exact(name);
                    match self.scopes.field(node, name) {
                        Some(next) => node = next,
                        None => {
                            kind = kind.over(Kind::Transformation);
                            break;
                        }
                    }
                }
                Step::Index => {
                    kind = kind.over(Kind::Transformation);
                    // The last step of all leads to the element, which keeps its fields.
                    if at + 1 == steps.len()
                        && let Some(fields) = self.scopes.fields_at(node)
                    {
                        let start = self.scopes.values.begin();
                        self.scopes.values.add(node, kind, NO_REFERENCE);
                        node = self.scopes.values.finish(start);
                        kind = Kind::Identity;
                        self.scopes.keep_fields(node, fields);
                    }
                }
            }
        }
        self.scopes.values.add(node, kind, NO_REFERENCE);
    }

    fn path_or_column(&mut self, idents: &[&'t Ident], kind: Kind, place: Place<'t>) {
        match idents {
            [ident] => self.column(ident, kind, place),
            idents => self.path(idents.iter().copied(), kind, place),
        }
    }

    /// The fields of an expression that makes a struct, or an array of structs.
    pub(super) fn fields_of(&mut self, expr: &'t Expr, place: Place<'t>) -> Option<Fields> {
        let expr = without_brackets(expr);
        let mut fields = Vec::new();
        match expr {
            Expr::Struct { values, fields: types } => {
                for (at, value) in values.iter().enumerate() {
                    let (name, value) = match value {
                        Expr::Named { expr, name } => (Some(self.scopes.names.ident(name)), &**expr),
                        value => {
                            let typed = types.get(at).and_then(|field| field.field_name.as_ref());
                            let own = match value {
                                Expr::Identifier(ident) => Some(ident),
                                Expr::CompoundIdentifier(idents) => idents.last(),
                                _ => None,
                            };
                            (typed.or(own).map(|ident| self.scopes.names.ident(ident)), value)
                        }
                    };
                    let Some(name) = name else { continue };
                    fields.push((name, self.field_node(value, place)));
                }
            }
            Expr::Dictionary(entries) => {
                for entry in entries {
                    let name = self.scopes.names.ident(&entry.key);
                    fields.push((name, self.field_node(&entry.value, place)));
                }
            }
            Expr::Array(Array { elem, .. }) => return self.fields_of_all(elem, None, place),
            Expr::Cast { expr, data_type, .. } => {
                if let Some(fields) = self.row_fields(expr, data_type, place) {
                    return Some(fields);
                }
                return match struct_type(data_type) {
                    Some(types) => self.typed_fields(expr, types, place),
                    None => self.fields_of(expr, place),
                };
            }
            Expr::Function(function) => return self.fields_of_call(function, place),
            Expr::Subquery(query) => return self.fields_of_query(query),
            _ => return None,
        }
        Some(fields)
    }

    /// The fields of the struct that a subquery makes. It was resolved as a value before.
    fn fields_of_query(&self, query: &'t Query) -> Option<Fields> {
        let rows = self.struct_queries.get(&std::ptr::from_ref(query).addr())?;
        let columns = &self.scopes.shape(rows.shape).columns;
        Some(columns.iter().filter_map(|column| Some((column.name?, column.node))).collect())
    }

    /// The fields of whatever an expression is, a column included.
    fn fields_of_value(&mut self, expr: &'t Expr, place: Place<'t>) -> Option<Fields> {
        if let Some(fields) = self.fields_of(expr, place) {
            return Some(fields);
        }
        let is_path = matches!(
            without_brackets(expr),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::CompoundFieldAccess { .. }
        );
        if !is_path || self.scopes.fields.is_empty() {
            return None;
        }
        let node = self.field_node(expr, place);
        self.scopes.fields_at(node)
    }

    /// The fields of several structs, each of which may be the one.
    fn fields_of_all(
        &mut self,
        exprs: impl IntoIterator<Item = &'t Expr>,
        kind: Option<Kind>,
        place: Place<'t>,
    ) -> Option<Fields> {
        let mut whole: Vec<(Name, Vec<Node>)> = Vec::new();
        for expr in exprs {
            for (name, node) in self.fields_of_value(expr, place)? {
                let key = self.scopes.names.key(name);
                match whole.iter_mut().find(|(other, _)| self.scopes.names.key(*other) == key) {
                    Some((_, nodes)) => nodes.push(node),
                    None => whole.push((name, vec![node])),
                }
            }
        }
        if whole.is_empty() {
            return None;
        }
        let kind = kind.unwrap_or(Kind::Identity);
        let fields = whole.into_iter().map(|(name, nodes)| {
            if let ([node], Kind::Identity) = (&nodes[..], kind) {
                return (name, *node);
            }
            let start = self.scopes.values.begin();
            for &node in &nodes {
                self.scopes.values.add(node, kind, NO_REFERENCE);
            }
            let node = self.scopes.values.finish(start);
            if let [only] = nodes[..]
                && let Some(inner) = self.scopes.fields_at(only)
            {
                self.scopes.keep_fields(node, inner);
            }
            (name, node)
        });
        Some(fields.collect())
    }

    /// The fields of values whose type names them: `CAST([(1, 'x')] AS ARRAY<STRUCT<a INT, b STRING>>)`.
    fn typed_fields(&mut self, expr: &'t Expr, types: &'t [StructField], place: Place<'t>) -> Option<Fields> {
        let rows: Vec<&'t [Expr]> = match without_brackets(expr) {
            Expr::Array(Array { elem, .. }) => elem.iter().map(row).collect::<Option<_>>()?,
            other => vec![row(other)?],
        };
        let mut fields = Vec::with_capacity(types.len());
        for (at, field) in types.iter().enumerate() {
            let name = self.scopes.names.ident(field.field_name.as_ref()?);
            let extent = self.extent;
            let start = self.scopes.values.begin();
            for value in rows.iter().filter_map(|row| row.get(at)) {
                self.walk(value, Kind::Identity, place);
            }
            fields.push((name, self.scopes.values.finish(start)));
            self.extent = extent;
        }
        Some(fields)
    }

    /// `CAST(ROW(a, b) AS ROW(x BIGINT, y VARCHAR))`, whose type the grammar reads as words in a row.
    fn row_fields(&mut self, expr: &'t Expr, data_type: &'t DataType, place: Place<'t>) -> Option<Fields> {
        let DataType::Custom(name, words) = data_type else { return None };
        let is_row = matches!(&name.0[..], [part] if part.as_ident().is_some_and(|i| i.value.eq_ignore_ascii_case("row")));
        let Expr::Function(function) = without_brackets(expr) else { return None };
        let mut buffer = [0u8; 32];
        let FunctionArguments::List(list) = &function.args else { return None };
        // Types of several words would make more of them.
        if !is_row || last_name(function, &mut buffer) != "row" || words.len() != 2 * list.args.len() {
            return None;
        }
        let mut fields = Vec::with_capacity(list.args.len());
        for (name, arg) in words.iter().step_by(2).zip(&list.args) {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = arg else { return None };
            let name = self.scopes.names.fold(name);
            fields.push((name, self.field_node(expr, place)));
        }
        Some(fields)
    }

    /// A value as a node of its own, with its fields.
    pub(super) fn field_node(&mut self, value: &'t Expr, place: Place<'t>) -> Node {
        let memory = (std::ptr::from_ref(value).addr(), place.scope);
        if let Some(&node) = self.resolved.get(&memory) {
            return node;
        }
        let extent = self.extent;
        let start = self.scopes.values.begin();
        self.walk(value, Kind::Identity, place);
        let node = self.scopes.values.finish(start);
        self.resolved.insert(memory, node);
        if let Some(fields) = self.fields_of(value, place) {
            self.scopes.keep_fields(node, fields);
        }
        self.extent = extent;
        node
    }

    /// The fields of what a call gives.
    fn fields_of_call(&mut self, function: &'t Function, place: Place<'t>) -> Option<Fields> {
        let mut buffer = [0u8; 32];
        let name = last_name(function, &mut buffer);
        let call = StructCall::of(name)?;
        let list = match &function.args {
            FunctionArguments::List(list) => list,
            FunctionArguments::Subquery(query) if call == StructCall::Each => {
                return self.fields_of_query(query);
            }
            _ => return None,
        };
        let args: Vec<(Option<&'t Ident>, &'t Expr)> = list
            .args
            .iter()
            .filter_map(|arg| match arg {
                FunctionArg::Named { name, arg: FunctionArgExpr::Expr(expr), .. } => Some((Some(name), expr)),
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some((None, expr)),
                _ => None,
            })
            .collect();
        let first = args.iter().take(1).map(|arg| arg.1);
        match call {
            StructCall::Pairs => Some(self.pairs(&args, place)),
            StructCall::Struct => Some(self.members(args, place)),
            StructCall::Aggregate => self.fields_of_all(first, Some(Kind::Aggregation), place),
            StructCall::First => self.fields_of_all(first, Some(Kind::Transformation), place),
            StructCall::Each => {
                self.fields_of_all(args.iter().map(|arg| arg.1), Some(Kind::Transformation), place)
            }
        }
    }

    /// `named_struct('a', x, 'b', y)`
    fn pairs(&mut self, args: &[(Option<&'t Ident>, &'t Expr)], place: Place<'t>) -> Fields {
        let mut fields = Vec::new();
        for pair in args.chunks_exact(2) {
            if let Some(text) = literal(pair[0].1) {
                let name = self.scopes.names.exact(text);
                fields.push((name, self.field_node(pair[1].1, place)));
            }
        }
        fields
    }

    /// `struct(a, b AS c)`, `struct_pack(a := x)`
    fn members(&mut self, args: Vec<(Option<&'t Ident>, &'t Expr)>, place: Place<'t>) -> Fields {
        let mut fields = Vec::new();
        for (at, (named, expr)) in args.into_iter().enumerate() {
            let (name, expr) = match (named, expr) {
                (Some(name), expr) => (self.scopes.names.ident(name), expr),
                (None, Expr::Named { expr, name }) => (self.scopes.names.ident(name), &**expr),
                (None, Expr::Identifier(ident)) => (self.scopes.names.ident(ident), expr),
                (None, Expr::CompoundIdentifier(idents)) => match idents.last() {
                    Some(ident) => (self.scopes.names.ident(ident), expr),
                    None => continue,
                },
                (None, expr) => (self.scopes.names.fold(&format!("f{}", at + 1)), expr),
            };
            fields.push((name, self.field_node(expr, place)));
        }
        fields
    }
}

impl super::Scopes<'_> {
    /// Keeps the fields of a value, as far as there is room: without them it is its own whole.
    pub(super) fn keep_fields(&mut self, node: Node, fields: Fields) {
        if self.room.take(0, fields.len()) {
            self.fields.insert(node, fields);
        }
    }

    /// The fields of a value where each becomes a column, as far as there is room.
    pub(super) fn fields_to_list(&mut self, node: Node) -> Option<Fields> {
        self.fields_at(node).filter(|fields| self.room.take(0, fields.len()))
    }

    /// The fields of a value, whose making was seen.
    pub(super) fn fields_at(&self, node: Node) -> Option<Fields> {
        self.fields.get(&node).or_else(|| self.fields.get(&self.values.origin(node))).cloned()
    }
}

/// What a function does to structs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StructCall {
    /// Makes one of names and values in turns.
    Pairs,
    /// Makes one of its arguments.
    Struct,
    /// Makes an array of the first argument over many rows, or gives one of them.
    Aggregate,
    /// Gives the first argument, or a part of it.
    First,
    /// Gives any of its arguments, or all in an array.
    Each,
}

impl StructCall {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "named_struct"
            | "object_construct"
            | "object_construct_keep_null"
            | "json_build_object"
            | "jsonb_build_object"
            | "json_object"
            | "object" => Self::Pairs,
            "struct" | "struct_pack" | "row" => Self::Struct,
            "array_agg" | "collect_list" | "collect_set" | "list" | "any_value" | "arbitrary" | "first"
            | "last" | "max_by" | "min_by" | "arg_max" | "arg_min" | "argmax" | "argmin" | "grouparray" => {
                Self::Aggregate
            }
            "array_reverse" | "array_sort" | "sort_array" | "array_distinct" | "array_slice" | "slice"
            | "first_value" | "last_value" | "nth_value" | "lag" | "lead" | "element_at" | "explode"
            | "explode_outer" | "unnest" | "list_sort" | "array_compact" | "reverse" => Self::First,
            "array" | "array_construct" | "array_concat" | "array_cat" | "list_value" | "list_concat"
            | "coalesce" | "ifnull" | "nvl" => Self::Each,
            _ => return None,
        })
    }
}

fn without_brackets(mut expr: &Expr) -> &Expr {
    while let Expr::Nested(inner) = expr {
        expr = inner;
    }
    expr
}

/// The text of a literal.
fn literal(expr: &Expr) -> Option<&str> {
    let Expr::Value(value) = expr else { return None };
    match &value.value {
        Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some(text),
        _ => None,
    }
}

/// The values of a row that stands as a struct without names.
fn row(expr: &Expr) -> Option<&[Expr]> {
    match without_brackets(expr) {
        Expr::Tuple(list) | Expr::Struct { values: list, .. } => Some(list),
        _ => None,
    }
}

/// The fields that a type names: a struct's, or those of an array's elements.
fn struct_type(mut data_type: &DataType) -> Option<&[StructField]> {
    use sqlparser::ast::ArrayElemTypeDef::{AngleBracket, Parenthesis, SquareBracket};
    loop {
        match data_type {
            DataType::Struct(fields, _) => return Some(fields),
            DataType::Array(AngleBracket(inner) | Parenthesis(inner) | SquareBracket(inner, _)) => {
                data_type = inner;
            }
            _ => return None,
        }
    }
}
