//! Functions that DataFusion lacks.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::sum_checked;
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Field, FieldRef, Float32Type, Float64Type, Int64Type,
};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::execution::session_state::SessionState;
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};

use crate::value::power_of_ten;

/// The nearest integer to a number, away from zero where two are equally near; anything else as it is. What
/// many dialects do in a cast.
pub const NEAREST_INTEGER: &str = "nearest_integer";

/// The same where floats go, of two that are equally near, to the even one: what PostgreSQL does, in casts and
/// in `ROUND`.
pub const NEAREST_OR_EVEN: &str = "nearest_or_even";

/// The average, without a fraction where it is one of integers.
pub const WHOLE_AVERAGE: &str = "whole_average";

/// Makes them known to the session.
pub fn register(state: &mut SessionState) {
    // Registering fails only where functions cannot be registered at all.
    for to_even in [false, true] {
        let _ = state.register_udf(Arc::new(ScalarUDF::from(NearestInteger {
            to_even,
            signature: Signature::any(1, Volatility::Immutable),
        })));
    }
    let _ = state.register_udaf(Arc::new(AggregateUDF::from(SingleValue {
        signature: Signature::any(1, Volatility::Immutable),
    })));
    let _ = state.register_udaf(Arc::new(AggregateUDF::from(WholeAverage {
        average: avg_udaf(),
        signature: Signature::user_defined(Volatility::Immutable),
    })));
}

/// [`NEAREST_INTEGER`] and [`NEAREST_OR_EVEN`]: of the type of the argument.
#[derive(Debug, PartialEq, Eq, Hash)]
struct NearestInteger {
    /// Whether floats go to the even one.
    to_even: bool,
    signature: Signature,
}

impl ScalarUDFImpl for NearestInteger {
    fn name(&self) -> &'static str {
        if self.to_even { NEAREST_OR_EVEN } else { NEAREST_INTEGER }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arguments[0].clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let argument = arguments.args.into_iter().next();
        let Some(argument) = argument else { return exec_err!("{} takes a number", self.name()) };
        let array = match &argument {
            ColumnarValue::Scalar(value) => value.to_array()?,
            ColumnarValue::Array(array) => Arc::clone(array),
        };
        let found: ArrayRef = match array.data_type() {
            DataType::Float64 => {
                Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(if self.to_even {
                    f64::round_ties_even
                } else {
                    f64::round
                }))
            }
            DataType::Float32 => {
                Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(if self.to_even {
                    f32::round_ties_even
                } else {
                    f32::round
                }))
            }
            of @ DataType::Decimal128(_, scale @ 1..) => {
                let unit = power_of_ten(scale.unsigned_abs());
                let whole = array
                    .as_primitive::<Decimal128Type>()
                    .unary::<_, Decimal128Type>(|mantissa| nearest(mantissa, unit));
                Arc::new(whole.with_data_type(of.clone()))
            }
            _ => return Ok(argument),
        };
        Ok(match argument {
            ColumnarValue::Scalar(_) => ColumnarValue::Scalar(ScalarValue::try_from_array(&found, 0)?),
            ColumnarValue::Array(_) => ColumnarValue::Array(found),
        })
    }
}

/// The nearest multiple of the unit, away from zero where two are equally near.
fn nearest(mantissa: i128, unit: i128) -> i128 {
    let below = mantissa % unit;
    let whole = mantissa - below;
    if below.abs() >= unit - below.abs() { whole.saturating_add(unit * mantissa.signum()) } else { whole }
}

/// `SINGLE_VALUE(x)`: the value of a group of one row, NULL of an empty group, an error otherwise. What
/// planners write for a scalar subquery.
#[derive(Debug, PartialEq, Eq, Hash)]
struct SingleValue {
    signature: Signature,
}

impl AggregateUDFImpl for SingleValue {
    fn name(&self) -> &'static str {
        "single_value"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arguments[0].clone())
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Single { value: ScalarValue::try_from(arguments.return_field.data_type())?, rows: 0 }))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(vec![
            Arc::new(Field::new("value", arguments.return_field.data_type().clone(), true)),
            Arc::new(Field::new("rows", DataType::UInt64, false)),
        ])
    }
}

#[derive(Debug)]
struct Single {
    value: ScalarValue,
    rows: u64,
}

impl Accumulator for Single {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for at in 0..values[0].len() {
            self.value = ScalarValue::try_from_array(&values[0], at)?;
            self.rows += 1;
        }
        if self.rows > 1 {
            return exec_err!("more than one row where a single value is needed");
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(self.value.clone())
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.value.clone(), ScalarValue::UInt64(Some(self.rows))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for at in 0..states[0].len() {
            if let ScalarValue::UInt64(Some(rows @ 1..)) = ScalarValue::try_from_array(&states[1], at)? {
                self.value = ScalarValue::try_from_array(&states[0], at)?;
                self.rows += rows;
            }
        }
        if self.rows > 1 {
            return exec_err!("more than one row where a single value is needed");
        }
        Ok(())
    }
}

/// [`WHOLE_AVERAGE`]: that of integers is an integer, any other one what it always is.
#[derive(Debug, PartialEq, Eq, Hash)]
struct WholeAverage {
    average: Arc<AggregateUDF>,
    signature: Signature,
}

impl AggregateUDFImpl for WholeAverage {
    fn name(&self) -> &'static str {
        WHOLE_AVERAGE
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        match arguments {
            [whole] if whole.is_integer() => Ok(vec![DataType::Int64]),
            [DataType::Decimal128(..)] => Ok(arguments.to_vec()),
            [float] if float.is_numeric() => Ok(vec![DataType::Float64]),
            _ => plan_err!("AVG takes one number"),
        }
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [DataType::Int64] => Ok(DataType::Int64),
            _ => self.average.return_type(arguments),
        }
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if arguments.return_field.data_type() != &DataType::Int64 {
            return self.average.accumulator(arguments);
        }
        if arguments.is_distinct {
            return exec_err!("the average of different integers is not computed");
        }
        Ok(Box::new(WholeAverageOf::default()))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        if arguments.return_field.data_type() != &DataType::Int64 {
            return self.average.state_fields(arguments);
        }
        let field =
            |name| Arc::new(Field::new(format_state_name(arguments.name, name), DataType::Int64, true));
        Ok(vec![field("sum"), field("count")])
    }
}

/// The sum and the number of integers seen.
#[derive(Debug, Default)]
struct WholeAverageOf {
    sum: i64,
    count: i64,
}

impl WholeAverageOf {
    fn add(&mut self, sums: &ArrayRef, count: i64) -> Result<()> {
        let sum = sum_checked(sums.as_primitive::<Int64Type>())?.unwrap_or(0);
        let Some(sum) = self.sum.checked_add(sum) else { return exec_err!("Arithmetic overflow in AVG") };
        self.sum = sum;
        self.count += count;
        Ok(())
    }
}

impl Accumulator for WholeAverageOf {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let there = values[0].len() - values[0].null_count();
        self.add(&values[0], i64::try_from(there).unwrap_or(i64::MAX))
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(self.sum.checked_div(self.count)))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Int64(Some(self.sum)), ScalarValue::Int64(Some(self.count))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let counts = states[1].as_primitive::<Int64Type>();
        self.add(&states[0], counts.iter().flatten().sum())
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn halves_go_away_from_zero() {
        for (mantissa, expected) in
            [(149, 100), (150, 200), (-150, -200), (-149, -100), (0, 0), (99, 100), (49, 0)]
        {
            assert_eq!(nearest(mantissa, 100), expected, "{mantissa}");
        }
    }
}
