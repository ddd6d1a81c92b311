//! Figures as people read them.

/// A count: `1,234,567`; a small one with what is behind the point.
pub(super) fn count(number: f64) -> String {
    if number < 10.0 && number.fract() > 0.005 {
        return format!("{number:.2}").trim_end_matches('0').to_owned();
    }
    let digits = format!("{:.0}", number.min(1e18));
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Rows, counted.
pub(super) fn rows(number: f64) -> String {
    let word = if (0.995..1.005).contains(&number) { "row" } else { "rows" };
    format!("{} {word}", count(number))
}

/// Bytes: `120 kB`, `3.5 MB`.
pub(super) fn bytes(number: f64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let (mut number, mut unit) = (number, 0);
    while number >= 1024.0 && unit + 1 < UNITS.len() {
        number /= 1024.0;
        unit += 1;
    }
    if number >= 10.0 || number.fract() < 0.05 {
        format!("{number:.0} {}", UNITS[unit])
    } else {
        format!("{number:.1} {}", UNITS[unit])
    }
}

/// A part of a whole: `0.4 %`.
pub(super) fn percent(part: f64, whole: f64) -> String {
    let percent = if whole > 0.0 { 100.0 * part / whole } else { 0.0 };
    if percent >= 10.0 || percent == 0.0 {
        format!("{percent:.0} %")
    } else if percent >= 0.1 {
        format!("{percent:.1} %")
    } else {
        "less than 0.1 %".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures() {
        assert_eq!(
            [count(0.0), count(1.33), count(999.0), count(1234567.4)],
            ["0", "1.33", "999", "1,234,567"]
        );
        assert_eq!([rows(1.0), rows(2.0)], ["1 row", "2 rows"]);
        assert_eq!(
            [bytes(512.0), bytes(122_880.0), bytes(3.5 * 1024.0 * 1024.0)],
            ["512 bytes", "120 kB", "3.5 MB"]
        );
        assert_eq!(
            [percent(1.0, 250.0), percent(1.0, 1e9), percent(0.0, 0.0)],
            ["0.4 %", "less than 0.1 %", "0 %"]
        );
    }
}
