//! When an endpoint may be asked again, by what it says of itself: `Retry-After` in seconds or as a date, and the
//! `x-ratelimit-*` of OpenAI's protocol.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderMap;
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// Longest wait that is believed.
const MOST: Duration = Duration::from_secs(3_600);

/// Not before this.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Option<Instant>>);

impl Pace {
    /// How long nobody should ask.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// Takes what an answer says: nothing is left until then.
    pub(super) fn hear(&self, headers: &HeaderMap, now: Instant) {
        if let Some(wait) = exhausted(headers) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now + wait);
        }
    }
}

/// How long a refused request should wait, where the answer says it.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(ms) = text("retry-after-ms").and_then(|text| text.parse::<f64>().ok()) {
        return seconds(ms / 1_000.0);
    }
    let said = text("retry-after").and_then(|text| match text.parse::<f64>() {
        Ok(number) => seconds(number),
        Err(_) => until(text, text_date(headers)),
    });
    said.or_else(|| exhausted(headers))
}

/// Until a date, from the date of the answer itself: two clocks need not agree.
fn until(date: &str, from: Option<Timestamp>) -> Option<Duration> {
    let until = http_date(date)?;
    let from = from.unwrap_or_else(Timestamp::now);
    let wait = until.duration_since(from);
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO).min(MOST))
}

fn text_date(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(headers.get("date")?.to_str().ok()?)
}

/// A date as HTTP writes it today; forms of before 1997 are taken for none.
fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::parse(text).ok().map(|date| date.timestamp())
}

/// The longer of the waits for requests and tokens of which none are left.
fn exhausted(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: String| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let wait = |what: &str| {
        let left = text(format!("x-ratelimit-remaining-{what}"))?.parse::<u64>().ok()?;
        if left > 0 { None } else { span(text(format!("x-ratelimit-reset-{what}"))?) }
    };
    ["requests", "tokens"].into_iter().filter_map(wait).max()
}

/// `1s`, `6m0s`, `20ms`, `1h2m`, or a plain number of seconds.
fn span(text: &str) -> Option<Duration> {
    if let Ok(number) = text.parse::<f64>() {
        return seconds(number);
    }
    let (mut rest, mut sum) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = &rest[digits..];
        let (scale, length) = [("ms", 0.001), ("h", 3_600.0), ("m", 60.0), ("s", 1.0)]
            .into_iter()
            .find(|(name, _)| unit.starts_with(name))
            .map(|(name, scale)| (scale, name.len()))?;
        sum += number * scale;
        rest = &unit[length..];
    }
    seconds(sum)
}

fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok().map(|wait| wait.min(MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn check(pairs: &[(&'static str, &str)], expected_ms: Option<u64>) {
        assert_eq!(retry_after(&headers(pairs)), expected_ms.map(Duration::from_millis), "{pairs:?}");
    }

    #[test]
    fn retry_after_in_every_form() {
        check(&[("retry-after", "7")], Some(7_000));
        check(&[("retry-after", "0.25")], Some(250));
        check(&[("retry-after-ms", "120"), ("retry-after", "7")], Some(120));
        let date = ("date", "Sat, 28 Nov 2026 07:00:00 GMT");
        check(&[date, ("retry-after", "Sat, 28 Nov 2026 07:00:09 GMT")], Some(9_000));
        check(&[date, ("retry-after", "Sat, 28 Nov 2026 06:00:00 GMT")], Some(0));
        check(&[("retry-after", "999999999")], Some(3_600_000));
        for wrong in ["-1", "soon", "NaN", "inf", ""] {
            check(&[("retry-after", wrong)], None);
        }
    }

    #[test]
    fn limits_of_which_nothing_is_left() {
        let requests = ("x-ratelimit-remaining-requests", "0");
        check(&[requests, ("x-ratelimit-reset-requests", "1s")], Some(1_000));
        check(&[requests, ("x-ratelimit-reset-requests", "6m0s")], Some(360_000));
        check(&[requests, ("x-ratelimit-reset-requests", "20ms")], Some(20));
        check(&[requests, ("x-ratelimit-reset-requests", "x")], None);
        check(&[("x-ratelimit-remaining-requests", "3"), ("x-ratelimit-reset-requests", "1s")], None);
        check(
            &[
                requests,
                ("x-ratelimit-reset-requests", "1s"),
                ("x-ratelimit-remaining-tokens", "0"),
                ("x-ratelimit-reset-tokens", "1m1.5s"),
            ],
            Some(61_500),
        );
    }

    #[test]
    fn what_an_answer_says_holds_for_the_next_question() {
        let (pace, now) = (Pace::default(), Instant::now());
        pace.hear(
            &headers(&[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "2s")]),
            now,
        );
        assert_eq!(pace.wait(now), Duration::from_secs(2));
        assert_eq!(pace.wait(now + Duration::from_secs(3)), Duration::ZERO);
    }
}
