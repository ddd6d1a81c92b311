//! UNION for UNION ALL and the other way round; EXCEPT for INTERSECT.

use datafusion::sql::sqlparser::ast::{Query, SetExpr, SetOperator, SetQuantifier};

use super::{Operator, Site, each_query};

pub const OPERATOR: Operator = Operator {
    name: "set_operation",
    apply: |query, site, _| each_query(query, |Query { body, .. }| change(body, site)),
};

fn change(body: &mut SetExpr, site: &mut Site) {
    let SetExpr::SetOperation { left, op, set_quantifier, right } = body else { return };
    if site.is_here() {
        *set_quantifier = match set_quantifier {
            SetQuantifier::All => SetQuantifier::None,
            _ => SetQuantifier::All,
        };
    }
    let other = match op {
        SetOperator::Union => None,
        SetOperator::Intersect => Some(SetOperator::Except),
        _ => Some(SetOperator::Intersect),
    };
    if let Some(other) = other
        && site.is_here()
    {
        *op = other;
    }
    change(left, site);
    change(right, site);
}
