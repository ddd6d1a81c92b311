//! All rows of a relation, or all pairs and triples of rows of several, with the columns that are asked for.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions, UInt64Array};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;

/// Most rows of a product, and most bytes: what is larger is not looked at.
const MOST_ROWS: usize = 1 << 16;
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The product of relations, of which the first changes slowest; `None` where it would be too large, or a
/// relation is not there.
///
/// # Errors
/// When the columns do not fit the schema.
pub fn product(
    relations: &[(usize, Option<&RecordBatch>)],
    places: &[(usize, usize)],
    schema: &SchemaRef,
) -> Result<Option<RecordBatch>> {
    let mut rows = 1usize;
    for (_, batch) in relations {
        let Some(batch) = batch else { return Ok(None) };
        rows = rows.saturating_mul(batch.num_rows());
    }
    if rows > MOST_ROWS {
        return Ok(None);
    }
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(places.len());
    let mut bytes = 0usize;
    for &(leaf, at) in places {
        let mut below = rows;
        let mut found = None;
        for (number, batch) in relations {
            let Some(batch) = batch else { continue };
            below = below.checked_div(batch.num_rows()).unwrap_or(0);
            if *number == leaf {
                found = Some((batch, below));
                break;
            }
        }
        let Some((batch, repeated)) = found else { return Ok(None) };
        let column = batch.column(at);
        bytes = bytes.saturating_add(size(column).saturating_mul(rows));
        if bytes > MOST_BYTES {
            return Ok(None);
        }
        columns.push(if relations.len() == 1 {
            Arc::clone(column)
        } else {
            let indices = (0..rows).map(|row| (row / repeated.max(1) % batch.num_rows().max(1)) as u64);
            take(column, &UInt64Array::from_iter_values(indices), None)?
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(Some(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?))
}

/// About so many bytes has a value.
fn size(column: &ArrayRef) -> usize {
    let bytes = column.to_data().get_slice_memory_size().unwrap_or(MOST_BYTES);
    bytes.div_ceil(column.len().max(1))
}
