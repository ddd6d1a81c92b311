//! Functions that always give the same for the same, and of which nothing else is known here. Queries that use
//! them alike can be proved to be the same; none of them is executed, so nothing is tested or refuted by them.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr};

/// What DataFusion has no function for, by what it gives. Each dialect has one of a name at most that means
/// what the name says; one that reads the clock, a setting or chance must never stand here.
const TEXTS: &[&str] = &[
    "json_text",
    "json_path_text",
    "json_value",
    "json_extract_scalar",
    "json_extract_path_text",
    "get_json_object",
    "json_unquote",
    "format",
    "printf",
    "soundex",
    "quotename",
    "parse_url",
    "json_query",
    "to_json_string",
    "jarowinkler",
];
/// JSON, which is no text: two documents may be equal and be written in two ways.
const DOCUMENTS: &[&str] =
    &["json_member", "json_path", "json_extract", "parse_json", "try_parse_json", "to_json"];
const INTEGERS: &[&str] = &["width_bucket", "json_array_length", "jsonb_array_length", "bit_count"];

/// The function of an operator on JSON.
pub fn of_operator(op: &BinaryOperator) -> Option<&'static str> {
    Some(match op {
        BinaryOperator::Arrow => "json_member",
        BinaryOperator::LongArrow => "json_text",
        BinaryOperator::HashArrow => "json_path",
        BinaryOperator::HashLongArrow => "json_path_text",
        _ => return None,
    })
}

/// One of them.
pub fn function(name: &str) -> Option<ScalarUDF> {
    let kinds = [(TEXTS, DataType::Utf8), (DOCUMENTS, DataType::LargeBinary), (INTEGERS, DataType::Int64)];
    let (names, result) = kinds.into_iter().find(|(names, _)| names.contains(&name))?;
    let name = *names.iter().find(|own| **own == name)?;
    let signature = Signature::variadic_any(Volatility::Stable);
    Some(ScalarUDF::from(Opaque { name, result, signature }))
}

/// The name of one that an expression calls.
pub fn named_in(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Function(function) => {
            let name = super::single_name(function)?;
            let is_one = [TEXTS, DOCUMENTS, INTEGERS].iter().any(|names| names.contains(&name));
            is_one.then(|| format!("{name}()"))
        }
        Expr::BinaryOp { op, .. } => of_operator(op).map(|_| op.to_string()),
        _ => None,
    }
}

/// Makes them known to the session, where it has none of the name.
pub fn register(state: &mut SessionState) {
    for name in TEXTS.iter().chain(DOCUMENTS).chain(INTEGERS) {
        if !state.scalar_functions().contains_key(*name)
            && let Some(function) = function(name)
        {
            // Registering fails only where functions cannot be registered at all.
            let _ = state.register_udf(Arc::new(function));
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Opaque {
    name: &'static str,
    result: DataType,
    signature: Signature,
}

impl ScalarUDFImpl for Opaque {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.result.clone())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        exec_err!("{}() is not executed here, so that only a proof can say something", self.name)
    }
}
