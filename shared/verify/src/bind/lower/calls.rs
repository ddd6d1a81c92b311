//! Calls: other dialects' functions become those of DataFusion.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DataType, ExactNumberInfo, Expr, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, Ident, ObjectName, OrderByExpr, OrderByOptions, Value, WindowFrame, WindowFrameBound,
    WindowFrameUnits, WindowType,
};
use sqm_domain::Dialect;

use super::build::{binary, call, case, cast, number, text};
use super::dates::{positional, single_name, widen_extract};
use super::operators::{take_out, whole_quotient};
use super::{Lowered, Names};
use super::{formats, types};
use crate::bind::{NEAREST_OR_EVEN, WHOLE_AVERAGE};
use crate::dialects;
use crate::dialects::{averages_whole, concat_keeps_null, greatest_keeps_null};

/// Functions whose value is another at each call.
const VOLATILE: &[&str] = &[
    "random",
    "rand",
    "uuid",
    "newid",
    "gen_random_uuid",
    "generate_uuid",
    "uuid_string",
    "randn",
    "nextval",
    "random_uuid",
    "sys_guid",
    "rand_bernoulli",
    "uniform",
    "pg_sleep",
    "setseed",
];

/// Gives a window that is looked at as a whole the frame that says so.
fn whole_window(expr: &mut Expr) {
    let Expr::Function(function) = expr else { return };
    let is_value = single_name(function).is_some_and(|name| {
        ["first_value", "last_value", "nth_value"].iter().any(|value| name.eq_ignore_ascii_case(value))
    });
    if let Some(WindowType::WindowSpec(window)) = &mut function.over
        && is_value
        && window.window_frame.is_none()
    {
        window.window_frame = Some(WindowFrame {
            units: WindowFrameUnits::Rows,
            start_bound: WindowFrameBound::Preceding(None),
            end_bound: Some(WindowFrameBound::Following(None)),
        });
    }
}

/// Rewrites one call.
pub fn lower(
    expr: &mut Expr,
    dialect: Dialect,
    lowered: &mut Lowered,
    names: &dyn Names,
) -> ControlFlow<String> {
    widen_extract(expr);
    if dialects::looks_at_whole_windows(dialect) {
        whole_window(expr);
    }
    let Expr::Function(function) = expr else { return ControlFlow::Continue(()) };
    let Some(name) = single_name(function) else {
        return ControlFlow::Continue(());
    };
    lowered.approximates |= name.starts_with("approx") || name.starts_with("hll");
    if VOLATILE.contains(&name) {
        return ControlFlow::Break(format!("{name}() gives another value at each call"));
    }
    let name = name.to_owned();
    if let Some(renamed) = renamed(&name, dialect) {
        function.name = ObjectName::from(vec![Ident::new(renamed)]);
    }
    if matches!(name.as_str(), "max_by" | "min_by") && dialects::skips_null_keys(dialect) {
        by_key(function, name == "max_by");
        return ControlFlow::Continue(());
    }
    if matches!(name.as_str(), "group_concat" | "listagg" | "string_agg") {
        concatenate(function);
        return ControlFlow::Continue(());
    }
    let Some(mut arguments) = positional(function) else { return ControlFlow::Continue(()) };
    match formats::lower(&name, &mut arguments, dialect) {
        Ok(Some(formatted)) => {
            *expr = formatted;
            return ControlFlow::Continue(());
        }
        Ok(None) => {}
        Err(reason) => return ControlFlow::Break(reason),
    }
    if let Some(rewritten) = rewrite(&name, arguments, dialect, lowered, names) {
        *expr = rewritten;
    }
    ControlFlow::Continue(())
}

fn renamed(name: &str, dialect: Dialect) -> Option<&'static str> {
    Some(match name {
        "length" if dialects::counts_bytes(dialect) => "octet_length",
        "stddev" | "std" if dialects::is_of_population(dialect) => "stddev_pop",
        "variance" if dialects::is_of_population(dialect) => "var_pop",
        "avg" if averages_whole(dialect) => WHOLE_AVERAGE,
        "ifnull" => "coalesce",
        "ucase" => "upper",
        "lcase" => "lower",
        "mid" => "substr",
        "ceiling" => "ceil",
        "stdev" | "std" => "stddev",
        "stdevp" => "stddev_pop",
        "var" | "variance" => "var_samp",
        "variance_pop" => "var_pop",
        "every" | "logical_and" | "booland_agg" => "bool_and",
        "logical_or" | "boolor_agg" | "some" => "bool_or",
        "any_value" | "arbitrary" => "any_value",
        "truncate" => "trunc",
        "startswith" | "prefix" => "starts_with",
        "endswith" | "suffix" => "ends_with",
        "sign" => "signum",
        "regexp_contains" => "regexp_like",
        "approx_count_distinct" | "approx_distinct" => "approx_distinct",
        _ => return None,
    })
}

fn rewrite(
    name: &str,
    mut arguments: Vec<Expr>,
    dialect: Dialect,
    lowered: &mut Lowered,
    names: &dyn Names,
) -> Option<Expr> {
    match (name, arguments.as_mut_slice()) {
        ("len", [whole]) if matches!(dialect, Dialect::TSql | Dialect::Fabric) => {
            // Blanks at the end do not count.
            Some(call("length", vec![call("rtrim", vec![take_out(whole)])]))
        }
        ("len", [_]) => Some(call("length", arguments)),
        ("log", [_]) if dialects::has_natural_log(dialect) => Some(call("ln", arguments)),
        ("log", [value, base]) if dialects::has_base_last(dialect) => {
            Some(call("log", vec![take_out(base), take_out(value)]))
        }
        ("nvl", [_, _]) => Some(call("coalesce", arguments)),
        ("isnull", [_, _]) => {
            lowered.assumptions.insert("what ISNULL puts in the place of NULL fits into the type of that");
            Some(call("coalesce", arguments))
        }
        ("isnull", [value]) => Some(Expr::IsNull(Box::new(take_out(value)))),
        ("zeroifnull", [_]) => {
            arguments.push(number(0));
            Some(call("coalesce", arguments))
        }
        ("nullifzero", [_]) => {
            arguments.push(number(0));
            Some(call("nullif", arguments))
        }
        ("if" | "iff" | "iif", [condition, yes, no]) => {
            Some(case(vec![(take_out(condition), take_out(yes))], Some(take_out(no))))
        }
        ("if" | "iff" | "iif", [condition, yes]) => {
            Some(case(vec![(take_out(condition), take_out(yes))], None))
        }
        ("nvl2", [value, some, none]) => Some(case(
            vec![(Expr::IsNotNull(Box::new(take_out(value))), take_out(some))],
            Some(take_out(none)),
        )),
        ("decode", [_, _, _, ..]) => Some(decode(arguments)),
        ("charindex" | "locate", [part, whole]) => {
            Some(call("strpos", vec![take_out(whole), take_out(part)]))
        }
        ("countif" | "count_if", [condition]) => {
            let one = case(vec![(take_out(condition), number(1))], None);
            Some(call("count", vec![one]))
        }
        ("to_varchar" | "to_string" | "tostring", [value]) => {
            Some(cast(take_out(value), DataType::Varchar(None)))
        }
        ("round", [_]) if types::nearest(dialect) == NEAREST_OR_EVEN => {
            Some(call(NEAREST_OR_EVEN, arguments))
        }
        ("mod", [left, right]) => Some(binary(take_out(left), BinaryOperator::Modulo, take_out(right))),
        ("div", [left, right]) => Some(whole_quotient(take_out(left), take_out(right), dialect)),
        ("positive", [value]) => Some(take_out(value)),
        ("safe_divide", [left, right]) => Some(quotient_or(
            take_out(left),
            take_out(right),
            Expr::value(Value::Null),
            dialect,
            lowered,
            names,
        )),
        ("div0", [left, right]) => {
            let (left, right) = (take_out(left), take_out(right));
            let is_zero = binary(right.clone(), BinaryOperator::Eq, number(0));
            let otherwise = quotient_or(left, right, Expr::value(Value::Null), dialect, lowered, names);
            Some(case(vec![(is_zero, number(0))], Some(otherwise)))
        }
        ("div0null", [left, right]) => {
            Some(quotient_or(take_out(left), take_out(right), number(0), dialect, lowered, names))
        }
        ("concat", [_, _, ..]) if concat_keeps_null(dialect) => {
            lowered.assumptions.insert("CONCAT with a NULL is NULL");
            let texts = arguments.into_iter().map(|arg| cast(arg, DataType::Varchar(None)));
            texts.reduce(|left, right| binary(left, BinaryOperator::StringConcat, right))
        }
        ("greatest" | "least", [_, _, ..]) if greatest_keeps_null(dialect) => {
            let nulls = arguments.iter().map(|argument| Expr::IsNull(Box::new(argument.clone())));
            let null = nulls.reduce(|a, b| binary(a, BinaryOperator::Or, b))?;
            let value = call(name, arguments);
            Some(case(vec![(null, Expr::value(Value::Null))], Some(value)))
        }
        ("choose" | "elt", [n, _, ..]) => {
            let n = take_out(n);
            let arms = arguments.into_iter().skip(1).zip(1..);
            let arms = arms.map(|(value, at)| (binary(n.clone(), BinaryOperator::Eq, number(at)), value));
            Some(case(arms.collect(), None))
        }
        ("field", [value, _, ..]) if dialects::is_mysql(dialect) => {
            let value = take_out(value);
            let arms = arguments.into_iter().skip(1).zip(1..);
            let arms = arms.map(|(item, at)| (binary(value.clone(), BinaryOperator::Eq, item), number(at)));
            Some(case(arms.collect(), Some(number(0))))
        }
        ("equal_null", [left, right]) => {
            Some(Expr::IsNotDistinctFrom(Box::new(take_out(left)), Box::new(take_out(right))))
        }
        ("total", [value]) if dialect == Dialect::Sqlite => {
            let sum = call("sum", vec![cast(take_out(value), DataType::Double(ExactNumberInfo::None))]);
            let none = cast(number(0), DataType::Double(ExactNumberInfo::None));
            Some(call("coalesce", vec![sum, none]))
        }
        ("max" | "min", [_, _, ..]) if dialect == Dialect::Sqlite => {
            let nulls = arguments.iter().map(|argument| Expr::IsNull(Box::new(argument.clone())));
            let null = nulls.reduce(|a, b| binary(a, BinaryOperator::Or, b))?;
            let value = call(if name == "max" { "greatest" } else { "least" }, arguments);
            Some(case(vec![(null, Expr::value(Value::Null))], Some(value)))
        }
        ("space", [n]) => Some(call("repeat", vec![text(" "), take_out(n)])),
        _ => None,
    }
}

/// The quotient as the dialect's `/` has it; `otherwise` where the divisor is zero or NULL.
fn quotient_or(
    left: Expr,
    right: Expr,
    otherwise: Expr,
    dialect: Dialect,
    lowered: &mut Lowered,
    names: &dyn Names,
) -> Expr {
    let divisor = call("nullif", vec![right, number(0)]);
    let is_there = Expr::IsNotNull(Box::new(divisor.clone()));
    let (left, right) = (Box::new(left), Box::new(divisor));
    let mut quotient = Expr::BinaryOp { left, op: BinaryOperator::Divide, right };
    super::operators::lower(&mut quotient, dialect, lowered, names);
    case(vec![(is_there, quotient)], Some(otherwise))
}

/// `DECODE(x, a, b, …, z)`: unlike CASE it takes two NULLs for equal.
fn decode(arguments: Vec<Expr>) -> Expr {
    let mut arguments = arguments.into_iter();
    let operand = arguments.next().unwrap_or_else(|| number(0));
    let rest: Vec<Expr> = arguments.collect();
    let otherwise = if rest.len() % 2 == 1 { rest.last().cloned() } else { None };
    let arms = rest
        .chunks_exact(2)
        .map(|arm| {
            let same = Expr::IsNotDistinctFrom(Box::new(operand.clone()), Box::new(arm[0].clone()));
            (same, arm[1].clone())
        })
        .collect();
    case(arms, otherwise)
}

/// `MAX_BY(x, y)`: the x of a row that has the greatest y, NULL apart.
fn by_key(function: &mut datafusion::sql::sqlparser::ast::Function, is_greatest: bool) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    if !list.clauses.is_empty() || list.duplicate_treatment.is_some() || list.args.len() != 2 {
        return;
    }
    let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(key))) = list.args.pop() else { return };
    let is_there = Expr::IsNotNull(Box::new(key.clone()));
    list.clauses.push(FunctionArgumentClause::OrderBy(vec![OrderByExpr {
        expr: key,
        options: OrderByOptions { asc: Some(!is_greatest), nulls_first: Some(false) },
        with_fill: None,
    }]));
    function.name = ObjectName::from(vec![Ident::new("first_value")]);
    let before = function.filter.take();
    function.filter = Some(Box::new(match before {
        Some(filter) => binary(*filter, BinaryOperator::And, is_there),
        None => is_there,
    }));
}

/// LISTAGG, GROUP_CONCAT and STRING_AGG: the separator is the second argument, the order stands inside.
fn concatenate(function: &mut datafusion::sql::sqlparser::ast::Function) {
    function.name = ObjectName::from(vec![Ident::new("string_agg")]);
    let within = std::mem::take(&mut function.within_group);
    let FunctionArguments::List(list) = &mut function.args else { return };
    let mut separator = None;
    list.clauses.retain(|clause| match clause {
        FunctionArgumentClause::Separator(value) => {
            separator = Some(Expr::Value(value.clone()));
            false
        }
        FunctionArgumentClause::OnOverflow(_) => false,
        _ => true,
    });
    if list.args.len() == 1 {
        let separator = separator.unwrap_or_else(|| text(","));
        list.args.push(FunctionArg::Unnamed(FunctionArgExpr::Expr(separator)));
    }
    if let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(first))) = list.args.first_mut() {
        let value = take_out(first);
        *first = cast(value, DataType::Varchar(None));
    }
    if !within.is_empty() {
        list.clauses.push(FunctionArgumentClause::OrderBy(within));
    }
}
