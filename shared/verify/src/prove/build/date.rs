//! Days and months added to a date.

use crate::value::{date, days, parse_date};

/// The nanoseconds since 1970 of `YYYY-MM-DD` or `YYYY-MM-DD hh:mm:ss`.
pub fn moment(text: &str) -> Option<i64> {
    let text = text.trim();
    let day = i64::from(parse_date(text)?);
    if !(-100_000..100_000).contains(&day) {
        return None;
    }
    let seconds = match text.get(10..)? {
        "" => 0,
        time => {
            let digits = time.strip_prefix([' ', 'T'])?.split(':').map(str::parse::<i64>);
            match digits.collect::<Result<Vec<_>, _>>().ok()?.as_slice() {
                [h @ 0..=23, m @ 0..=59, s @ 0..=59] => h * 3600 + m * 60 + s,
                _ => return None,
            }
        }
    };
    Some((day * 86_400 + seconds) * 1_000_000_000)
}

/// The day so many months, then so many days later. A day that the month lacks becomes its last one.
pub fn shift(day: i32, months: i32, more: i32) -> Option<i32> {
    let text = date(day);
    let mut parts = text.rsplitn(3, '-');
    let of_month: i64 = parts.next()?.parse().ok()?;
    let month: i64 = parts.next()?.parse().ok()?;
    let year: i64 = parts.next()?.parse().ok()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read() {
        assert_eq!(moment("1970-01-02"), Some(86_400_000_000_000));
        assert_eq!(moment("1970-01-01 00:01:02"), Some(62_000_000_000));
        assert_eq!(moment("1970-01-01 25:00:00"), None);
        assert_eq!(moment("1970-01-01 00:00:00+02"), None);
    }

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
}
