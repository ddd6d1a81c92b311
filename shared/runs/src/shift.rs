//! Places in a series of windows from which on the time is another one.
//!
//! Binary segmentation (Scott and Knott 1974): the most telling place of a stretch is taken, and both sides are looked
//! at again. How telling a place is says the likelihood ratio of a table of two by two: executions above and up to a
//! quantile of the whole stretch, before and after. The counts of bins are ranks, so nothing is assumed of how times
//! are spread.

use std::ops::Range;

use crate::sketch::{Bin, Sketch};
use crate::window::Window;

/// By which factor the 95th percentile has to differ: what is less hardly matters, and a sketch tells no less
/// than [`crate::RELATIVE_ERROR`] apart.
pub const LEAST_FACTOR: f64 = 1.2;

/// Fewest executions on each side: a 95th percentile of fewer is their maximum.
pub const LEAST_RUNS: u64 = 20;

/// The quantiles of the whole at which both sides are compared. What moves the middle shows in few executions, what
/// moves the tail alone needs more.
const QUANTILES: [f64; 4] = [0.5, 0.75, 0.9, 0.95];

/// How often a place may be found by chance, in all places that are looked at together.
const LEVEL: f64 = 0.001;

/// The windows on one side.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// Which windows, by their place in the series.
    pub windows: Range<usize>,
    /// What ran in them.
    pub total: Window,
}

/// A place from which on the time is another one.
#[derive(Debug, Clone, PartialEq)]
pub struct Shift {
    /// The windows since the shift before.
    pub before: Stretch,
    /// The windows up to the next one.
    pub after: Stretch,
    /// The 95th percentile after, as a multiple of that before.
    pub factor: f64,
}

/// The shifts of a series in the order of time.
pub fn shifts(windows: &[Window]) -> Vec<Shift> {
    if windows.is_empty() {
        return Vec::new();
    }
    let mut cuts = Vec::new();
    let mut waiting: Vec<Range<usize>> = std::iter::once(0..windows.len()).collect();
    while let Some(stretch) = waiting.pop() {
        if let Some(cut) = cut(&windows[stretch.clone()], windows.len()) {
            let cut = stretch.start + cut;
            cuts.push(cut);
            waiting.extend([stretch.start..cut, cut..stretch.end]);
        }
    }
    cuts.sort_unstable();
    let ends = cuts.iter().copied().chain([windows.len()]);
    let starts = [0].into_iter().chain(cuts.iter().copied());
    let stretches: Vec<Stretch> = starts.zip(ends).map(|(start, end)| total(windows, start..end)).collect();
    stretches.windows(2).filter_map(|pair| shift(&pair[0], &pair[1])).collect()
}

/// Where one stretch follows another. A cut that was made beside a larger one may have lost what made it one.
fn shift(before: &Stretch, after: &Stretch) -> Option<Shift> {
    let factor = factor(&before.total.sketch, &after.total.sketch)?;
    matters(factor).then(|| Shift { before: before.clone(), after: after.clone(), factor })
}

fn total(windows: &[Window], range: Range<usize>) -> Stretch {
    let mut total = Window::new(windows[range.start].start);
    windows[range.clone()].iter().for_each(|window| total.merge(window));
    Stretch { windows: range, total }
}

fn factor(before: &Sketch, after: &Sketch) -> Option<f64> {
    Some(after.quantile(0.95)? / before.quantile(0.95)?)
}

fn matters(factor: f64) -> bool {
    factor >= LEAST_FACTOR || factor <= 1.0 / LEAST_FACTOR
}

/// The most telling place of a stretch, if one is: the first window after it. `places` are looked at in all.
#[allow(clippy::cast_precision_loss)]
fn cut(windows: &[Window], places: usize) -> Option<usize> {
    let mut after = Sketch::default();
    windows.iter().for_each(|window| after.merge(&window.sketch));
    let all = after.count();
    let bins: Vec<Bin> = QUANTILES.iter().filter_map(|quantile| after.rank(*quantile)).collect();
    let above: Vec<u64> = bins.iter().map(|bin| after.above(*bin)).collect();
    // The tail of a chi square of one degree at x is at most exp(-x / 2).
    let least = 2.0 * ((places * QUANTILES.len()) as f64 / LEVEL).ln();
    // How many come after each place, and how long they take; told from the end.
    let mut tails = vec![(0, None); windows.len()];
    let mut tail = Sketch::default();
    for at in (0..windows.len()).rev() {
        tail.merge(&windows[at].sketch);
        tails[at] = (tail.count(), tail.quantile(0.95));
    }
    let mut before = Sketch::default();
    let mut best: Option<(f64, usize)> = None;
    for at in 1..windows.len() {
        before.merge(&windows[at - 1].sketch);
        let (seen, (left, later)) = (before.count(), tails[at]);
        if seen < LEAST_RUNS || left < LEAST_RUNS {
            continue;
        }
        let told = bins.iter().zip(&above).map(|(bin, above)| {
            let earlier = before.above(*bin);
            ratio([earlier, seen - earlier], [*above - earlier, all - seen - (*above - earlier)])
        });
        let told = told.fold(0.0, f64::max);
        let is_better = told >= least && best.is_none_or(|(most, _)| told > most);
        let factor = later.zip(before.quantile(0.95)).map(|(later, earlier)| later / earlier);
        if is_better && factor.is_some_and(matters) {
            best = Some((told, at));
        }
    }
    best.map(|(_, at)| at)
}

/// The likelihood ratio of a table of two by two (G, Woolf 1957).
#[allow(clippy::cast_precision_loss)]
fn ratio(before: [u64; 2], after: [u64; 2]) -> f64 {
    let [before, after] = [before, after].map(|row| row.map(|count| count as f64));
    let rows = [before[0] + before[1], after[0] + after[1]];
    let all = rows[0] + rows[1];
    let mut sum = 0.0;
    for (row, of_row) in [before, after].iter().zip(rows) {
        for (column, count) in row.iter().enumerate() {
            let expected = of_row * (before[column] + after[column]) / all;
            if *count > 0.0 {
                sum += count * (count / expected).ln();
            }
        }
    }
    2.0 * sum
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    /// A day for each list of times, in milliseconds.
    fn days(days: &[Vec<u64>]) -> Vec<Window> {
        let window = |(day, times): (i64, &Vec<u64>)| {
            let mut window = Window::new(Timestamp::from_second(day * 86_400).unwrap());
            times.iter().for_each(|millis| window.sketch.add(Bin::of(millis * 1_000), 1));
            window
        };
        (20_000..).zip(days).map(window).collect()
    }

    /// Ten times around this one.
    fn around(millis: u64) -> Vec<u64> {
        (0..10).map(|n| millis * (90 + n * 2) / 100).collect()
    }

    fn places(found: &[Shift]) -> Vec<(usize, bool)> {
        found.iter().map(|shift| (shift.after.windows.start, shift.factor > 1.0)).collect()
    }

    #[test]
    fn a_step_up_is_found_where_it_is() {
        let series: Vec<_> = [100; 10].into_iter().chain([180; 6]).map(around).collect();
        let found = shifts(&days(&series));
        assert_eq!(places(&found), [(10, true)]);
        assert!((1.7..1.9).contains(&found[0].factor), "{}", found[0].factor);
        assert_eq!(found[0].before.total.sketch.count(), 100);
    }

    #[test]
    fn up_and_down_again_are_two() {
        let series: Vec<_> = [50; 8].into_iter().chain([120; 5]).chain([40; 8]).map(around).collect();
        assert_eq!(places(&shifts(&days(&series))), [(8, true), (13, false)]);
    }

    #[test]
    fn a_tail_alone_is_found() {
        let usual: Vec<u64> = (0..200).map(|n| 100 + n % 20).collect();
        let tail: Vec<u64> = (0..200).map(|n| if n % 10 == 0 { 900 } else { 100 + n % 20 }).collect();
        let series: Vec<_> = (0..12).map(|day| if day < 7 { usual.clone() } else { tail.clone() }).collect();
        let found = shifts(&days(&series));
        assert_eq!(places(&found), [(7, true)]);
        assert!(found[0].factor > 5.0);
    }

    #[test]
    fn what_is_small_few_or_nothing_is_none() {
        let slightly: Vec<_> = [100; 10].into_iter().chain([112; 10]).map(around).collect();
        assert_eq!(shifts(&days(&slightly)), []);
        let few = [vec![100; 12], vec![500; 12]];
        assert_eq!(shifts(&days(&few)), []);
        assert_eq!(shifts(&[]), []);
        assert_eq!(shifts(&days(&[vec![1; 500]])), []);
    }

    proptest! {
        /// Days that are alike show no shift, save once in a thousand series.
        #[test]
        fn chance_is_no_shift(seed in any::<u64>()) {
            let mut state = seed;
            let mut random = move || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                state >> 33
            };
            let day = |_| (0..40).map(|_| 50 + random() % 100 * (1 + random() % 3)).collect();
            let series: Vec<Vec<u64>> = (0..30).map(day).collect();
            prop_assert_eq!(shifts(&days(&series)), []);
        }
    }
}
