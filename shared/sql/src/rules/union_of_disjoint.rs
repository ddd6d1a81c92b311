//! SQM113 union-of-disjoint

use sqlparser::ast::{Expr, Select, SelectItem, SetExpr, SetOperator, SetQuantifier};

use crate::lint::shape::{integer, item_expr, string};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds UNION of two queries that mark their rows with different literals, so that they cannot share one.
///
/// ## Why
/// UNION sorts or hashes all rows to remove duplicates. Between the two there are none; UNION ALL spares the work.
///
/// ## Bad
/// ```sql expects SQM113
/// SELECT id, 'customer' AS kind FROM customer UNION SELECT id, 'supplier' AS kind FROM supplier
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id, 'customer' AS kind FROM customer UNION ALL SELECT id, 'supplier' AS kind FROM supplier
/// ```
/// ```sql expects none
/// SELECT city FROM customer UNION SELECT city FROM supplier
/// ```
///
/// ## Limits
/// UNION also removes duplicates inside of each query: where one can give a row twice, put DISTINCT there. Only two
/// plain queries are compared.
pub struct UnionOfDisjoint;

impl Rule for UnionOfDisjoint {
    const META: Meta = Meta {
        code: "SQM113",
        name: "union-of-disjoint",
        group: Group::Performance,
        severity: Severity::Info,
        on: On::SET_OPERATION,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::SetOperation(SetExpr::SetOperation { left, op: SetOperator::Union, set_quantifier, right }) = cx.node
        else {
            return;
        };
        if !matches!(set_quantifier, SetQuantifier::None | SetQuantifier::Distinct) {
            return;
        }
        let (SetExpr::Select(left), SetExpr::Select(right)) = (&**left, &**right) else { return };
        let items = |select: &Select| select.projection.iter().all(|item| {
            matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. })
        });
        if !items(left) || !items(right) {
            return;
        }
        let pairs = left.projection.iter().filter_map(item_expr).zip(right.projection.iter().filter_map(item_expr));
        if let Some((_, mark)) = pairs.into_iter().find(|(a, b)| differ(a, b)) {
            out.add(cx.place(mark), "this differs from the other query's, so no row is in both; use UNION ALL");
        }
    }
}

fn differ(a: &Expr, b: &Expr) -> bool {
    match (integer(a), integer(b), string(a), string(b)) {
        (Some(a), Some(b), ..) => a != b,
        (.., Some(a), Some(b)) => a.trim_end().to_lowercase() != b.trim_end().to_lowercase(),
        _ => false,
    }
}
