//! What a rule is: a name for a mistake, the kinds of nodes on which it can be seen, and a check.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ops::BitOr;

use sqlparser::ast::{Expr, Join, ObjectName, Query, Select, SetExpr, Statement, TableFactor};
use sqm_domain::Dialect;

use super::finding::{Edit, Finding, Fix, Severity};
use super::place::Places;
use super::shape::last_part;
use super::walk::Site;
use crate::catalog::Catalog;
use crate::text::Span;

/// What a finding is about. The hundreds of a rule's code follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The result is likely not what was meant: SQM0xx.
    Correctness,
    /// The same result could be had for less: SQM1xx.
    Performance,
    /// Data, availability or access are at risk: SQM2xx.
    Safety,
    /// On a warehouse that bills by bytes or seconds: SQM3xx.
    Cost,
    /// Harder to read, to move to another database or to keep right than it need be: SQM4xx.
    Clarity,
    /// How tables are designed: SQM5xx.
    Design,
}

impl Group {
    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Correctness => "correctness",
            Self::Performance => "performance",
            Self::Safety => "safety",
            Self::Cost => "cost",
            Self::Clarity => "clarity",
            Self::Design => "design",
        }
    }
}

/// What is fixed about a rule.
#[derive(Debug, Clone, Copy)]
pub struct Meta {
    /// `SQM` and three digits; never used for another rule.
    pub code: &'static str,
    /// In kebab case.
    pub name: &'static str,
    /// What its findings are about.
    pub group: Group,
    /// How much its findings matter, unless configured or said otherwise.
    pub severity: Severity,
    /// The nodes on which it is called.
    pub on: On,
}

/// Kinds of nodes, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct On(u16);

impl On {
    /// Statements, nested ones too.
    pub const STATEMENT: Self = Self(1);
    /// Queries: a body with its WITH, ORDER BY and LIMIT.
    pub const QUERY: Self = Self(1 << 1);
    /// UNION, INTERSECT and EXCEPT.
    pub const SET_OPERATION: Self = Self(1 << 2);
    /// SELECT blocks.
    pub const SELECT: Self = Self(1 << 3);
    /// What stands in FROM.
    pub const RELATION: Self = Self(1 << 4);
    /// Joins written with JOIN.
    pub const JOIN: Self = Self(1 << 5);
    /// Operators between two operands.
    pub const BINARY: Self = Self(1 << 6);
    /// Function calls.
    pub const CALL: Self = Self(1 << 7);
    /// LIKE, IN, BETWEEN, EXISTS and the other predicates that are not operators.
    pub const PREDICATE: Self = Self(1 << 8);
    /// CASE expressions.
    pub const CASE: Self = Self(1 << 9);
    /// Scalar subqueries.
    pub const SUBQUERY: Self = Self(1 << 10);

    /// How many kinds there are.
    pub(super) const COUNT: usize = 11;

    pub(super) fn has(self, kind: usize) -> bool {
        self.0 & (1 << kind) != 0
    }

    /// The index of the node's kind, if rules are called on it.
    pub(super) fn kind(node: Node<'_>) -> Option<usize> {
        let kind = match node {
            Node::Statement(_) => Self::STATEMENT,
            Node::Query(_) => Self::QUERY,
            Node::SetOperation(_) => Self::SET_OPERATION,
            Node::Select(_) => Self::SELECT,
            Node::Relation(_) => Self::RELATION,
            Node::Join(_) => Self::JOIN,
            Node::Expr(expr) => match expr {
                Expr::BinaryOp { .. } => Self::BINARY,
                Expr::Function(_) => Self::CALL,
                Expr::Like { .. }
                | Expr::ILike { .. }
                | Expr::SimilarTo { .. }
                | Expr::RLike { .. }
                | Expr::InList { .. }
                | Expr::InSubquery { .. }
                | Expr::Between { .. }
                | Expr::Exists { .. } => Self::PREDICATE,
                Expr::Case { .. } => Self::CASE,
                Expr::Subquery(_) => Self::SUBQUERY,
                _ => return None,
            },
        };
        Some(kind.0.trailing_zeros() as usize)
    }
}

impl BitOr for On {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl On {
    /// Both sets, for constants.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A node of the tree that is being walked.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)] // Named after what they hold.
pub enum Node<'a> {
    Statement(&'a Statement),
    Query(&'a Query),
    SetOperation(&'a SetExpr),
    Select(&'a Select),
    Relation(&'a TableFactor),
    Join(&'a Join),
    Expr(&'a Expr),
}

/// What a rule sees: one node, where it stands, and what is known around it.
#[derive(Clone, Copy)]
pub struct RuleContext<'a> {
    /// The node.
    pub node: Node<'a>,
    /// Where it stands.
    pub site: Site<'a>,
    /// The dialect of the text.
    pub dialect: Dialect,
    /// What is known of the tables.
    pub catalog: &'a Catalog,
    pub(super) places: &'a Places<'a>,
    pub(super) made: &'a HashSet<String>,
    /// The statement that is walked, and the names of its common table expressions once a rule has asked.
    pub(super) walked: &'a Statement,
    pub(super) ctes: &'a OnceCell<HashSet<String>>,
}

impl<'a> RuleContext<'a> {
    /// The place of an expression, brackets and keywords included.
    pub fn place(&self, expr: &Expr) -> Span {
        self.places.of_expr(expr)
    }

    /// Whether the script itself makes this table, so that it has neither rows nor readers.
    pub fn is_made_here(&self, table: &ObjectName) -> bool {
        last_part(table).is_some_and(|name| self.made.contains(&name.value.to_lowercase()))
    }

    /// The names of the common table expressions of the statement, wherever they stand, in lower case. They are
    /// looked for once: a rule that asks at each of thousands of subqueries walks the statement no second time.
    pub fn cte_names(&self) -> &'a HashSet<String> {
        self.ctes.get_or_init(|| super::known::cte_names(self.walked))
    }

    /// The places of nodes that are no expressions.
    pub fn places(&self) -> &Places<'a> {
        self.places
    }
}

/// A rule. It is a value without state; what it must know stands in the context.
pub trait Rule {
    /// What is fixed about it.
    const META: Meta;

    /// Looks at one node of a kind in `META.on`.
    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings);
}

/// At most so many findings of one rule about one text: SQL made by machines repeats its mistakes by the
/// thousand, and nobody reads further.
pub const MOST_PER_RULE: usize = 200;

/// Where rules put what they find.
#[derive(Debug)]
pub struct Findings {
    pub(super) all: Vec<Finding>,
    pub(super) rule: (&'static Meta, Severity),
    /// Whether the severity was configured, so that rules cannot lower it.
    pub(super) is_fixed: bool,
    pub(super) of_rule: Vec<(&'static str, usize)>,
}

impl Findings {
    /// Reports a place, with what is wrong and what to do.
    pub fn add(&mut self, span: Span, message: impl Into<String>) {
        self.push(span, message.into(), None, None);
    }

    /// Reports a place that matters less (or more) than the rule's findings usually do.
    pub fn add_as(&mut self, severity: Severity, span: Span, message: impl Into<String>) {
        self.push(span, message.into(), Some(severity), None);
    }

    /// Reports a place that a single edit mends.
    pub fn add_with_fix(&mut self, span: Span, message: impl Into<String>, title: &str, edit: Edit) {
        let fix = Fix { title: title.to_owned(), edits: vec![edit] };
        self.push(span, message.into(), None, Some(fix));
    }

    /// Whether the rule has said enough about this text.
    pub(super) fn is_full(&self, meta: &Meta) -> bool {
        self.of_rule.iter().any(|(code, count)| *code == meta.code && *count >= MOST_PER_RULE)
    }

    fn push(&mut self, span: Span, message: String, severity: Option<Severity>, fix: Option<Fix>) {
        let (meta, own) = self.rule;
        if self.is_full(meta) {
            return;
        }
        match self.of_rule.iter_mut().find(|(code, _)| *code == meta.code) {
            Some((_, count)) => *count += 1,
            None => self.of_rule.push((meta.code, 1)),
        }
        let severity = if self.is_fixed { own } else { severity.unwrap_or(own) };
        self.all.push(Finding { code: meta.code, name: meta.name, severity, message, span, fix });
    }
}
