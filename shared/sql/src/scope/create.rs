//! CREATE, ALTER, DROP, RENAME, TRUNCATE, USE: what tables there are from now on.

use sqlparser::ast::{
    AlterTable, AlterTableOperation, CreateTable, CreateTableLikeKind, CreateView, ObjectName, ObjectType,
    RenameTableNameKind, Statement, Use,
};

use sqm_domain::Dialect;

use super::TableId;
use super::names::Name;
use super::query::{Resolver, Rows};
use super::statement::{Action, Effect};
use crate::text::Span;

impl<'t> Resolver<'t, '_, '_> {
    pub(super) fn create_table(&mut self, create: &'t CreateTable) {
        let declared: Vec<Name> =
            create.columns.iter().map(|column| self.scopes.names.ident(&column.name)).collect();
        if let Some(query) = &create.query {
            let rows = self.query(query, None);
            self.into = None;
            return self.create_from(&create.name, &declared, rows, create_action(create.if_not_exists));
        }
        let like = match &create.like {
            Some(CreateTableLikeKind::Parenthesized(like) | CreateTableLikeKind::Plain(like)) => {
                Some(&like.name)
            }
            None => None,
        };
        let Some((table, span)) = self.table_id(&create.name) else { return };
        let defines = (!declared.is_empty()).then_some(declared);
        match like.or(create.clone.as_ref()) {
            Some(name) => {
                let Some((from, at)) = self.table_id(name) else { return };
                self.reads.push((from, at));
                // A clone has the rows, too; LIKE takes the columns alone.
                let copies = create.clone.is_some();
                self.copy_of(table, span, from, copies);
            }
            None => self.effect(create_action(create.if_not_exists), table, span, defines),
        }
        let external: Vec<&ObjectName> =
            create.inherits.iter().flatten().chain(&create.partition_of).collect();
        for name in external {
            if let Some((table, span)) = self.table_id(name) {
                self.reads.push((table, span));
            }
        }
    }

    /// A table that begins as another one.
    fn copy_of(&mut self, table: TableId, span: Span, from: TableId, copies: bool) {
        let known = self.scopes.tables.known_columns(from).map(<[_]>::to_vec);
        let names: Option<Vec<Name>> = known
            .as_ref()
            .map(|known| known.iter().map(|&column| self.scopes.tables.column(column).name).collect());
        let mut columns = Vec::new();
        if copies {
            let scope = self.scopes.add_scope(None);
            self.target(scope, from, None, span);
            columns = self.expand_all(scope, span).0;
        }
        self.effects.push(Effect {
            action: Action::Create,
            table,
            span,
            columns,
            rows: None,
            defines: names,
        });
    }

    pub(super) fn create_view(&mut self, create: &'t CreateView) {
        let declared: Vec<Name> =
            create.columns.iter().map(|column| self.scopes.names.ident(&column.name)).collect();
        let rows = self.query(&create.query, None);
        self.into = None;
        self.create_from(&create.name, &declared, rows, create_action(create.if_not_exists));
        // ClickHouse: a materialized view that fills another table.
        if let Some(to) = &create.to
            && let Some((table, span)) = self.table_id(to)
        {
            let columns = self.scopes.shape(rows.shape).columns.clone();
            let rows = Some(rows.node);
            self.effects.push(Effect { action: Action::Write, table, span, columns, rows, defines: None });
        }
    }

    /// A table whose rows come from a query.
    pub(super) fn create_from(
        &mut self,
        name: &'t ObjectName,
        declared: &[Name],
        rows: Rows,
        action: Action,
    ) {
        let Some((table, span)) = self.table_id(name) else { return };
        let outputs = self.scopes.shape(rows.shape).columns.clone();
        let columns = if declared.is_empty() {
            outputs
        } else {
            // By position; columns that the query does not fill stay empty.
            self.placed(table, declared, &[], &outputs, span)
        };
        let complete = columns.iter().all(|column| !column.star && column.name.is_some());
        let defines = if !declared.is_empty() {
            Some(declared.to_vec())
        } else if complete {
            Some(columns.iter().filter_map(|column| column.name).collect())
        } else {
            None
        };
        self.effects.push(Effect { action, table, span, columns, rows: Some(rows.node), defines });
    }

    pub(super) fn effect(&mut self, action: Action, table: TableId, span: Span, defines: Option<Vec<Name>>) {
        self.effects.push(Effect { action, table, span, columns: Vec::new(), rows: None, defines });
    }

    pub(super) fn alter_table(&mut self, alter: &'t AlterTable) {
        let Some((table, span)) = self.table_id(&alter.name) else { return };
        let mut changed = false;
        for operation in &alter.operations {
            match operation {
                AlterTableOperation::RenameTable {
                    table_name: RenameTableNameKind::As(name) | RenameTableNameKind::To(name),
                } => self.rename_table(table, span, name),
                AlterTableOperation::SwapWith { table_name } => {
                    if let Some((other, _)) = self.table_id(table_name) {
                        self.effect(Action::Swap(other), table, span, None);
                    }
                }
                _ => changed = true,
            }
        }
        if changed || alter.operations.is_empty() {
            let defines = self.altered(table, alter);
            self.effect(Action::Change, table, span, defines);
        }
    }

    /// The columns after ADD, DROP and RENAME COLUMN, where they were known before.
    fn altered(&mut self, table: TableId, alter: &AlterTable) -> Option<Vec<Name>> {
        let known = self.scopes.tables.known_columns(table)?.to_vec();
        let mut names: Vec<Name> =
            known.iter().map(|&column| self.scopes.tables.column(column).name).collect();
        for operation in &alter.operations {
            match operation {
                AlterTableOperation::AddColumn { column_def, .. } => {
                    names.push(self.scopes.names.ident(&column_def.name));
                }
                AlterTableOperation::DropColumn { column_names, .. } => {
                    for ident in column_names {
                        let name = self.scopes.names.ident(ident);
                        let key = self.scopes.names.key(name);
                        names.retain(|&name| self.scopes.names.key(name) != key);
                    }
                }
                AlterTableOperation::RenameColumn { old_column_name: old, new_column_name: new }
                | AlterTableOperation::ChangeColumn { old_name: old, new_name: new, .. } => {
                    let (old, new) = (self.scopes.names.ident(old), self.scopes.names.ident(new));
                    let key = self.scopes.names.key(old);
                    for name in &mut names {
                        if self.scopes.names.key(*name) == key {
                            *name = new;
                        }
                    }
                }
                _ => {}
            }
        }
        Some(names)
    }

    fn rename_table(&mut self, from: TableId, span: Span, to: &'t ObjectName) {
        let Some((mut parts, _)) = self.table_name(to) else { return };
        // A new name without a schema stays in the schema of the old one.
        let old = self.scopes.tables.parts(from);
        if parts.len() < old.len() {
            let mut whole = old[..old.len() - parts.len()].to_vec();
            whole.append(&mut parts);
            parts = whole;
        }
        let to = self.scopes.tables.table(parts, &mut self.scopes.names, self.scopes.catalog);
        let columns = Vec::new();
        let known = self.scopes.tables.known_columns(from).map(<[_]>::to_vec);
        let defines = known.map(|k| k.iter().map(|&column| self.scopes.tables.column(column).name).collect());
        self.effects.push(Effect {
            action: Action::Rename(from),
            table: to,
            span,
            columns,
            rows: None,
            defines,
        });
    }

    /// Statements about tables as such.
    pub(super) fn catalogue(&mut self, statement: &'t Statement) {
        match statement {
            Statement::Drop {
                object_type: ObjectType::Table | ObjectType::View | ObjectType::MaterializedView,
                names,
                ..
            } => {
                for name in names {
                    if let Some((table, span)) = self.table_id(name) {
                        self.effect(Action::Drop, table, span, None);
                    }
                }
            }
            Statement::Truncate(truncate) => {
                let action = if truncate.partitions.is_some() { Action::Change } else { Action::Empty };
                for target in &truncate.table_names {
                    if let Some((table, span)) = self.table_id(&target.name) {
                        self.effect(action, table, span, None);
                    }
                }
            }
            Statement::RenameTable(pairs) => {
                for pair in pairs {
                    if let Some((table, span)) = self.table_id(&pair.old_name) {
                        self.rename_table(table, span, &pair.new_name);
                    }
                }
            }
            Statement::Use(target) => self.use_names(target),
            _ => {}
        }
    }

    /// USE: what names without a schema or database are completed with.
    fn use_names(&mut self, target: &'t Use) {
        let name = match target {
            Use::Catalog(name) | Use::Schema(name) | Use::Database(name) | Use::Object(name) => name,
            Use::Default => {
                self.scopes.tables.default_schema = Some(self.scopes.names.fold("default"));
                return;
            }
            Use::Warehouse(_) | Use::Role(_) | Use::SecondaryRoles(_) => return,
        };
        let Some((parts, _)) = self.table_name(name) else { return };
        let two_level = has_two_levels(self.scopes.dialect);
        let tables = &mut self.scopes.tables;
        match (&parts[..], target) {
            ([name], Use::Schema(_)) => tables.default_schema = Some(*name),
            ([name], Use::Object(_) | Use::Database(_)) if two_level => tables.default_schema = Some(*name),
            ([name], _) => {
                tables.default_db = Some(*name);
                tables.completes_bare = true;
            }
            ([db, schema], _) => {
                tables.default_db = Some(*db);
                tables.default_schema = Some(*schema);
            }
            _ => {}
        }
    }
}

fn create_action(if_not_exists: bool) -> Action {
    if if_not_exists { Action::CreateMissing } else { Action::Create }
}

/// Whether names of tables have two parts: a database and the table.
pub(crate) fn has_two_levels(dialect: Dialect) -> bool {
    use Dialect::*;
    matches!(
        dialect,
        MySql
            | MariaDb
            | Hive
            | SparkSql
            | Databricks
            | Impala
            | ClickHouse
            | SingleStore
            | Doris
            | StarRocks
    )
}
