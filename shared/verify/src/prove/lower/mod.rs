//! From DataFusion's unoptimized plan to the algebra. Names are resolved by the plan's own schemas; what
//! the plan leaves to a later pass (coercions) is left open here too, as operations of unlike types.

mod aggregate;
mod expr;
mod join;
mod literal;
mod plan;
mod promise;
mod root;
mod subquery;
mod window;

use std::rc::Rc;

use datafusion::common::DFSchema;

use super::prover::Prover;
pub use literal::literal;
pub use root::{keeps_one_row, limit_of, most_rows};

use super::term::{Block, Query, Source, Term, Type};

/// Why a plan is not understood, in words.
pub type Reason = String;

/// The position of a table of this name in the schema.
pub type Resolve<'a> = &'a dyn Fn(&[String]) -> Option<usize>;

/// Lowers plans.
pub struct Lower<'p, 's> {
    /// Variables and schema.
    pub prover: &'p Prover<'s>,
    /// Finds tables.
    pub resolve: Resolve<'p>,
    frames: Vec<Frame>,
    /// How many nodes of plans were lowered.
    nodes: usize,
}

/// What the columns of an enclosing query are.
struct Frame {
    schema: DFSchema,
    terms: Vec<Term>,
}

/// More blocks than this are not looked into.
const MOST_BLOCKS: usize = 64;
/// More nodes of plans than this are not lowered: a common table expression counts wherever it is read.
const MOST_PLANS: usize = 3_000;
/// Terms and queries of more nodes than this are not looked into.
const MOST_OF_A_TERM: usize = 10_000;
const MOST_OF_A_QUERY: usize = 200_000;
/// What is said of those.
const TOO_LARGE: &str = "the query grows too large for the prover";

impl<'p, 's> Lower<'p, 's> {
    /// One for these tables.
    pub fn new(prover: &'p Prover<'s>, resolve: Resolve<'p>) -> Self {
        Self { prover, resolve, frames: Vec::new(), nodes: 0 }
    }

    /// The different rows of a query.
    fn distinct(&self, query: Query) -> Query {
        let Some(first) = query.blocks.first() else { return query };
        let types: Vec<Type> = first.outputs.iter().map(|term| term.type_of().clone()).collect();
        let var = self.prover.fresh();
        Query { blocks: vec![over(var, Source::Distinct(Rc::new(query)), types)] }
    }
}

/// All columns of one source.
fn over(var: super::term::Var, source: Source, types: Vec<Type>) -> Block {
    Block {
        sources: vec![(var, source)],
        conditions: Vec::new(),
        outputs: types.into_iter().enumerate().map(|(at, t)| Term::Column(var, at, t)).collect(),
    }
}

/// The type that stands for one of Arrow's.
pub fn type_of_arrow(arrow: &datafusion::arrow::datatypes::DataType) -> Type {
    literal::data_type(arrow)
}
