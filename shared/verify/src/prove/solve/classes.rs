//! Which terms are the same: equality closed under functions (congruence), keys and NULL.
//!
//! Two terms of one type that compare equal are one term from then on, floats excepted, whose two zeros
//! compare equal. NULL is a term too: what is NULL is the same as NULL.

use std::collections::HashMap;

use crate::prove::build::compare::order;
use crate::prove::build::is_strict;
use crate::prove::prover::Prover;
use crate::prove::term::{Literal, Source, Term, Type, Var};

/// Classes of terms.
#[derive(Debug, Clone, Default)]
pub struct Classes {
    terms: Vec<Term>,
    /// By mark: the terms that have it.
    ids: HashMap<u64, Vec<usize>>,
    parent: Vec<usize>,
    /// Of a root: whether it cannot be NULL.
    not_null: Vec<bool>,
    /// Of a root: the literal in the class.
    literal: Vec<Option<usize>>,
    /// Whether two literals became one, or NULL what cannot be NULL.
    pub contradiction: bool,
}

impl Classes {
    /// The class of a term.
    pub fn intern(&mut self, term: &Term) -> usize {
        let term = if term.is_null() { &Term::null() } else { term };
        if let Some(id) = self.id(term) {
            return self.find(id);
        }
        if let Term::Call(_, arguments, _) = term {
            for argument in arguments {
                self.intern(argument);
            }
        }
        let id = self.terms.len();
        self.terms.push(term.clone());
        self.ids.entry(super::mark::of(term)).or_default().push(id);
        self.parent.push(id);
        let is_literal = matches!(term, Term::Literal(..));
        self.not_null.push(is_literal && !term.is_null());
        self.literal.push(is_literal.then_some(id));
        id
    }

    /// The class of a term that is known already.
    pub fn known(&self, term: &Term) -> Option<usize> {
        let term = if term.is_null() { &Term::null() } else { term };
        self.id(term).map(|id| self.find(id))
    }

    fn id(&self, term: &Term) -> Option<usize> {
        self.ids.get(&super::mark::of(term))?.iter().copied().find(|&id| self.terms[id] == *term)
    }

    fn find(&self, mut id: usize) -> usize {
        while self.parent[id] != id {
            id = self.parent[id];
        }
        id
    }

    /// Makes two terms one.
    pub fn unite(&mut self, a: &Term, b: &Term) {
        let (a, b) = (self.intern(a), self.intern(b));
        self.unite_ids(a, b);
    }

    fn unite_ids(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return;
        }
        match (self.literal[a], self.literal[b]) {
            (Some(x), Some(y)) => {
                let same = match (&self.terms[x], &self.terms[y]) {
                    (Term::Literal(x, _), Term::Literal(y, _)) => order(x, y).map_or(x == y, |o| o.is_eq()),
                    _ => false,
                };
                self.contradiction |= !same;
            }
            (None, Some(y)) => self.literal[a] = Some(y),
            _ => {}
        }
        self.parent[b] = a;
        self.not_null[a] |= self.not_null[b];
        self.check_null(a);
    }

    fn check_null(&mut self, root: usize) {
        let is_null = self.literal[root].is_some_and(|at| self.terms[at].is_null());
        self.contradiction |= is_null && self.not_null[root];
    }

    /// Notes that the term is not NULL.
    pub fn set_not_null(&mut self, term: &Term) {
        let root = self.intern(term);
        self.not_null[root] = true;
        self.check_null(root);
    }

    /// Whether the class cannot be NULL.
    pub fn is_not_null(&self, class: usize) -> bool {
        self.not_null[self.find(class)]
    }

    /// Whether the class is NULL.
    pub fn is_null(&self, class: usize) -> bool {
        self.constant(class).is_some_and(Term::is_null)
    }

    /// The literal of a class.
    pub fn constant(&self, class: usize) -> Option<&Term> {
        self.literal[self.find(class)].map(|at| &self.terms[at])
    }

    /// All terms.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The terms of a class.
    pub fn members(&self, class: usize) -> impl Iterator<Item = &Term> {
        let root = self.find(class);
        self.terms.iter().enumerate().filter(move |(at, _)| self.find(*at) == root).map(|(_, term)| term)
    }

    /// Follows what equalities and NOT NULL entail, until nothing is new.
    pub fn close(&mut self, prover: &Prover<'_>, sources: &[(Var, Source)]) {
        loop {
            if self.contradiction {
                return;
            }
            let before = self.marks();
            self.declared_not_null(prover, sources);
            self.strict_not_null();
            self.congruent();
            self.keys(prover, sources);
            if self.marks() == before {
                return;
            }
        }
    }

    fn marks(&self) -> (usize, usize, usize) {
        let roots = (0..self.terms.len()).filter(|&at| self.parent[at] == at).count();
        (self.terms.len(), roots, self.not_null.iter().filter(|n| **n).count())
    }

    fn declared_not_null(&mut self, prover: &Prover<'_>, sources: &[(Var, Source)]) {
        for at in 0..self.terms.len() {
            let Term::Column(var, column, _) = self.terms[at] else { continue };
            let table = sources.iter().find(|(own, _)| *own == var).map(|(_, source)| source);
            if let Some(Source::Table(table)) = table
                && !prover.schema.relations[*table].attributes[column].nullable
            {
                let root = self.find(at);
                self.not_null[root] = true;
                self.check_null(root);
            }
        }
    }

    fn strict_not_null(&mut self) {
        for at in 0..self.terms.len() {
            let Term::Call(name, arguments, _) = self.terms[at].clone() else { continue };
            if !is_strict(&name) {
                continue;
            }
            let arguments: Vec<usize> = arguments.iter().map(|argument| self.intern(argument)).collect();
            let root = self.find(at);
            if self.not_null[root] {
                for argument in arguments {
                    self.not_null[argument] = true;
                    self.check_null(argument);
                }
            } else if arguments.iter().all(|&argument| self.not_null[argument]) {
                self.not_null[root] = true;
                self.check_null(root);
            } else if arguments.iter().any(|&argument| self.is_null(argument)) {
                let null = self.intern(&Term::null());
                self.unite_ids(root, null);
            }
        }
    }

    fn congruent(&mut self) {
        let mut seen: HashMap<(String, Vec<usize>, Type), usize> = HashMap::new();
        for at in 0..self.terms.len() {
            let Term::Call(name, arguments, data_type) = self.terms[at].clone() else { continue };
            let mut arguments: Vec<usize> = arguments.iter().map(|argument| self.intern(argument)).collect();
            if matches!(name.as_str(), "+" | "*") && data_type.is_exact() {
                arguments.sort_unstable();
            }
            match seen.get(&(name.clone(), arguments.clone(), data_type.clone())) {
                Some(&other) => self.unite_ids(other, at),
                None => {
                    seen.insert((name, arguments, data_type), at);
                }
            }
            self.fold(at);
        }
    }

    /// A call whose arguments have become literals is a literal.
    fn fold(&mut self, at: usize) {
        let Term::Call(name, arguments, data_type) = self.terms[at].clone() else { return };
        let mut changed = false;
        let folded: Vec<Term> = arguments
            .iter()
            .map(|argument| {
                let class = self.intern(argument);
                match self.constant(class) {
                    Some(literal) if literal != argument => {
                        changed = true;
                        literal.clone()
                    }
                    _ => argument.clone(),
                }
            })
            .collect();
        if changed {
            let term = crate::prove::build::call(&name, folded, &data_type);
            let class = self.intern(&term);
            self.unite_ids(class, at);
        }
    }

    /// Two rows of one table with the same key are one row.
    fn keys(&mut self, prover: &Prover<'_>, sources: &[(Var, Source)]) {
        for (at, (a, source)) in sources.iter().enumerate() {
            let Source::Table(table) = source else { continue };
            for (b, _) in sources[at + 1..].iter().filter(|(_, other)| other == source) {
                for key in &prover.schema.relations[*table].keys {
                    let agree = key.iter().all(|&column| {
                        let class = |var: Var| self.column(var, column);
                        matches!((class(*a), class(*b)), (Some(x), Some(y)) if x == y && self.is_not_null(x))
                    });
                    if agree && !key.is_empty() {
                        self.one_row(*a, *b);
                    }
                }
            }
        }
    }

    /// The class of a column, where it is known.
    pub fn column(&self, var: Var, column: usize) -> Option<usize> {
        let at = self
            .terms
            .iter()
            .position(|t| matches!(t, Term::Column(v, c, _) if *v == var && *c == column))?;
        Some(self.find(at))
    }

    fn one_row(&mut self, a: Var, b: Var) {
        let columns: Vec<(usize, Type)> = self
            .terms
            .iter()
            .filter_map(|term| match term {
                Term::Column(var, column, t) if *var == a || *var == b => Some((*column, t.clone())),
                _ => None,
            })
            .collect();
        for (column, t) in columns {
            self.unite(&Term::Column(a, column, t.clone()), &Term::Column(b, column, t));
        }
    }
}

/// Whether terms of this type that compare equal are the same.
pub fn is_one_where_equal(a: &Term, b: &Term) -> bool {
    a.type_of() == b.type_of() && *a.type_of() != Type::Float
}

/// The value of a literal in millionths, where it has one, and the scale on which it lies.
pub fn units(literal: &Literal) -> Option<(u8, i128)> {
    const ONE: i128 = 1_000_000;
    match literal {
        Literal::Int(_) | Literal::Decimal(..) => {
            crate::prove::build::number::Number::of(literal)?.in_units(6).map(|n| (0, n))
        }
        Literal::Date(day) => Some((1, i128::from(*day) * ONE)),
        Literal::Timestamp(n) => Some((2, i128::from(*n))),
        Literal::Time(n) => Some((3, i128::from(*n))),
        _ => None,
    }
}
