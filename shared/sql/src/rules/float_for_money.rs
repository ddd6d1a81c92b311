//! SQM502 float-for-money

use sqlparser::ast::{DataType, Statement};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds columns for amounts of money (`price`, `amount`, `total` …) of a floating-point type.
///
/// ## Why
/// 0.1 has no exact binary form: sums are off by cents and depend on the order of the rows. NUMERIC is exact.
///
/// ## Bad
/// ```sql expects SQM502
/// CREATE TABLE invoice (id BIGINT PRIMARY KEY, total_price DOUBLE PRECISION)
/// ```
///
/// ## Good
/// ```sql expects none
/// CREATE TABLE invoice (id BIGINT PRIMARY KEY, total_price NUMERIC(12, 2))
/// ```
///
/// ## Limits
/// By the name of the column: `price`, `amount`, `salary`, `balance`, `cost`, `fee`, `revenue`, `payment`.
pub struct FloatForMoney;

impl Rule for FloatForMoney {
    const META: Meta = Meta {
        code: "SQM502",
        name: "float-for-money",
        group: Group::Design,
        severity: Severity::Warning,
        on: On::STATEMENT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        const WORDS: &[&str] = &["price", "amount", "salary", "balance", "cost", "fee", "revenue", "payment"];
        let Node::Statement(Statement::CreateTable(table)) = cx.node else { return };
        for column in &table.columns {
            let is_float = matches!(
                column.data_type,
                DataType::Float(_)
                    | DataType::Float4
                    | DataType::Float8
                    | DataType::Float32
                    | DataType::Float64
                    | DataType::Real
                    | DataType::Double(_)
                    | DataType::DoublePrecision
            );
            let name = column.name.value.to_lowercase();
            if is_float && name.split('_').any(|word| WORDS.contains(&word)) {
                out.add(cx.places().of_ident(&column.name), "floating point cannot hold cents exactly; use NUMERIC");
            }
        }
    }
}
