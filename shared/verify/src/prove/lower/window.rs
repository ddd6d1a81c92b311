//! Window functions: compared as they stand. The same functions over the same bag give the same rows.

use datafusion::logical_expr::{Expr, Window};

use super::expr::Row;
use super::{Lower, Reason};
use crate::prove::term::{Query, Term, Type};

impl Lower<'_, '_> {
    /// A window: the input's columns and behind them the functions' values.
    pub fn window(&mut self, window: &Window) -> Result<Query, Reason> {
        let mut query = self.plan(&window.input)?;
        let schema = window.input.schema();
        let width = schema.fields().len();
        let mut names = Vec::new();
        let mut types: Vec<Type> = Vec::new();
        let mut arguments: Vec<Expr> = Vec::new();
        for expr in &window.window_expr {
            let Expr::WindowFunction(function) = expr.clone().unalias() else {
                return Err("a window function is not understood by the prover".into());
            };
            let params = &function.params;
            let mut place = |exprs: &mut dyn Iterator<Item = &Expr>| {
                let from = arguments.len();
                arguments.extend(exprs.cloned());
                format!("{from}..{}", arguments.len())
            };
            let name = format!(
                "{}({}){}{} over {} by {} {:?} {} {:?} {}",
                match (function.fun.name(), params.args.as_slice()) {
                    // The first of the frame has two names.
                    ("nth_value", [_, Expr::Literal(n, _)]) if n.to_string() == "1" => "first_value",
                    (name, _) => name,
                },
                match (function.fun.name(), params.args.as_slice()) {
                    ("nth_value", [value, Expr::Literal(n, _)]) if n.to_string() == "1" => {
                        place(&mut [value.clone()].iter())
                    }
                    (_, args) => place(&mut args.iter()),
                },
                if params.distinct { " distinct" } else { "" },
                params.null_treatment.map(|t| t.to_string()).unwrap_or_default(),
                place(&mut params.partition_by.iter()),
                place(&mut params.order_by.iter().map(|sort| &sort.expr)),
                params.order_by.iter().map(|sort| (sort.asc, sort.nulls_first)).collect::<Vec<_>>(),
                params.window_frame.units,
                params.window_frame.start_bound,
                params.window_frame.end_bound,
            );
            let filter = params.filter.as_ref().map(|filter| place(&mut [filter.as_ref().clone()].iter()));
            names.push(format!("{name} filter {filter:?}"));
            types.push(self.type_of(expr, Row { schema, terms: &[] }));
        }
        for block in &mut query.blocks {
            let terms = block.outputs.clone();
            let row = Row { schema, terms: &terms };
            for argument in &arguments {
                block.outputs.push(self.expr(argument, row)?);
            }
        }
        let mut query = self.opaque(names.join("; "), query, &types);
        for block in &mut query.blocks {
            let values: Vec<Term> = block.outputs.split_off(width + arguments.len());
            block.outputs.truncate(width);
            block.outputs.extend(values);
        }
        Ok(query)
    }
}
