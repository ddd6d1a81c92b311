//! The relations whose rows the conditions of a query are about, and which column belongs to which of them.

use datafusion::arrow::datatypes::{Field, FieldRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, Result, plan_err};
use datafusion::logical_expr::{Expr, LogicalPlan};

/// The relations that a part of a query speaks of, by number.
pub type Scope = Vec<usize>;

/// A relation: a table, or what a part of the query makes.
pub struct Leaf {
    /// What makes it.
    pub plan: LogicalPlan,
    /// Whether anything looks at its rows.
    pub is_watched: bool,
}

impl Leaf {
    /// What it is called in the query.
    pub fn name(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for (qualifier, _) in self.plan.schema().iter() {
            let name = qualifier.map_or("a subquery", |qualifier| qualifier.table());
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names.join(", ")
    }
}

/// An expression over columns that stand by themselves: each named by its relation and its place there.
pub struct Detached {
    /// The expression.
    pub expr: Expr,
    /// The columns that it names, each once.
    pub places: Vec<(usize, usize)>,
}

impl Detached {
    /// The relations that it names.
    pub fn leaves(&self) -> Scope {
        let mut leaves: Scope = self.places.iter().map(|(leaf, _)| *leaf).collect();
        leaves.sort_unstable();
        leaves.dedup();
        leaves
    }
}

/// Under which name a column stands by itself.
pub fn name((leaf, at): (usize, usize)) -> String {
    format!("{leaf}.{at}")
}

/// The column as a field of that name.
pub fn field(leaves: &[Leaf], place: (usize, usize)) -> FieldRef {
    let field = leaves[place.0].plan.schema().field(place.1);
    Field::new(name(place), field.data_type().clone(), field.is_nullable()).into()
}

/// Where a column of the scope stands.
pub fn place(leaves: &[Leaf], scope: &[usize], column: &Column) -> Option<(usize, usize)> {
    scope.iter().find_map(|&leaf| Some((leaf, leaves[leaf].plan.schema().maybe_index_of_column(column)?)))
}

/// The expression over columns that stand by themselves.
///
/// # Errors
/// When a column is none of the scopes, the innermost of which comes last.
pub fn detach(leaves: &[Leaf], scopes: &[Scope], expr: &Expr) -> Result<Detached> {
    let mut places = Vec::new();
    let Some((own, outer)) = scopes.split_last() else { return plan_err!("there is no scope") };
    let detached = expr.clone().transform(|part| {
        let found = match &part {
            Expr::Column(column) => place(leaves, own, column),
            Expr::OuterReferenceColumn(_, column) => {
                outer.iter().rev().find_map(|scope| place(leaves, scope, column))
            }
            _ => return Ok(Transformed::no(part)),
        };
        let Some(found) = found else {
            return plan_err!("{part} is no column of a relation that is watched");
        };
        if !places.contains(&found) {
            places.push(found);
        }
        Ok(Transformed::yes(Expr::Column(Column::new_unqualified(name(found)))))
    })?;
    Ok(Detached { expr: detached.data, places })
}
