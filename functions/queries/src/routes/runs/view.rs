//! What ran of a query, as callers read it.

use jiff::Timestamp;
use serde::Serialize;
use sqm_domain::{CatalogName, VersionNumber};
use sqm_runs::{Direction, RELATIVE_ERROR, Shift, Span, Stretch, Trend, Window};
use sqm_store::{Outlines, PlanShape};

/// Most plans that are named of one stretch.
pub(super) const MOST_PLANS: usize = 10;

#[derive(Serialize)]
pub(super) struct View<'a> {
    from: Timestamp,
    to: Timestamp,
    by: &'static str,
    relative_error: f64,
    total: Option<Figures>,
    windows: Vec<WindowView<'a>>,
    trend: Option<TrendView>,
    regressions: Vec<ShiftView<'a>>,
    improvements: Vec<ShiftView<'a>>,
}

/// What executions add up to.
#[derive(Serialize)]
struct Figures {
    runs: u64,
    summarized: u64,
    mean_ms: f64,
    p50_ms: f64,
    p95_ms: f64,
    max_ms: f64,
    rows: Option<u64>,
    bytes: Option<u64>,
}

#[derive(Serialize)]
struct WindowView<'a> {
    at: Timestamp,
    #[serde(flatten)]
    figures: Figures,
    plans: Vec<&'a str>,
}

#[derive(Serialize)]
struct TrendView {
    direction: &'static str,
    p95_percent_per_day: f64,
}

#[derive(Serialize)]
struct ShiftView<'a> {
    at: Timestamp,
    factor: f64,
    before: StretchView<'a>,
    after: StretchView<'a>,
    changes: Vec<&'a Change<'a>>,
}

#[derive(Serialize)]
struct StretchView<'a> {
    from: Timestamp,
    to: Timestamp,
    #[serde(flatten)]
    figures: Figures,
    plans: Vec<PlanView<'a>>,
}

#[derive(Serialize)]
struct PlanView<'a> {
    shape: &'a str,
    outline: Option<&'a str>,
}

/// What may have made a query slower or faster.
#[derive(Serialize)]
pub(super) struct Change<'a> {
    of: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog: Option<&'a CatalogName>,
    version: VersionNumber,
    at: Timestamp,
}

impl<'a> Change<'a> {
    pub(super) fn of_query(version: VersionNumber, at: Timestamp) -> Self {
        Self { of: "query", catalog: None, version, at }
    }

    pub(super) fn of_catalog(name: &'a CatalogName, version: VersionNumber, at: Timestamp) -> Self {
        Self { of: "catalog", catalog: Some(name), version, at }
    }
}

impl<'a> View<'a> {
    pub(super) fn new(
        span: Span,
        (from, to): (Timestamp, Timestamp),
        windows: &'a [Window],
        trend: Option<Trend>,
        shifts: &'a [Shift],
        changes: &'a [Change<'a>],
        outlines: &'a Outlines,
    ) -> Self {
        let mut total = Window::new(from);
        windows.iter().for_each(|window| total.merge(window));
        let view = |shift| ShiftView::new(span, windows, shift, changes, outlines);
        let (slower, faster): (Vec<_>, Vec<_>) = shifts.iter().partition(|shift| shift.factor > 1.0);
        Self {
            from,
            to,
            by: match span {
                Span::Hour => "hour",
                Span::Day => "day",
            },
            relative_error: RELATIVE_ERROR,
            total: (total.sketch.count() > 0).then(|| Figures::of(&total)),
            windows: windows.iter().map(WindowView::from).collect(),
            trend: trend.map(TrendView::from),
            regressions: slower.into_iter().map(view).collect(),
            improvements: faster.into_iter().map(view).collect(),
        }
    }
}

impl Figures {
    #[allow(clippy::cast_precision_loss)]
    fn of(window: &Window) -> Self {
        let millis = |quantile| rounded(window.sketch.quantile(quantile).unwrap_or_default() / 1_000.0);
        let counted = |sum: Option<u128>| sum.map(|sum| u64::try_from(sum).unwrap_or(u64::MAX));
        let runs = window.sketch.count();
        Self {
            runs,
            summarized: window.summarized,
            mean_ms: rounded(window.micros as f64 / runs as f64 / 1_000.0),
            p50_ms: millis(0.5),
            p95_ms: millis(0.95),
            max_ms: millis(1.0),
            rows: counted(window.rows),
            bytes: counted(window.bytes),
        }
    }
}

impl<'a> From<&'a Window> for WindowView<'a> {
    fn from(window: &'a Window) -> Self {
        let plans = window.plans.iter().take(MOST_PLANS).map(String::as_str).collect();
        Self { at: window.start, figures: Figures::of(window), plans }
    }
}

impl From<Trend> for TrendView {
    fn from(trend: Trend) -> Self {
        let direction = match trend.direction {
            Direction::Rising => "rising",
            Direction::Falling => "falling",
            Direction::Steady => "steady",
        };
        Self { direction, p95_percent_per_day: rounded(trend.per_day * 100.0) }
    }
}

impl<'a> ShiftView<'a> {
    fn new(
        span: Span,
        windows: &'a [Window],
        shift: &'a Shift,
        changes: &'a [Change<'a>],
        outlines: &'a Outlines,
    ) -> Self {
        // The window before may have seen the change already, and so may the first one after only have done in
        // its course.
        let end = |window: &Window| window.start.checked_add(span.length()).unwrap_or(Timestamp::MAX);
        let earliest = windows[shift.before.windows.end - 1].start;
        let latest = end(&windows[shift.after.windows.start]);
        let side = |stretch: &'a Stretch| {
            let shapes = stretch.total.plans.iter().take(MOST_PLANS);
            let plans = shapes.map(|shape| {
                let known = PlanShape::try_from(shape.clone()).ok().and_then(|shape| outlines.get(&shape));
                PlanView { shape, outline: known.map(String::as_str) }
            });
            StretchView {
                from: windows[stretch.windows.start].start,
                to: end(&windows[stretch.windows.end - 1]),
                figures: Figures::of(&stretch.total),
                plans: plans.collect(),
            }
        };
        Self {
            at: windows[shift.after.windows.start].start,
            factor: rounded(shift.factor),
            before: side(&shift.before),
            after: side(&shift.after),
            changes: changes.iter().filter(|change| (earliest..latest).contains(&change.at)).collect(),
        }
    }
}

/// With four digits: more than that a sketch does not know.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let scale = 10_f64.powf(3.0 - value.abs().log10().floor());
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn four_digits() {
        for (value, expected) in [
            (0.0, 0.0),
            (1_234.567, 1_235.0),
            (0.012_345_6, 0.012_35),
            (99_999.0, 100_000.0),
            (-7.0, -7.0),
            (f64::NAN, 0.0),
        ] {
            assert!((rounded(value) - expected).abs() < 1e-9, "{value}: {}", rounded(value));
        }
    }
}
