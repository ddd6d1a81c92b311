//! Statements: what each one reads, changes and gives.

use std::borrow::Cow;

use sqlparser::ast::{
    ConditionalStatementBlock, ConditionalStatements, CreateFunction, CreateFunctionBody, DataType, Function,
    FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, Query, SetExpr, Statement,
};

use super::names::Name;
use super::query::{NOWHERE, Resolver, Rows};
use super::{DoubtKind, Output, TableId};
use crate::parse::{Command, Relation};
use crate::text::Span;

/// What a statement does to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Puts rows or values into it.
    Write,
    /// Puts rows into it in the place of those that it has.
    Overwrite,
    /// Gives values to rows that it has: to all of them, or to some.
    Update { all: bool },
    /// Makes it, with or without rows, or replaces it.
    Create,
    /// Makes it if it is not there.
    CreateMissing,
    /// Changes what it is, removes rows.
    Change,
    /// Removes all rows.
    Empty,
    /// Removes it.
    Drop,
    /// Gives it the name of another.
    Rename(TableId),
    /// Exchanges it with another.
    Swap(TableId),
}

/// A change of a table.
#[derive(Debug)]
pub(crate) struct Effect {
    pub(crate) action: Action,
    pub(crate) table: TableId,
    pub(crate) span: Span,
    /// The columns that get values, with what they get.
    pub(crate) columns: Vec<Output>,
    /// What chose the rows.
    pub(crate) rows: Option<super::Node>,
    /// The columns that the table has from now on, where the statement says so.
    pub(crate) defines: Option<Vec<Name>>,
}

/// What a statement, or a statement inside of a procedure, does.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) kind: Cow<'static, str>,
    pub(crate) reads: Vec<(TableId, Span)>,
    pub(crate) effects: Vec<Effect>,
    /// What it gives to whoever sent it.
    pub(crate) gives: Option<Rows>,
}

impl<'t> Resolver<'t, '_, '_> {
    /// Resolves a statement; those that hold others give one outcome for each.
    pub(crate) fn statement(&mut self, statement: &'t Statement, outcomes: &mut Vec<Outcome>) {
        let gives = match statement {
            Statement::Query(query) => {
                let rows = self.query(query, None);
                match self.into.take() {
                    Some(name) => {
                        self.create_from(name, &[], rows, Action::Create);
                        None
                    }
                    None => Some(rows),
                }
            }
            Statement::Insert(insert) => self.insert(insert, None),
            Statement::Update(update) => self.update(update, None),
            Statement::Delete(delete) => self.delete(delete, None),
            Statement::Merge(merge) => self.merge(merge, None),
            Statement::CreateTable(create) => {
                self.create_table(create);
                None
            }
            Statement::CreateView(create) => {
                self.create_view(create);
                None
            }
            Statement::AlterView { name, columns, query, .. } => {
                let rows = self.query(query, None);
                let columns: Vec<Name> = columns.iter().map(|ident| self.scopes.names.ident(ident)).collect();
                self.create_from(name, &columns, rows, Action::Create);
                None
            }
            Statement::AlterTable(alter) => {
                self.alter_table(alter);
                None
            }
            Statement::Drop { .. }
            | Statement::Truncate(_)
            | Statement::RenameTable(_)
            | Statement::Use(_) => {
                self.catalogue(statement);
                None
            }
            Statement::Copy { .. }
            | Statement::CopyIntoSnowflake { .. }
            | Statement::Unload { .. }
            | Statement::LoadData { .. }
            | Statement::Directory { .. }
            | Statement::ExportData(_)
            | Statement::Cache { .. } => {
                self.transfer(statement);
                None
            }
            Statement::Explain { statement, .. } | Statement::Prepare { statement, .. } => {
                return self.statement(statement, outcomes);
            }
            _ => {
                let around = std::mem::replace(&mut self.scopes.is_procedural, true);
                self.block(statement, outcomes);
                self.scopes.is_procedural = around;
                return;
            }
        };
        self.finish(kind_of(statement), gives, outcomes);
    }

    /// Ends a statement: what was met since the last end is its own.
    fn finish(
        &mut self,
        kind: impl Into<Cow<'static, str>>,
        gives: Option<Rows>,
        outcomes: &mut Vec<Outcome>,
    ) {
        outcomes.push(Outcome {
            kind: kind.into(),
            reads: std::mem::take(&mut self.reads),
            effects: std::mem::take(&mut self.effects),
            gives,
        });
    }

    /// Statements that hold statements.
    fn block(&mut self, statement: &'t Statement, outcomes: &mut Vec<Outcome>) {
        match statement {
            Statement::CreateProcedure { body, .. } => self.conditional(body, outcomes),
            Statement::StartTransaction { statements, exception, .. } => {
                let handlers = exception.iter().flatten().flat_map(|when| &when.statements);
                for inner in statements.iter().chain(handlers) {
                    self.statement(inner, outcomes);
                }
            }
            Statement::If(r#if) => {
                let blocks =
                    std::iter::once(&r#if.if_block).chain(&r#if.elseif_blocks).chain(&r#if.else_block);
                for block in blocks {
                    self.conditional_block(block, outcomes);
                }
            }
            Statement::Case(case) => {
                for block in case.when_blocks.iter().chain(&case.else_block) {
                    self.conditional_block(block, outcomes);
                }
            }
            Statement::While(r#while) => self.conditional_block(&r#while.while_block, outcomes),
            Statement::CreateTrigger(trigger) => {
                if let Some(statements) = &trigger.statements {
                    self.conditional(statements, outcomes);
                }
            }
            Statement::CreateFunction(function) => {
                let names = function.args.iter().flatten().filter_map(|arg| arg.name.as_ref());
                for ident in names {
                    let name = self.scopes.names.ident(ident);
                    self.scopes.variables.insert(self.scopes.names.key(name));
                }
                self.function_body(function, outcomes);
            }
            Statement::CreateMacro {
                args,
                definition: sqlparser::ast::MacroDefinition::Table(query),
                ..
            } => {
                for arg in args.iter().flatten() {
                    let name = self.scopes.names.ident(&arg.name);
                    self.scopes.variables.insert(self.scopes.names.key(name));
                }
                let rows = self.query(query, None);
                self.finish("CREATE MACRO", Some(rows), outcomes);
            }
            Statement::Declare { stmts } => {
                for query in stmts.iter().filter_map(|declare| declare.for_query.as_deref()) {
                    self.query(query, None);
                }
                for declare in stmts {
                    if let Some(value) = declare.assignment.as_ref().and_then(super::variables::assigned) {
                        self.set_variables(declare.names.iter(), value);
                    }
                }
                // T-SQL: a variable that is a table.
                for declare in stmts {
                    if let Some(DataType::Table(columns)) = &declare.data_type
                        && let Some(ident) = declare.names.first()
                    {
                        let names =
                            columns.iter().flatten().map(|c| self.scopes.names.ident(&c.name)).collect();
                        let table = self.path_id(&ident.value);
                        self.effect(Action::Create, table, super::values::span(ident.span), Some(names));
                    }
                }
                self.finish("DECLARE", None, outcomes);
            }
            Statement::Set(set) => {
                match set {
                    sqlparser::ast::Set::SingleAssignment { variable, values, .. } => match &values[..] {
                        [value] => self.set_variables(last_ident(variable), value),
                        values => self.loose(values),
                    },
                    sqlparser::ast::Set::ParenthesizedAssignments { variables, values } => {
                        for (variable, value) in variables.iter().zip(values) {
                            self.set_variables(last_ident(variable), value);
                        }
                    }
                    _ => {}
                }
                self.finish("SET", None, outcomes);
            }
            Statement::Call(function) => {
                self.called(function);
                self.opaque(&function.name);
                self.finish("CALL", None, outcomes);
            }
            Statement::Execute { name, parameters, using, .. } => {
                self.loose(parameters);
                self.loose(using.iter().map(|value| &value.expr));
                // PL/pgSQL executes the value of an expression.
                let is_name =
                    |name: &&ObjectName| last_ident(name).is_some_and(|ident| ident.value != "format");
                match name.as_ref().filter(is_name) {
                    Some(name) => self.opaque(name),
                    None => {
                        let what = self.scopes.names.exact("EXECUTE");
                        self.scopes.doubt(DoubtKind::Opaque, what, Vec::new(), NOWHERE);
                    }
                }
                self.finish("EXECUTE", None, outcomes);
            }
            Statement::Assert { condition, message } => {
                self.loose(std::iter::once(condition).chain(message));
                self.finish("ASSERT", None, outcomes);
            }
            Statement::CreatePolicy(policy) => {
                self.loose(policy.using.iter().chain(&policy.with_check));
                self.finish("CREATE POLICY", None, outcomes);
            }
            Statement::Return(value) => {
                if let Some(sqlparser::ast::ReturnStatementValue::Expr(expr)) = &value.value {
                    self.loose([expr]);
                }
                self.finish("RETURN", None, outcomes);
            }
            other => self.finish(kind_of(other), None, outcomes),
        }
    }

    fn function_body(&mut self, function: &'t CreateFunction, outcomes: &mut Vec<Outcome>) {
        match &function.function_body {
            Some(CreateFunctionBody::AsBeginEnd(block)) => {
                for inner in &block.statements {
                    self.statement(inner, outcomes);
                }
            }
            Some(CreateFunctionBody::AsReturnSelect(select)) => {
                let rows = self.select(select, None, None);
                self.finish("CREATE FUNCTION", Some(rows), outcomes);
            }
            Some(
                CreateFunctionBody::Return(expr)
                | CreateFunctionBody::AsReturnExpr(expr)
                | CreateFunctionBody::AsAfterOptions(expr)
                | CreateFunctionBody::AsBeforeOptions { body: expr, .. },
            ) => {
                let mut expr = expr;
                while let sqlparser::ast::Expr::Nested(inner) = expr {
                    expr = inner;
                }
                if let sqlparser::ast::Expr::Subquery(query) = expr {
                    let rows = self.query(query, None);
                    return self.finish("CREATE FUNCTION", Some(rows), outcomes);
                }
                self.finish("CREATE FUNCTION", None, outcomes);
            }
            None => self.finish("CREATE FUNCTION", None, outcomes),
        }
    }

    /// Expressions outside of any query: what they read counts, what they give goes nowhere.
    fn loose(&mut self, exprs: impl IntoIterator<Item = &'t sqlparser::ast::Expr>) {
        let scope = self.scopes.add_scope(None);
        let doubts = self.scopes.doubts.len();
        let start = self.scopes.values.begin();
        for expr in exprs {
            self.walk(expr, super::Kind::Transformation, super::query::Place::new(scope));
        }
        self.scopes.values.discard(start);
        // Words without a table around them are variables and settings.
        self.scopes.doubts.truncate(doubts);
    }

    /// The arguments of a procedure.
    fn called(&mut self, function: &'t Function) {
        match &function.args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(query) => {
                self.query(query, None);
            }
            FunctionArguments::List(list) => {
                let exprs = list.args.iter().filter_map(|arg| match arg {
                    FunctionArg::Named { arg: FunctionArgExpr::Expr(expr), .. }
                    | FunctionArg::ExprNamed { arg: FunctionArgExpr::Expr(expr), .. }
                    | FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                    _ => None,
                });
                self.loose(exprs);
            }
        }
    }

    /// Says that nobody sees what a procedure, or a prepared statement, does.
    fn opaque(&mut self, name: &ObjectName) {
        let Some(ident) = name.0.last().and_then(|part| part.as_ident()) else { return };
        let (name, at) = (self.scopes.names.ident(ident), super::values::span(ident.span));
        self.scopes.doubt(DoubtKind::Opaque, name, Vec::new(), at);
    }

    fn conditional_block(&mut self, block: &'t ConditionalStatementBlock, outcomes: &mut Vec<Outcome>) {
        self.loose(&block.condition);
        self.conditional(&block.conditional_statements, outcomes);
    }

    fn conditional(&mut self, statements: &'t ConditionalStatements, outcomes: &mut Vec<Outcome>) {
        let list = match statements {
            ConditionalStatements::Sequence { statements } => statements,
            ConditionalStatements::BeginEnd(block) => &block.statements,
        };
        for statement in list {
            self.statement(statement, outcomes);
        }
    }

    /// A statement that is known by its tables alone.
    pub(crate) fn command(&mut self, command: &'t Command, outcomes: &mut Vec<Outcome>) {
        let rows = command.query.as_deref().map(|query: &'t Query| self.query(query, None));
        self.record(command, rows);
        for relation in &command.reads {
            let (table, span) = self.relation_id(relation);
            self.reads.push((table, span));
        }
        for relation in &command.writes {
            let (table, span) = self.relation_id(relation);
            let columns = match rows {
                Some(rows) => {
                    let listed: Vec<Name> =
                        command.columns.iter().map(|ident| self.scopes.names.ident(ident)).collect();
                    let outputs = self.scopes.shape(rows.shape).columns.clone();
                    self.placed(table, &listed, &[], &outputs, span)
                }
                None => Vec::new(),
            };
            self.effects.push(Effect {
                // What is read goes into what is written.
                action: if rows.is_some() || !command.reads.is_empty() || command.fills() {
                    Action::Write
                } else {
                    Action::Change
                },
                table,
                span,
                columns,
                rows: rows.map(|rows| rows.node),
                defines: None,
            });
        }
        // What a script reads for its own control, and what cursors give to it, goes to nobody.
        let inner = ["DECLARE", "FOR", "IF", "WHEN", "WHILE", "CASE", "UNTIL", "OPEN", "SET"];
        let gives = rows.filter(|_| command.writes.is_empty() && !inner.contains(&&*command.kind));
        self.finish(command.kind.clone(), gives, outcomes);
    }

    /// Lets a record or cursor stand for the rows of a query, or of a cursor.
    fn record(&mut self, command: &'t Command, rows: Option<Rows>) {
        let Some(record) = &command.record else { return };
        let name = self.scopes.names.ident(record);
        let key = self.scopes.names.key(name);
        let Some(rows) = rows else {
            let cursor = command.cursor.as_ref().map(|cursor| self.scopes.names.ident(cursor));
            let table = cursor.and_then(|cursor| self.scopes.tables.record(self.scopes.names.key(cursor)));
            if let Some(table) = table {
                self.scopes.tables.same_record(key, table);
            }
            return;
        };
        let table = self.scopes.tables.new_record(key, &mut self.scopes.names);
        let columns = self.scopes.shape(rows.shape).columns.clone();
        let defines = Some(columns.iter().filter_map(|column| column.name).collect());
        let span = super::values::span(record.span);
        self.effects.push(Effect {
            action: Action::Create,
            table,
            span,
            columns,
            rows: Some(rows.node),
            defines,
        });
    }

    fn relation_id(&mut self, relation: &Relation) -> (TableId, Span) {
        match relation {
            Relation::Table(name) => self.table_id(name).unwrap_or((TableId::UNKNOWN, NOWHERE)),
            Relation::Path(path) => (self.path_id(path), NOWHERE),
        }
    }

    /// The table that a file, folder or stage is.
    pub(super) fn path_id(&mut self, path: &str) -> TableId {
        let name = self.scopes.names.exact(path);
        self.scopes.tables.table(vec![name], &mut self.scopes.names, self.scopes.catalog)
    }

    /// The table of a name; `None` where the name is computed.
    pub(super) fn table_id(&mut self, name: &ObjectName) -> Option<(TableId, Span)> {
        let (parts, span) = self.table_name(name)?;
        Some((self.scopes.tables.table(parts, &mut self.scopes.names, self.scopes.catalog), span))
    }
}

fn last_ident(name: &ObjectName) -> Option<&Ident> {
    name.0.last().and_then(|part| part.as_ident())
}

fn kind_of(statement: &Statement) -> &'static str {
    match statement {
        Statement::Query(query) => match &*query.body {
            SetExpr::Insert(_) => "INSERT",
            SetExpr::Update(_) => "UPDATE",
            SetExpr::Delete(_) => "DELETE",
            SetExpr::Merge(_) => "MERGE",
            _ => "SELECT",
        },
        Statement::Insert(_) => "INSERT",
        Statement::Update(_) => "UPDATE",
        Statement::Delete(_) => "DELETE",
        Statement::Merge(_) => "MERGE",
        Statement::CreateTable(create) if create.query.is_some() => "CREATE TABLE AS",
        Statement::CreateTable(_) => "CREATE TABLE",
        Statement::CreateView(_) => "CREATE VIEW",
        Statement::AlterTable(_) => "ALTER TABLE",
        Statement::AlterView { .. } => "ALTER VIEW",
        Statement::Drop { .. } => "DROP",
        Statement::Truncate(_) => "TRUNCATE",
        Statement::RenameTable(_) => "RENAME TABLE",
        Statement::Use(_) => "USE",
        Statement::Copy { .. } | Statement::CopyIntoSnowflake { .. } => "COPY",
        Statement::Unload { .. } => "UNLOAD",
        Statement::LoadData { .. } => "LOAD DATA",
        Statement::Directory { .. } => "INSERT DIRECTORY",
        Statement::ExportData(_) => "EXPORT DATA",
        Statement::Cache { .. } => "CACHE TABLE",
        Statement::Set(_) => "SET",
        Statement::CreateFunction(_) => "CREATE FUNCTION",
        Statement::CreateProcedure { .. } => "CREATE PROCEDURE",
        _ => "OTHER",
    }
}
