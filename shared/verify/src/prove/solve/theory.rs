//! Whether facts can hold together: classes of equal terms, and order among them.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use super::Scene;
use super::classes::{Classes, is_one_where_equal, units};
use super::order::{Bound, contradict};
use crate::prove::build::number::{Number, Sum};
use crate::prove::equal::same_aggregate;
use crate::prove::prover::Prover;
use crate::prove::term::{Fact, Formula, Literal, Source, Term, Type, Var};

/// Facts that may hold together, as far as this sees.
pub struct Theory {
    /// Terms that are the same.
    pub classes: Classes,
}

impl Theory {
    /// The theory of these facts; `None` where they contradict each other.
    pub fn of(prover: &Prover<'_>, sources: &[(Var, Source)], facts: &[Fact]) -> Option<Self> {
        let mut classes = Classes::default();
        for fact in facts {
            read(&mut classes, fact);
        }
        classes.close(prover, sources);
        if unite_aggregates(prover, sources, &mut classes) {
            classes.close(prover, sources);
        }
        if classes.contradiction || facts.iter().any(|fact| denied(&mut classes, fact)) {
            return None;
        }
        let mut order = Order::new(&mut classes);
        facts.iter().for_each(|fact| order.read(fact));
        if order.contradicts(facts) {
            return None;
        }
        Some(Self { classes })
    }

    /// Whether the formula holds or fails, where that can be read off.
    pub fn eval(&self, formula: &Formula) -> Option<bool> {
        match formula {
            Formula::True => Some(true),
            Formula::False => Some(false),
            Formula::And(parts) => {
                let found: Vec<_> = parts.iter().map(|part| self.eval(part)).collect();
                if found.contains(&Some(false)) {
                    Some(false)
                } else {
                    found.iter().all(|f| *f == Some(true)).then_some(true)
                }
            }
            Formula::Or(parts) => {
                let found: Vec<_> = parts.iter().map(|part| self.eval(part)).collect();
                if found.contains(&Some(true)) {
                    Some(true)
                } else {
                    found.iter().all(|f| *f == Some(false)).then_some(false)
                }
            }
            Formula::Fact(fact) => self.eval_fact(fact),
        }
    }

    fn eval_fact(&self, fact: &Fact) -> Option<bool> {
        let class = |term: &Term| self.classes.known(term);
        let is_null = |term: &Term| class(term).is_some_and(|c| self.classes.is_null(c));
        let is_not_null = |term: &Term| {
            matches!(term, Term::Literal(literal, _) if *literal != Literal::Null)
                || class(term).is_some_and(|c| self.classes.is_not_null(c))
        };
        let one = |a: &Term, b: &Term| class(a).is_some() && class(a) == class(b);
        let apart = |a: &Term, b: &Term| {
            let constant = |term: &Term| match term {
                Term::Literal(..) => Some(term.clone()),
                other => class(other).and_then(|c| self.classes.constant(c)).cloned(),
            };
            match (constant(a), constant(b)) {
                (Some(Term::Literal(x, _)), Some(Term::Literal(y, _))) => {
                    crate::prove::build::compare::order(&x, &y).is_some_and(|o| o.is_ne())
                }
                _ => false,
            }
        };
        match fact {
            Fact::Null(a) if is_null(a) => Some(true),
            Fact::Null(a) if is_not_null(a) => Some(false),
            Fact::NotNull(a) if is_null(a) => Some(false),
            Fact::NotNull(a) if is_not_null(a) => Some(true),
            Fact::Equal(a, b) | Fact::Unequal(a, b) | Fact::Less(a, b) | Fact::AtMost(a, b)
                if is_null(a) || is_null(b) =>
            {
                Some(false)
            }
            Fact::Equal(a, b) if one(a, b) && is_not_null(a) => Some(true),
            Fact::Equal(a, b) if apart(a, b) => Some(false),
            Fact::Unequal(a, b) | Fact::Less(a, b) if one(a, b) => Some(false),
            Fact::Unequal(a, b) if apart(a, b) => Some(true),
            Fact::Same(a, b) if one(a, b) => Some(true),
            Fact::Same(a, b) if apart(a, b) => Some(false),
            Fact::Distinct(a, b) if one(a, b) => Some(false),
            Fact::Holds(a) | Fact::Fails(a) => {
                let value = self.classes.constant(class(a)?)?;
                let wanted = matches!(fact, Fact::Holds(_));
                Some(*value == Term::bool(wanted))
            }
            _ => None,
        }
    }
}

/// What a fact says of classes.
fn read(classes: &mut Classes, fact: &Fact) {
    match fact {
        Fact::Equal(a, b) => {
            classes.set_not_null(a);
            classes.set_not_null(b);
            if is_one_where_equal(a, b) {
                classes.unite(a, b);
            }
        }
        Fact::Unequal(a, b) | Fact::Less(a, b) | Fact::AtMost(a, b) => {
            classes.set_not_null(a);
            classes.set_not_null(b);
        }
        Fact::Same(a, b) => {
            classes.intern(a);
            classes.intern(b);
            if is_one_where_equal(a, b) || a.is_null() || b.is_null() {
                classes.unite(a, b);
            }
        }
        Fact::Distinct(a, b) => {
            classes.intern(a);
            classes.intern(b);
        }
        Fact::Null(a) => classes.unite(a, &Term::null()),
        Fact::NotNull(a) => classes.set_not_null(a),
        Fact::Holds(a) => classes.unite(a, &Term::bool(true)),
        Fact::Fails(a) => classes.unite(a, &Term::bool(false)),
        Fact::Exists(_) | Fact::Empty(_) => {}
    }
}

/// Whether the classes rule a fact out.
fn denied(classes: &mut Classes, fact: &Fact) -> bool {
    match fact {
        Fact::Unequal(a, b) | Fact::Less(a, b) | Fact::Distinct(a, b) => {
            classes.intern(a) == classes.intern(b)
        }
        _ => false,
    }
}

/// Aggregates over equal rows are one. Says whether any became one.
fn unite_aggregates(prover: &Prover<'_>, sources: &[(Var, Source)], classes: &mut Classes) -> bool {
    let aggregates: Vec<Term> =
        classes.terms().iter().filter(|term| matches!(term, Term::Aggregate(..))).cloned().collect();
    let mut united = false;
    for (at, a) in aggregates.iter().enumerate() {
        for b in &aggregates[at + 1..] {
            if classes.known(a) == classes.known(b) {
                continue;
            }
            let mut known = BTreeSet::new();
            let (one, two) = (settled(classes, a, &mut known), settled(classes, b, &mut known));
            let scene = Scene { sources: sources.to_vec(), formulas: known.into_iter().collect() };
            if same_aggregate(prover, scene, &one, &two) {
                classes.unite(a, b);
                united = true;
            }
        }
    }
    united
}

/// The term with each of its outer columns replaced by one of its class. What is known of the columns that
/// remain is added to `known`.
fn settled(classes: &Classes, term: &Term, known: &mut BTreeSet<Formula>) -> Term {
    let not_null = RefCell::new(known);
    crate::prove::substitute::term(term, &|var, at, data_type| {
        let column = Term::Column(var, at, data_type.clone());
        let class = classes.known(&column)?;
        if let Some(constant) = classes.constant(class)
            && constant.type_of() == data_type
        {
            return Some(constant.clone());
        }
        let columns =
            classes.members(class).filter(|t| matches!(t, Term::Column(..)) && t.type_of() == data_type);
        let first = columns.min()?.clone();
        if classes.is_not_null(class) {
            not_null.borrow_mut().insert(Fact::NotNull(first.clone()).into());
        }
        Some(first)
    })
}

/// Constraints on differences.
struct Order<'c> {
    classes: &'c mut Classes,
    nodes: HashMap<Node, usize>,
    bounds: Vec<Bound>,
    impossible: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Node {
    /// Nothing, on one of the scales.
    Zero(u8),
    Class(usize),
    Text(String),
}

impl<'c> Order<'c> {
    fn new(classes: &'c mut Classes) -> Self {
        let mut order = Self { classes, nodes: HashMap::new(), bounds: Vec::new(), impossible: false };
        for term in order.classes.terms().to_vec() {
            match &term {
                Term::Call(name, ..) if name == "+" && term.type_of().is_exact() => order.define(&term),
                // A sum of ones counts rows, and where there is a sum there is a row.
                Term::Aggregate(name, query, Type::Int)
                    if name == "sum"
                        && query.blocks.iter().all(|b| matches!(b.outputs.first(), Some(Term::Literal(Literal::Int(n), _)) if *n >= 1)) =>
                {
                    order.at_most(&Term::int(1), &term, false);
                }
                _ => {}
            }
        }
        order
    }

    fn node(&mut self, node: Node) -> usize {
        let next = self.nodes.len();
        *self.nodes.entry(node).or_insert(next)
    }

    /// A sum is its parts.
    fn define(&mut self, term: &Term) {
        let class = self.classes.intern(term);
        let Some(sum) = Sum::of(term) else { return };
        let mut parts = sum.parts.iter().filter(|(_, coefficient)| !coefficient.is_zero());
        if let (Some((part, coefficient)), None) = (parts.next(), parts.next())
            && *coefficient == Number::ONE
            && let Some(units) = sum.constant.in_units(6)
        {
            let part = self.classes.intern(part);
            let (a, b) = (self.node(Node::Class(class)), self.node(Node::Class(part)));
            self.bounds.push(Bound { from: b, to: a, most: units, strict: false });
            self.bounds.push(Bound { from: a, to: b, most: -units, strict: false });
        }
    }

    fn read(&mut self, fact: &Fact) {
        match fact {
            Fact::Equal(a, b) => {
                self.at_most(a, b, false);
                self.at_most(b, a, false);
            }
            Fact::Less(a, b) => self.at_most(a, b, true),
            Fact::AtMost(a, b) => self.at_most(a, b, false),
            _ => {}
        }
    }

    /// `a <= b`.
    fn at_most(&mut self, a: &Term, b: &Term, strict: bool) {
        let whole = *a.type_of() == Type::Int && *b.type_of() == Type::Int;
        if a.type_of().is_exact() && b.type_of().is_exact() {
            let Some(mut difference) = Sum::of(a) else { return };
            let Some(other) = Sum::of(b) else { return };
            if difference.add(&other, Number::ONE.negated()).is_none() {
                return;
            }
            self.bounded(&difference, strict, whole);
            return;
        }
        let (Some(x), Some(y)) = (self.place(a), self.place(b)) else { return };
        // x + m <= y + n
        self.bounds.push(Bound { from: y.0, to: x.0, most: y.1 - x.1, strict });
    }

    /// Where a term stands that is no exact number: a node, and how far from it.
    fn place(&mut self, term: &Term) -> Option<(usize, i128)> {
        if *term.type_of() == Type::Float {
            return None;
        }
        let class = self.classes.intern(term);
        match self.classes.constant(class).cloned() {
            Some(Term::Literal(Literal::Text(text), _)) => Some((self.node(Node::Text(text)), 0)),
            Some(Term::Literal(literal, _)) => {
                let (scale, units) = units(&literal)?;
                Some((self.node(Node::Zero(scale)), units))
            }
            _ => Some((self.node(Node::Class(class)), 0)),
        }
    }

    /// `Σ <= 0`.
    fn bounded(&mut self, sum: &Sum, strict: bool, whole: bool) {
        let mut constant = sum.constant;
        let mut parts: Vec<(usize, Term, Number)> = Vec::new();
        for (term, coefficient) in sum.parts.iter().filter(|(_, coefficient)| !coefficient.is_zero()) {
            let class = self.classes.intern(term);
            let literal = match self.classes.constant(class) {
                Some(Term::Literal(literal, _)) => Number::of(literal),
                _ => None,
            };
            match literal {
                Some(number) => {
                    let Some(more) = number.times(*coefficient).and_then(|n| constant.plus(n)) else {
                        return;
                    };
                    constant = more;
                }
                None => match parts.iter_mut().find(|(known, ..)| *known == class) {
                    Some((_, _, sofar)) => match sofar.plus(*coefficient) {
                        Some(more) => *sofar = more,
                        None => return,
                    },
                    None => parts.push((class, term.clone(), *coefficient)),
                },
            }
        }
        parts.retain(|(_, _, coefficient)| !coefficient.is_zero());
        // Terms of one class are one unknown, whatever they are called here.
        parts.sort_by_key(|(class, ..)| *class);
        let Some(mut units) = constant.in_units(6).map(|n| -n) else { return };
        let mut strict = strict;
        if strict && whole && units % 1_000_000 == 0 {
            units -= 1_000_000;
            strict = false;
        }
        let minus_one = Number::ONE.negated();
        let zero = self.node(Node::Zero(0));
        let (from, to) = match parts.as_slice() {
            [] => {
                self.impossible |= units < 0 || (strict && units == 0);
                return;
            }
            [(class, _, one)] if *one == Number::ONE => (zero, self.node(Node::Class(*class))),
            [(class, _, minus)] if *minus == minus_one => (self.node(Node::Class(*class)), zero),
            [(a, _, one), (b, _, minus)] if *one == Number::ONE && *minus == minus_one => {
                (self.node(Node::Class(*b)), self.node(Node::Class(*a)))
            }
            [(b, _, minus), (a, _, one)] if *one == Number::ONE && *minus == minus_one => {
                (self.node(Node::Class(*b)), self.node(Node::Class(*a)))
            }
            many => {
                // A combination is one unknown; with the first coefficient positive, so that its
                // opposite is the same one.
                let turned = many[0].2.is_negative();
                let combined = Sum {
                    constant: Number::ZERO,
                    parts: many
                        .iter()
                        .map(|(class, own, c)| {
                            let term = self.classes.members(*class).min().unwrap_or(own).clone();
                            (term, if turned { c.negated() } else { *c })
                        })
                        .collect(),
                };
                let class = self.classes.intern(&combined.term(&Type::Decimal(38, 6)));
                let node = self.node(Node::Class(class));
                if turned { (node, zero) } else { (zero, node) }
            }
        };
        self.bounds.push(Bound { from, to, most: units, strict });
    }

    fn contradicts(mut self, facts: &[Fact]) -> bool {
        self.texts();
        if self.impossible || contradict(self.nodes.len(), &self.bounds) {
            return true;
        }
        // Unequal is less or more; when neither can be, it is not unequal.
        facts.iter().any(|fact| {
            let (Fact::Unequal(a, b) | Fact::Distinct(a, b)) = fact else { return false };
            if *a.type_of() == Type::Float || matches!(fact, Fact::Distinct(..)) && !self.both_not_null(a, b)
            {
                return false;
            }
            let kept = self.bounds.len();
            let mut cannot = |x: &Term, y: &Term| {
                let before = self.impossible;
                self.at_most(x, y, true);
                let found = self.impossible || contradict(self.nodes.len(), &self.bounds);
                self.bounds.truncate(kept);
                self.impossible = before;
                found
            };
            cannot(a, b) && cannot(b, a)
        })
    }

    fn both_not_null(&mut self, a: &Term, b: &Term) -> bool {
        let (a, b) = (self.classes.intern(a), self.classes.intern(b));
        self.classes.is_not_null(a) && self.classes.is_not_null(b)
    }

    /// Texts in their order.
    fn texts(&mut self) {
        let mut texts: Vec<String> = self
            .nodes
            .keys()
            .filter_map(|node| match node {
                Node::Text(text) => Some(text.clone()),
                _ => None,
            })
            .collect();
        texts.sort();
        for pair in texts.windows(2) {
            let (from, to) = (self.node(Node::Text(pair[1].clone())), self.node(Node::Text(pair[0].clone())));
            self.bounds.push(Bound { from, to, most: 0, strict: true });
        }
    }
}
