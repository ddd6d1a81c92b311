//! Tables whose rows can be swapped under a physical plan, so that a query is planned once and run on
//! many databases.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder, RecordBatch,
    RecordBatchOptions, StringBuilder, Time64NanosecondBuilder, TimestampNanosecondBuilder,
};
use datafusion::arrow::datatypes::{Field, Schema as ArrowSchema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::memory::MemoryStream;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};

use super::types;
use crate::database::{Relation, Row};
use crate::value::{Kind, Value};

/// A relation as DataFusion sees it, holding the rows of the database at hand.
#[derive(Debug)]
pub struct SwapTable {
    schema: SchemaRef,
    kinds: Vec<Kind>,
    rows: Arc<Mutex<RecordBatch>>,
}

impl SwapTable {
    /// A table without rows.
    pub fn new(relation: &Relation) -> Self {
        let fields: Vec<Field> = relation
            .attributes
            .iter()
            .map(|a| Field::new(&a.name, types::arrow(a.kind), a.nullable))
            .collect();
        let schema = Arc::new(ArrowSchema::new(fields));
        let rows = Arc::new(Mutex::new(RecordBatch::new_empty(Arc::clone(&schema))));
        Self { schema, kinds: relation.attributes.iter().map(|a| a.kind).collect(), rows }
    }

    /// Its columns as DataFusion has them.
    pub fn arrow(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Puts these rows in the place of those before.
    ///
    /// # Errors
    /// When a row does not fit the schema.
    pub fn swap(&self, rows: &[Row]) -> std::result::Result<(), ArrowError> {
        let batch = self.batch(rows)?;
        *self.rows.lock().unwrap_or_else(PoisonError::into_inner) = batch;
        Ok(())
    }
}

impl SwapTable {
    /// Rows as DataFusion computes with them.
    ///
    /// # Errors
    /// When a row does not fit the schema.
    pub fn batch(&self, rows: &[Row]) -> std::result::Result<RecordBatch, ArrowError> {
        let columns =
            self.kinds.iter().enumerate().map(|(at, kind)| column(*kind, rows, at)).collect::<Vec<_>>();
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
    }
}

/// A value of another kind than the column's becomes NULL: the generator makes none.
fn column(kind: Kind, rows: &[Row], at: usize) -> ArrayRef {
    macro_rules! build {
        ($builder:expr, $pattern:pat => $value:expr) => {{
            let mut builder = $builder;
            for row in rows {
                match &row[at] {
                    $pattern => builder.append_value($value),
                    _ => builder.append_null(),
                }
            }
            Arc::new(builder.finish()) as ArrayRef
        }};
    }
    let n = rows.len();
    match kind {
        Kind::Bool => build!(BooleanBuilder::with_capacity(n), Value::Bool(v) => *v),
        Kind::Int { .. } => build!(Int64Builder::with_capacity(n), Value::Int(v) => *v),
        Kind::Float => build!(Float64Builder::with_capacity(n), Value::Float(v) => *v),
        Kind::Text { .. } => build!(StringBuilder::with_capacity(n, n * 8), Value::Text(v) => v),
        Kind::Date => build!(Date32Builder::with_capacity(n), Value::Date(v) => *v),
        Kind::Time => build!(Time64NanosecondBuilder::with_capacity(n), Value::Time(v) => v * 1000),
        Kind::Timestamp => {
            build!(TimestampNanosecondBuilder::with_capacity(n), Value::Timestamp(v) => v * 1000)
        }
        Kind::Decimal { .. } => {
            let builder = Decimal128Builder::with_capacity(n).with_data_type(types::arrow(kind));
            build!(builder, Value::Decimal { mantissa, .. } => *mantissa)
        }
    }
}

#[async_trait]
impl TableProvider for SwapTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => Arc::clone(&self.schema),
        };
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Ok(Arc::new(SwapScan { rows: Arc::clone(&self.rows), projection: projection.cloned(), properties }))
    }
}

/// Reads whatever its table holds when it is executed.
#[derive(Debug)]
struct SwapScan {
    rows: Arc<Mutex<RecordBatch>>,
    projection: Option<Vec<usize>>,
    properties: Arc<PlanProperties>,
}

impl DisplayAs for SwapScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SwapScan")
    }
}

impl ExecutionPlan for SwapScan {
    fn name(&self) -> &'static str {
        "SwapScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let rows = match &self.projection {
            Some(columns) => rows.project(columns).map_err(DataFusionError::from)?,
            None => rows,
        };
        let schema = rows.schema();
        let batches = if rows.num_rows() == 0 { Vec::new() } else { vec![rows] };
        Ok(Box::pin(MemoryStream::try_new(batches, schema, None)?))
    }
}
