//! A catalog out of DDL: what CREATE, ALTER and DROP leave behind when the script has run.
//!
//! Constraints count as promises in dialects that enforce none. Where a dialect enforces them, one that is
//! declared not to be counts for nothing, nor does one of which the dialect means something else (a
//! ClickHouse primary key is no key). Other statements are noted.

mod alter;
mod keys;
mod types;

use std::collections::HashSet;

use sqlparser::ast::{
    ColumnDef, ColumnOption, ColumnOptionDef, ConstraintCharacteristics, ConstraintReferenceMatchKind,
    CreateTable, CreateTableLikeKind, CreateView, DataType, ForeignKeyConstraint, GeneratedAs, Ident,
    NullsDistinctOption, ObjectName, ObjectType, Statement, TableConstraint,
};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::builder::Builder;
use super::constraint::{DeclaredForeignKey, Name};
use super::index::Uniqueness;
use super::problem::{CatalogError, CatalogProblem, Place, ProblemKind};
use super::{Catalog, Column, Identity};
use crate::guard;
use crate::parse::{self, MendKind, ParsedStatement, Script, Tree};
use crate::text::{Position, Span};

impl Catalog {
    /// The catalog that a DDL script declares, and what of the script it does not hold.
    ///
    /// Unquoted names are folded as the dialect folds them; types are kept as the parser prints them.
    pub fn from_ddl(ddl: &str, dialect: Dialect) -> Result<(Self, Vec<CatalogProblem>), CatalogError> {
        let reader = guard::with_script(ddl, dialect, |script| {
            let mut reader = Reader {
                script,
                builder: Builder::default(),
                types: types::Types::default(),
                weakened: types::weakened(script),
                of_domain: HashSet::new(),
                start: Position::START,
                has_descending_key: false,
            };
            for (statement, is_undone) in script.statements.iter().zip(undone(script)) {
                if !is_undone {
                    reader.statement(statement);
                }
            }
            reader.builder.finish()
        });
        Ok(reader?)
    }
}

/// Of each statement whether a ROLLBACK undoes it, where the dialect undoes those as well that make tables.
fn undone(script: &Script<'_>) -> Vec<bool> {
    use Dialect as D;
    let keeps_tables = matches!(
        script.dialect,
        D::MySql
            | D::MariaDb
            | D::SingleStore
            | D::Oracle
            | D::Snowflake
            | D::BigQuery
            | D::ClickHouse
            | D::Hive
    );
    let (mut undone, mut start) = (vec![false; script.statements.len()], None);
    for (at, statement) in script.statements.iter().enumerate().filter(|_| !keeps_tables) {
        let Ok(Tree::Sql(tree)) = &statement.tree else { continue };
        match &**tree {
            Statement::StartTransaction { .. } => start = Some(at),
            Statement::Commit { .. } => start = None,
            Statement::Rollback { savepoint: None, .. } => {
                undone[start.take().unwrap_or(at)..at].fill(true);
            }
            _ => {}
        }
    }
    undone
}

fn says_descending_key(text: &str) -> bool {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(str::to_uppercase).collect();
    words.windows(3).any(|three| three == ["PRIMARY", "KEY", "DESC"])
}

/// What a constraint is, as far as databases name it after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    PrimaryKey,
    Unique,
    ForeignKey,
    Check,
    NotNull,
    Index,
}

struct Reader<'s> {
    script: &'s Script<'s>,
    builder: Builder,
    types: types::Types,
    /// Domains of which a constraint is dropped somewhere, by the last part of their names in lower case.
    weakened: HashSet<String>,
    /// The columns whose type is a domain, by the numbers of their tables.
    of_domain: HashSet<(usize, String)>,
    /// Where the statement at hand starts.
    start: Position,
    /// Whether it says PRIMARY KEY DESC of a column, which in SQLite is then no number of the row.
    has_descending_key: bool,
}

impl Reader<'_> {
    fn statement(&mut self, statement: &ParsedStatement) {
        self.start = statement.span.start;
        self.has_descending_key =
            self.script.dialect == Dialect::Sqlite && says_descending_key(self.script.text_of(statement));
        match &statement.tree {
            Ok(Tree::Sql(tree)) => match &**tree {
                Statement::CreateTable(create) => self.create_table(create, statement),
                Statement::CreateView(create) => self.create_view(create, self.script.text_of(statement)),
                Statement::AlterTable(alter) => self.alter_table(alter, statement),
                Statement::AlterIndex { name, operation } => self.alter_index(name, operation),
                Statement::CreateType { name, representation } => {
                    self.create_type(name, representation.as_ref());
                }
                Statement::CreateDomain(domain) => self.create_domain(domain),
                Statement::CreateIndex(index) if index.unique => self.unique_index(index),
                Statement::CreateIndex(index) => self.index(index),
                Statement::Drop { object_type: ObjectType::Table | ObjectType::View, names, .. } => {
                    for name in names {
                        let name = self.name(name);
                        self.builder.drop_table(&name);
                    }
                }
                Statement::Drop { object_type: ObjectType::Index, names, table, .. } => {
                    for name in names {
                        self.drop_index(name, table.as_ref());
                    }
                }
                _ => self.ignore(statement),
            },
            Ok(Tree::Command(command)) => {
                if !self.weaken(command, self.script.text_of(statement)) {
                    self.ignore(statement);
                }
            }
            Err(error) => {
                let at = Place::Text(error.position);
                self.builder.report(ProblemKind::Unreadable, at, error.message.clone());
            }
        }
    }

    fn ignore(&mut self, statement: &ParsedStatement) {
        let text = self.script.text_of(statement);
        let words: Vec<_> = text.split_whitespace().take(2).map(str::to_uppercase).collect();
        let message = format!("{} declares no table", words.join(" "));
        self.builder.report(ProblemKind::Ignored, Place::Text(self.start), message);
    }

    fn place(&self, ident: &Ident) -> Place {
        Place::Text(parse::span(ident.span).map_or(self.start, |span| span.start))
    }

    fn place_of(&self, name: &ObjectName) -> Place {
        let last = name.0.last().and_then(|part| part.as_ident());
        last.map_or(Place::Text(self.start), |ident| self.place(ident))
    }

    fn fold(&self, ident: &Ident) -> String {
        if ident.quote_style.is_some() {
            return ident.value.clone();
        }
        use Dialect::*;
        match self.script.dialect {
            Postgres | Redshift | Greenplum | Materialize | RisingWave | Trino | Presto | Athena | Hive
            | SparkSql | Databricks | Impala => ident.value.to_lowercase(),
            Snowflake | Oracle | Db2 | Exasol => ident.value.to_uppercase(),
            _ => ident.value.clone(),
        }
    }

    /// The parts of a name. Inside backticks a whole path may stand: `` `project-1.data.t` ``.
    fn name(&self, name: &ObjectName) -> Vec<String> {
        let idents = name.0.iter().filter_map(|part| part.as_ident());
        if self.script.dialect == Dialect::BigQuery {
            return idents.flat_map(|ident| ident.value.split('.').map(str::to_owned)).collect();
        }
        idents.map(|ident| self.fold(ident)).collect()
    }

    fn named(&self, ident: &Ident) -> (String, Place) {
        (self.fold(ident), self.place(ident))
    }

    fn create_table(&mut self, create: &CreateTable, statement: &ParsedStatement) {
        let name = self.name(&create.name);
        if self.builder.knows(&name) {
            if create.if_not_exists {
                return;
            }
            if !create.or_replace {
                let message = format!("{} is declared again; the later one counts", name.join("."));
                self.builder.contradiction(self.place_of(&create.name), message);
            }
        }
        let model = create.like.as_ref().map(|like| match like {
            CreateTableLikeKind::Parenthesized(like) | CreateTableLikeKind::Plain(like) => &like.name,
        });
        let model = model.or(create.clone.as_ref()).or(create.partition_of.as_ref());
        let parents = create.inherits.as_deref().unwrap_or_default();
        let mut copied = model.map(|model| self.columns_like(model));
        for parent in parents {
            copied.get_or_insert_default().extend(self.columns_like(parent));
            self.inherit_from(parent);
        }
        let inherited: Vec<String> =
            parents.iter().flat_map(|parent| self.builder.checks(&self.name(parent))).collect();
        if create.columns.is_empty() && copied.is_none() {
            let message = format!("the columns of {} are not declared; it is left out", name.join("."));
            return self.builder.report(ProblemKind::Ignored, self.place_of(&create.name), message);
        }
        let table = self.builder.table(name);
        for check in inherited {
            self.builder.leave_out(table, format!("CHECK ({check})"));
        }
        let divided = create.partition_of.as_ref();
        for (parent, is_partition) in parents.iter().map(|p| (p, false)).chain(divided.map(|p| (p, true))) {
            let parent = self.name(parent);
            self.builder.adopt(table, parent, is_partition);
        }
        for column in copied.into_iter().flatten() {
            // What several parents have is one column.
            if self.builder.position(table, &column.name).is_none() {
                self.builder.column(table, column, self.place_of(&create.name));
            }
        }
        let is_strict = create.strict || create.without_rowid;
        for column in &create.columns {
            let named = self.named(&column.name);
            if !parents.is_empty() && self.builder.position(table, &named.0).is_some() {
                self.column_options(table, &named, &column.options, is_strict);
            } else {
                self.column(table, column, is_strict);
            }
        }
        for constraint in &create.constraints {
            self.constraint(table, constraint, is_strict);
        }
        self.leave_out(table, statement);
        // It reads foreign keys and keeps nothing of them.
        if create.table_options.to_string().to_uppercase().contains("MYISAM") {
            self.builder.drop_foreign_keys(table);
        }
    }

    /// Takes note of the constraints that the tree of a statement about the table does not have.
    fn leave_out(&mut self, table: usize, statement: &ParsedStatement) {
        for mend in &statement.mends {
            if let MendKind::ConstraintLeftOut { end } = mend.kind {
                let written = self.script.lines.slice(Span { start: mend.position, end });
                self.builder.leave_out(table, written.split_whitespace().collect::<Vec<_>>().join(" "));
            }
        }
    }

    /// The columns of a table that serves as a model: names, types and NOT NULL, but none of its keys,
    /// since dialects differ about those.
    fn columns_like(&mut self, model: &ObjectName) -> Vec<Column> {
        let name = self.name(model);
        match self.builder.find(&name) {
            Some(table) => self.builder.columns(table),
            None => {
                let message = format!("no table {} is declared whose columns could be taken", name.join("."));
                self.builder.contradiction(self.place_of(model), message);
                Vec::new()
            }
        }
    }

    /// A column. `is_strict` where the columns of a SQLite table's primary key take no NULL.
    fn column(&mut self, table: usize, column: &ColumnDef, is_strict: bool) {
        let (name, at) = self.named(&column.name);
        let types::Resolved { data_type, labels, collation, not_null, checks, is_domain } =
            self.resolved(&column.name, &column.data_type);
        let own = column.options.iter().find_map(|option| match &option.option {
            ColumnOption::Collation(name) => Some(name.to_string()),
            _ => None,
        });
        let declared = Column {
            name: name.clone(),
            data_type,
            labels,
            not_null: not_null || self.is_never_null(&column.data_type),
            collation: own.or(collation),
            generated: column.options.iter().find_map(|option| match &option.option {
                ColumnOption::Generated { generation_expr, .. } => {
                    generation_expr.as_ref().map(ToString::to_string)
                }
                _ => None,
            }),
            identity: column.options.iter().find_map(|option| self.identity(&option.option)),
        };
        if self.builder.column(table, declared, at.clone()).is_some() {
            if is_domain {
                self.of_domain.insert((table, name.to_lowercase()));
            }
            for check in checks {
                self.builder.check(table, Name::Unknown, check);
            }
            self.column_options(table, &(name, at), &column.options, is_strict);
        }
    }

    /// Whether this has the database number rows.
    fn identity(&self, option: &ColumnOption) -> Option<Identity> {
        match option {
            ColumnOption::Identity(_) if matches!(self.script.dialect, Dialect::TSql | Dialect::Fabric) => {
                Some(Identity::Always)
            }
            ColumnOption::Generated { generation_expr: None, generated_as: GeneratedAs::Always, .. } => {
                Some(Identity::Always)
            }
            ColumnOption::Identity(_) | ColumnOption::Generated { generation_expr: None, .. } => {
                Some(Identity::ByDefault)
            }
            ColumnOption::DialectSpecific(tokens) => {
                let is_it = |token: &Token| matches!(token, Token::Word(word) if word.keyword == Keyword::AUTO_INCREMENT);
                tokens.iter().any(is_it).then_some(Identity::ByDefault)
            }
            _ => None,
        }
    }

    /// Whether the type alone excludes NULL.
    fn is_never_null(&self, data_type: &DataType) -> bool {
        let text = || data_type.to_string().to_lowercase();
        match self.script.dialect {
            Dialect::ClickHouse => !text().contains("nullable("),
            Dialect::Postgres => matches!(text().as_str(), "serial" | "bigserial" | "smallserial"),
            _ => false,
        }
    }

    fn column_options(
        &mut self,
        table: usize,
        column: &(String, Place),
        options: &[ColumnOptionDef],
        is_strict: bool,
    ) {
        let this = std::slice::from_ref(column);
        for ColumnOptionDef { name, option } in options {
            let name = name.as_ref();
            match option {
                ColumnOption::NotNull => {
                    let name = self.name_of(table, name, Kind::NotNull, this);
                    self.builder.not_null(table, column, true, name);
                }
                // Elsewhere NULL is excluded; in Snowflake it is one more value.
                ColumnOption::Identity(_) if self.script.dialect == Dialect::Snowflake => {}
                ColumnOption::Identity(_) | ColumnOption::Generated { generation_expr: None, .. } => {
                    self.builder.not_null(table, column, true, Name::Unknown);
                }
                ColumnOption::Null => self.builder.not_null(table, column, false, Name::Unknown),
                ColumnOption::PrimaryKey(key) if self.is_kept(key.characteristics.as_ref(), &column.1) => {
                    let name = self.name_of(table, name, Kind::PrimaryKey, this);
                    self.primary_key(table, name, this, is_strict, column.1.clone());
                }
                ColumnOption::Unique(key) if self.is_kept(key.characteristics.as_ref(), &column.1) => {
                    let name = self.name_of(table, name, Kind::Unique, this);
                    self.builder.unique(table, name, this, has_one_null(&key.nulls_distinct));
                }
                ColumnOption::Check(check) if check.enforced != Some(false) => {
                    let name = self.name_of(table, name, Kind::Check, this);
                    self.builder.check(table, name, check.expr.to_string());
                }
                // MySQL reads it and keeps nothing of it.
                ColumnOption::ForeignKey(_) if self.script.dialect == Dialect::MySql => {}
                ColumnOption::ForeignKey(key) if self.is_kept(key.characteristics.as_ref(), &column.1) => {
                    let name = self.name_of(table, name, Kind::ForeignKey, this);
                    let declared = self.declared(this.to_vec(), key, column.1.clone());
                    self.builder.foreign_key(table, name, declared);
                }
                _ => {}
            }
        }
    }

    /// Whether a constraint with these words after it binds: one that the database could enforce, and is
    /// told not to, does not.
    fn is_kept(&mut self, words: Option<&ConstraintCharacteristics>, at: &Place) -> bool {
        let is_kept =
            words.is_none_or(|words| words.enforced != Some(false)) || !self.script.dialect.enforces_keys();
        if !is_kept {
            self.builder.report(
                ProblemKind::Ignored,
                at.clone(),
                "a key that is NOT ENFORCED is left out".into(),
            );
        }
        is_kept
    }

    fn primary_key(
        &mut self,
        table: usize,
        name: Name,
        columns: &[(String, Place)],
        is_strict: bool,
        at: Place,
    ) {
        // In ClickHouse it is the order in which rows are stored, and values repeat.
        if self.script.dialect == Dialect::ClickHouse {
            return;
        }
        // In SQLite only the number of a row, a column whose type is INTEGER, excludes NULL.
        let is_row_number = match columns {
            [(column, _)] => self
                .builder
                .data_type(table, column)
                .is_some_and(|data_type| data_type.eq_ignore_ascii_case("INTEGER")),
            _ => false,
        };
        let is_row_number = is_row_number && !self.has_descending_key;
        let takes_null = self.script.dialect == Dialect::Sqlite && !is_strict && !is_row_number;
        self.builder.primary_key(table, name, columns, takes_null, at);
    }

    fn declared(
        &self,
        columns: Vec<(String, Place)>,
        key: &ForeignKeyConstraint,
        at: Place,
    ) -> DeclaredForeignKey {
        let referred = key.referred_columns.iter().map(|ident| self.fold(ident)).collect();
        let is_full = key.match_kind == Some(ConstraintReferenceMatchKind::Full);
        DeclaredForeignKey { columns, table: self.name(&key.foreign_table), referred, is_full, at }
    }

    /// The name of a constraint: as written, or as the database makes it up.
    fn name_of(
        &self,
        table: usize,
        written: Option<&Ident>,
        kind: Kind,
        columns: &[(String, Place)],
    ) -> Name {
        match written {
            Some(name) => Name::Given(self.fold(name)),
            None => self.implied_name(table, kind, columns),
        }
    }

    fn constraint(&mut self, table: usize, constraint: &TableConstraint, is_strict: bool) {
        let here = Place::Text(self.start);
        match constraint {
            TableConstraint::PrimaryKey(key) if self.is_kept(key.characteristics.as_ref(), &here) => {
                if let Some(columns) = self.key_columns(&key.columns) {
                    let at = columns.first().map_or(here, |(_, at)| at.clone());
                    let name = self.name_of(table, key.name.as_ref(), Kind::PrimaryKey, &columns);
                    self.primary_key(table, name, &columns, is_strict, at);
                }
            }
            TableConstraint::Unique(key) if self.is_kept(key.characteristics.as_ref(), &here) => {
                let name = key.name.as_ref().or(key.index_name.as_ref());
                let has_one_null = has_one_null(&key.nulls_distinct);
                match self.plain_columns(&key.columns) {
                    Some(columns) => {
                        let name = self.name_of(table, name, Kind::Unique, &columns);
                        self.builder.unique(table, name, &columns, has_one_null);
                    }
                    None => {
                        let name = self.name_of(table, name, Kind::Unique, &[]);
                        let unique = Uniqueness { condition: None, has_one_null };
                        self.computed_key(table, name, &key.columns, unique);
                    }
                }
            }
            TableConstraint::ForeignKey(key) if self.is_kept(key.characteristics.as_ref(), &here) => {
                let columns: Vec<_> = key.columns.iter().map(|ident| self.named(ident)).collect();
                let at = columns.first().map_or(here, |(_, at)| at.clone());
                let name = self.name_of(table, key.name.as_ref(), Kind::ForeignKey, &columns);
                let declared = self.declared(columns, key, at);
                self.builder.foreign_key(table, name, declared);
            }
            TableConstraint::Check(check) if check.enforced != Some(false) => {
                let name = self.name_of(table, check.name.as_ref(), Kind::Check, &[]);
                self.builder.check(table, name, check.expr.to_string());
            }
            TableConstraint::Index(index) => {
                let written = index.name.as_ref().map(|name| self.fold(name));
                self.ordered_index(table, written, index.index_type.as_ref(), &index.columns);
            }
            _ => {}
        }
    }

    fn known(&mut self, name: &[String], written: &ObjectName) -> Option<usize> {
        let table = self.builder.find(name);
        if table.is_none() {
            let message = format!("no table {} is declared", name.join("."));
            self.builder.contradiction(self.place_of(written), message);
        }
        table
    }

    fn create_view(&mut self, create: &CreateView, text: &str) {
        let name = self.name(&create.name);
        if self.builder.knows(&name) && create.if_not_exists {
            return;
        }
        let view = self.builder.table(name);
        for column in &create.columns {
            let (name, at) = self.named(&column.name);
            let data_type = column.data_type.as_ref().map(ToString::to_string);
            self.builder.column(view, Column { name, data_type, ..Column::default() }, at);
        }
        if let Some(table) = self.builder.get(view) {
            let written = parse::view_query(text, self.script.grammar);
            table.view = Some(written.map_or_else(|| create.query.to_string(), str::to_owned));
        }
    }
}

/// Whether NULL is a value like another to a unique key.
fn has_one_null(option: &NullsDistinctOption) -> bool {
    matches!(option, NullsDistinctOption::NotDistinct)
}

#[cfg(test)]
mod tests;
