//! What functions do with their arguments, told by their names.

/// What a function does with its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
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
    pub(super) fn decides(self, at: usize, count: usize) -> bool {
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

/// What the function of this name, in lower case, does.
pub(super) fn classify(name: &str) -> Call {
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
