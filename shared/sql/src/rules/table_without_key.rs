//! SQM501 table-without-key

use sqlparser::ast::{ColumnOption, Statement, TableConstraint};

use crate::lint::shape::is_warehouse;
use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds CREATE TABLE without a primary key or a unique constraint.
///
/// ## Why
/// The same row can be there twice, no foreign key can refer to it, and tools that change a table while it is in
/// use, or replicate it, need a key.
///
/// ## Bad
/// ```sql expects SQM501
/// CREATE TABLE visit (customer_id BIGINT, day DATE)
/// ```
///
/// ## Good
/// ```sql expects none
/// CREATE TABLE visit (customer_id BIGINT, day DATE, PRIMARY KEY (customer_id, day))
/// ```
/// ```sql expects none
/// CREATE TEMPORARY TABLE visit (customer_id BIGINT, day DATE)
/// ```
///
/// ## Limits
/// Warehouses do not enforce keys, and hardly anybody declares them there; they are left alone, as are temporary
/// and partition tables.
pub struct TableWithoutKey;

impl Rule for TableWithoutKey {
    const META: Meta = Meta {
        code: "SQM501",
        name: "table-without-key",
        group: Group::Design,
        severity: Severity::Info,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Statement(Statement::CreateTable(table)) = cx.node else { return };
        let is_special = table.temporary
            || table.external
            || table.query.is_some()
            || table.like.is_some()
            || table.clone.is_some()
            || table.partition_of.is_some()
            || table.inherits.is_some()
            || table.columns.is_empty()
            || is_warehouse(cx.dialect);
        let in_columns = table.columns.iter().flat_map(|column| &column.options).any(|option| {
            matches!(option.option, ColumnOption::PrimaryKey(_) | ColumnOption::Unique(_))
        });
        let in_constraints = table.constraints.iter().any(|constraint| {
            matches!(constraint, TableConstraint::PrimaryKey(_) | TableConstraint::Unique(_))
        });
        if !is_special && !in_columns && !in_constraints {
            out.add(cx.places().of_name(&table.name), "no key: the same row can be there twice; add a primary key");
        }
    }
}

