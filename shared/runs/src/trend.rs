//! Whether a series of windows rises or falls, and how fast: the median of the slopes between any two of them
//! (Theil 1950, Sen 1968), which outliers do not move, and the test of Mann and Kendall.

use crate::window::Window;

/// Fewest windows from which a trend is told.
const LEAST_WINDOWS: usize = 8;

/// Standard deviations beyond which a trend is no chance, at a level of five in a hundred.
const CRITICAL: f64 = 1.96;

/// Where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Up.
    Rising,
    /// Down.
    Falling,
    /// Neither can be told from chance.
    Steady,
}

/// A trend of the 95th percentile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Where it goes.
    pub direction: Direction,
    /// By how much a day: 0.01 is one in a hundred.
    pub per_day: f64,
}

/// The trend of windows in the order of time; `None` where fewer than eight have runs.
#[allow(clippy::cast_precision_loss)]
pub fn trend(windows: &[Window]) -> Option<Trend> {
    let point = |window: &Window| {
        let days = window.start.as_second() as f64 / 86_400.0;
        window.sketch.quantile(0.95).map(|micros| (days, micros.ln()))
    };
    let points: Vec<(f64, f64)> = windows.iter().filter_map(point).collect();
    if points.len() < LEAST_WINDOWS {
        return None;
    }
    let mut slopes = Vec::with_capacity(points.len() * (points.len() - 1) / 2);
    let mut score = 0_i64;
    for (at, (day, value)) in points.iter().enumerate() {
        for (earlier, before) in &points[..at] {
            slopes.push((value - before) / (day - earlier));
            score += match value.total_cmp(before) {
                std::cmp::Ordering::Less => -1,
                std::cmp::Ordering::Equal => 0,
                std::cmp::Ordering::Greater => 1,
            };
        }
    }
    let middle = slopes.len() / 2;
    let (_, slope, _) = slopes.select_nth_unstable_by(middle, f64::total_cmp);
    let n = points.len() as f64;
    let deviation = (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
    // With the correction for continuity. Ties make the real deviation smaller: this is on the safe side.
    let beyond = (score - score.signum()) as f64 / deviation;
    let direction = match beyond {
        z if z > CRITICAL => Direction::Rising,
        z if z < -CRITICAL => Direction::Falling,
        _ => Direction::Steady,
    };
    Some(Trend { direction, per_day: slope.exp_m1() })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::sketch::Bin;

    fn days(millis: impl IntoIterator<Item = u64>) -> Vec<Window> {
        let window = |(day, millis): (i64, u64)| {
            let mut window = Window::new(Timestamp::from_second(day * 86_400).unwrap());
            window.sketch.add(Bin::of(millis * 1_000), 10);
            window
        };
        (20_000..).zip(millis).map(window).collect()
    }

    #[test]
    fn directions() {
        let rising = trend(&days((0..20).map(|day| 100 + day * 10))).unwrap();
        assert_eq!(rising.direction, Direction::Rising);
        assert!((0.03..0.1).contains(&rising.per_day), "{rising:?}");
        let falling = trend(&days((0..20).map(|day| 300 - day * 10))).unwrap();
        assert_eq!(falling.direction, Direction::Falling);
        assert!(falling.per_day < 0.0);
        let noise = [100, 130, 90, 120, 95, 125, 99, 101, 118, 97, 122, 100];
        assert_eq!(trend(&days(noise)).unwrap().direction, Direction::Steady);
        assert_eq!(trend(&days([100; 12])).unwrap(), Trend { direction: Direction::Steady, per_day: 0.0 });
    }

    #[test]
    fn one_outlier_is_no_trend_and_few_windows_are_none() {
        let outlier = [100, 100, 100, 9_000, 100, 100, 100, 100, 100];
        assert_eq!(trend(&days(outlier)).unwrap().per_day, 0.0);
        assert_eq!(trend(&days([1, 2, 3, 4, 5, 6, 7])), None);
    }
}
