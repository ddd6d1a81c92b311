//! One walk over the tree, which ends at the first thing that is not known to be harmless.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    ArrayElemTypeDef, BinaryOperator, DataType, Distinct, Expr, Function, Ident, ObjectName, Query, Select,
    SetExpr, Spanned, Statement, TableFactor, Visit, Visitor,
};

use super::{NotReadOnly, is_harmless};
use crate::parse::span;

/// Types of PostgreSQL that the parser has no name for. A cast to any other one may run a function of the
/// user's, in the CHECK of a domain.
const TYPES: &[&str] = &[
    "bpchar",
    "cidr",
    "citext",
    "inet",
    "int4range",
    "int8range",
    "macaddr",
    "money",
    "name",
    "numrange",
    "oid",
    "regclass",
    "regtype",
    "tsrange",
    "tstzrange",
    "daterange",
    "xml",
];

/// Functions whose result depends on the order of rows where ORDER BY leaves it open.
const BY_ORDER: &[&str] = &[
    "array_agg",
    "first_value",
    "json_agg",
    "json_object_agg",
    "jsonb_agg",
    "jsonb_object_agg",
    "lag",
    "last_value",
    "lead",
    "mode",
    "nth_value",
    "ntile",
    "row_number",
    "string_agg",
    "xmlagg",
];

/// What the walk has seen.
#[derive(Default)]
pub(super) struct Walked {
    pub functions: BTreeSet<String>,
    pub relations: BTreeSet<Vec<String>>,
    pub leaves_a_choice: bool,
}

/// Goes over all of a statement.
pub(super) fn walk(statement: &Statement) -> Result<Walked, NotReadOnly> {
    let mut walked = Walked::default();
    match statement.visit(&mut walked) {
        ControlFlow::Continue(()) => Ok(walked),
        ControlFlow::Break(why) => Err(why),
    }
}

type Step = ControlFlow<NotReadOnly>;

fn refuse(clause: &'static str) -> Step {
    ControlFlow::Break(NotReadOnly::Clause(clause))
}

impl Visitor for Walked {
    type Break = NotReadOnly;

    fn pre_visit_statement(&mut self, statement: &Statement) -> Step {
        // A statement inside of a query is one that changes data.
        match statement {
            Statement::Query(_) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(NotReadOnly::NotAQuery),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> Step {
        if !query.locks.is_empty() {
            return refuse("FOR UPDATE or FOR SHARE");
        }
        self.leaves_a_choice |= query.limit_clause.is_some() || query.fetch.is_some();
        body(&query.body)
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> Step {
        let folded = |part: &Ident| match part.quote_style {
            None => part.value.to_lowercase(),
            Some(_) => part.value.clone(),
        };
        let parts: Option<Vec<String>> = name.0.iter().map(|part| part.as_ident().map(folded)).collect();
        match parts {
            Some(parts) => {
                self.relations.insert(parts);
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(NotReadOnly::NotUnderstood),
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> Step {
        if select.into.is_some() {
            return refuse("SELECT INTO");
        }
        self.leaves_a_choice |= matches!(select.distinct, Some(Distinct::On(_)));
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Step {
        match factor {
            TableFactor::Table { sample: Some(_), .. } | TableFactor::Derived { sample: Some(_), .. } => {
                refuse("TABLESAMPLE")
            }
            TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } => {
                self.call(name)
            }
            TableFactor::Table { .. }
            | TableFactor::Derived { .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::TableFunction { .. }
            | TableFactor::UNNEST { .. } => ControlFlow::Continue(()),
            _ => ControlFlow::Break(NotReadOnly::NotUnderstood),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Step {
        match expr {
            Expr::Function(Function { name, .. }) => self.call(name),
            Expr::Cast { data_type, .. } => cast(data_type),
            Expr::BinaryOp { op: BinaryOperator::PGCustomBinaryOperator(_), .. } => refuse("OPERATOR()"),
            _ => ControlFlow::Continue(()),
        }
    }
}

impl Walked {
    fn call(&mut self, name: &ObjectName) -> Step {
        let parts: Vec<String> = name.0.iter().map(|part| part.to_string().to_lowercase()).collect();
        let plain = match parts.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [name] | ["pg_catalog", name] if is_harmless(name) => (*name).to_owned(),
            _ => {
                let at = span(name.span()).map(|span| span.start);
                return ControlFlow::Break(NotReadOnly::Function { name: name.to_string(), at });
            }
        };
        self.leaves_a_choice |= BY_ORDER.contains(&plain.as_str());
        self.functions.insert(plain);
        ControlFlow::Continue(())
    }
}

/// The bodies that change data are statements; here are those that do not say so.
fn body(body: &SetExpr) -> Step {
    match body {
        SetExpr::SetOperation { left, right, .. } => {
            self::body(left)?;
            self::body(right)
        }
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => ControlFlow::Continue(()),
        // Its name is no part of the tree that is walked.
        SetExpr::Table(_) => ControlFlow::Break(NotReadOnly::NotUnderstood),
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
            ControlFlow::Break(NotReadOnly::NotAQuery)
        }
    }
}

fn cast(to: &DataType) -> Step {
    match to {
        DataType::Array(
            ArrayElemTypeDef::SquareBracket(inner, _)
            | ArrayElemTypeDef::AngleBracket(inner)
            | ArrayElemTypeDef::Parenthesis(inner),
        ) => cast(inner),
        DataType::Custom(name, _) if !TYPES.contains(&name.to_string().to_lowercase().as_str()) => {
            refuse("a cast to a type of the database's own")
        }
        _ => ControlFlow::Continue(()),
    }
}
