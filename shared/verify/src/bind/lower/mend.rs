//! Second thoughts: what other engines take and DataFusion refuses is changed after it was refused, so that
//! queries which bind as they are stay as they are.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, ExactNumberInfo, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Select,
    Statement, VisitMut, VisitorMut,
};

use super::Lowered;
use super::operators::take_out;

/// What has to be known of functions and tables.
pub trait Names {
    /// Whether an aggregate function has this name.
    fn is_aggregate(&self, name: &str) -> bool;
    /// Whether every column of this name holds texts.
    fn is_text(&self, column: &str) -> bool;
    /// Whether every column of this name holds dates or moments.
    fn is_date(&self, column: &str) -> bool;
    /// Whether some column of this name holds moments.
    fn is_moment(&self, column: &str) -> bool;
    /// Whether some column of this name holds integers of 64 bits.
    fn is_wide(&self, column: &str) -> bool;
    /// Whether every column of this name holds truth values.
    fn is_truth(&self, column: &str) -> bool;
    /// The columns in lower case of the table that a name of these parts means.
    fn columns(&self, parts: &[String]) -> Option<Vec<String>>;
}

/// Changes the statement so that the refusal may go, and notes what its reading then rests on. Whether anything
/// is known to help.
pub fn mend(statement: &mut Statement, refusal: &str, names: &dyn Names, lowered: &mut Lowered) -> bool {
    if refusal.contains("must appear in the GROUP BY clause") {
        super::bare::lower(statement, &|name| names.is_aggregate(name));
        return lowered
            .assumptions
            .insert("a column that is neither grouped nor aggregated is that of some row of its group");
    }
    if refusal.contains("require unique expression names") {
        let mut apart = Apart { renamed: &mut lowered.renamed, changed: false };
        let _ = statement.visit(&mut apart);
        return apart.changed;
    }
    if refusal.contains("failed to match any signature") && refusal.contains("received String") {
        let mut sums = Sums { names, changed: false };
        let _ = statement.visit(&mut sums);
        if sums.changed {
            lowered.assumptions.insert("a text that is summed is the number that it spells");
        }
        return sums.changed;
    }
    false
}

/// Gives outputs names of their own.
struct Apart<'r> {
    renamed: &'r mut super::outputs::Renamed,
    changed: bool,
}

impl VisitorMut for Apart<'_> {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        self.changed |= super::outputs::name_all(select, self.renamed);
        ControlFlow::Continue(())
    }
}

/// Reads texts as numbers where they are summed.
struct Sums<'n> {
    names: &'n dyn Names,
    changed: bool,
}

impl VisitorMut for Sums<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let Expr::Function(function) = expr else { return ControlFlow::Continue(()) };
        if !matches!(super::single_name(function), Some("sum" | "avg")) {
            return ControlFlow::Continue(());
        }
        let FunctionArguments::List(list) = &mut function.args else { return ControlFlow::Continue(()) };
        if let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = list.args.as_mut_slice() {
            let column = match argument {
                Expr::Identifier(name) => Some(&name.value),
                Expr::CompoundIdentifier(parts) => parts.last().map(|name| &name.value),
                _ => None,
            };
            if column.is_some_and(|name| self.names.is_text(name)) {
                let text = take_out(argument);
                *argument = Expr::Cast {
                    kind: CastKind::TryCast,
                    expr: Box::new(text),
                    data_type: DataType::Double(ExactNumberInfo::None),
                    array: false,
                    format: None,
                };
                self.changed = true;
            }
        }
        ControlFlow::Continue(())
    }
}
