//! SQM031 last-value-frame

use sqlparser::ast::{Expr, WindowType};

use crate::lint::shape::is_named;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds `LAST_VALUE` and `NTH_VALUE` over an ordered window without a frame.
///
/// ## Why
/// The frame of an ordered window ends at the current row unless said otherwise, so `LAST_VALUE` gives the
/// current row's own value.
///
/// ## Bad
/// ```sql expects SQM031
/// SELECT id, last_value(price) OVER (PARTITION BY product_id ORDER BY day) AS latest FROM price
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT id, last_value(price) OVER (
///   PARTITION BY product_id ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
/// ) AS latest
/// FROM price
/// ```
/// ```sql expects none
/// SELECT id, first_value(price) OVER (PARTITION BY product_id ORDER BY day DESC) AS latest FROM price
/// ```
///
/// ## Limits
/// In Snowflake the default frame of these functions is the whole partition; it is left alone. Windows that are
/// named in a WINDOW clause are not looked up.
pub struct LastValueFrame;

impl Rule for LastValueFrame {
    const META: Meta = Meta {
        code: "SQM031",
        name: "last-value-frame",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::CALL,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Expr(expr @ Expr::Function(function)) = cx.node else { return };
        let Some(WindowType::WindowSpec(window)) = &function.over else { return };
        let is_whole_by_default = matches!(cx.dialect, sqm_domain::Dialect::Snowflake);
        if is_named(function, &["last_value", "nth_value"])
            && !window.order_by.is_empty()
            && window.window_frame.is_none()
            && window.window_name.is_none()
            && !is_whole_by_default
        {
            let message = "the window ends at the current row, so this is not the last value of the partition; \
                           add ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING";
            out.add(cx.place(expr), message);
        }
    }
}
