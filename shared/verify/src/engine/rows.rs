//! Record batches as rows of values.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Decimal256Type, Float64Type, Int64Type, Time64MicrosecondType,
    TimeUnit, TimestampMicrosecondType,
};
use datafusion::arrow::util::display::array_value_to_string;

use super::Outcome;
use crate::database::Row;
use crate::value::Value;

/// The rows of record batches.
pub fn rows(batches: &[RecordBatch]) -> Outcome {
    let mut rows: Vec<Row> = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in batches {
        let first = rows.len();
        rows.resize_with(first + batch.num_rows(), || Vec::with_capacity(batch.num_columns()));
        for column in batch.columns() {
            push_values(column, &mut rows[first..])?;
        }
    }
    Ok(rows)
}

fn push_values(column: &ArrayRef, rows: &mut [Row]) -> std::result::Result<(), String> {
    macro_rules! push {
        ($array:expr, $at:ident => $value:expr) => {{
            let array = $array;
            for ($at, row) in rows.iter_mut().enumerate() {
                row.push(if array.is_null($at) { Value::Null } else { $value(array.value($at)) });
            }
        }};
    }
    let as_type = |target: &DataType| cast(column, target).map_err(|error| error.to_string());
    match column.data_type() {
        DataType::Null => rows.iter_mut().for_each(|row| row.push(Value::Null)),
        DataType::Boolean => push!(column.as_boolean(), at => Value::Bool),
        DataType::Int64 => push!(column.as_primitive::<Int64Type>(), at => Value::Int),
        DataType::UInt64 => {
            let wide = as_type(&DataType::Decimal128(20, 0))?;
            push!(wide.as_primitive::<Decimal128Type>(), at => integer);
        }
        t if t.is_integer() => {
            let wide = as_type(&DataType::Int64)?;
            push!(wide.as_primitive::<Int64Type>(), at => Value::Int);
        }
        DataType::Decimal128(_, scale) => {
            let scale = *scale;
            push!(column.as_primitive::<Decimal128Type>(), at => |mantissa| Value::Decimal { mantissa, scale });
        }
        DataType::Decimal256(_, scale) => {
            let scale = *scale;
            push!(column.as_primitive::<Decimal256Type>(), at => |mantissa: datafusion::arrow::datatypes::i256| {
                mantissa.to_i128().map_or(Value::Text(mantissa.to_string()), |mantissa| Value::Decimal { mantissa, scale })
            });
        }
        t if t.is_floating() => {
            let wide = as_type(&DataType::Float64)?;
            push!(wide.as_primitive::<Float64Type>(), at => Value::Float);
        }
        DataType::Utf8 => push!(column.as_string::<i32>(), at => |text: &str| Value::Text(text.to_owned())),
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Dictionary(..) => {
            let plain = as_type(&DataType::Utf8)?;
            push!(plain.as_string::<i32>(), at => |text: &str| Value::Text(text.to_owned()));
        }
        DataType::Date32 => push!(column.as_primitive::<Date32Type>(), at => Value::Date),
        DataType::Date64 => {
            let days = as_type(&DataType::Date32)?;
            push!(days.as_primitive::<Date32Type>(), at => Value::Date);
        }
        DataType::Time32(_) | DataType::Time64(_) => {
            let micros = as_type(&DataType::Time64(TimeUnit::Microsecond))?;
            push!(micros.as_primitive::<Time64MicrosecondType>(), at => Value::Time);
        }
        DataType::Timestamp(..) => {
            let micros = as_type(&DataType::Timestamp(TimeUnit::Microsecond, None))?;
            push!(micros.as_primitive::<TimestampMicrosecondType>(), at => Value::Timestamp);
        }
        _ => {
            for (at, row) in rows.iter_mut().enumerate() {
                row.push(if column.is_null(at) {
                    Value::Null
                } else {
                    Value::Text(array_value_to_string(column, at).map_err(|error| error.to_string())?)
                });
            }
        }
    }
    Ok(())
}

fn integer(value: i128) -> Value {
    i64::try_from(value).map_or(Value::Decimal { mantissa: value, scale: 0 }, Value::Int)
}
