//! SQM028 insert-column-count

use sqlparser::ast::{Expr, SelectItem, SetExpr, Statement};

use crate::lint::shape::block;

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds INSERT with more or fewer values than columns.
///
/// ## Why
/// No database runs it.
///
/// ## Bad
/// ```sql expects SQM028
/// INSERT INTO customer (id, name, city) VALUES (1, 'Ada', 'Bonn'), (2, 'Bob')
/// ```
/// ```sql expects SQM028
/// INSERT INTO customer (id, name) SELECT id, name, city FROM prospect
/// ```
///
/// ## Good
/// ```sql expects none
/// INSERT INTO customer (id, name, city) VALUES (1, 'Ada', 'Bonn'), (2, 'Bob', NULL)
/// ```
///
/// ## Limits
/// A SELECT with `*` is not counted, nor is an INSERT without a list of columns.
pub struct InsertColumnCount;

impl Rule for InsertColumnCount {
    const META: Meta = Meta {
        code: "SQM028",
        name: "insert-column-count",
        group: Group::Correctness,
        severity: Severity::Error,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Statement(Statement::Insert(insert)) = cx.node else { return };
        let columns = insert.columns.len();
        let Some(source) = &insert.source else { return };
        if columns == 0 || insert.partitioned.is_some() || !insert.after_columns.is_empty() {
            return;
        }
        if let SetExpr::Values(values) = &*source.body {
            for row in values.rows.iter().map(|row| &row.content) {
                let is_plain = !row.iter().any(|value| matches!(value, Expr::Wildcard(_)));
                if let ([first, ..], true) = (&row[..], is_plain)
                    && row.len() != columns
                {
                    let span = cx.places().from_to(first, row.last().unwrap_or(first));
                    out.add(span, format!("{} values for {columns} columns", row.len()));
                }
            }
        } else if let Some(select) = block(source) {
            let is_plain =
                |item: &SelectItem| matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. });
            let width = select.projection.len();
            if width != columns && width > 0 && select.projection.iter().all(is_plain) {
                let span = cx.places().of_token(&select.select_token.0);
                out.add(span, format!("{width} values for {columns} columns"));
            }
        }
    }
}
