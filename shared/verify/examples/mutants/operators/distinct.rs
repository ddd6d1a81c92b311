//! DISTINCT that is forgotten, or one too many: of rows, and of what is aggregated.

use datafusion::sql::sqlparser::ast::{Distinct, DuplicateTreatment, Expr, FunctionArguments};

use super::{Operator, each_expr, each_select};

pub const OPERATOR: Operator = Operator {
    name: "distinct",
    apply: |query, site, _| {
        each_select(query, |select| match select.distinct {
            Some(Distinct::Distinct) if site.is_here() => select.distinct = None,
            None if site.is_here() => select.distinct = Some(Distinct::Distinct),
            _ => {}
        });
        each_expr(query, |expr| {
            let Expr::Function(call) = expr else { return };
            let FunctionArguments::List(list) = &mut call.args else { return };
            let name = call.name.to_string().to_lowercase();
            if !matches!(name.as_str(), "count" | "sum" | "avg") || call.over.is_some() {
                return;
            }
            let is_distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
            // COUNT(x) to COUNT(DISTINCT x) is a form of COUNT.
            if (is_distinct || name != "count") && site.is_here() {
                list.duplicate_treatment = (!is_distinct).then_some(DuplicateTreatment::Distinct);
            }
        });
    },
};
