//! SQM027 union-column-count

use sqlparser::ast::{Select, SelectItem, SetExpr};

use crate::lint::shape::block;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds UNION, INTERSECT and EXCEPT of queries with different numbers of columns.
///
/// ## Why
/// No database runs it, and the mistake often shows only when the program that builds the query takes a rare
/// path.
///
/// ## Bad
/// ```sql expects SQM027
/// SELECT id, name FROM customer UNION ALL SELECT id FROM supplier
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id, name FROM customer UNION ALL SELECT id, name FROM supplier
/// ```
/// ```sql expects none
/// SELECT id, name FROM customer UNION ALL SELECT id, NULL FROM supplier
/// ```
///
/// ## Limits
/// Queries with `*` are not counted. UNION BY NAME matches columns by name and is left alone.
pub struct UnionColumnCount;

impl Rule for UnionColumnCount {
    const META: Meta = Meta {
        code: "SQM027",
        name: "union-column-count",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::SET_OPERATION,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        use sqlparser::ast::SetQuantifier as Q;
        let Node::SetOperation(SetExpr::SetOperation { left, right, set_quantifier, .. }) = cx.node else { return };
        if matches!(set_quantifier, Q::ByName | Q::AllByName | Q::DistinctByName) {
            return;
        }
        let (Some((first, _)), Some((second, select))) = (width(left), width(right)) else { return };
        if first != second {
            let span = cx.places().of_token(&select.select_token.0);
            out.add(span, format!("this arm has {} and the one before {first}", columns(second)));
        }
    }
}

fn columns(count: usize) -> String {
    if count == 1 { "1 column".to_owned() } else { format!("{count} columns") }
}

/// How many columns the last arm of this has.
fn width(body: &SetExpr) -> Option<(usize, &Select)> {
    let mut body = body;
    let select = loop {
        match body {
            SetExpr::Select(select) => break &**select,
            SetExpr::SetOperation { right, .. } => body = right,
            SetExpr::Query(query) => break block(query)?,
            _ => return None,
        }
    };
    let is_plain = |item: &SelectItem| matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. });
    let is_countable = select.projection.iter().all(is_plain) && select.value_table_mode.is_none();
    (is_countable && !select.projection.is_empty()).then_some((select.projection.len(), select))
}
