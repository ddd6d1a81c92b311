//! SQM108 or-across-columns

use sqlparser::ast::{BinaryOperator, Expr};

use crate::lint::shape::{ColumnName, column, conjuncts, disjuncts, is_constant};

use crate::lint::shape::is_warehouse;
use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `a = … OR b = …` over different columns as a condition of its own in WHERE.
///
/// ## Why
/// No single index serves it. Where both columns have one, a UNION of two queries (UNION ALL, with the first
/// condition excluded from the second) reads only the rows that match; some databases find that by themselves.
///
/// ## Bad
/// ```sql expects SQM108
/// SELECT id FROM customer WHERE email = 'ada@example.org' OR phone = '0228 1234'
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id FROM customer WHERE email = 'ada@example.org'
/// UNION ALL
/// SELECT id FROM customer WHERE phone = '0228 1234' AND email IS DISTINCT FROM 'ada@example.org'
/// ```
/// ```sql expects none
/// SELECT id FROM customer WHERE city = 'Bonn' AND (email IS NULL OR phone IS NULL)
/// ```
///
/// ## Limits
/// Only equalities with constants on both sides of the OR, with no other condition beside it: there the
/// OR decides alone what is read. Whether there are indexes is not known; warehouses have none and are left alone.
pub struct OrAcrossColumns;

impl Rule for OrAcrossColumns {
    const META: Meta = Meta {
        code: "SQM108",
        name: "or-across-columns",
        group: Group::Performance,
        severity: Severity::Info,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        let Some(selection) = &select.selection else { return };
        if is_warehouse(cx.dialect) || conjuncts(selection).len() > 1 {
            return;
        }
        let parts = disjuncts(selection);
        let tested: Option<Vec<ColumnName<'_>>> = parts.iter().map(|part| equality(part)).collect();
        let Some(tested) = tested else { return };
        let Some(first) = tested.first() else { return };
        if tested.len() <= 8 && tested.iter().any(|column| !column.is_like(first)) {
            out.add(cx.place(selection), "no single index serves an OR across columns; consider a UNION ALL");
        }
    }
}

fn equality(expr: &Expr) -> Option<ColumnName<'_>> {
    let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = expr else { return None };
    column(left).filter(|_| is_constant(right)).or_else(|| column(right).filter(|_| is_constant(left)))
}
