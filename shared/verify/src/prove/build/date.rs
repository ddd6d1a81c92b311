//! Days and months added to a date or a moment.

use crate::value::{civil, date, days, parse_date};

/// The day so many months, then so many days later. A day that the month lacks becomes its last one.
pub fn shift(day: i32, months: i32, more: i32) -> Option<i32> {
    let (year, month, of_month) = civil(day);
    let total = year * 12 + month - 1 + i64::from(months);
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    if !(1..=9999).contains(&year) {
        return None;
    }
    let last = (28..=31).rev().find(|last| {
        parse_date(&date(days(year, month, *last)))
            .is_some_and(|d| date(d) == format!("{year:04}-{month:02}-{last:02}"))
    })?;
    days(year, month, of_month.min(last)).checked_add(more)
}

/// The moment, in nanoseconds since 1970, so many months, days and nanoseconds later.
pub fn shift_moment(moment: i64, months: i32, days: i32, nanos: i64) -> Option<i64> {
    const DAY: i64 = 86_400_000_000_000;
    let day = shift(i32::try_from(moment.div_euclid(DAY)).ok()?, months, days)?;
    i64::from(day).checked_mul(DAY)?.checked_add(moment.rem_euclid(DAY))?.checked_add(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse_moment;

    #[test]
    fn months_keep_the_day_where_there_is_one() {
        let check = |from: &str, months, more, to: &str| {
            let shifted = parse_date(from).and_then(|day| shift(day, months, more)).map(date);
            assert_eq!(shifted.as_deref(), Some(to));
        };
        check("1994-01-01", 12, 0, "1995-01-01");
        check("2020-01-31", 1, 0, "2020-02-29");
        check("1998-12-01", 0, -90, "1998-09-02");
        check("1995-03-15", -3, 1, "1994-12-16");
    }
    #[test]
    fn a_moment_keeps_its_time_of_day() {
        let check = |from: &str, months, days, nanos, to: &str| {
            let nanos_of = |text: &str| parse_moment(text).map(|micros| micros * 1000);
            let shifted = nanos_of(from).and_then(|from| shift_moment(from, months, days, nanos));
            assert_eq!(shifted, nanos_of(to));
        };
        check("2020-01-31 10:00:00", 1, 0, 0, "2020-02-29 10:00:00");
        check("1969-12-31 23:59:59", 0, 0, 2_000_000_000, "1970-01-01 00:00:01");
        check("2024-03-01 00:00:00", 0, -1, -1_000_000_000, "2024-02-28 23:59:59");
    }
}
