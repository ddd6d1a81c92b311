//! Variables: what they are told by, what they hold, and where nobody sees that.
//!
//! A variable is a record with one column of its own name. What is set to it is a change of that record, so that
//! a value comes through it as through a table that a script fills.

use sqlparser::ast::{DeclareAssignment, Expr, Ident};

use super::lookup::Found;
use super::names::Name;
use super::query::{Place, Resolver};
use super::statement::{Action, Effect};
use super::values::{Kind, Node};
use super::{DoubtKind, Meaning, Output, ScopeId, Scopes};
use crate::text::Span;

impl<'t> Resolver<'t, '_, '_> {
    /// Lets variables stand for a value from now on.
    pub(super) fn set_variables(&mut self, variables: impl IntoIterator<Item = &'t Ident>, value: &'t Expr) {
        let scope = self.scopes.add_scope(None);
        let doubts = self.scopes.doubts.len();
        let node = self.item(value, Place::new(scope));
        self.scopes.doubts.truncate(doubts);
        let span = self.covered();
        for variable in variables {
            let name = self.scopes.names.ident(variable);
            let key = self.scopes.names.key(name);
            let table = self.scopes.tables.variable(key, &mut self.scopes.names);
            let columns = vec![Output { name: Some(name), node, span, star: false }];
            let (action, defines) = (Action::Write, Some(vec![name]));
            self.effects.push(Effect { action, table, span, columns, rows: None, defines });
        }
    }

    /// A variable in the form of a placeholder, `$v` or `:v`; one that the text does not declare or set is a
    /// parameter, whose value comes from elsewhere.
    pub(super) fn named_placeholder(&mut self, text: &str, at: Span, kind: Kind, place: Place<'t>) {
        let Some(name) = text.strip_prefix(['$', ':']).filter(|name| name.starts_with(char::is_alphabetic))
        else {
            return;
        };
        let name = self.scopes.names.fold(name);
        match self.scopes.record_column(name, name) {
            Some(node) => self.refer(Found { meaning: Meaning::Alias(node), node }, kind, place.scope, at),
            None => self.scopes.doubt_variable(name, at),
        }
    }
}

impl Scopes<'_> {
    /// Whether the script declares a variable of this name.
    pub(super) fn is_variable(&self, name: Name) -> bool {
        !self.variables.is_empty() && self.variables.contains(&self.names.key(name))
    }

    /// Whether a name that is no column can be taken for a variable: nothing is in sight, here or around,
    /// that columns could come from, and the statement is one of those that have variables.
    pub(super) fn may_be_variable(&self, scope: ScopeId) -> bool {
        self.is_procedural && !self.sees_relations(scope)
    }

    /// A column of the rows that a loop's record, or a cursor, stands for.
    pub(super) fn record_column(&mut self, record: Name, column: Name) -> Option<Node> {
        let table = self.tables.record(self.names.key(record))?;
        let column = self.tables.find(table, self.names.key(column))?;
        Some(self.tables.node(column, &mut self.values))
    }

    /// The value that a variable was given, if it was.
    pub(super) fn value_of(&mut self, name: Name) -> Option<Node> {
        let text = self.names.text(name);
        let is_variable = text.starts_with('@') || self.is_variable(name);
        (is_variable && self.tables.has_records()).then(|| self.record_column(name, name)).flatten()
    }

    /// Says once of a variable that nobody sees what it holds; system variables hold no columns.
    pub(super) fn doubt_variable(&mut self, name: Name, at: Span) {
        let text = self.names.text(name);
        let is_own = text.starts_with('@') && !text.starts_with("@@") || self.is_variable(name);
        if is_own && self.said_variables.insert(self.names.key(name)) {
            self.doubt(DoubtKind::Variable, name, Vec::new(), at);
        }
    }
}

/// The value that a declaration gives; `None` for what a cursor stands for.
pub(super) fn assigned(assignment: &DeclareAssignment) -> Option<&Expr> {
    match assignment {
        DeclareAssignment::Expr(value)
        | DeclareAssignment::Default(value)
        | DeclareAssignment::DuckAssignment(value)
        | DeclareAssignment::MsSqlAssignment(value) => Some(value),
        DeclareAssignment::For(_) => None,
    }
}
