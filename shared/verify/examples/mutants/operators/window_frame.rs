//! Another frame of a window, a key of its partition or order that is forgotten.

use datafusion::sql::sqlparser::ast::{
    Expr, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType,
};

use super::{Operator, Site, each_expr};

pub const OPERATOR: Operator = Operator {
    name: "window_frame",
    apply: |query, site, _| {
        each_expr(query, |expr| {
            if let Expr::Function(call) = expr
                && let Some(WindowType::WindowSpec(window)) = &mut call.over
            {
                change(window, site);
            }
        });
    },
};

fn change(window: &mut WindowSpec, site: &mut Site) {
    if !window.partition_by.is_empty() && site.is_here() {
        window.partition_by.pop();
    }
    if window.order_by.is_empty() {
        return;
    }
    if site.is_here() {
        let options = &mut window.order_by[0].options;
        options.asc = Some(options.asc == Some(false));
    }
    let rows = |start, end| {
        Some(WindowFrame { units: WindowFrameUnits::Rows, start_bound: start, end_bound: Some(end) })
    };
    if site.is_here() {
        window.window_frame = match &window.window_frame {
            None => rows(WindowFrameBound::Preceding(None), WindowFrameBound::CurrentRow),
            Some(_) => None,
        };
    }
    if site.is_here() {
        window.window_frame = rows(WindowFrameBound::Preceding(None), WindowFrameBound::Following(None));
    }
}
