//! Units of time that functions on dates take without quotes.

use sqlparser::ast::Expr;
use sqm_domain::Dialect;

use super::function::lower;

/// The position of the argument that is a unit of time without quotes, in the dialects that take one: a column
/// may be called `day` as well, and its place tells which it is.
pub(super) fn unit_at(function: &str, count: usize, dialect: Dialect) -> Option<usize> {
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
pub(super) fn is_unit(expr: &Expr) -> bool {
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
