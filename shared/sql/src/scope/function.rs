//! Calls: which arguments come through, which are aggregated, hidden, or only decide.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Ident,
    NamedWindowExpr, OrderByExpr, Value, WindowFrameBound, WindowSpec, WindowType,
};

use super::call::{Call, classify};
use super::names::Name;
use super::query::{Aliases, Place, Resolver};
use super::unit::{is_unit, unit_at};
use super::values::{Kind, NO_REFERENCE, span};

impl<'t> Resolver<'t, '_, '_> {
    pub(super) fn function(&mut self, function: &'t Function, kind: Kind, place: Place<'t>) {
        let mut buffer = [0u8; 32];
        let name = last_name(function, &mut buffer);
        if let Some(ident) = function.name.0.first().and_then(|part| part.as_ident()) {
            self.cover(span(ident.span));
        }
        if self.is_columns(name) {
            return self.columns_call(function, name, kind, place);
        }
        if self.scopes.is_xml_method(&function.name, name) {
            let path = function.name.0.iter().filter_map(|part| part.as_ident());
            let path: Vec<&Ident> = path.collect();
            self.path(path[..path.len() - 1].iter().copied(), kind.over(Kind::Transformation), place);
        }
        if name.ends_with("_table") || name.ends_with("_tables") {
            self.moved_partitions(name, function);
        }
        // MySQL: VALUES(a) is the value that was to be inserted.
        if name == "values"
            && let FunctionArguments::List(list) = &function.args
            && let [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(column)))] = &list.args[..]
        {
            let excluded = self.scopes.names.fold("excluded");
            if self.scopes.relation_named(place.scope, &[excluded]).is_some() {
                let qualifier = Ident { value: "excluded".to_owned(), ..column.clone() };
                return self.path([&qualifier, column].into_iter(), kind, place);
            }
        }
        let call = classify(name);
        if let Some(over) = &function.over {
            self.window(over, kind.over(Kind::Window), place);
        }
        let conditional = kind.over(Kind::Conditional);
        if let Some(filter) = &function.filter {
            self.push(filter, conditional);
        }
        let value = match call {
            Call::Aggregate | Call::AggregateIf | Call::AggregateBy => kind.over(Kind::Aggregation),
            Call::Count => kind.over(Kind::MaskedAggregation),
            Call::Hash => kind.over(Kind::MaskedTransformation),
            _ => kind.over(Kind::Transformation),
        };
        for key in &function.within_group {
            // The order of a list decides; a percentile is taken of what is ordered.
            let kind =
                if call == Call::OrderedSet { kind.over(Kind::Aggregation) } else { kind.over(Kind::Sort) };
            self.push(&key.expr, kind);
        }
        match &function.parameters {
            FunctionArguments::List(list) => {
                self.arguments(&list.args, call, name, value, conditional, place)
            }
            FunctionArguments::None | FunctionArguments::Subquery(_) => {}
        }
        match &function.args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(query) => {
                let rows = self.subquery(query, place);
                for column in &self.scopes.shapes[rows.shape.0 as usize].columns {
                    self.scopes.values.add(column.node, value, NO_REFERENCE);
                }
            }
            FunctionArguments::List(list) => {
                for clause in &list.clauses {
                    match clause {
                        FunctionArgumentClause::OrderBy(keys) => {
                            for OrderByExpr { expr, .. } in keys {
                                self.push(expr, kind.over(Kind::Sort));
                            }
                        }
                        FunctionArgumentClause::Having(bound) => self.push(&bound.1, conditional),
                        _ => {}
                    }
                }
                self.arguments(&list.args, call, name, value, conditional, place);
            }
        }
    }

    fn arguments(
        &mut self,
        args: &'t [FunctionArg],
        call: Call,
        name: &str,
        value: Kind,
        conditional: Kind,
        place: Place<'t>,
    ) {
        let count = args.len();
        for (at, arg) in args.iter().enumerate().rev() {
            let arg = match arg {
                FunctionArg::Named { arg, .. }
                | FunctionArg::ExprNamed { arg, .. }
                | FunctionArg::Unnamed(arg) => arg,
            };
            match arg {
                FunctionArgExpr::Expr(expr) => {
                    // The name of the element, which looks like a column.
                    let is_name = at == 0 && name == "xmlelement" && matches!(expr, Expr::Identifier(_));
                    let is_unit = unit_at(name, count, self.scopes.dialect) == Some(at) && is_unit(expr);
                    if is_name || is_unit {
                        continue;
                    }
                    let kind = if call.decides(at, count) { conditional } else { value };
                    self.push(expr, kind);
                }
                // COUNT(*) counts rows and reads no column; others take the columns themselves.
                FunctionArgExpr::Wildcard | FunctionArgExpr::WildcardWithOptions(_)
                    if call == Call::Count || place.aliases == Aliases::First => {}
                FunctionArgExpr::Wildcard | FunctionArgExpr::WildcardWithOptions(_) => {
                    let (columns, _) = self.expand_all(place.scope, super::query::NOWHERE);
                    for column in columns {
                        self.scopes.values.add(column.node, value, NO_REFERENCE);
                    }
                }
                FunctionArgExpr::QualifiedWildcard(qualifier) => {
                    if call == Call::Count {
                        continue;
                    }
                    let parts: Vec<Name> = qualifier
                        .0
                        .iter()
                        .filter_map(|part| part.as_ident())
                        .map(|ident| self.scopes.names.ident(ident))
                        .collect();
                    if let Some(relation) = self.scopes.relation_named(place.scope, &parts) {
                        let mut nodes = Vec::new();
                        self.scopes.whole_row(relation, &mut nodes);
                        for node in nodes {
                            self.scopes.values.add(node, value, NO_REFERENCE);
                        }
                    }
                }
            }
        }
    }

    /// Vertica's functions that move partitions from the table in the first argument to that in the last.
    fn moved_partitions(&mut self, name: &str, function: &'t Function) {
        if !matches!(
            name,
            "swap_partitions_between_tables" | "move_partitions_to_table" | "copy_partitions_to_table"
        ) {
            return;
        }
        let FunctionArguments::List(list) = &function.args else { return };
        let mut tables = Vec::new();
        for arg in [list.args.first(), list.args.get(3)].into_iter().flatten() {
            if let FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) = arg
                && let Value::SingleQuotedString(text) = &value.value
            {
                let parts = text.split('.').map(|part| self.scopes.names.fold(part)).collect();
                let table = self.scopes.tables.table(parts, &mut self.scopes.names, self.scopes.catalog);
                tables.push((table, span(value.span)));
            }
        }
        if let [from, (table, span)] = tables[..] {
            self.reads.push(from);
            self.effect(super::Action::Write, table, span, None);
        }
    }

    fn window(&mut self, over: &'t WindowType, kind: Kind, place: Place<'t>) {
        match over {
            WindowType::WindowSpec(spec) => self.window_spec(spec, kind, place, 0),
            WindowType::NamedWindow(name) => self.named_window(name, kind, place, 0),
        }
    }

    fn window_spec(&mut self, spec: &'t WindowSpec, kind: Kind, place: Place<'t>, depth: usize) {
        if let Some(name) = &spec.window_name {
            self.named_window(name, kind, place, depth + 1);
        }
        if let Some(frame) = &spec.window_frame {
            for bound in std::iter::once(&frame.start_bound).chain(&frame.end_bound) {
                if let WindowFrameBound::Preceding(Some(expr)) | WindowFrameBound::Following(Some(expr)) =
                    bound
                {
                    self.push(expr, kind);
                }
            }
        }
        for key in spec.order_by.iter().rev() {
            self.push(&key.expr, kind);
        }
        for key in spec.partition_by.iter().rev() {
            self.push(key, kind);
        }
    }

    /// Windows may be defined by others; a definition that goes in a circle ends with their number.
    fn named_window(&mut self, name: &'t sqlparser::ast::Ident, kind: Kind, place: Place<'t>, depth: usize) {
        let definition = place.windows.iter().find(|window| window.0.value.eq_ignore_ascii_case(&name.value));
        if depth > place.windows.len() {
            return;
        }
        match definition.map(|window| &window.1) {
            Some(NamedWindowExpr::WindowSpec(spec)) => self.window_spec(spec, kind, place, depth + 1),
            Some(NamedWindowExpr::NamedWindow(other)) => self.named_window(other, kind, place, depth + 1),
            None => {}
        }
    }
}

/// The last part of a function's name in lower case; empty where it is too long to be one of ours.
pub(super) fn last_name<'b>(function: &Function, buffer: &'b mut [u8; 32]) -> &'b str {
    let Some(ident) = function.name.0.last().and_then(|part| part.as_ident()) else { return "" };
    lower(&ident.value, buffer)
}

pub(super) fn lower<'b>(text: &str, buffer: &'b mut [u8; 32]) -> &'b str {
    let text = text.as_bytes();
    if text.len() > buffer.len() {
        return "";
    }
    let buffer = &mut buffer[..text.len()];
    buffer.copy_from_slice(text);
    buffer.make_ascii_lowercase();
    std::str::from_utf8(buffer).unwrap_or("")
}
