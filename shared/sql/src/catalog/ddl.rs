//! A catalog out of DDL: what CREATE, ALTER and DROP leave behind when the script has run.
//!
//! Constraints count as promises whether or not the database enforces them, except where the dialect
//! gives the words another meaning (a ClickHouse primary key is no key). Other statements are noted.

use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation, ColumnDef, ColumnOption, CreateIndex, CreateTable,
    CreateTableLikeKind, CreateView, DataType, Expr, Ident, IndexColumn, ObjectName, ObjectType,
    RenameTableNameKind, Statement, TableConstraint,
};
use sqm_domain::Dialect;

use super::builder::{Builder, DeclaredForeignKey};
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
            for statement in &script.statements {
                reader.statement(statement);
            }
            reader.builder.finish()
        });
        Ok(reader?)
    }
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
                Statement::CreateIndex(index) if index.unique => self.unique_index(index),
                Statement::Drop { object_type: ObjectType::Table | ObjectType::View, names, .. } => {
                    for name in names {
                        let name = self.name(name);
                        self.builder.drop_table(&name);
                    }
                }
                _ => self.ignore(statement),
            },
            Ok(Tree::Command(_)) => self.ignore(statement),
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
        let copied = model.or(create.clone.as_ref()).map(|model| self.columns_like(model));
        if create.columns.is_empty() && copied.is_none() {
            let message = format!("the columns of {} are not declared; it is left out", name.join("."));
            return self.builder.report(ProblemKind::Ignored, self.place_of(&create.name), message);
        }
        let table = self.builder.table(name);
        for column in copied.into_iter().flatten() {
            self.builder.column(table, column, self.place_of(&create.name));
        }
        for column in &create.columns {
            self.column(table, column);
        }
        for constraint in &create.constraints {
            self.constraint(table, constraint);
        }
    }

    /// The columns of a table that serves as a model: names, types and NOT NULL, but none of its keys,
    /// since dialects differ about those.
    fn columns_like(&mut self, model: &ObjectName) -> Vec<Column> {
        let name = self.name(model);
        match self.builder.find(&name).and_then(|at| self.builder.get(at)) {
            Some(table) => table.columns.clone(),
            None => {
                let message = format!("no table {} is declared whose columns could be taken", name.join("."));
                self.builder.contradiction(self.place_of(model), message);
                Vec::new()
            }
        }
    }

    fn column(&mut self, table: usize, column: &ColumnDef) {
        let (name, at) = self.named(&column.name);
        let declared = Column {
            name: name.clone(),
            data_type: (column.data_type != DataType::Unspecified).then(|| column.data_type.to_string()),
            not_null: self.is_never_null(&column.data_type),
        };
        if self.builder.column(table, declared, at.clone()).is_some() {
            self.column_options(table, &(name, at), column.options.iter().map(|option| &option.option));
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

    fn column_options<'a>(
        &mut self,
        table: usize,
        column: &(String, Place),
        options: impl Iterator<Item = &'a ColumnOption>,
    ) {
        let this = std::slice::from_ref(column);
        for option in options {
            match option {
                ColumnOption::NotNull | ColumnOption::Identity(_) => self.not_null(table, column, true),
                ColumnOption::Generated { generation_expr: None, .. } => self.not_null(table, column, true),
                ColumnOption::Null => self.not_null(table, column, false),
                ColumnOption::PrimaryKey(_) => self.primary_key(table, this, column.1.clone()),
                ColumnOption::Unique(_) => self.builder.unique(table, this),
                ColumnOption::Check(check) => self.check(table, &check.expr),
                ColumnOption::ForeignKey(key) => self.foreign_key(
                    table,
                    this.to_vec(),
                    &key.foreign_table,
                    &key.referred_columns,
                    column.1.clone(),
                ),
                _ => {}
            }
        }
    }

    fn not_null(&mut self, table: usize, column: &(String, Place), not_null: bool) {
        let Some(declared) = self.builder.get(table) else { return };
        match declared.column(&column.0) {
            Some(at) => declared.columns[at].not_null = not_null,
            None => {
                let message = format!("{} has no column {}", declared.name.join("."), column.0);
                self.builder.contradiction(column.1.clone(), message);
            }
        }
    }

    fn check(&mut self, table: usize, condition: &Expr) {
        if let Some(declared) = self.builder.get(table) {
            declared.checks.push(condition.to_string());
        }
    }

    fn primary_key(&mut self, table: usize, columns: &[(String, Place)], at: Place) {
        // In ClickHouse it is the order in which rows are stored, and values repeat.
        if self.script.dialect != Dialect::ClickHouse {
            self.builder.primary_key(table, columns, at);
        }
    }

    fn foreign_key(
        &mut self,
        from: usize,
        columns: Vec<(String, Place)>,
        table: &ObjectName,
        referred: &[Ident],
        at: Place,
    ) {
        let referred = referred.iter().map(|ident| self.fold(ident)).collect();
        let table = self.name(table);
        self.builder.foreign_key(DeclaredForeignKey { from, columns, table, referred, at });
    }

    fn constraint(&mut self, table: usize, constraint: &TableConstraint) {
        let here = Place::Text(self.start);
        match constraint {
            TableConstraint::PrimaryKey(key) => {
                if let Some(columns) = self.key_columns(&key.columns) {
                    let at = columns.first().map_or(here, |(_, at)| at.clone());
                    self.primary_key(table, &columns, at);
                }
            }
            TableConstraint::Unique(key) => {
                if let Some(columns) = self.key_columns(&key.columns) {
                    self.builder.unique(table, &columns);
                }
            }
            TableConstraint::ForeignKey(key) => {
                let columns: Vec<_> = key.columns.iter().map(|ident| self.named(ident)).collect();
                let at = columns.first().map_or(here, |(_, at)| at.clone());
                self.foreign_key(table, columns, &key.foreign_table, &key.referred_columns, at);
            }
            TableConstraint::Check(check) => self.check(table, &check.expr),
            TableConstraint::Index(_)
            | TableConstraint::FulltextOrSpatial(_)
            | TableConstraint::PrimaryKeyUsingIndex(_)
            | TableConstraint::UniqueUsingIndex(_) => {}
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
            self.builder.unique(table, &columns);
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

    fn alter_table(&mut self, alter: &AlterTable) {
        let name = self.name(&alter.name);
        let Some(table) = self.known(&name, &alter.name) else { return };
        for operation in &alter.operations {
            self.alter(table, operation);
        }
    }

    fn alter(&mut self, table: usize, operation: &AlterTableOperation) {
        match operation {
            AlterTableOperation::AddConstraint { constraint, .. } => self.constraint(table, constraint),
            AlterTableOperation::AddColumn { column_def, if_not_exists, .. } => {
                let name = self.fold(&column_def.name);
                let known = self.builder.get(table).is_some_and(|table| table.column(&name).is_some());
                if !(known && *if_not_exists) {
                    self.column(table, column_def);
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
            AlterTableOperation::AlterColumn { column_name, op } => {
                let column = self.named(column_name);
                match op {
                    AlterColumnOperation::SetNotNull => self.not_null(table, &column, true),
                    AlterColumnOperation::DropNotNull => self.not_null(table, &column, false),
                    AlterColumnOperation::SetDataType { data_type, .. } => {
                        self.retype(table, &column.0, data_type);
                    }
                    _ => {}
                }
            }
            AlterTableOperation::RenameTable {
                table_name: RenameTableNameKind::As(name) | RenameTableNameKind::To(name),
            } => {
                let name = self.name(name);
                self.builder.rename_table(table, name);
            }
            AlterTableOperation::DropColumn { column_names, if_exists, .. } => {
                for name in column_names {
                    let (name, at) = self.named(name);
                    self.builder.drop_column(table, &name, *if_exists, at);
                }
            }
            AlterTableOperation::DropPrimaryKey { .. } => {
                if let Some(table) = self.builder.get(table) {
                    table.primary_key.clear();
                }
            }
            _ => {}
        }
    }

    fn rename_column(&mut self, table: usize, old: &Ident, new: &Ident) {
        let (old, new, at) = (self.fold(old), self.fold(new), self.place(old));
        self.builder.rename_column(table, &old, new, at);
    }

    fn modify_column(&mut self, table: usize, name: &Ident, data_type: &DataType, options: &[ColumnOption]) {
        let column = self.named(name);
        self.retype(table, &column.0, data_type);
        self.not_null(table, &column, false);
        self.column_options(table, &column, options.iter());
    }

    fn retype(&mut self, table: usize, column: &str, data_type: &DataType) {
        let Some(declared) = self.builder.get(table) else { return };
        if let Some(at) = declared.column(column) {
            declared.columns[at].data_type = Some(data_type.to_string());
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
