//! CHECK constraints as formulas. A row keeps one unless it is false, so NULL does.

use super::expr::Row;
use super::{Lower, type_of_arrow};
use crate::bind::types::arrow;
use crate::prove::build::formula::{not, truth};
use crate::prove::prover::{ANY_ROW, Promise};
use crate::prove::term::{Formula, Term};

impl Lower<'_, '_> {
    /// What the rows of a table keep, as far as it is understood.
    pub fn promises(&mut self, table: usize) -> Vec<Promise> {
        let relation = &self.prover.schema.relations[table];
        let columns = relation.attributes.iter().enumerate();
        let terms: Vec<Term> = columns
            .map(|(at, attribute)| Term::Column(ANY_ROW, at, type_of_arrow(&arrow(attribute.kind))))
            .collect();
        let promises = relation.kept.iter().filter_map(|check| {
            let (condition, schema) = check.lasting()?;
            let row = (schema.fields().len() == terms.len()).then_some(Row { schema, terms: &terms })?;
            let formula = not(&truth(&self.expr(condition, row).ok()?).1);
            let columns = check.columns.clone();
            (formula != Formula::True).then(|| Promise { text: check.text().to_owned(), columns, formula })
        });
        promises.collect()
    }
}
