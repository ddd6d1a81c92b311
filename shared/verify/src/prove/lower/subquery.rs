//! Subqueries in expressions: EXISTS, IN, ANY and ALL, scalar ones.

use std::rc::Rc;

use datafusion::logical_expr::expr::{SetComparison, SetQuantifier};
use datafusion::logical_expr::{Operator, Subquery};

use super::expr::Row;
use super::{Frame, Lower, Reason};
use crate::prove::build::case::case;
use crate::prove::build::compare::{Comparison, compare};
use crate::prove::build::formula::{all, any, boolean, not};
use crate::prove::term::{Fact, Formula, Query, Term};

impl Lower<'_, '_> {
    /// The query of a subquery, whose outer columns are this row's.
    pub fn subquery(&mut self, subquery: &Subquery, row: Row<'_>) -> Result<Query, Reason> {
        self.frames.push(Frame { schema: row.schema.clone(), terms: row.terms.to_vec() });
        let query = self.plan(&subquery.subquery);
        self.frames.pop();
        query
    }

    /// `x op ANY (…)` and `x op ALL (…)`.
    pub fn set_comparison(&mut self, set: &SetComparison, row: Row<'_>) -> Result<Term, Reason> {
        let term = self.expr(&set.expr, row)?;
        let query = self.subquery(&set.subquery, row)?;
        let (how, forward) = match set.op {
            Operator::Eq => (Comparison::Equal, true),
            Operator::NotEq => (Comparison::Unequal, true),
            Operator::Lt => (Comparison::Less, true),
            Operator::LtEq => (Comparison::AtMost, true),
            Operator::Gt => (Comparison::Less, false),
            Operator::GtEq => (Comparison::AtMost, false),
            other => return Err(format!("{other} ANY is not understood by the prover")),
        };
        let (yes, no) = match set.quantifier {
            SetQuantifier::Any => compared(how, &term, query, forward),
            SetQuantifier::All => {
                // True for all is false for none.
                let (opposite, turned) = match how {
                    Comparison::Equal => (Comparison::Unequal, forward),
                    Comparison::Unequal => (Comparison::Equal, forward),
                    Comparison::Less => (Comparison::AtMost, !forward),
                    Comparison::AtMost => (Comparison::Less, !forward),
                };
                let (yes, no) = compared(opposite, &term, query, turned);
                (no, yes)
            }
        };
        Ok(boolean(yes, no))
    }
}

/// Whether a query has a row.
pub fn exists(mut query: Query) -> Formula {
    query.blocks.iter_mut().for_each(|block| block.outputs.clear());
    any(query.blocks.into_iter().map(|block| {
        if block.sources.is_empty() {
            return all(block.conditions);
        }
        Fact::Exists(Rc::new(Query { blocks: vec![block] })).into()
    }))
}

/// Where a comparison with some row is true, and where it is false for every row: `x IN (…)` is TRUE, and
/// is FALSE. In between it is NULL.
pub fn compared(how: Comparison, term: &Term, query: Query, forward: bool) -> (Formula, Formula) {
    let opposite = match how {
        Comparison::Equal => (Comparison::Unequal, forward),
        Comparison::Unequal => (Comparison::Equal, forward),
        Comparison::Less => (Comparison::AtMost, !forward),
        Comparison::AtMost => (Comparison::Less, !forward),
    };
    let holds = |how, forward: bool, output: &Term| {
        if forward { compare(how, term, output) } else { compare(how, output, term) }
    };
    let with = |condition: &dyn Fn(&Term) -> Formula| {
        let mut query = query.clone();
        for block in &mut query.blocks {
            let condition = block.outputs.first().map_or(Formula::True, condition);
            block.conditions.push(condition);
        }
        exists(query)
    };
    let yes = with(&|output| holds(how, forward, output));
    let not_false = with(&|output| not(&holds(opposite.0, opposite.1, output)));
    (yes, not(&not_false))
}

/// The value of a query of one column and at most one row; two rows are an error, which is no value.
pub fn scalar(mut query: Query) -> Term {
    if let [block] = query.blocks.as_mut_slice()
        && block.sources.is_empty()
        && block.outputs.len() == 1
    {
        let value = block.outputs.swap_remove(0);
        let data_type = value.type_of().clone();
        let guard = all(std::mem::take(&mut block.conditions));
        return case(vec![(guard, value)], Term::null(), &data_type);
    }
    if query.blocks.is_empty() {
        return Term::null();
    }
    let data_type =
        query.blocks[0].outputs.first().map_or(crate::prove::term::Type::Null, |t| t.type_of().clone());
    Term::Aggregate("single_value".into(), Rc::new(query), data_type)
}
