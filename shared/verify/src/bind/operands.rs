//! Operators that mean another thing for operands of another type, in dialects that write them alike: a number
//! as a condition, `+` and `||` between texts and numbers, and the arrows of JSON. The types are known here.

use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, plan_err};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, Operator, binary_expr, cast, lit};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use sqm_domain::Dialect;

use super::lower::TRUTH;
use super::opaque;
use super::refusal::refused_at;
use crate::dialects::{is_transact, joins_numbers_as_texts};

/// Plans the operators of a dialect.
#[derive(Debug)]
pub struct Operands {
    dialect: Dialect,
    /// Whether one was found that the tree does not tell from another.
    is_other: AtomicBool,
}

impl Operands {
    /// Those of this dialect.
    pub fn of(dialect: Dialect) -> Self {
        Self { dialect, is_other: AtomicBool::new(false) }
    }

    /// Whether the plan says something else than the tree does word for word.
    pub fn differ_from_tree(&self) -> bool {
        self.is_other.load(Ordering::Relaxed)
    }

    fn joined(&self, left: Expr, right: Expr) -> Expr {
        self.is_other.store(true, Ordering::Relaxed);
        binary_expr(left, Operator::StringConcat, right)
    }
}

fn is_text(of: &DataType) -> bool {
    matches!(of, DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8)
}

impl ExprPlanner for Operands {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let RawBinaryExpr { op, left, right } = &expr;
        // Only what is meant is asked for its type: a chain of operators is as deep as it is long.
        let types =
            || Ok::<_, datafusion::error::DataFusionError>((left.get_type(schema)?, right.get_type(schema)?));
        let planned = match op {
            BinaryOperator::Custom(name) if name == TRUTH => match left.get_type(schema)? {
                DataType::Boolean | DataType::Null => left.clone(),
                of if of.is_numeric() => binary_expr(left.clone(), Operator::NotEq, lit(0_i64)),
                _ => {
                    let reason = format!("{left} as a condition is not verified: compare it with something");
                    return refused_at(left, reason);
                }
            },
            BinaryOperator::Plus if is_transact(self.dialect) => match types()? {
                (one, other) if is_text(&one) && is_text(&other) => self.joined(left.clone(), right.clone()),
                (one, other)
                    if (is_text(&one) && other.is_numeric()) || (one.is_numeric() && is_text(&other)) =>
                {
                    let reason = format!(
                        "{left} + {right} adds a text to a number, which is not verified: cast one of them"
                    );
                    return refused_at(&binary_expr(left.clone(), Operator::Plus, right.clone()), reason);
                }
                _ => return Ok(PlannerResult::Original(expr)),
            },
            BinaryOperator::StringConcat if joins_numbers_as_texts(self.dialect) => match types()? {
                (one, other) if one.is_integer() && other.is_integer() => {
                    let text = |expr: &Expr| cast(expr.clone(), DataType::Utf8);
                    self.joined(text(left), text(right))
                }
                _ => return Ok(PlannerResult::Original(expr)),
            },
            BinaryOperator::Arrow
            | BinaryOperator::LongArrow
            | BinaryOperator::HashArrow
            | BinaryOperator::HashLongArrow => {
                // Where the grammar let the arrow reach too far, the key is a comparison.
                let key = right.get_type(schema)?;
                if !is_text(&key) && !key.is_integer() {
                    return plan_err!("{op} with {right} is not verified without brackets");
                }
                let name = opaque::of_operator(op);
                let Some(function) = name.and_then(opaque::function) else {
                    return Ok(PlannerResult::Original(expr));
                };
                self.is_other.store(true, Ordering::Relaxed);
                function.call(vec![left.clone(), right.clone()])
            }
            _ => return Ok(PlannerResult::Original(expr)),
        };
        Ok(PlannerResult::Planned(planned))
    }
}
