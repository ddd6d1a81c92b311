//! A catalog out of DDL: what CREATE, ALTER and DROP leave behind when the script has run.
//!
//! Constraints count as promises in dialects that enforce none. Where a dialect enforces them, one that is
//! declared not to be counts for nothing, nor does one of which the dialect means something else (a
//! ClickHouse primary key is no key). Other statements are noted.

mod alter;

use sqlparser::ast::{
    ColumnDef, ColumnOption, ColumnOptionDef, ConstraintCharacteristics, CreateIndex, CreateTable,
    CreateTableLikeKind, CreateView, DataType, Expr, ForeignKeyConstraint, Ident, IndexColumn, ObjectName,
    ObjectType, Statement, TableConstraint,
};
use sqm_domain::Dialect;

use super::builder::{Builder, DeclaredForeignKey, Name};
use super::problem::{CatalogError, CatalogProblem, Place, ProblemKind};
use super::{Catalog, Column};
use crate::guard;
use crate::parse::{self, ParsedStatement, Script, Tree};
use crate::text::Position;

impl Catalog {
    /// The catalog that a DDL script declares, and what of the script it does not hold.
    ///
    /// Unquoted names are folded as the dialect folds them; types are kept as the parser prints them.
    pub fn from_ddl(ddl: &str, dialect: Dialect) -> Result<(Self, Vec<CatalogProblem>), CatalogError> {
        let reader = guard::with_script(ddl, dialect, |script| {
            let mut reader = Reader { script, builder: Builder::default(), start: Position::START };
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
    /// Where the statement at hand starts.
    start: Position,
}

impl Reader<'_> {
    fn statement(&mut self, statement: &ParsedStatement) {
        self.start = statement.span.start;
        match &statement.tree {
            Ok(Tree::Sql(tree)) => match &**tree {
                Statement::CreateTable(create) => self.create_table(create),
                Statement::CreateView(create) => self.create_view(create, self.script.text_of(statement)),
                Statement::AlterTable(alter) => self.alter_table(alter),
                Statement::AlterIndex { name, operation } => self.alter_index(name, operation),
                Statement::CreateIndex(index) if index.unique => self.unique_index(index),
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

    fn create_table(&mut self, create: &CreateTable) {
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
        if create.columns.is_empty() && copied.is_none() {
            let message = format!("the columns of {} are not declared; it is left out", name.join("."));
            return self.builder.report(ProblemKind::Ignored, self.place_of(&create.name), message);
        }
        let table = self.builder.table(name);
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
        // It reads foreign keys and keeps nothing of them.
        if create.table_options.to_string().to_uppercase().contains("MYISAM") {
            self.builder.drop_foreign_keys(table);
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
        let declared = Column {
            name: name.clone(),
            data_type: (column.data_type != DataType::Unspecified).then(|| column.data_type.to_string()),
            not_null: self.is_never_null(&column.data_type),
        };
        if self.builder.column(table, declared, at.clone()).is_some() {
            self.column_options(table, &(name, at), &column.options, is_strict);
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
                    self.builder.unique(table, name, this);
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
        DeclaredForeignKey { columns, table: self.name(&key.foreign_table), referred, at }
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
                if let Some(columns) = self.key_columns(&key.columns) {
                    let name = key.name.as_ref().or(key.index_name.as_ref());
                    let name = self.name_of(table, name, Kind::Unique, &columns);
                    self.builder.unique(table, name, &columns);
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
            _ => {}
        }
    }

    /// The columns of a key; `None`, with a note, where it is made of more than columns.
    fn key_columns(&mut self, columns: &[IndexColumn]) -> Option<Vec<(String, Place)>> {
        let mut names = Vec::with_capacity(columns.len());
        for column in columns {
            match &column.column.expr {
                Expr::Identifier(ident) => names.push(self.named(ident)),
                other => {
                    let message = format!("a key on the expression {other} is left out");
                    self.builder.report(ProblemKind::Ignored, Place::Text(self.start), message);
                    return None;
                }
            }
        }
        Some(names)
    }

    fn unique_index(&mut self, index: &CreateIndex) {
        if index.predicate.is_some() {
            return;
        }
        let name = self.name(&index.table_name);
        let Some(table) = self.known(&name, &index.table_name) else { return };
        if let Some(columns) = self.key_columns(&index.columns) {
            let written = index.name.as_ref().and_then(|name| self.name(name).pop());
            let name = match written {
                Some(name) => Name::Given(name),
                None => self.implied_name(table, Kind::Index, &columns),
            };
            self.builder.unique(table, name, &columns);
        }
    }

    fn drop_index(&mut self, name: &ObjectName, table: Option<&ObjectName>) {
        let Some(name) = self.name(name).pop() else { return };
        match table {
            None => self.builder.drop_key(None, &name),
            Some(written) => {
                let parts = self.name(written);
                if let Some(table) = self.known(&parts, written) {
                    self.drop_key(table, &name);
                }
            }
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
            self.builder.column(view, Column { name, data_type, not_null: false }, at);
        }
        if let Some(table) = self.builder.get(view) {
            let written = parse::view_query(text, self.script.grammar);
            table.view = Some(written.map_or_else(|| create.query.to_string(), str::to_owned));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The catalog, one line a table, followed by the problems.
    fn read(ddl: &str, dialect: Dialect) -> Vec<String> {
        let (catalog, problems) = Catalog::from_ddl(ddl, dialect).unwrap();
        let tables = catalog.tables().iter().map(|table| {
            let column = |c: &Column| {
                let data_type = c.data_type.as_deref().unwrap_or("?");
                format!("{} {data_type}{}", c.name, if c.not_null { "!" } else { "" })
            };
            let columns: Vec<_> = table.columns.iter().map(column).collect();
            let mut line = format!("{}: {}", table.name.join("|"), columns.join(", "));
            if !table.primary_key.is_empty() {
                line += &format!("; pk {:?}", table.primary_key);
            }
            for key in &table.unique {
                line += &format!("; unique {key:?}");
            }
            for key in &table.foreign_keys {
                line += &format!(
                    "; {:?} -> {}({})",
                    key.columns,
                    key.table.join("|"),
                    key.referred_columns.join(",")
                );
            }
            for check in &table.checks {
                line += &format!("; check {check}");
            }
            if let Some(view) = &table.view {
                line += &format!("; view {view}");
            }
            line
        });
        tables.chain(problems.iter().map(ToString::to_string)).collect()
    }

    #[test]
    fn constraints_of_columns_and_tables() {
        assert_eq!(
            read(
                "CREATE TABLE shop.Customer (
                   id bigint PRIMARY KEY, \"Name\" varchar(40) NOT NULL, email text UNIQUE,
                   born date CHECK (born > '1900-01-01'));
                 CREATE TABLE shop.orders (
                   id serial, customer_id bigint REFERENCES shop.customer, no int, amount numeric(12,2) NULL,
                   CONSTRAINT orders_pk PRIMARY KEY (id, no), UNIQUE (no, customer_id),
                   FOREIGN KEY (customer_id) REFERENCES shop.customer (id) ON DELETE CASCADE,
                   CHECK (amount >= 0))",
                Dialect::Postgres
            ),
            [
                "shop|customer: id BIGINT!, Name VARCHAR(40)!, email TEXT, born DATE; pk [0]; unique [2]; \
                 check born > '1900-01-01'",
                "shop|orders: id serial!, customer_id BIGINT, no INT!, amount NUMERIC(12,2); pk [0, 2]; \
                 unique [2, 1]; [1] -> shop|customer(); [1] -> shop|customer(id); check amount >= 0",
            ]
        );
    }

    #[test]
    fn alterations_count() {
        assert_eq!(
            read(
                "CREATE TABLE t (a int, b int, c int);
                 ALTER TABLE ONLY t ADD CONSTRAINT t_pkey PRIMARY KEY (b);
                 ALTER TABLE t ADD COLUMN d text NOT NULL;
                 ALTER TABLE t ALTER COLUMN c SET NOT NULL;
                 ALTER TABLE t DROP COLUMN a;
                 ALTER TABLE t RENAME COLUMN c TO cc;
                 CREATE UNIQUE INDEX i ON t (cc, d);
                 CREATE TABLE gone (x int);
                 DROP TABLE gone;
                 ALTER TABLE t RENAME TO tt",
                Dialect::Postgres
            ),
            ["tt: b INT!, cc INT!, d TEXT!; pk [0]; unique [1, 2]"]
        );
    }

    #[test]
    fn contradictions_have_a_place() {
        assert_eq!(
            read(
                "CREATE TABLE t (a int, A int, FOREIGN KEY (a) REFERENCES nowhere (id),\n PRIMARY KEY (b));
CREATE TABLE u (a int);\nCREATE TABLE u (b int); ALTER TABLE v ADD COLUMN x int;\nCOMMENT ON TABLE u IS 'x'; CREATE TABEL x",
                Dialect::Postgres
            ),
            [
                "t: a INT",
                "u: b INT",
                "line 1, column 24: t has a column a already; the first one counts",
                "line 2, column 15: the primary key of t names no column of it: b",
                "line 4, column 14: u is declared again; the later one counts",
                "line 4, column 37: no table v is declared",
                "line 5, column 1: COMMENT ON declares no table",
                "line 5, column 35: Expected: an object type after CREATE, found: TABEL",
                "line 1, column 44: the foreign key is left out: no table nowhere is declared",
            ]
        );
    }

    #[test]
    fn a_new_name_is_nobody_else_s() {
        let check =
            |ddl: &str, expected: &[&str]| assert_eq!(read(ddl, Dialect::Postgres), expected, "{ddl}");
        let table = "CREATE TABLE t (a int, b int, c int); ";
        check(&format!("{table}ALTER TABLE t RENAME COLUMN a TO x"), &["t: x INT, b INT, c INT"]);
        check(&format!("{table}ALTER TABLE t RENAME COLUMN b TO B"), &["t: a INT, b INT, c INT"]);
        check(
            &format!("{table}ALTER TABLE t RENAME COLUMN a TO c"),
            &["t: a INT, b INT, c INT", "line 1, column 67: t has a column c already"],
        );
        check(
            &format!("{table}ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD UNIQUE (c)"),
            &["t: b INT, c INT; unique [1]"],
        );
        check(&format!("{table}CREATE TABLE u (d int); ALTER TABLE u RENAME TO t"), &["t: d INT"]);
        check(
            &format!("{table}ALTER TABLE t RENAME TO u; CREATE TABLE v (d int REFERENCES t (a))"),
            &[
                "u: a INT, b INT, c INT",
                "v: d INT",
                "line 1, column 82: the foreign key is left out: no table t is declared",
            ],
        );
    }

    #[test]
    fn what_is_dropped_holds_no_longer() {
        let check = |dialect: Dialect, ddl: &str, expected: &str| {
            let read = read(ddl, dialect);
            assert_eq!(read.first().map(String::as_str), Some(expected), "{ddl}\n{read:#?}");
        };
        use Dialect::{Db2, MySql, Oracle, Postgres, Snowflake, Sqlite, TSql};
        let two = "CREATE TABLE t (a int, b int NOT NULL, CONSTRAINT k UNIQUE (a), UNIQUE (b)); ";
        check(Postgres, two, "t: a INT, b INT!; unique [0]; unique [1]");
        check(Postgres, &format!("{two}ALTER TABLE t DROP CONSTRAINT k"), "t: a INT, b INT!; unique [1]");
        check(
            Postgres,
            &format!("{two}ALTER TABLE t DROP CONSTRAINT t_b_key"),
            "t: a INT, b INT!; unique [0]",
        );
        check(
            Postgres,
            &format!("{two}ALTER TABLE t RENAME CONSTRAINT k TO l; ALTER TABLE t DROP CONSTRAINT l"),
            "t: a INT, b INT!; unique [1]",
        );
        // A name that only the database knows.
        check(
            TSql,
            &format!("{two}ALTER TABLE t DROP CONSTRAINT UQ__t__3BD0"),
            "t: a INT, b INT; unique [0]",
        );
        check(TSql, &format!("{two}ALTER TABLE t NOCHECK CONSTRAINT k"), "t: a INT, b INT!; unique [1]");
        check(Oracle, &format!("{two}ALTER TABLE t DISABLE CONSTRAINT k"), "T: A INT, B INT!; unique [1]");
        check(
            Oracle,
            &format!("{two}ALTER TABLE t MODIFY CONSTRAINT k DISABLE"),
            "T: A INT, B INT!; unique [1]",
        );
        check(Oracle, &format!("{two}ALTER TABLE t DISABLE UNIQUE (b)"), "T: A INT, B INT");
        check(
            Oracle,
            &format!("{two}ALTER TABLE t MODIFY (b NULL)"),
            "T: A INT, B INT; unique [0]; unique [1]",
        );
        check(
            Oracle,
            &format!("{two}ALTER TABLE t MODIFY (a NUMBER NOT NULL, b NULL)"),
            "T: A NUMBER!, B INT; unique [0]; unique [1]",
        );
        check(
            TSql,
            &format!("{two}ALTER TABLE t ALTER COLUMN b BIGINT NULL"),
            "t: a INT, b BIGINT; unique [0]; unique [1]",
        );
        check(
            TSql,
            &format!("{two}ALTER TABLE t ALTER COLUMN a INT NOT NULL"),
            "t: a INT!, b INT!; unique [0]; unique [1]",
        );
        let index = "CREATE TABLE t (a int, b int); CREATE UNIQUE INDEX i ON t (a); ";
        check(Postgres, index, "t: a INT, b INT; unique [0]");
        check(Postgres, &format!("{index}DROP INDEX i"), "t: a INT, b INT");
        check(Postgres, &format!("{index}DROP INDEX j"), "t: a INT, b INT; unique [0]");
        check(
            Postgres,
            &format!("{index}CREATE UNIQUE INDEX j ON t (a); DROP INDEX i"),
            "t: a INT, b INT; unique [0]",
        );
        check(Postgres, &format!("{index}ALTER INDEX i RENAME TO j; DROP INDEX j"), "t: a INT, b INT");
        check(MySql, &format!("{index}DROP INDEX i ON t"), "t: a INT, b INT");
        check(MySql, "CREATE TABLE t (a int, UNIQUE KEY (a)); ALTER TABLE t DROP INDEX a", "t: a INT");
        check(MySql, "CREATE TABLE t (a int, UNIQUE KEY (a)); ALTER TABLE t DROP KEY a", "t: a INT");
        check(TSql, &format!("{index}ALTER INDEX i ON t DISABLE"), "t: a INT, b INT");
        check(TSql, &format!("{index}ALTER INDEX ALL ON t DISABLE"), "t: a INT, b INT");
        check(Oracle, &format!("{index}ALTER INDEX i UNUSABLE"), "T: A INT, B INT");
        check(
            Postgres,
            "CREATE TABLE t (a int PRIMARY KEY, b int, CONSTRAINT n CHECK (b > 0)); ALTER TABLE t DROP CONSTRAINT n",
            "t: a INT!, b INT; pk [0]",
        );
        check(
            MySql,
            "CREATE TABLE t (a int, b int, CONSTRAINT f FOREIGN KEY (b) REFERENCES t (a)); \
             ALTER TABLE t DROP FOREIGN KEY f",
            "t: a INT, b INT",
        );
        check(
            Postgres,
            "CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES t); ALTER TABLE t DISABLE TRIGGER ALL",
            "t: a INT!, b INT; pk [0]",
        );
        check(Db2, &format!("{two}ALTER TABLE t DEACTIVATE NOT LOGGED INITIALLY"), "T: A INT, B INT");
        check(
            Postgres,
            &format!("{two}ALTER TABLE t OWNER TO me"),
            "t: a INT, b INT!; unique [0]; unique [1]",
        );
        check(
            Snowflake,
            "CREATE TABLE t (a int UNIQUE); CREATE TABLE u (b int); ALTER TABLE t SWAP WITH u",
            "T: B INT",
        );
        check(Sqlite, "CREATE TABLE t (a TEXT PRIMARY KEY, b INT)", "t: a TEXT, b INT; unique [0]");
        check(Sqlite, "CREATE TABLE t (a INTEGER PRIMARY KEY)", "t: a INTEGER!; pk [0]");
        check(Sqlite, "CREATE TABLE t (a TEXT PRIMARY KEY NOT NULL)", "t: a TEXT!; pk [0]");
        check(Sqlite, "CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID", "t: a TEXT!; pk [0]");
    }

    #[test]
    fn what_may_be_about_another_name_or_is_undone_holds_for_nobody() {
        let check = |dialect: Dialect, ddl: &str, expected: &[&str]| {
            let (catalog, _) = Catalog::from_ddl(ddl, dialect).unwrap();
            let keys = |table: &crate::catalog::Table| {
                format!("{} {} {}", table.name.join("."), table.keys().count(), table.foreign_keys.len())
            };
            let found: Vec<_> = catalog.tables().iter().map(keys).collect();
            assert_eq!(found, expected, "{ddl}");
        };
        use Dialect::{MySql, Postgres, Snowflake, TSql};
        check(Postgres, "CREATE TABLE t (a INT, \"A\" INT PRIMARY KEY)", &["t 0 0"]);
        check(Postgres, "CREATE TABLE t (a INT); CREATE TABLE \"T\" (a INT PRIMARY KEY)", &["T 0 0"]);
        check(
            Postgres,
            "CREATE TABLE t (a INT); BEGIN; ALTER TABLE t ADD PRIMARY KEY (a); ROLLBACK;",
            &["t 0 0"],
        );
        check(
            Postgres,
            "CREATE TABLE t (a INT); BEGIN; ALTER TABLE t ADD PRIMARY KEY (a); COMMIT;",
            &["t 1 0"],
        );
        check(
            MySql,
            "CREATE TABLE t (a INT); BEGIN; ALTER TABLE t ADD PRIMARY KEY (a); ROLLBACK;",
            &["t 1 0"],
        );
        let two = "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (x INT, p INT REFERENCES p); ";
        check(Postgres, two, &["p 1 0", "c 0 1"]);
        let again = format!("{two}DROP TABLE p CASCADE; CREATE TABLE p (id INT PRIMARY KEY)");
        check(Postgres, &again, &["c 0 0", "p 1 0"]);
        let rekeyed =
            format!("{two}ALTER TABLE p DROP CONSTRAINT p_pkey CASCADE; ALTER TABLE p ADD PRIMARY KEY (id)");
        check(Postgres, &rekeyed, &["p 1 0", "c 0 0"]);
        check(
            TSql,
            "CREATE TABLE t (a INT, CONSTRAINT pk PRIMARY KEY (a)); ALTER TABLE t DROP pk",
            &["t 0 0"],
        );
        check(MySql, "CREATE TABLE t (a INT PRIMARY KEY); DROP INDEX `PRIMARY` ON t", &["t 0 0"]);
        let engine = "CREATE TABLE p (id INT PRIMARY KEY); \
                      CREATE TABLE c (p INT, FOREIGN KEY (p) REFERENCES p (id)) ENGINE=";
        check(MySql, &format!("{engine}InnoDB"), &["p 1 0", "c 0 1"]);
        check(MySql, &format!("{engine}MyISAM"), &["p 1 0", "c 0 0"]);
        check(
            MySql,
            "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (p INT REFERENCES p (id))",
            &["p 1 0", "c 0 0"],
        );
        for ddl in [
            "CREATE TABLE t (a INT IDENTITY(1, 1))",
            "CREATE TABLE t (a INT NOT NULL); ALTER TABLE t MODIFY COLUMN a DROP NOT NULL",
        ] {
            let (catalog, _) = Catalog::from_ddl(ddl, Snowflake).unwrap();
            assert!(!catalog.tables()[0].is_not_null(0), "{ddl}");
            assert_eq!(catalog.tables()[0].columns[0].data_type.as_deref(), Some("INT"), "{ddl}");
        }
    }

    #[test]
    fn what_is_not_enforced_holds_only_where_nothing_is() {
        let check = |dialect: Dialect, ddl: &str, expected: &[&str]| {
            assert_eq!(read(ddl, dialect), expected, "{ddl}");
        };
        use Dialect::{BigQuery, Db2, Hive, Oracle, Postgres, TSql};
        let table = "CREATE TABLE t (a int, b int); ";
        check(
            Postgres,
            &format!("{table}ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES t (a) NOT VALID"),
            &[
                "t: a INT, b INT",
                "line 1, column 32: a constraint that is NOT VALID is left out until it is validated",
            ],
        );
        check(
            Postgres,
            &format!(
                "{table}ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES t (a) NOT VALID; \
                 ALTER TABLE t VALIDATE CONSTRAINT f"
            ),
            &[
                "t: a INT, b INT; [1] -> t(a)",
                "line 1, column 32: a constraint that is NOT VALID is left out until it is validated",
            ],
        );
        check(
            TSql,
            &format!(
                "{table}ALTER TABLE [t] WITH NOCHECK ADD CONSTRAINT f FOREIGN KEY([b]) REFERENCES [t] ([a])"
            ),
            &[
                "t: a INT, b INT",
                "line 1, column 32: a constraint that is NOT VALID is left out until it is validated",
            ],
        );
        check(
            TSql,
            &format!(
                "{table}ALTER TABLE [t]  WITH CHECK ADD CONSTRAINT f FOREIGN KEY([b]) REFERENCES [t] ([a])"
            ),
            &["t: a INT, b INT; [1] -> t(a)"],
        );
        check(Oracle, "CREATE TABLE t (a NUMBER, CONSTRAINT k UNIQUE (a) DISABLE)", &["T: A NUMBER"]);
        check(
            Oracle,
            "CREATE TABLE t (a NUMBER CONSTRAINT n NOT NULL DISABLE, b NUMBER CONSTRAINT k PRIMARY KEY ENABLE)",
            &["T: A NUMBER, B NUMBER!; pk [1]"],
        );
        check(
            Oracle,
            "CREATE TABLE t (a NUMBER); ALTER TABLE t ADD (b NUMBER NOT NULL, CONSTRAINT k UNIQUE (a) USING INDEX)",
            &["T: A NUMBER, B NUMBER!; unique [0]"],
        );
        check(Hive, "CREATE TABLE t (a int, PRIMARY KEY (a) DISABLE NOVALIDATE)", &["t: a INT!; pk [0]"]);
        check(BigQuery, "CREATE TABLE t (a INT64, PRIMARY KEY (a) NOT ENFORCED)", &["t: a INT64!; pk [0]"]);
        check(
            Db2,
            "CREATE TABLE t (a INT, UNIQUE (a) NOT ENFORCED)",
            &["T: A INT", "line 1, column 1: a key that is NOT ENFORCED is left out"],
        );
        check(
            Postgres,
            "CREATE TABLE p (a int PRIMARY KEY, b int); CREATE TABLE c (b int NOT NULL, d int) INHERITS (p)",
            &["p: a INT, b INT", "c: a INT!, b INT!, d INT"],
        );
        check(
            Postgres,
            "CREATE TABLE p (a int UNIQUE); CREATE TABLE c (a int); ALTER TABLE c INHERIT p",
            &["p: a INT", "c: a INT"],
        );
        check(
            Postgres,
            "CREATE TABLE p (a int PRIMARY KEY) PARTITION BY RANGE (a); \
             CREATE TABLE c PARTITION OF p FOR VALUES FROM (1) TO (2)",
            &["p: a INT!; pk [0]", "c: a INT!"],
        );
    }

    #[test]
    fn what_is_missing_between_commas_is_named() {
        let read = read("CREATE TABLE t (a int,, b int)", Dialect::Postgres);
        assert_eq!(read.len(), 1, "{read:#?}");
        assert!(read[0].starts_with("line 1, column 23: Expected"), "{read:#?}");
    }

    #[test]
    fn views_keep_their_query() {
        assert_eq!(
            read("CREATE VIEW v (a, b) AS select x,  y from t; CREATE VIEW w AS SELECT 1", Dialect::Postgres),
            ["v: a ?, b ?; view select x,  y from t", "w: ; view SELECT 1"]
        );
    }

    #[test]
    fn every_dialect_quotes_its_own_way() {
        let check = |ddl: &str, dialect: Dialect, expected: &str| {
            assert_eq!(read(ddl, dialect), [expected], "{ddl}");
        };
        check(
            "CREATE TABLE `my-project.shop.t` (id INT64 NOT NULL, tags ARRAY<STRING>) PARTITION BY id",
            Dialect::BigQuery,
            "my-project|shop|t: id INT64!, tags ARRAY<STRING>",
        );
        check("CREATE TABLE my-project.shop.t (id INT64)", Dialect::BigQuery, "my-project|shop|t: id INT64");
        check(
            "CREATE TABLE [dbo].[Order Lines] ([Id] INT IDENTITY(1,1) NOT NULL, x NVARCHAR(MAX), \
             CONSTRAINT pk PRIMARY KEY CLUSTERED ([Id] ASC))",
            Dialect::TSql,
            "dbo|Order Lines: Id INT!, x NVARCHAR(MAX); pk [0]",
        );
        check(
            "create or replace transient table db.s.t (id number(38,0) not null, \"v\" variant) cluster by (id)",
            Dialect::Snowflake,
            "DB|S|T: ID number(38, 0)!, v variant",
        );
        check(
            "CREATE TABLE `t` (`id` int unsigned NOT NULL AUTO_INCREMENT, `k` varchar(9) DEFAULT NULL, \
             PRIMARY KEY (`id`), UNIQUE KEY `uk` (`k`), KEY `ix` (`k`)) ENGINE=InnoDB",
            Dialect::MySql,
            "t: id INT UNSIGNED!, k VARCHAR(9); pk [0]; unique [1]",
        );
        check(
            "CREATE TABLE t (a UInt64, b Nullable(String)) ENGINE = MergeTree PRIMARY KEY a ORDER BY a",
            Dialect::ClickHouse,
            "t: a UInt64!, b Nullable(STRING)",
        );
    }
}
