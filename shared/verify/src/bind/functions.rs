//! Functions that DataFusion lacks.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

/// Makes them known to the session.
pub fn register(state: &mut SessionState) {
    // Registering fails only where functions cannot be registered at all.
    let _ = state.register_udaf(Arc::new(AggregateUDF::from(SingleValue {
        signature: Signature::any(1, Volatility::Immutable),
    })));
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

    fn state_fields(
        &self,
        arguments: datafusion::logical_expr::function::StateFieldsArgs<'_>,
    ) -> Result<Vec<datafusion::arrow::datatypes::FieldRef>> {
        use datafusion::arrow::datatypes::Field;
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
