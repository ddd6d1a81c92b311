//! `COLUMNS(…)` of DuckDB and ClickHouse: an item of the list that stands for one item for each column.
//!
//! The item is resolved once for each of them, with the call standing for that column. What chooses the
//! columns and cannot be read here leaves them open, as a star does.

use sqlparser::ast::{
    Array, BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, SelectItem, Value,
};

use sqm_domain::Dialect;

use super::names::Name;
use super::pattern::Pattern;
use super::query::{NOWHERE, Place, Resolver};
use super::values::{Kind, NO_REFERENCE};
use super::{Output, Rest};

/// What chooses columns.
enum Choice {
    All,
    Named(Vec<Name>),
    Like(String),
    Matching(Pattern),
    /// Something that cannot be told here.
    Open,
}

impl<'t> Resolver<'t, '_, '_> {
    /// Whether the function is COLUMNS in a dialect that has it.
    pub(super) fn is_columns(&self, name: &str) -> bool {
        matches!(self.scopes.dialect, Dialect::DuckDb | Dialect::ClickHouse)
            && matches!(name, "columns" | "columns_unpacked")
    }

    /// The call: the column that it stands for at present, otherwise all that it could stand for.
    pub(super) fn columns_call(&mut self, function: &'t Function, name: &str, kind: Kind, place: Place<'t>) {
        if let Some(node) = self.stands_for.filter(|_| name == "columns") {
            return self.scopes.values.add(node, kind, NO_REFERENCE);
        }
        for column in self.chosen(function, place).0 {
            self.scopes.values.add(column.node, kind.over(Kind::Transformation), NO_REFERENCE);
        }
        if name == "columns" {
            self.columns_met = Some(function);
        }
    }

    /// Resolves an item that has met COLUMNS once for each column.
    pub(super) fn for_each_column(
        &mut self,
        item: &'t SelectItem,
        call: &'t Function,
        place: Place<'t>,
        rest: &mut Vec<Rest>,
    ) {
        let (expr, alias) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias)),
            _ => return,
        };
        let (columns, open) = self.chosen(call, place);
        for column in columns {
            self.stands_for = Some(column.node);
            let node = self.item(expr, place);
            let name = alias.map(|alias| self.scopes.names.ident(alias)).or(column.name);
            self.push_output(place.scope, name, node, column.star);
        }
        self.stands_for = None;
        self.columns_met = None;
        rest.push(open);
    }

    /// The columns that the call stands for.
    fn chosen(&mut self, function: &'t Function, place: Place<'t>) -> (Vec<Output>, Rest) {
        let FunctionArguments::List(list) = &function.args else { return (Vec::new(), Rest::Nothing) };
        let Some(FunctionArg::Unnamed(arg)) = list.args.first() else { return (Vec::new(), Rest::Nothing) };
        let choice = match arg {
            FunctionArgExpr::Wildcard => Choice::All,
            FunctionArgExpr::WildcardWithOptions(options) => {
                let (mut columns, mut rest) = self.expand_all(place.scope, NOWHERE);
                self.exclude(&mut columns, &mut rest, options);
                return (columns, rest);
            }
            FunctionArgExpr::QualifiedWildcard(name) => {
                return self.qualified_star(place, name, NOWHERE).unwrap_or_default();
            }
            FunctionArgExpr::Expr(expr) => self.choice(expr),
        };
        let (mut columns, rest) = self.expand_all(place.scope, NOWHERE);
        let names = &self.scopes.names;
        columns.retain(|column| {
            let Some(name) = column.name.filter(|_| !column.star) else { return true };
            match &choice {
                Choice::All | Choice::Open => true,
                Choice::Named(list) => list.iter().any(|&other| names.key(other) == names.key(name)),
                Choice::Like(pattern) => super::star::like(names.text(name), pattern),
                Choice::Matching(pattern) => pattern.matches(names.text(name)),
            }
        });
        (columns, rest)
    }

    fn choice(&mut self, expr: &'t Expr) -> Choice {
        match expr {
            Expr::Value(value) => match &value.value {
                Value::SingleQuotedString(text) => Pattern::read(text).map_or(Choice::Open, Choice::Matching),
                _ => Choice::Open,
            },
            Expr::Array(Array { elem, .. }) => {
                let texts = elem.iter().filter_map(text);
                Choice::Named(texts.map(|text| self.scopes.names.exact(text)).collect())
            }
            // c -> c LIKE 'a%'
            Expr::Lambda(lambda) => like_pattern(&lambda.body),
            Expr::BinaryOp { op: BinaryOperator::Arrow, right, .. } => like_pattern(right),
            _ => Choice::Open,
        }
    }
}

fn like_pattern(body: &Expr) -> Choice {
    match body {
        Expr::Like { negated: false, expr, pattern, escape_char: None, .. }
            if matches!(**expr, Expr::Identifier(_)) =>
        {
            text(pattern).map_or(Choice::Open, |text| Choice::Like(text.to_owned()))
        }
        _ => Choice::Open,
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
