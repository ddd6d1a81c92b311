//! What ALTER and DROP leave of a table and its constraints.
//!
//! A constraint that may be gone is gone: an ALTER TABLE that is not understood takes every constraint of
//! its table along, unless its first words are known to leave them alone.

use sqlparser::ast::{
    AlterColumnOperation, AlterIndexOperation, AlterTable, AlterTableOperation, ColumnOption,
    ColumnOptionDef, DataType, Ident, ObjectName, RenameTableNameKind, TableConstraint,
};
use sqm_domain::Dialect;

use super::super::constraint::Name;
use super::super::problem::{Place, ProblemKind};
use super::{Kind, Reader};
use crate::parse::{Command, ParsedStatement, Relation};

/// What an ALTER TABLE may begin with, after the name, that takes no constraint away.
const HARMLESS: &[&str] = &[
    "ADD",
    "ALLOCATE",
    "ANALYZE",
    "ARCHIVE",
    "AUTO_INCREMENT",
    "CACHE",
    "CHANGE_TRACKING",
    "CHECK",
    "CLUSTER",
    "CLUSTERED",
    "CLUSTERING",
    "COALESCE",
    "COMMENT",
    "COMPACT",
    "COMPRESS",
    "CONCATENATE",
    "CONVERT",
    "DEFAULT",
    "DETACH",
    "DISTRIBUTED",
    "ENABLE",
    "ENGINE",
    "EXCHANGE",
    "FORCE",
    "FREEZE",
    "INITRANS",
    "LOCK",
    "LOGGING",
    "MATERIALIZE",
    "MOVE",
    "NOCACHE",
    "NOCOMPRESS",
    "NOLOGGING",
    "NOPARALLEL",
    "OPTIMIZE",
    "OPTIONS",
    "ORDER",
    "OWNER",
    "PARALLEL",
    "PARTITION",
    "PCTFREE",
    "PCTUSED",
    "READ",
    "REBUILD",
    "RECOVER",
    "REFRESH",
    "REORGANIZE",
    "REPLICA",
    "ROW",
    "ROW_FORMAT",
    "SET",
    "SHRINK",
    "SPLIT",
    "STATS_PERSISTENT",
    "STORAGE",
    "SWITCH",
    "TABLESPACE",
    "TOUCH",
    "TRUNCATE",
    "UNSET",
    "VALIDATE",
];

impl Reader<'_> {
    pub(super) fn alter_table(&mut self, alter: &AlterTable, statement: &ParsedStatement) {
        let name = self.name(&alter.name);
        let Some(table) = self.known(&name, &alter.name) else { return };
        for operation in &alter.operations {
            self.alter(table, operation);
        }
        self.leave_out(table, statement);
    }

    fn alter(&mut self, table: usize, operation: &AlterTableOperation) {
        match operation {
            AlterTableOperation::AddConstraint { constraint, not_valid } => {
                self.add_constraint(table, constraint, *not_valid);
            }
            AlterTableOperation::DropConstraint { name, .. } => {
                let name = self.fold(name);
                self.builder.drop_constraint(table, &name);
            }
            AlterTableOperation::DropForeignKey { name, .. } => {
                let name = self.fold(name);
                self.builder.drop_constraint(table, &name);
            }
            AlterTableOperation::DropIndex { name } => {
                let name = self.fold(name);
                self.drop_key(table, &name);
            }
            AlterTableOperation::DropPrimaryKey { .. } => self.builder.drop_primary_key(table),
            AlterTableOperation::RenameConstraint { old_name, new_name } => {
                let (old, new) = (self.fold(old_name), self.fold(new_name));
                self.builder.rename_constraint(table, &old, &new);
            }
            AlterTableOperation::ValidateConstraint { name } => {
                let name = self.fold(name);
                self.builder.validate(table, &name);
            }
            // Foreign keys are kept by triggers.
            AlterTableOperation::DisableTrigger { name } if name.value.eq_ignore_ascii_case("ALL") => {
                self.builder.drop_foreign_keys(table);
            }
            AlterTableOperation::AddColumn { column_def, if_not_exists, .. } => {
                let name = self.fold(&column_def.name);
                let known = self.builder.position(table, &name).is_some();
                if !(known && *if_not_exists) {
                    self.column(table, column_def, false);
                }
            }
            AlterTableOperation::RenameColumn { old_column_name, new_column_name } => {
                self.rename_column(table, old_column_name, new_column_name);
            }
            AlterTableOperation::ChangeColumn { old_name, new_name, data_type, options, .. } => {
                self.rename_column(table, old_name, new_name);
                self.modify_column(table, new_name, data_type, options);
            }
            AlterTableOperation::ModifyColumn { col_name, data_type, options, .. } => {
                self.modify_column(table, col_name, data_type, options);
            }
            AlterTableOperation::AlterColumn { column_name, op } => self.alter_column(table, column_name, op),
            AlterTableOperation::RenameTable {
                table_name: RenameTableNameKind::As(name) | RenameTableNameKind::To(name),
            } => {
                let name = self.name(name);
                self.builder.rename_table(table, name);
            }
            AlterTableOperation::SwapWith { table_name } => {
                let name = self.name(table_name);
                if let Some(other) = self.known(&name, table_name) {
                    self.builder.swap_tables(table, other);
                }
            }
            AlterTableOperation::DropColumn { column_names, if_exists, .. } => {
                for name in column_names {
                    let (name, at) = self.named(name);
                    // T-SQL drops constraints without saying so.
                    if self.builder.position(table, &name).is_none()
                        && (self.builder.has_constraint(table, &name) || self.script.dialect == Dialect::TSql)
                    {
                        self.builder.drop_constraint(table, &name);
                        continue;
                    }
                    self.builder.drop_column(table, &name, *if_exists, at);
                }
            }
            _ => {}
        }
    }

    /// Rows that are there already may break a constraint that is NOT VALID, until it is validated.
    fn add_constraint(&mut self, table: usize, constraint: &TableConstraint, not_valid: bool) {
        let before = self.builder.constraints(table);
        self.constraint(table, constraint, false);
        if not_valid && self.builder.constraints(table) > before {
            self.builder.doubt_last(table, format!("{constraint} NOT VALID"));
            let message = "a constraint that is NOT VALID is left out until it is validated";
            self.builder.report(ProblemKind::Ignored, Place::Text(self.start), message.into());
        }
    }

    /// Drops a key by the name of its index, which MySQL calls PRIMARY.
    pub(super) fn drop_key(&mut self, table: usize, name: &str) {
        if name.eq_ignore_ascii_case("PRIMARY") {
            self.builder.drop_primary_key(table);
        } else {
            self.builder.drop_key(Some(table), name);
            self.builder.drop_index(Some(table), name);
        }
    }

    fn alter_column(&mut self, table: usize, name: &Ident, operation: &AlterColumnOperation) {
        let column = self.named(name);
        match operation {
            AlterColumnOperation::SetNotNull => {
                let name = self.implied_name(table, Kind::NotNull, std::slice::from_ref(&column));
                self.builder.not_null(table, &column, true, name);
            }
            AlterColumnOperation::DropNotNull => {
                self.builder.not_null(table, &column, false, Name::Unknown);
            }
            AlterColumnOperation::SetDataType { data_type, .. } => self.retype(table, name, data_type),
            _ => {}
        }
    }

    fn rename_column(&mut self, table: usize, old: &Ident, new: &Ident) {
        let (old, new, at) = (self.fold(old), self.fold(new), self.place(old));
        self.builder.rename_column(table, &old, new, at);
    }

    fn modify_column(&mut self, table: usize, name: &Ident, data_type: &DataType, options: &[ColumnOption]) {
        let column = self.named(name);
        // Snowflake's `MODIFY a DROP NOT NULL`, which the grammar takes for a type called DROP.
        match data_type.to_string().to_uppercase().as_str() {
            "DROP" => return self.builder.not_null(table, &column, false, Name::Unknown),
            "SET" => return self.builder.not_null(table, &column, true, Name::Unknown),
            _ => self.retype(table, name, data_type),
        }
        self.builder.not_null(table, &column, false, Name::Unknown);
        let options: Vec<_> =
            options.iter().map(|option| ColumnOptionDef { name: None, option: option.clone() }).collect();
        self.column_options(table, &column, &options, false);
    }

    fn retype(&mut self, table: usize, column: &Ident, data_type: &DataType) {
        let resolved = self.resolved(column, data_type);
        let name = self.fold(column);
        let position = self.builder.position(table, &name);
        if self.of_domain.remove(&(table, name.to_lowercase())) {
            // What the domain asked for goes with it.
            self.builder.forget_conditions(table, &name, true);
            self.builder.not_null(table, &self.named(column), false, Name::Unknown);
        }
        if let (Some(at), Some(declared)) = (position, self.builder.get(table)) {
            declared.columns[at].data_type = resolved.data_type;
            declared.columns[at].labels = resolved.labels;
            declared.columns[at].not_null |= resolved.not_null;
            if resolved.is_domain {
                self.of_domain.insert((table, name.to_lowercase()));
            }
            for check in resolved.checks {
                self.builder.check(table, Name::Unknown, check);
            }
        }
    }

    /// The rows of a table that another one inherits from are its own and those of the heir, over which
    /// its keys do not reach.
    pub(super) fn inherit_from(&mut self, parent: &ObjectName) {
        let name = self.name(parent);
        if let Some(parent) = self.builder.find(&name) {
            self.builder.open_to_heirs(parent);
        }
    }

    pub(super) fn alter_index(&mut self, name: &ObjectName, operation: &AlterIndexOperation) {
        let AlterIndexOperation::RenameIndex { index_name } = operation;
        if let (Some(old), Some(new)) = (self.name(name).pop(), self.name(index_name).pop()) {
            self.builder.rename_key(&old, &new);
            self.builder.rename_index(&old, &new);
        }
    }

    /// What a statement without a tree takes away; `false` where it is none that could.
    pub(super) fn weaken(&mut self, command: &Command, text: &str) -> bool {
        let words = words(text);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["ALTER", "INDEX", "ALL", "ON", name @ .., "DISABLE"] => {
                let name: Vec<String> = name.iter().map(|&part| part.to_owned()).collect();
                if let Some(table) = self.builder.find(&name) {
                    self.builder.drop_keys(table);
                }
                return true;
            }
            ["ALTER", "INDEX", rest @ ..]
                if rest.iter().any(|word| ["DISABLE", "UNUSABLE"].contains(word)) =>
            {
                let name = rest.iter().find(|word| !["IF", "EXISTS"].contains(word));
                // The words of a qualified name, one of which is the index.
                for name in name.into_iter().chain(rest.get(1)) {
                    self.builder.drop_key(None, name);
                    self.builder.drop_index(None, name);
                }
                return true;
            }
            _ if !command.kind.starts_with("ALTER TABLE") => return false,
            _ => {}
        }
        let Some(Relation::Table(written)) = command.writes.first() else { return false };
        let name = self.name(written);
        let Some(table) = self.builder.find(&name) else { return false };
        let own = self::words(&written.to_string());
        let start = words.windows(own.len()).position(|window| window == own);
        let action = start.map(|start| &words[start + own.len()..]).unwrap_or_default();
        match action {
            ["ADD", rest @ ..] => {
                if rest.iter().take(3).any(|word| ["CHECK", "EXCLUDE"].contains(word)) {
                    self.builder.leave_out(table, text.split_whitespace().collect::<Vec<_>>().join(" "));
                }
                return false;
            }
            [first, ..] if HARMLESS.contains(first) => return false,
            ["WITH", "CHECK" | "NOCHECK", "ADD", ..] => return false,
            ["NOCHECK" | "DISABLE", "CONSTRAINT", name] | ["DROP", "CONSTRAINT", name, ..]
                if *name != "ALL" =>
            {
                self.builder.drop_constraint(table, name);
            }
            ["MODIFY", "CONSTRAINT", name, .., "DISABLE" | "NOVALIDATE"] => {
                self.builder.drop_constraint(table, name);
            }
            ["INHERIT", parent @ ..] => {
                let parent: Vec<String> = parent.iter().map(|&part| part.to_owned()).collect();
                if let Some(at) = self.builder.find(&parent) {
                    self.builder.open_to_heirs(at);
                    let parent = self.builder.get(at).map_or(parent, |parent| parent.name.clone());
                    self.builder.adopt(table, parent, false);
                }
            }
            ["ATTACH", "PARTITION", rest @ ..] => {
                let end = rest.iter().position(|word| ["FOR", "DEFAULT"].contains(word));
                let part: Vec<String> =
                    rest[..end.unwrap_or(rest.len())].iter().map(|&p| p.to_owned()).collect();
                if let Some(part) = self.builder.find(&part) {
                    self.builder.adopt(part, name, true);
                }
            }
            ["DISABLE", "TRIGGER" | "RULE" | "ROW", ..] => return false,
            _ => {
                self.builder.free(table);
                let message = format!(
                    "what this ALTER TABLE takes away is not known: {} has no constraints from here on",
                    name.join(".")
                );
                self.builder.report(ProblemKind::Ignored, Place::Text(self.start), message);
            }
        }
        true
    }

    /// The name that the database makes up for a constraint without one.
    pub(super) fn implied_name(&self, table: usize, kind: Kind, columns: &[(String, Place)]) -> Name {
        use Dialect as D;
        match (self.script.dialect, kind) {
            (D::Postgres | D::Redshift | D::Greenplum | D::Materialize | D::RisingWave, _) => {
                let Some(table) = self.builder.last_name(table) else { return Name::Unknown };
                let suffix = match kind {
                    Kind::PrimaryKey => return Name::Implied(format!("{table}_pkey")),
                    Kind::Unique => "key",
                    Kind::ForeignKey => "fkey",
                    Kind::Check => "check",
                    Kind::NotNull => "not_null",
                    Kind::Index => "idx",
                };
                let parts = columns.iter().map(|(name, _)| name.as_str());
                let parts: Vec<_> = std::iter::once(table).chain(parts).chain([suffix]).collect();
                Name::Implied(parts.join("_"))
            }
            (D::MySql | D::MariaDb | D::SingleStore, Kind::Unique) => {
                columns.first().map_or(Name::Unknown, |(name, _)| Name::Implied(name.clone()))
            }
            _ => Name::Unknown,
        }
    }
}

/// The words of a text in capitals, quotes and punctuation left out.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '#')))
        .filter(|word| !word.is_empty())
        .map(str::to_uppercase)
        .collect()
}
