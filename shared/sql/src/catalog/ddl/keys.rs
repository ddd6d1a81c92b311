//! Keys and indexes: of columns alone, of expressions, on some of the rows.

use sqlparser::ast::{CreateIndex, Expr, IndexColumn, IndexType, ObjectName};

use super::{Kind, Reader};
use crate::catalog::constraint::Name;
use crate::catalog::index::{IndexPart, Uniqueness};
use crate::catalog::problem::{Place, ProblemKind};

impl Reader<'_> {
    /// The columns of a key; `None`, with a note, where it is made of more than columns.
    pub(super) fn key_columns(&mut self, columns: &[IndexColumn]) -> Option<Vec<(String, Place)>> {
        let names = self.plain_columns(columns);
        if names.is_none() {
            let message = "a key that is made of more than columns is left out".to_owned();
            self.builder.report(ProblemKind::Ignored, Place::Text(self.start), message);
        }
        names
    }

    /// The columns of a key that is made of nothing else.
    pub(super) fn plain_columns(&self, columns: &[IndexColumn]) -> Option<Vec<(String, Place)>> {
        let name = |column: &IndexColumn| match &column.column.expr {
            Expr::Identifier(ident) => Some(self.named(ident)),
            _ => None,
        };
        columns.iter().map(name).collect()
    }

    pub(super) fn unique_index(&mut self, index: &CreateIndex) {
        let name = self.name(&index.table_name);
        let Some(table) = self.known(&name, &index.table_name) else { return };
        let columns = self.plain_columns(&index.columns);
        let written = index.name.as_ref().and_then(|name| self.name(name).pop());
        let name = match written {
            Some(name) => Name::Given(name),
            None => self.implied_name(table, Kind::Index, columns.as_deref().unwrap_or_default()),
        };
        let has_one_null = index.nulls_distinct == Some(false);
        match (columns, &index.predicate) {
            (Some(columns), None) => self.builder.unique(table, name, &columns, has_one_null),
            (_, condition) => {
                let condition = condition.as_ref().map(ToString::to_string);
                self.computed_key(table, name, &index.columns, Uniqueness { condition, has_one_null });
            }
        }
    }

    /// What is unique without being a key: on expressions, or on some of the rows.
    pub(super) fn computed_key(
        &mut self,
        table: usize,
        name: Name,
        columns: &[IndexColumn],
        unique: Uniqueness,
    ) {
        let mut parts = Vec::with_capacity(columns.len());
        for column in columns {
            match &column.column.expr {
                Expr::Identifier(ident) => {
                    let column = [self.named(ident)];
                    match self.builder.positions(table, "a unique index", &column).as_deref() {
                        Some([position]) => parts.push(IndexPart::Column(*position)),
                        _ => return,
                    }
                }
                other => parts.push(IndexPart::Expression(crate::lint::shape::bare(other).to_string())),
            }
        }
        self.builder.index(table, name, parts, Some(unique));
    }

    /// An index that is no key. One on some of the rows serves some queries only, and is left out.
    pub(super) fn index(&mut self, index: &CreateIndex) {
        let name = self.name(&index.table_name);
        let Some(table) = self.known(&name, &index.table_name) else { return };
        if index.predicate.is_none() {
            let written = index.name.as_ref().and_then(|name| self.name(name).pop());
            self.ordered_index(table, written, index.using.as_ref(), &index.columns);
        }
    }

    /// An index that keeps an order: others find no ranges, and are left out.
    pub(super) fn ordered_index(
        &mut self,
        table: usize,
        written: Option<String>,
        using: Option<&IndexType>,
        columns: &[IndexColumn],
    ) {
        if !matches!(using, None | Some(IndexType::BTree)) {
            return;
        }
        let mut parts = Vec::with_capacity(columns.len());
        let mut names = Vec::new();
        for column in columns {
            let written = match &column.column.expr {
                Expr::Identifier(ident) => Some(self.named(ident)),
                // MySQL's `a(10)`: what is behind the first characters is not in order.
                Expr::Function(_) if parts.is_empty() && self.is_prefix(table, &column.column.expr) => return,
                Expr::Function(_) if self.is_prefix(table, &column.column.expr) => break,
                other => {
                    let bare = crate::lint::shape::bare(other);
                    parts.push(IndexPart::Expression(bare.to_string()));
                    None
                }
            };
            let Some(named) = written else { continue };
            match self.builder.positions(table, "an index", std::slice::from_ref(&named)).as_deref() {
                Some([position]) => parts.push(IndexPart::Column(*position)),
                _ => return,
            }
            names.push(named);
        }
        let name = match written {
            Some(name) => Name::Given(name),
            None => self.implied_name(table, Kind::Index, &names),
        };
        self.builder.index(table, name, parts, None);
    }

    /// Whether this is a column by how it begins, which looks like a call.
    fn is_prefix(&self, table: usize, expr: &Expr) -> bool {
        let Expr::Function(function) = expr else { return false };
        let [argument] = crate::lint::shape::arguments(function)[..] else { return false };
        let column = crate::lint::shape::last_part(&function.name);
        crate::lint::shape::integer(argument).is_some()
            && column.is_some_and(|name| self.builder.position(table, &self.fold(name)).is_some())
    }

    pub(super) fn drop_index(&mut self, name: &ObjectName, table: Option<&ObjectName>) {
        let Some(name) = self.name(name).pop() else { return };
        match table {
            None => {
                self.builder.drop_key(None, &name);
                self.builder.drop_index(None, &name);
            }
            Some(written) => {
                let parts = self.name(written);
                if let Some(table) = self.known(&parts, written) {
                    self.drop_key(table, &name);
                }
            }
        }
    }
}
