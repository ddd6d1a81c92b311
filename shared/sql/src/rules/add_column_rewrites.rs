//! SQM204 add-column-rewrites

use sqlparser::ast::{AlterTableOperation, ColumnOption, Expr, Statement};
use sqm_domain::Dialect;

use crate::lint::shape::{any, is_named};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds ADD COLUMN that rewrites the table or fails on a table with rows: a default that differs from row to row,
/// or NOT NULL without a default.
///
/// ## Why
/// A volatile default (`gen_random_uuid()`, `clock_timestamp()`) is computed for every row under an exclusive lock.
/// A constant one is stored once. NOT NULL without a default is refused as soon as there is a row.
///
/// ## Bad
/// ```sql expects SQM204
/// ALTER TABLE orders ADD COLUMN token UUID DEFAULT gen_random_uuid()
/// ```
/// ```sql expects SQM204
/// ALTER TABLE orders ADD COLUMN channel TEXT NOT NULL
/// ```
///
/// ## Good
/// ```sql expects none
/// ALTER TABLE orders ADD COLUMN channel TEXT NOT NULL DEFAULT 'web'
/// ```
/// ```sql expects none
/// ALTER TABLE orders ADD COLUMN token UUID
/// ```
///
/// ## Limits
/// PostgreSQL alone, from version 11 on. Functions of the user's own are taken for volatile only if their names say so.
pub struct AddColumnRewrites;

impl Rule for AddColumnRewrites {
    const META: Meta = Meta {
        code: "SQM204",
        name: "add-column-rewrites",
        group: Group::Safety,
        severity: Severity::Warning,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Statement(Statement::AlterTable(alter)) = cx.node else { return };
        if cx.dialect != Dialect::Postgres || cx.is_made_here(&alter.name) {
            return;
        }
        for operation in &alter.operations {
            let AlterTableOperation::AddColumn { column_def, .. } = operation else { continue };
            let options = column_def.options.iter().map(|option| &option.option);
            let mut has_value = column_def.data_type.to_string().to_lowercase().contains("serial");
            let mut is_not_null = false;
            for option in options {
                match option {
                    ColumnOption::Default(value) => {
                        has_value = true;
                        if any(value, is_volatile) {
                            let message = "this default is computed for every row under an exclusive lock; \
                                           add the column without it, set the default, then fill in batches";
                            out.add(cx.place(value), message);
                        }
                    }
                    ColumnOption::Generated { .. } | ColumnOption::Identity(_) => has_value = true,
                    ColumnOption::NotNull => is_not_null = true,
                    _ => {}
                }
            }
            if is_not_null && !has_value {
                let message = "NOT NULL without a default is refused as soon as the table has a row; add a default";
                out.add(cx.places().of_ident(&column_def.name), message);
            }
        }
    }
}

fn is_volatile(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if is_named(function, &[
        "random", "gen_random_uuid", "uuid_generate_v1", "uuid_generate_v4", "clock_timestamp", "timeofday", "nextval",
        "uuidv4", "uuidv7",
    ]))
}
