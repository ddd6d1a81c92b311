//! SQM411 insert-without-columns

use sqlparser::ast::{Statement, TableObject};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds INSERT without a list of columns.
///
/// ## Why
/// The values go where the columns happen to stand. A column added, dropped or moved shifts them, with an error if
/// you are lucky.
///
/// ## Bad
/// ```sql expects SQM411
/// INSERT INTO customer VALUES (1, 'Ada', 'Bonn')
/// ```
///
/// ## Good
/// ```sql expects none
/// INSERT INTO customer (id, name, city) VALUES (1, 'Ada', 'Bonn')
/// ```
/// ```sql expects none
/// INSERT INTO customer DEFAULT VALUES
/// ```
///
/// ## Limits
/// None known.
pub struct InsertWithoutColumns;

impl Rule for InsertWithoutColumns {
    const META: Meta = Meta {
        code: "SQM411",
        name: "insert-without-columns",
        group: Group::Clarity,
        severity: Severity::Info,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Statement(Statement::Insert(insert)) = cx.node else { return };
        let TableObject::TableName(name) = &insert.table else { return };
        let is_bare = insert.columns.is_empty()
            && insert.assignments.is_empty()
            && insert.after_columns.is_empty()
            && insert.partitioned.is_none()
            && !insert.overwrite
            && insert.multi_table_into_clauses.is_empty();
        if is_bare && insert.source.is_some() {
            out.add(cx.places().of_name(name), "the values go where the columns happen to stand; name the columns");
        }
    }
}
