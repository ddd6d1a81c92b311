//! Stretches of time: the moments at which a part of the calendar has a value, or that are cut down to the
//! same one.

use rand::Rng;
use rand::rngs::StdRng;

use crate::value::{civil, days, parse_date};

/// Microseconds of a day.
pub const DAY: i64 = 86_400 * SECOND;
const SECOND: i64 = 1_000_000;
/// The year in which a month or a day lies of which nothing else is known: a leap year.
const USUAL_YEAR: i64 = 2024;

/// The moments from the first up to, but not with, the second; in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The first moment.
    pub from: i64,
    /// The first moment behind it.
    pub to: i64,
}

/// A part of the calendar, from the longest to the shortest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // The names are their own documentation.
pub enum Part {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    DayOfYear,
    DayOfWeek,
    Hour,
    Minute,
    Second,
}

impl Part {
    /// By its name in `date_part` and `date_trunc`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "year" => Self::Year,
            "quarter" => Self::Quarter,
            "month" => Self::Month,
            "week" => Self::Week,
            "day" => Self::Day,
            "doy" => Self::DayOfYear,
            "dow" => Self::DayOfWeek,
            "hour" => Self::Hour,
            "minute" => Self::Minute,
            "second" => Self::Second,
            _ => return None,
        })
    }
}

impl Stretch {
    /// A stretch on which all these parts have these values, where the calendar has one.
    pub fn of_parts(parts: &[(Part, i64)]) -> Option<Self> {
        let get = |wanted: Part| parts.iter().find(|(part, _)| *part == wanted).map(|(_, n)| *n);
        let year = get(Part::Year).unwrap_or(USUAL_YEAR);
        let month = match (get(Part::Month), get(Part::Quarter)) {
            (Some(month), _) => month,
            (None, Some(quarter)) => quarter.checked_mul(3)?.checked_sub(2)?,
            (None, None) => 1,
        };
        let of_month = get(Part::Day).unwrap_or(1);
        let (hour, minute, second) =
            (get(Part::Hour).unwrap_or(0), get(Part::Minute).unwrap_or(0), get(Part::Second).unwrap_or(0));
        let exists = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=31).contains(&of_month)
            && (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..60).contains(&second);
        if !exists {
            return None;
        }
        let mut day = i64::from(days(year, month, of_month));
        if let Some(n) = get(Part::DayOfYear) {
            day = i64::from(days(year, 1, 1)).checked_add(n)?.checked_sub(1)?;
        } else if let Some(n) = get(Part::DayOfWeek) {
            // 1970-01-01 was a Thursday, and Sunday is 0.
            day += n.checked_sub(day + 4)?.rem_euclid(7);
        } else if let Some(n) = get(Part::Week) {
            // The first week is that of the fourth of January, and begins on a Monday.
            let fourth = i64::from(days(year, 1, 4));
            day = (fourth - (fourth + 3).rem_euclid(7)).checked_add(n.checked_sub(1)?.checked_mul(7)?)?;
        }
        let from = day.checked_mul(DAY)? + ((hour * 60 + minute) * 60 + second) * SECOND;
        Self::starting(from, parts.iter().map(|(part, _)| *part).max()?)
    }

    /// The stretch around a moment that is cut down to one by `date_trunc`.
    pub fn around(moment: i64, part: Part) -> Option<Self> {
        let day = moment.div_euclid(DAY);
        let (year, month, of_month) = civil(i32::try_from(day).ok()?);
        let from = match part {
            Part::Year => i64::from(days(year, 1, 1)) * DAY,
            Part::Quarter => i64::from(days(year, (month - 1) / 3 * 3 + 1, 1)) * DAY,
            Part::Month => (day - of_month + 1) * DAY,
            Part::Week => (day - (day + 3).rem_euclid(7)) * DAY,
            Part::Day | Part::DayOfYear | Part::DayOfWeek => day * DAY,
            Part::Hour => moment - moment.rem_euclid(3600 * SECOND),
            Part::Minute => moment - moment.rem_euclid(60 * SECOND),
            Part::Second => moment - moment.rem_euclid(SECOND),
        };
        Self::starting(from, part)
    }

    /// What a formatted date stands for: `2024`, `2024-05`, `2024-05-17`.
    pub fn of_text(text: &str) -> Option<Self> {
        let whole = match text.len() {
            4 => format!("{text}-01-01"),
            7 => format!("{text}-01"),
            10 => text.to_owned(),
            _ => return None,
        };
        let part = [Part::Year, Part::Month, Part::Day][(text.len() - 4) / 3];
        Self::starting(i64::from(parse_date(&whole)?) * DAY, part)
    }

    fn starting(from: i64, part: Part) -> Option<Self> {
        let day = from.div_euclid(DAY);
        let (year, month, _) = civil(i32::try_from(day).ok()?);
        let months_later = |n: i64| i64::from(days(year, month, 1)).checked_add(n * 31).map(first_of_month);
        let to = match part {
            Part::Year => i64::from(days(year + 1, 1, 1)) * DAY,
            Part::Quarter => months_later(3)? * DAY,
            Part::Month => months_later(1)? * DAY,
            Part::Week => from.checked_add(7 * DAY)?,
            Part::Day | Part::DayOfYear | Part::DayOfWeek => from.checked_add(DAY)?,
            Part::Hour => from.checked_add(3600 * SECOND)?,
            Part::Minute => from.checked_add(60 * SECOND)?,
            Part::Second => from.checked_add(SECOND)?,
        };
        Some(Self { from, to })
    }

    /// A moment of it: its first, its last or one between them; now and then one beside it.
    pub fn pick(self, unit: i64, rng: &mut StdRng) -> i64 {
        let last = (self.to - unit).max(self.from);
        match rng.random_range(0..20) {
            0..=6 => self.from,
            7..=12 => last,
            13..=17 => self.from + rng.random_range(0..=(last - self.from) / unit) * unit,
            18 => self.from - unit,
            _ => self.to,
        }
    }
}

/// The first day of the month of a day.
fn first_of_month(day: i64) -> i64 {
    let (_, _, of_month) = civil(i32::try_from(day).unwrap_or(0));
    day - of_month + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse_moment;

    fn check(found: Option<Stretch>, from: &str, to: &str) {
        let micros = |text: &str| parse_moment(text).unwrap();
        assert_eq!(found, Some(Stretch { from: micros(from), to: micros(to) }), "{from} .. {to}");
    }

    #[test]
    fn parts_meet() {
        use Part::{Day, DayOfWeek, DayOfYear, Hour, Month, Quarter, Week, Year};
        check(Stretch::of_parts(&[(Year, 2023)]), "2023-01-01", "2024-01-01");
        check(Stretch::of_parts(&[(Month, 2), (Year, 2023)]), "2023-02-01", "2023-03-01");
        check(Stretch::of_parts(&[(Year, 2022), (Quarter, 4)]), "2022-10-01", "2023-01-01");
        check(Stretch::of_parts(&[(Day, 29), (Month, 2)]), "2024-02-29", "2024-03-01");
        check(Stretch::of_parts(&[(Hour, 10)]), "2024-01-01 10:00:00", "2024-01-01 11:00:00");
        check(Stretch::of_parts(&[(DayOfWeek, 0)]), "2024-01-07", "2024-01-08");
        check(Stretch::of_parts(&[(DayOfYear, 366)]), "2024-12-31", "2025-01-01");
        check(Stretch::of_parts(&[(Week, 1), (Year, 2021)]), "2021-01-04", "2021-01-11");
        for impossible in [(Month, 13), (Day, 0), (Hour, 24), (Year, 0), (Quarter, i64::MIN)] {
            assert_eq!(Stretch::of_parts(&[impossible]), None, "{impossible:?}");
        }
    }

    #[test]
    fn moments_that_are_cut_down_to_one() {
        let at = parse_moment("2024-05-17 12:34:56").unwrap();
        check(Stretch::around(at, Part::Year), "2024-01-01", "2025-01-01");
        check(Stretch::around(at, Part::Quarter), "2024-04-01", "2024-07-01");
        check(Stretch::around(at, Part::Month), "2024-05-01", "2024-06-01");
        check(Stretch::around(at, Part::Week), "2024-05-13", "2024-05-20");
        check(Stretch::around(at, Part::Day), "2024-05-17", "2024-05-18");
        check(Stretch::around(at, Part::Minute), "2024-05-17 12:34:00", "2024-05-17 12:35:00");
    }

    #[test]
    fn formatted_dates() {
        check(Stretch::of_text("2024"), "2024-01-01", "2025-01-01");
        check(Stretch::of_text("2024-12"), "2024-12-01", "2025-01-01");
        check(Stretch::of_text("2024-02-29"), "2024-02-29", "2024-03-01");
        assert_eq!(Stretch::of_text("abcd"), None);
        assert_eq!(Stretch::of_text("2024-13"), None);
    }
}
