//! Types of a schema's own: what CREATE TYPE … AS ENUM and CREATE DOMAIN say of the columns that have them.

use std::collections::HashMap;
use std::ops::ControlFlow;

use sqlparser::ast::{
    CreateDomain, DataType, EnumMember, Expr, Ident, ObjectName, TableConstraint,
    UserDefinedTypeRepresentation, VisitMut, VisitorMut,
};

use super::Reader;

/// The types that a script has declared, by the last part of their names in lower case.
pub(super) type Types = HashMap<String, Declared>;

/// A type that is declared by name.
#[derive(Clone)]
pub(super) enum Declared {
    /// An enumeration, with its labels in order.
    Labels(Vec<String>),
    /// A domain over another type.
    Domain {
        /// The type under it, as written.
        data_type: String,
        /// What each of its values fulfils: a condition about VALUE.
        checks: Vec<Expr>,
    },
}

/// What a column's type comes to.
#[derive(Default)]
pub(super) struct Resolved {
    /// The type as written, a domain's by that under it.
    pub(super) data_type: Option<String>,
    /// The labels of an enumeration, in order.
    pub(super) labels: Vec<String>,
    /// What the column's values fulfil.
    pub(super) checks: Vec<String>,
}

impl Reader<'_> {
    /// Takes note of a type; those that are no enumeration stay names.
    pub(super) fn create_type(
        &mut self,
        name: &ObjectName,
        representation: Option<&UserDefinedTypeRepresentation>,
    ) {
        let Some(UserDefinedTypeRepresentation::Enum { labels }) = representation else { return };
        let labels = labels.iter().map(|label| label.value.clone()).collect();
        self.declare(name, Declared::Labels(labels));
    }

    /// Takes note of a domain. One over another domain has that one's conditions as well.
    pub(super) fn create_domain(&mut self, domain: &CreateDomain) {
        let mut checks: Vec<Expr> = domain
            .constraints
            .iter()
            .filter_map(|constraint| match constraint {
                TableConstraint::Check(check) => Some((*check.expr).clone()),
                _ => None,
            })
            .collect();
        let data_type = match self.declared_type(&domain.data_type) {
            Some(Declared::Domain { data_type, checks: inherited }) => {
                checks.extend(inherited.iter().cloned());
                data_type.clone()
            }
            _ => domain.data_type.to_string(),
        };
        self.declare(&domain.name, Declared::Domain { data_type, checks });
    }

    fn declare(&mut self, name: &ObjectName, declared: Declared) {
        if let Some(last) = self.name(name).pop() {
            self.types.insert(last.to_lowercase(), declared);
        }
    }

    fn declared_type(&self, data_type: &DataType) -> Option<&Declared> {
        let DataType::Custom(name, arguments) = data_type else { return None };
        let last = self.name(name).pop().filter(|_| arguments.is_empty())?;
        self.types.get(&last.to_lowercase())
    }

    /// What the type of a column comes to.
    pub(super) fn resolved(&self, column: &Ident, written: &DataType) -> Resolved {
        let data_type = (*written != DataType::Unspecified).then(|| written.to_string());
        if let DataType::Enum(members, _) = written {
            let label = |member: &EnumMember| match member {
                EnumMember::Name(label) | EnumMember::NamedValue(label, _) => label.clone(),
            };
            return Resolved {
                data_type,
                labels: members.iter().map(label).collect(),
                ..Resolved::default()
            };
        }
        match self.declared_type(written) {
            None => Resolved { data_type, ..Resolved::default() },
            Some(Declared::Labels(labels)) => {
                Resolved { data_type, labels: labels.clone(), ..Resolved::default() }
            }
            Some(Declared::Domain { data_type, checks }) => Resolved {
                data_type: Some(data_type.clone()),
                labels: Vec::new(),
                checks: checks.iter().map(|check| about(check, column)).collect(),
            },
        }
    }
}

/// A domain's condition as one about a column.
fn about(check: &Expr, column: &Ident) -> String {
    struct Values<'a>(&'a Ident);
    impl VisitorMut for Values<'_> {
        type Break = ();

        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if let Expr::Identifier(ident) = expr
                && ident.quote_style.is_none()
                && ident.value.eq_ignore_ascii_case("VALUE")
            {
                *ident = self.0.clone();
            }
            ControlFlow::Continue(())
        }
    }
    let mut check = check.clone();
    let _ = VisitMut::visit(&mut check, &mut Values(column));
    check.to_string()
}
