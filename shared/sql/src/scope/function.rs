//! Calls: which arguments come through, which are aggregated, hidden, or only decide.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Ident,
    NamedWindowExpr, OrderByExpr, Value, WindowFrameBound, WindowSpec, WindowType,
};
use sqm_domain::Dialect;

use super::names::Name;
use super::query::{Aliases, Place, Resolver};
use super::values::{Kind, NO_REFERENCE, span};

impl<'t> Resolver<'t, '_, '_> {
    pub(super) fn function(&mut self, function: &'t Function, kind: Kind, place: Place<'t>) {
        let mut buffer = [0u8; 32];
        let name = last_name(function, &mut buffer);
        if let Some(ident) = function.name.0.first().and_then(|part| part.as_ident()) {
            self.cover(span(ident.span));
        }
        if self.is_columns(name) {
            return self.columns_call(function, name, kind, place);
        }
        if self.scopes.is_xml_method(&function.name, name) {
            let path = function.name.0.iter().filter_map(|part| part.as_ident());
            let path: Vec<&Ident> = path.collect();
            self.path(path[..path.len() - 1].iter().copied(), kind.over(Kind::Transformation), place);
        }
        if name.ends_with("_table") || name.ends_with("_tables") {
            self.moved_partitions(name, function);
        }
        // MySQL: VALUES(a) is the value that was to be inserted.
        if name == "values"
            && let FunctionArguments::List(list) = &function.args
            && let [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(column)))] = &list.args[..]
        {
            let excluded = self.scopes.names.fold("excluded");
            if self.scopes.relation_named(place.scope, &[excluded]).is_some() {
                let qualifier = Ident { value: "excluded".to_owned(), ..column.clone() };
                return self.path([&qualifier, column].into_iter(), kind, place);
            }
        }
        let call = classify(name);
        if let Some(over) = &function.over {
            self.window(over, kind.over(Kind::Window), place);
        }
        let conditional = kind.over(Kind::Conditional);
        if let Some(filter) = &function.filter {
            self.push(filter, conditional);
        }
        let value = match call {
            Call::Aggregate | Call::AggregateIf | Call::AggregateBy => kind.over(Kind::Aggregation),
            Call::Count => kind.over(Kind::MaskedAggregation),
            Call::Hash => kind.over(Kind::MaskedTransformation),
            _ => kind.over(Kind::Transformation),
        };
        for key in &function.within_group {
            // The order of a list decides; a percentile is taken of what is ordered.
            let kind =
                if call == Call::OrderedSet { kind.over(Kind::Aggregation) } else { kind.over(Kind::Sort) };
            self.push(&key.expr, kind);
        }
        match &function.parameters {
            FunctionArguments::List(list) => {
                self.arguments(&list.args, call, name, value, conditional, place)
            }
            FunctionArguments::None | FunctionArguments::Subquery(_) => {}
        }
        match &function.args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(query) => {
                let rows = self.subquery(query, place);
                for column in &self.scopes.shapes[rows.shape.0 as usize].columns {
                    self.scopes.values.add(column.node, value, NO_REFERENCE);
                }
            }
            FunctionArguments::List(list) => {
                for clause in &list.clauses {
                    match clause {
                        FunctionArgumentClause::OrderBy(keys) => {
                            for OrderByExpr { expr, .. } in keys {
                                self.push(expr, kind.over(Kind::Sort));
                            }
                        }
                        FunctionArgumentClause::Having(bound) => self.push(&bound.1, conditional),
                        _ => {}
                    }
                }
                self.arguments(&list.args, call, name, value, conditional, place);
            }
        }
    }

    fn arguments(
        &mut self,
        args: &'t [FunctionArg],
        call: Call,
        name: &str,
        value: Kind,
        conditional: Kind,
        place: Place<'t>,
    ) {
        let count = args.len();
        for (at, arg) in args.iter().enumerate().rev() {
            let arg = match arg {
                FunctionArg::Named { arg, .. }
                | FunctionArg::ExprNamed { arg, .. }
                | FunctionArg::Unnamed(arg) => arg,
            };
            match arg {
                FunctionArgExpr::Expr(expr) => {
                    // The name of the element, which looks like a column.
                    let is_name = at == 0 && name == "xmlelement" && matches!(expr, Expr::Identifier(_));
                    let is_unit = unit_at(name, count, self.scopes.dialect) == Some(at) && is_unit(expr);
                    if is_name || is_unit {
                        continue;
                    }
                    let kind = if call.decides(at, count) { conditional } else { value };
                    self.push(expr, kind);
                }
                // COUNT(*) counts rows and reads no column; others take the columns themselves.
                FunctionArgExpr::Wildcard | FunctionArgExpr::WildcardWithOptions(_)
                    if call == Call::Count || place.aliases == Aliases::First => {}
                FunctionArgExpr::Wildcard | FunctionArgExpr::WildcardWithOptions(_) => {
                    let (columns, _) = self.expand_all(place.scope, super::query::NOWHERE);
                    for column in columns {
                        self.scopes.values.add(column.node, value, NO_REFERENCE);
                    }
                }
                FunctionArgExpr::QualifiedWildcard(qualifier) => {
                    if call == Call::Count {
                        continue;
                    }
                    let parts: Vec<Name> = qualifier
                        .0
                        .iter()
                        .filter_map(|part| part.as_ident())
                        .map(|ident| self.scopes.names.ident(ident))
                        .collect();
                    if let Some(relation) = self.scopes.relation_named(place.scope, &parts) {
                        let mut nodes = Vec::new();
                        self.scopes.whole_row(relation, &mut nodes);
                        for node in nodes {
                            self.scopes.values.add(node, value, NO_REFERENCE);
                        }
                    }
                }
            }
        }
    }

    /// Vertica's functions that move partitions from the table in the first argument to that in the last.
    fn moved_partitions(&mut self, name: &str, function: &'t Function) {
        if !matches!(
            name,
            "swap_partitions_between_tables" | "move_partitions_to_table" | "copy_partitions_to_table"
        ) {
            return;
        }
        let FunctionArguments::List(list) = &function.args else { return };
        let mut tables = Vec::new();
        for arg in [list.args.first(), list.args.get(3)].into_iter().flatten() {
            if let FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) = arg
                && let Value::SingleQuotedString(text) = &value.value
            {
                let parts = text.split('.').map(|part| self.scopes.names.fold(part)).collect();
                let table = self.scopes.tables.table(parts, &mut self.scopes.names, self.scopes.catalog);
                tables.push((table, span(value.span)));
            }
        }
        if let [from, (table, span)] = tables[..] {
            self.reads.push(from);
            self.effect(super::Action::Write, table, span, None);
        }
    }

    fn window(&mut self, over: &'t WindowType, kind: Kind, place: Place<'t>) {
        match over {
            WindowType::WindowSpec(spec) => self.window_spec(spec, kind, place, 0),
            WindowType::NamedWindow(name) => self.named_window(name, kind, place, 0),
        }
    }

    fn window_spec(&mut self, spec: &'t WindowSpec, kind: Kind, place: Place<'t>, depth: usize) {
        if let Some(name) = &spec.window_name {
            self.named_window(name, kind, place, depth + 1);
        }
        if let Some(frame) = &spec.window_frame {
            for bound in std::iter::once(&frame.start_bound).chain(&frame.end_bound) {
                if let WindowFrameBound::Preceding(Some(expr)) | WindowFrameBound::Following(Some(expr)) =
                    bound
                {
                    self.push(expr, kind);
                }
            }
        }
        for key in spec.order_by.iter().rev() {
            self.push(&key.expr, kind);
        }
        for key in spec.partition_by.iter().rev() {
            self.push(key, kind);
        }
    }

    /// Windows may be defined by others; a definition that goes in a circle ends with their number.
    fn named_window(&mut self, name: &'t sqlparser::ast::Ident, kind: Kind, place: Place<'t>, depth: usize) {
        let definition = place.windows.iter().find(|window| window.0.value.eq_ignore_ascii_case(&name.value));
        if depth > place.windows.len() {
            return;
        }
        match definition.map(|window| &window.1) {
            Some(NamedWindowExpr::WindowSpec(spec)) => self.window_spec(spec, kind, place, depth + 1),
            Some(NamedWindowExpr::NamedWindow(other)) => self.named_window(other, kind, place, depth + 1),
            None => {}
        }
    }
}

/// The last part of a function's name in lower case; empty where it is too long to be one of ours.
pub(super) fn last_name<'b>(function: &Function, buffer: &'b mut [u8; 32]) -> &'b str {
    let Some(ident) = function.name.0.last().and_then(|part| part.as_ident()) else { return "" };
    lower(&ident.value, buffer)
}

pub(super) fn lower<'b>(text: &str, buffer: &'b mut [u8; 32]) -> &'b str {
    let text = text.as_bytes();
    if text.len() > buffer.len() {
        return "";
    }
    let buffer = &mut buffer[..text.len()];
    buffer.copy_from_slice(text);
    buffer.make_ascii_lowercase();
    std::str::from_utf8(buffer).unwrap_or("")
}

/// What a function does with its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Plain,
    Aggregate,
    /// An aggregate whose last argument chooses the rows.
    AggregateIf,
    /// An aggregate whose second argument says which row's value is taken.
    AggregateBy,
    /// An aggregate of what WITHIN GROUP orders.
    OrderedSet,
    /// An aggregate that hides the values.
    Count,
    /// A function that hides the value.
    Hash,
    /// The first argument decides between the others.
    If,
    /// Arguments decide and come through in turns, the last one comes through.
    MultiIf,
    /// The first argument is compared with every second of the others.
    Decode,
}

impl Call {
    /// Whether the argument at this position only decides what comes out.
    fn decides(self, at: usize, count: usize) -> bool {
        match self {
            Self::If => at == 0,
            Self::MultiIf => at.is_multiple_of(2) && at + 1 < count,
            Self::AggregateIf => at + 1 == count && count > 1,
            Self::AggregateBy => at == 1,
            Self::Decode => at == 0 || at % 2 == 1 && at + 1 < count,
            _ => false,
        }
    }
}

fn classify(name: &str) -> Call {
    match name {
        "count"
        | "count_if"
        | "countif"
        | "approx_count_distinct"
        | "count_distinct"
        | "approx_distinct"
        | "uniq"
        | "uniqexact"
        | "uniqcombined"
        | "hll"
        | "ndv"
        | "count_big"
        | "regr_count"
        | "approximate_count_distinct"
        | "hll_count_distinct" => Call::Count,
        "sum"
        | "avg"
        | "min"
        | "max"
        | "mean"
        | "total"
        | "stddev"
        | "stddev_pop"
        | "stddev_samp"
        | "stdev"
        | "stdevp"
        | "variance"
        | "var_pop"
        | "var_samp"
        | "var"
        | "varp"
        | "median"
        | "mode"
        | "array_agg"
        | "string_agg"
        | "listagg"
        | "group_concat"
        | "collect_list"
        | "collect_set"
        | "json_agg"
        | "jsonb_agg"
        | "json_object_agg"
        | "jsonb_object_agg"
        | "json_arrayagg"
        | "json_objectagg"
        | "object_agg"
        | "array_concat_agg"
        | "any_value"
        | "arbitrary"
        | "first"
        | "last"
        | "bool_and"
        | "bool_or"
        | "every"
        | "bit_and"
        | "bit_or"
        | "bit_xor"
        | "bitand_agg"
        | "bitor_agg"
        | "corr"
        | "covar_pop"
        | "covar_samp"
        | "regr_slope"
        | "regr_intercept"
        | "regr_r2"
        | "skewness"
        | "kurtosis"
        | "approx_quantiles"
        | "approx_percentile"
        | "approx_quantile"
        | "quantile"
        | "quantile_cont"
        | "quantile_disc"
        | "percentile"
        | "percentile_approx"
        | "logical_and"
        | "logical_or"
        | "histogram"
        | "map_agg"
        | "multimap_agg"
        | "grouparray"
        | "groupuniqarray"
        | "array_union_agg"
        | "array_unique_agg"
        | "anylast"
        | "geometric_mean"
        | "product"
        | "wm_concat"
        | "xmlagg"
        | "approx_top_k"
        | "approx_top_count"
        | "list"
        | "string_agg_distinct"
        | "entropy"
        | "bit_count_agg"
        | "stddevpop"
        | "stddevsamp"
        | "varpop"
        | "varsamp"
        | "group_array" => Call::Aggregate,
        "max_by" | "min_by" | "arg_max" | "arg_min" | "argmax" | "argmin" => Call::AggregateBy,
        "sumif" | "avgif" | "sum_if" | "avg_if" | "minif" | "maxif" | "anyif" | "grouparrayif" => {
            Call::AggregateIf
        }
        "percentile_cont" | "percentile_disc" => Call::OrderedSet,
        "md5" | "sha" | "sha1" | "sha2" | "sha224" | "sha256" | "sha384" | "sha512" | "hash"
        | "hashbytes" | "md5_hex" | "md5_binary" | "sha1_hex" | "sha1_binary" | "sha2_hex"
        | "sha2_binary" | "crc32" | "xxhash64" | "xxhash32" | "murmurhash3_32" | "farm_fingerprint"
        | "standard_hash" | "ora_hash" | "fnv_hash" | "checksum" | "binary_checksum" | "siphash64"
        | "cityhash64" | "mask" | "mask_hash" | "md5_number" | "md5_number_lower64"
        | "md5_number_upper64" | "hash_agg" | "farmhash64" | "murmur_hash" | "hmac" | "digest" | "crypt"
        | "to_base64_sha256" => Call::Hash,
        "if" | "iff" | "iif" | "nvl2" => Call::If,
        "multiif" => Call::MultiIf,
        "decode" => Call::Decode,
        "boolor_agg" | "booland_agg" | "boolxor_agg" | "stats_mode" | "collect" | "checksum_agg"
        | "hll_init" => Call::Aggregate,
        _ if name.starts_with("quantile") => Call::Aggregate,
        _ => combined(name),
    }
}

/// ClickHouse's aggregates with what says how they aggregate behind their name: `sumState`, `uniqMergeIf`.
fn combined(name: &str) -> Call {
    const COMBINATORS: [&str; 11] = [
        "simplestate",
        "mergestate",
        "ordefault",
        "distinct",
        "resample",
        "foreach",
        "ornull",
        "state",
        "merge",
        "map",
        "array",
    ];
    if let Some(base) = name.strip_suffix("if").filter(|base| !base.is_empty()) {
        let is_aggregate = !matches!(classify(base), Call::Plain | Call::Hash | Call::If | Call::Decode);
        return if is_aggregate { Call::AggregateIf } else { Call::Plain };
    }
    let base = COMBINATORS.iter().find_map(|suffix| name.strip_suffix(suffix).filter(|base| base.len() > 2));
    match base.map(classify) {
        Some(call @ (Call::Aggregate | Call::AggregateIf | Call::AggregateBy | Call::Count)) => call,
        _ => Call::Plain,
    }
}

/// The position of the argument that is a unit of time without quotes, in the dialects that take one: a column
/// may be called `day` as well, and its place tells which it is.
fn unit_at(function: &str, count: usize, dialect: Dialect) -> Option<usize> {
    use Dialect as D;
    let last = match (function, count) {
        ("date_trunc" | "datetime_trunc" | "timestamp_trunc" | "time_trunc" | "last_day", 2..) => Some(1),
        ("date_diff" | "datetime_diff" | "timestamp_diff" | "time_diff", 3) => Some(2),
        _ => None,
    };
    let first = match (function, count) {
        ("dateadd" | "datediff" | "date_add" | "date_diff" | "date_sub" | "datesub", 3)
        | ("datediff_big" | "timestampadd" | "timestampdiff" | "timestamp_diff" | "timestamp_add", 3)
        | ("timestamp_sub" | "timeadd" | "timediff" | "time_add", 3)
        | ("datepart" | "datename" | "datetrunc" | "date_part" | "date_trunc", 2..) => Some(0),
        _ => None,
    };
    match dialect {
        D::BigQuery => last,
        D::Snowflake if function == "last_day" => last,
        D::Snowflake | D::TSql | D::Fabric | D::Redshift | D::Databricks | D::SparkSql => first,
        D::ClickHouse | D::Vertica | D::MySql | D::MariaDb | D::SingleStore => first,
        D::StarRocks | D::Doris | D::Exasol | D::Teradata => first,
        D::Generic | D::Ansi => first.or(last),
        _ => None,
    }
}

/// Whether an argument may be the name of a unit of time.
fn is_unit(expr: &Expr) -> bool {
    let Expr::Identifier(ident) = expr else { return false };
    if ident.quote_style.is_some() {
        return false;
    }
    let mut buffer = [0u8; 32];
    let word = lower(&ident.value, &mut buffer);
    let singular = word.strip_suffix('s').filter(|word| word.len() > 2).unwrap_or(word);
    matches!(
        singular,
        "year"
            | "quarter"
            | "month"
            | "week"
            | "day"
            | "hour"
            | "minute"
            | "second"
            | "millisecond"
            | "microsecond"
            | "nanosecond"
            | "isoweek"
            | "isoyear"
            | "dayofweek"
            | "dayofyear"
            | "decade"
            | "century"
            | "millennium"
            | "yy"
            | "yyyy"
            | "yyy"
            | "y"
            | "qq"
            | "q"
            | "mm"
            | "m"
            | "mon"
            | "dd"
            | "d"
            | "dy"
            | "wk"
            | "ww"
            | "w"
            | "hh"
            | "h"
            | "mi"
            | "n"
            | "min"
            | "ss"
            | "s"
            | "sec"
            | "ms"
            | "mcs"
            | "ns"
            | "us"
            | "epoch"
            | "dow"
            | "doy"
            | "date"
            | "weekday"
            | "dw"
            | "epoch_second"
            | "weekiso"
            | "yearofweek"
            | "yearofweekiso"
            | "dayofweekiso"
            | "dayofweek_iso"
            | "timezone_hour"
            | "timezone_minute"
            | "hr"
            | "yr"
    )
}
