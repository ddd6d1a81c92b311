//! Functions that make long texts of short ones, with a bound on what they make: `repeat('x', 2000000000)`
//! or thirty doublings of one letter would take all memory before anyone could look at the time.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::compute::kernels::concat_elements::concat_elements_dyn;
use datafusion::arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::execution::registry::FunctionRegistry;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};

/// Most bytes that one call may make of a batch of rows.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Bytes of the result for one row, from the sizes of the arguments: of a text its bytes, of a number its
/// value.
type Growth = fn(&[u64]) -> u64;

/// The functions of the engine whose results can be longer than all of their arguments together.
const GROWING: &[(&str, Growth)] = &[
    ("repeat", |sizes| product(size(sizes, 0), size(sizes, 1))),
    ("lpad", |sizes| product(size(sizes, 1), 4)),
    ("rpad", |sizes| product(size(sizes, 1), 4)),
    ("concat", sum),
    ("concat_ws", |sizes| product(size(sizes, 0), sizes.len() as u64).saturating_add(sum(sizes))),
    ("replace", |sizes| product(size(sizes, 0) + 1, size(sizes, 2) + 1)),
    ("regexp_replace", |sizes| {
        // Each match may put in the whole text for every group that the replacement names.
        let (text, put) = (size(sizes, 0) + 1, size(sizes, 2) + 1);
        product(text, put.saturating_add(product(put / 2, text)))
    }),
    ("overlay", sum),
];

fn size(sizes: &[u64], at: usize) -> u64 {
    sizes.get(at).copied().unwrap_or(0).min(u64::MAX / 2)
}

fn product(one: u64, two: u64) -> u64 {
    one.saturating_mul(two)
}

fn sum(sizes: &[u64]) -> u64 {
    sizes.iter().fold(0, |sum, size| sum.saturating_add(*size))
}

/// Puts the bounded functions in the place of those of the engine.
pub fn register(state: &mut SessionState) {
    for (name, growth) in GROWING {
        if let Ok(inner) = state.udf(name) {
            // Registering fails only where functions cannot be registered at all.
            let _ = state.register_udf(Arc::new(ScalarUDF::from(Bounded { inner, growth: *growth })));
        }
    }
}

/// The plan with bounded concatenation in the place of `||`.
///
/// # Errors
/// When the plan cannot be rebuilt.
pub fn bounded(plan: LogicalPlan) -> Result<LogicalPlan> {
    let plan = plan.transform_up_with_subqueries(|node| {
        let names = NamePreserver::new(&node);
        let changed = node.map_expressions(|expr| {
            let name = names.save(&expr);
            Ok(bounded_expr(expr)?.update_data(|expr| name.restore(expr)))
        })?;
        if changed.transformed { changed.map_data(LogicalPlan::recompute_schema) } else { Ok(changed) }
    })?;
    Ok(plan.data)
}

/// The expression with bounded concatenation in the place of `||`.
///
/// # Errors
/// When it cannot be rebuilt.
pub fn bounded_expr(expr: Expr) -> Result<Transformed<Expr>> {
    expr.transform_up(|expr| match expr {
        Expr::BinaryExpr(both) if both.op == Operator::StringConcat => {
            let concat =
                ScalarUDF::from(Concat { signature: Signature::user_defined(Volatility::Immutable) });
            let mut texts = concatenated(*both.left);
            texts.extend(concatenated(*both.right));
            let call = ScalarFunction::new_udf(Arc::new(concat), texts);
            Ok(Transformed::yes(Expr::ScalarFunction(call)))
        }
        other => Ok(Transformed::no(other)),
    })
}

/// The texts that an expression puts one behind the other. A chain is one call: DataFusion writes the name of a call out
/// at each level above it, so that nested ones cost time by the third power of their number.
fn concatenated(expr: Expr) -> Vec<Expr> {
    match expr {
        Expr::ScalarFunction(call) if call.func.name() == CONCAT => call.args,
        other => vec![other],
    }
}

/// # Errors
/// When the texts to be made are too long.
fn check(growth: Growth, arguments: &[ColumnarValue], rows: usize) -> Result<()> {
    let sizes = arguments.iter().map(Sizes::of).collect::<Result<Vec<_>>>()?;
    let rows = if sizes.iter().all(|sizes| matches!(sizes, Sizes::One(_))) { rows.min(1) } else { rows };
    let mut row = vec![0; sizes.len()];
    let mut bytes = 0u64;
    for at in 0..rows {
        for (size, sizes) in row.iter_mut().zip(&sizes) {
            *size = sizes.get(at);
        }
        bytes = bytes.saturating_add(growth(&row));
        if bytes > MOST_BYTES {
            return exec_err!("it makes texts of more than {} MiB", MOST_BYTES / 1024 / 1024);
        }
    }
    Ok(())
}

/// The sizes of an argument.
enum Sizes {
    One(u64),
    Each(Vec<u64>),
}

impl Sizes {
    fn of(argument: &ColumnarValue) -> Result<Self> {
        match argument {
            ColumnarValue::Scalar(value) => {
                Ok(Self::One(sizes(&value.to_array()?)?.first().copied().unwrap_or(0)))
            }
            ColumnarValue::Array(array) => sizes(array).map(Self::Each),
        }
    }

    fn get(&self, row: usize) -> u64 {
        match self {
            Self::One(size) => *size,
            Self::Each(sizes) => sizes.get(row).copied().unwrap_or(0),
        }
    }
}

fn sizes(array: &ArrayRef) -> Result<Vec<u64>> {
    let length = |text: Option<&str>| text.map_or(0, |text| text.len() as u64);
    Ok(match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().map(length).collect(),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().map(length).collect(),
        DataType::Utf8View => array.as_string_view().iter().map(length).collect(),
        t if t.is_numeric() => {
            let numbers = cast(array, &DataType::Int64)?;
            let value = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0);
            numbers.as_primitive::<Int64Type>().iter().map(value).collect()
        }
        _ => vec![0; array.len()],
    })
}

/// A function of the engine, its arguments looked at before it is called. What it is simplified to would
/// be a call of the engine's own, so it is not simplified.
#[derive(Debug)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    growth: Growth,
}

impl PartialEq for Bounded {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl Eq for Bounded {}

impl std::hash::Hash for Bounded {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(arguments)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(types)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        check(self.growth, &arguments.args, arguments.number_rows)?;
        self.inner.invoke_with_args(arguments)
    }
}

/// The name of [`Concat`].
const CONCAT: &str = "text_concat";

/// `||` as a function: NULL where one of the texts is.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Concat {
    signature: Signature,
}

impl ScalarUDFImpl for Concat {
    fn name(&self) -> &'static str {
        CONCAT
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(vec![DataType::Utf8; types.len()])
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        check(sum, &arguments.args, arguments.number_rows)?;
        let is_scalar = arguments.args.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if is_scalar { 1 } else { arguments.number_rows };
        let mut texts = arguments.args.iter().map(|text| text.to_array(rows));
        let Some(first) = texts.next() else { return exec_err!("{} takes texts", self.name()) };
        let array = texts.try_fold(first?, |so_far, text| {
            Ok::<_, DataFusionError>(concat_elements_dyn(&so_far, &text?)?)
        })?;
        if is_scalar {
            return Ok(ColumnarValue::Scalar(datafusion::common::ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }
}
