//! COPY, UNLOAD, LOAD: between tables and files, folders, buckets and stages.

use sqlparser::ast::helpers::stmt_data_loading::StageLoadSelectItemKind;
use sqlparser::ast::{CopySource, CopyTarget, Expr, Ident, ObjectName, SqlOption, Statement, Value};

use super::names::Name;
use super::query::{NOWHERE, Place, Resolver, Rows};
use super::statement::{Action, Effect};
use super::values::{Kind, NO_REFERENCE};
use super::{Output, TableId};
use crate::text::Span;

impl<'t> Resolver<'t, '_, '_> {
    pub(super) fn transfer(&mut self, statement: &'t Statement) {
        match statement {
            Statement::Copy { source, to, target, .. } => self.copy(source, *to, target),
            Statement::CopyIntoSnowflake {
                into,
                into_columns,
                from_obj,
                from_obj_alias,
                from_query,
                from_transformations,
                ..
            } => {
                let Some((table, span)) = self.stage_or_table(into) else { return };
                let listed: Vec<Name> =
                    into_columns.iter().flatten().map(|ident| self.scopes.names.ident(ident)).collect();
                let rows = from_query.as_deref().map(|query| self.query(query, None));
                let from = from_obj.as_ref().and_then(|name| self.stage_or_table(name));
                if let Some((from, at)) = from {
                    self.reads.push((from, at));
                }
                match (rows, from_transformations, from) {
                    (Some(rows), _, _) => self.filled(table, span, &listed, rows),
                    (None, Some(items), Some((stage, at))) => {
                        let rows = self.staged(items, stage, at, from_obj_alias.as_ref());
                        self.filled(table, span, &listed, rows);
                    }
                    _ => self.effect(Action::Write, table, span, None),
                }
            }
            Statement::Unload { query, query_text, to, .. } => {
                let rows = match (query, query_text) {
                    (Some(query), _) => Some(self.query(query, None)),
                    (None, Some(text)) => self.quoted_query(text),
                    (None, None) => None,
                };
                let table = self.path_id(&to.value);
                match rows {
                    Some(rows) => self.filled(table, NOWHERE, &[], rows),
                    None => self.effect(Action::Write, table, NOWHERE, None),
                }
            }
            Statement::LoadData { inpath, table_name, .. } => {
                let from = self.path_id(inpath);
                self.reads.push((from, NOWHERE));
                if let Some((table, span)) = self.table_id(table_name) {
                    self.effect(Action::Write, table, span, None);
                }
            }
            Statement::Directory { path, source, .. } => {
                let rows = self.query(source, None);
                let table = self.path_id(path);
                self.filled(table, NOWHERE, &[], rows);
            }
            Statement::ExportData(export) => {
                let rows = self.query(&export.query, None);
                let path = export.options.iter().find_map(|option| match option {
                    SqlOption::KeyValue { key, value: Expr::Value(value) }
                        if key.value.eq_ignore_ascii_case("uri") =>
                    {
                        match &value.value {
                            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some(text),
                            _ => None,
                        }
                    }
                    _ => None,
                });
                if let Some(path) = path {
                    let table = self.path_id(path);
                    self.filled(table, NOWHERE, &[], rows);
                }
            }
            Statement::Cache { table_name, query: Some(query), .. } => {
                let rows = self.query(query, None);
                self.create_from(table_name, &[], rows, Action::Create);
            }
            _ => {}
        }
    }

    fn copy(&mut self, source: &'t CopySource, to: bool, target: &'t CopyTarget) {
        let path = match target {
            CopyTarget::File { filename } => Some(filename),
            CopyTarget::Stdin | CopyTarget::Stdout | CopyTarget::Program { .. } => None,
        };
        match source {
            CopySource::Query(query) => {
                let rows = self.query(query, None);
                if let Some(path) = path {
                    let table = self.path_id(path);
                    self.filled(table, NOWHERE, &[], rows);
                }
            }
            CopySource::Table { table_name, .. } => {
                let Some((table, span)) = self.table_id(table_name) else { return };
                let other = path.map(|path| self.path_id(path));
                let (from, into) = if to {
                    (Some((table, span)), other)
                } else {
                    (other.map(|o| (o, NOWHERE)), Some(table))
                };
                self.reads.extend(from);
                if let Some(into) = into {
                    self.effect(Action::Write, into, span, None);
                }
            }
        }
    }

    /// What a list over the columns of a staged file gives.
    fn staged(
        &mut self,
        items: &'t [StageLoadSelectItemKind],
        stage: TableId,
        at: Span,
        alias: Option<&Ident>,
    ) -> Rows {
        let scope = self.scopes.add_scope(None);
        let alias = alias.map(|ident| self.scopes.names.ident(ident));
        let relation = self.target(scope, stage, alias, at);
        let place = Place::new(scope);
        let mut rest = Vec::new();
        for item in items {
            match item {
                StageLoadSelectItemKind::SelectItem(item) => self.select_item(item, place, &mut rest),
                StageLoadSelectItemKind::StageLoadSelectItem(item) => {
                    let name = self.scopes.names.exact(&format!("${}", item.file_col_num));
                    let start = self.scopes.values.begin();
                    if let Some(node) = self.scopes.qualified(relation, name, at) {
                        let kind = if item.element.is_some() { Kind::Transformation } else { Kind::Identity };
                        self.scopes.values.add(node, kind, NO_REFERENCE);
                    }
                    let node = self.scopes.values.finish(start);
                    let name = item.item_as.as_ref().map(|ident| self.scopes.names.ident(ident));
                    self.extent = None;
                    self.push_output(scope, name, node, false);
                }
            }
        }
        let columns = std::mem::take(&mut self.scopes.scopes[scope.0 as usize].outputs);
        let start = self.scopes.values.begin();
        let node = self.scopes.values.finish(start);
        Rows { shape: self.scopes.add_shape(columns, super::Rest::Nothing), node }
    }

    fn filled(&mut self, table: TableId, span: Span, listed: &[Name], rows: Rows) {
        let outputs: Vec<Output> = self.scopes.shape(rows.shape).columns.clone();
        let columns = self.placed(table, listed, &[], &outputs, span);
        self.effects.push(Effect {
            action: Action::Write,
            table,
            span,
            columns,
            rows: Some(rows.node),
            defines: None,
        });
    }

    /// A stage is one name, dots and slashes included.
    fn stage_or_table(&mut self, name: &ObjectName) -> Option<(TableId, Span)> {
        let first = name.0.first()?.as_ident()?;
        if first.value.starts_with('@') {
            let text: Vec<&str> =
                name.0.iter().filter_map(|part| part.as_ident()).map(|i| &*i.value).collect();
            let table = self.path_id(&text.join("."));
            return Some((table, super::values::span(first.span)));
        }
        if first.value.contains("://") {
            let table = self.path_id(&first.value);
            return Some((table, super::values::span(first.span)));
        }
        self.table_id(name)
    }
}
