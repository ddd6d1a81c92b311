//! Functions that always give the same for the same, and of which nothing else is known here. Queries that use
//! them alike can be proved to be the same; none of them is executed, so nothing is tested or refuted by them.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, IntervalUnit};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr};

/// What DataFusion has no function for, by what it gives. Each dialect has one of a name at most that means
/// what the name says; one that reads the clock, a setting or chance must never stand here, nor one that makes
/// several rows of one, nor one to which equal values of two types are different things, as they are to a hash of
/// integers of any width, or to what makes JSON of texts and of JSON.
const KINDS: &[(DataType, &[&str])] = &[
    (DataType::Utf8, TEXTS),
    // JSON is no text: two documents may be equal and be written in two ways. Nor are bytes, or arrays.
    (DataType::LargeBinary, DOCUMENTS),
    (DataType::Int64, INTEGERS),
    (DataType::Float64, FLOATS),
    (DataType::Boolean, TRUTHS),
    (DataType::Date32, DAYS),
    (DataType::Interval(IntervalUnit::MonthDayNano), &[AGE]),
];
const TEXTS: &[&str] = &[
    "base64",
    "conv",
    "dayname",
    "format",
    "get_json_object",
    "hex",
    "inet_ntoa",
    "jarowinkler",
    "json_extract_path_text",
    "json_extract_scalar",
    "json_path_text",
    "json_query",
    "json_text",
    "json_typeof",
    "json_unquote",
    "json_value",
    "jsonb_extract_path_text",
    "jsonb_typeof",
    "md5",
    "monthname",
    "normalize",
    "parse_url",
    "printf",
    "quote_ident",
    "quote_literal",
    "quotename",
    "regexp_extract",
    "regexp_substr",
    "replicate",
    "sha",
    "sha1",
    "sha2",
    "soundex",
    "str",
    "strtok",
    "stuff",
    "to_base64",
];
const DOCUMENTS: &[&str] = &[
    "from_base64",
    "get_path",
    "json_extract",
    "json_extract_path",
    "json_member",
    "json_path",
    "jsonb_extract_path",
    "parse_json",
    "regexp_split_to_array",
    "sha256",
    "sha384",
    "sha512",
    "split",
    "string_split",
    "try_parse_json",
    "unhex",
];
const INTEGERS: &[&str] = &[
    "array_size",
    "crc32",
    "farm_fingerprint",
    "inet_aton",
    "isnumeric",
    "json_array_length",
    "jsonb_array_length",
    "num_nonnulls",
    "num_nulls",
    "patindex",
    "strcmp",
    "to_days",
    "width_bucket",
];
const FLOATS: &[&str] = &["haversine", "ieee_divide", "jaccard", "months_between", "square"];
const TRUTHS: &[&str] = &["booland", "boolor", "boolxor", "isfinite", SIMILAR];
const DAYS: &[&str] = &["date_from_parts", "datefromparts", "eomonth", "makedate", "next_day", "parse_date"];

/// Those to which a moment is the same with a time zone and without one, in UTC: the others may print it.
const OF_MOMENTS: &[&str] =
    &[AGE, "dayname", "eomonth", "isfinite", "monthname", "months_between", "next_day", "to_days"];

/// What `SIMILAR TO` is lowered to.
pub const SIMILAR: &str = "similar_to";
/// Of one moment alone it is the time until today.
const AGE: &str = "age";

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
    let found =
        KINDS.iter().find_map(|(result, names)| Some((result, names.iter().find(|own| **own == name)?)));
    let (result, name) = found?;
    let signature = match *name {
        AGE => Signature::any(2, Volatility::Stable),
        _ => Signature::variadic_any(Volatility::Stable),
    };
    Some(ScalarUDF::from(Opaque { name, result: result.clone(), signature }))
}

/// The name of one that an expression calls.
pub fn named_in(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Function(function) => match super::single_name(function)? {
            SIMILAR => Some("SIMILAR TO".to_owned()),
            name => KINDS.iter().any(|(_, names)| names.contains(&name)).then(|| format!("{name}()")),
        },
        Expr::BinaryOp { op, .. } => of_operator(op).map(|_| op.to_string()),
        _ => None,
    }
}

/// Makes them known to the session, where it has none of the name.
pub fn register(state: &mut SessionState) {
    for name in KINDS.iter().flat_map(|(_, names)| *names) {
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

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let has_moment = arguments.iter().any(|of| matches!(of, DataType::Timestamp(..)));
        if has_moment && !OF_MOMENTS.contains(&self.name) {
            return plan_err!("{}() of a moment is not verified: it may print its time zone", self.name);
        }
        Ok(self.result.clone())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        exec_err!("{}() is not executed here, so that only a proof can say something", self.name)
    }
}
