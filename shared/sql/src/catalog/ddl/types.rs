//! Types of a schema's own: what CREATE TYPE … AS ENUM and CREATE DOMAIN say of the columns that have them.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use sqlparser::ast::{
    CreateDomain, DataType, EnumMember, Expr, Ident, ObjectName, TableConstraint,
    UserDefinedTypeRepresentation, VisitMut, VisitorMut,
};

use super::Reader;
use crate::parse::Script;

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
        /// The collation of its texts, where it has one of its own.
        collation: Option<String>,
        /// Whether NULL is none of its values.
        not_null: bool,
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
    /// The collation of a domain.
    pub(super) collation: Option<String>,
    /// Whether a domain excludes NULL.
    pub(super) not_null: bool,
    /// What the column's values fulfil.
    pub(super) checks: Vec<String>,
    /// Whether it is a domain.
    pub(super) is_domain: bool,
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
        let conditions = domain.constraints.iter().filter_map(|constraint| match constraint {
            TableConstraint::Check(check) => Some((*check.expr).clone()),
            _ => None,
        });
        let (nulls, mut checks): (Vec<Expr>, Vec<Expr>) = conditions.partition(excludes_null);
        let (mut data_type, mut not_null) = (domain.data_type.to_string(), !nulls.is_empty());
        let mut collation = domain.collation.as_ref().map(ToString::to_string);
        if let Some(Declared::Domain {
            data_type: under,
            collation: other,
            not_null: is_bound,
            checks: inherited,
        }) = self.declared_type(&domain.data_type)
        {
            data_type.clone_from(under);
            collation = collation.or_else(|| other.clone());
            not_null |= is_bound;
            checks.extend(inherited.iter().cloned());
        }
        if self.name(&domain.name).pop().is_some_and(|last| self.weakened.contains(&last.to_lowercase())) {
            not_null = false;
            checks.clear();
        }
        self.declare(&domain.name, Declared::Domain { data_type, collation, not_null, checks });
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
            Some(Declared::Domain { data_type, collation, not_null, checks }) => Resolved {
                data_type: Some(data_type.clone()),
                labels: Vec::new(),
                collation: collation.clone(),
                not_null: *not_null,
                checks: checks.iter().map(|check| about(check, column)).collect(),
                is_domain: true,
            },
        }
    }
}

/// The domains that are dropped, or of which some statement of the script drops a constraint, wherever it stands:
/// columns keep what is left in the end.
pub(super) fn weakened(script: &Script<'_>) -> HashSet<String> {
    let (mut created, mut weakened) = (HashSet::new(), HashSet::new());
    for statement in &script.statements {
        let mut words = script.text_of(statement).split(|c: char| c.is_whitespace() || ",;".contains(c));
        let mut next = || words.find(|word| !word.is_empty()).map(str::to_lowercase);
        let (Some(verb), Some("domain")) = (next(), next().as_deref()) else { continue };
        let named = |word: &String| word.rsplit('.').next().unwrap_or_default().trim_matches('"').to_owned();
        let rest: Vec<String> = std::iter::from_fn(next).collect();
        match verb.as_str() {
            "create" => created.extend(rest.first().map(named)),
            "alter" if rest.iter().any(|word| word == "drop") => weakened.extend(rest.first().map(named)),
            // It may take columns along.
            "drop" => weakened.extend(rest.iter().map(named).filter(|name| created.contains(name))),
            _ => {}
        }
    }
    weakened
}

/// Whether a domain's condition is that a value is not NULL.
fn excludes_null(check: &Expr) -> bool {
    match check {
        Expr::Nested(inner) => excludes_null(inner),
        Expr::IsNotNull(operand) => matches!(&**operand, Expr::Identifier(ident) if is_value(ident)),
        _ => false,
    }
}

/// Whether this is the value that a domain's condition is about.
fn is_value(ident: &Ident) -> bool {
    ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("VALUE")
}

/// A domain's condition as one about a column.
fn about(check: &Expr, column: &Ident) -> String {
    struct Values<'a>(&'a Ident);
    impl VisitorMut for Values<'_> {
        type Break = ();

        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if let Expr::Identifier(ident) = expr
                && is_value(ident)
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
