//! The algebra in which queries are compared: sums of blocks over bags, formulas of two truth values, and
//! scalar terms. Knows no SQL text and no engine.
//!
//! A formula says what *is true*; SQL's third value is gone before one is built ("`a < b` is true",
//! "`a` is NULL"). Columns have positions, rows have variables; names play no part.

use std::rc::Rc;

/// Stands for a row of a source.
pub type Var = u32;

/// What a term holds. Two terms can be one value only where their types are the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // The names are their own documentation.
pub enum Type {
    Null,
    Bool,
    Int,
    Decimal(u8, i8),
    Float,
    Text,
    Date,
    Time,
    Timestamp,
    Interval,
    Other(String),
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // The names are their own documentation.
pub enum Literal {
    Null,
    Bool(bool),
    Int(i128),
    /// `mantissa / 10^scale`, without trailing zeros.
    Decimal(i128, u32),
    /// The bits of a float.
    Float(u64),
    Text(String),
    Date(i32),
    Time(i64),
    /// Nanoseconds since 1970.
    Timestamp(i64),
    /// Months, days and nanoseconds.
    Interval(i32, i32, i64),
    Other(String),
}

/// A scalar.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Term {
    /// A column of a row.
    Column(Var, usize, Type),
    /// A constant.
    Literal(Literal, Type),
    /// An operator or a function, the same for the same arguments.
    Call(String, Vec<Term>, Type),
    /// The term of the first guard that holds, or the last term.
    Case(Vec<(Formula, Term)>, Box<Term>, Type),
    /// A boolean: TRUE where the first formula holds, FALSE where the second does, else NULL.
    Truth(Box<Formula>, Box<Formula>),
    /// An aggregate of all rows of a query, whose outputs are its arguments.
    Aggregate(String, Rc<Query>, Type),
}

/// Something that holds or does not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // The names are their own documentation.
pub enum Formula {
    True,
    False,
    Fact(Fact),
    And(Vec<Formula>),
    Or(Vec<Formula>),
}

/// The smallest formulas. Comparisons hold only where neither side is NULL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // The names are their own documentation.
pub enum Fact {
    Equal(Term, Term),
    Unequal(Term, Term),
    Less(Term, Term),
    AtMost(Term, Term),
    /// `IS NOT DISTINCT FROM`.
    Same(Term, Term),
    /// `IS DISTINCT FROM`.
    Distinct(Term, Term),
    Null(Term),
    NotNull(Term),
    /// A boolean term is TRUE.
    Holds(Term),
    /// A boolean term is FALSE.
    Fails(Term),
    /// The query has a row.
    Exists(Rc<Query>),
    /// It has none.
    Empty(Rc<Query>),
}

/// Where the rows of a variable come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A relation of the schema.
    Table(usize),
    /// The different rows of a query.
    Distinct(Rc<Query>),
    /// Rows that an operation which is not looked into makes of a query's rows: LIMIT, window functions.
    /// The same operation makes the same of the same bag.
    Opaque(String, Rc<Query>),
}

/// `SELECT outputs FROM sources WHERE conditions`, as a bag.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Block {
    /// Variables and what they range over.
    pub sources: Vec<(Var, Source)>,
    /// All of these hold.
    pub conditions: Vec<Formula>,
    /// One term for each column.
    pub outputs: Vec<Term>,
}

/// `UNION ALL` of blocks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Query {
    /// The blocks.
    pub blocks: Vec<Block>,
}

impl Term {
    /// Its type.
    pub fn type_of(&self) -> &Type {
        match self {
            Self::Column(_, _, t)
            | Self::Literal(_, t)
            | Self::Call(_, _, t)
            | Self::Case(_, _, t)
            | Self::Aggregate(_, _, t) => t,
            Self::Truth(..) => &Type::Bool,
        }
    }

    /// NULL.
    pub fn null() -> Self {
        Self::Literal(Literal::Null, Type::Null)
    }

    /// An integer.
    pub fn int(n: i128) -> Self {
        Self::Literal(Literal::Int(n), Type::Int)
    }

    /// TRUE or FALSE.
    pub fn bool(value: bool) -> Self {
        Self::Literal(Literal::Bool(value), Type::Bool)
    }

    /// Whether it is the literal NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Literal(Literal::Null, _))
    }
}

impl Type {
    /// Whether its values are numbers that are computed with exactly.
    pub fn is_exact(&self) -> bool {
        matches!(self, Self::Int | Self::Decimal(..))
    }

    /// Whether values of both can be compared without changing either.
    pub fn compares_with(&self, other: &Self) -> bool {
        self == other || *self == Self::Null || *other == Self::Null || (self.is_exact() && other.is_exact())
    }
}

impl From<Fact> for Formula {
    fn from(fact: Fact) -> Self {
        Self::Fact(fact)
    }
}
