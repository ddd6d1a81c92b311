//! Days and periods of the Gregorian calendar, as literals need them.

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day {
    year: i32,
    month: u32,
    day: u32,
}

/// A length of time that starts at fixed days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Period {
    Day,
    Month,
    Quarter,
    Year,
}

impl Period {
    /// The period of this name. Weeks are left out: where they start depends on the dialect.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().trim_end_matches('S') {
            "DAY" | "DD" => Self::Day,
            "MONTH" | "MON" | "MM" => Self::Month,
            "QUARTER" => Self::Quarter,
            "YEAR" | "YYYY" => Self::Year,
            _ => return None,
        })
    }

    /// The first day after the period that starts at this day; `None` past the year 9999, or where no
    /// period of this kind starts then.
    pub(super) fn end(self, start: Day) -> Option<Day> {
        let Day { year, month, day } = start;
        let months = match self {
            Self::Day => return start.next(),
            Self::Month if day == 1 => 1,
            Self::Quarter if day == 1 && month % 3 == 1 => 3,
            Self::Year if day == 1 && month == 1 => 12,
            _ => return None,
        };
        let index = month - 1 + months;
        Day::new(year + i32::try_from(index / 12).ok()?, index % 12 + 1, 1)
    }
}

impl Day {
    /// A day that exists, in the years 1 to 9999.
    pub(super) fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = match month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            1..=12 => 31,
            _ => return None,
        };
        ((1..=9999).contains(&year) && (1..=last).contains(&day)).then_some(Self { year, month, day })
    }

    /// Reads `2024-02-29`, and `2024-02-29 00:00:00` (with `T`, fewer parts, or a fraction of zeros).
    pub(super) fn read(text: &str) -> Option<Self> {
        let (date, time) = match text.split_once([' ', 'T']) {
            Some((date, time)) => (date, time),
            None => (text, ""),
        };
        if !time.chars().all(|c| matches!(c, '0' | ':' | '.')) {
            return None;
        }
        let mut parts = date.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let digits = |part: &str, count| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
        if parts.next().is_some() || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
            return None;
        }
        Self::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }

    fn next(self) -> Option<Self> {
        Self::new(self.year, self.month, self.day + 1)
            .or_else(|| Self::new(self.year, self.month + 1, 1))
            .or_else(|| Self::new(self.year + 1, 1, 1))
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_end() {
        let check = |period: Period, start: &str, end: Option<&str>| {
            let found = Day::read(start).and_then(|day| period.end(day)).map(|day| day.to_string());
            assert_eq!(found.as_deref(), end, "{period:?} {start}");
        };
        check(Period::Day, "2024-02-28", Some("2024-02-29"));
        check(Period::Day, "2023-02-28", Some("2023-03-01"));
        check(Period::Day, "2023-12-31 00:00:00", Some("2024-01-01"));
        check(Period::Month, "2024-12-01", Some("2025-01-01"));
        check(Period::Quarter, "2024-10-01", Some("2025-01-01"));
        check(Period::Quarter, "2024-11-01", None);
        check(Period::Year, "9999-01-01", None);
        check(Period::Day, "2024-02-30", None);
        check(Period::Day, "2024-02-28 10:00", None);
    }
}
