//! What executions of a query add up to: quantiles of their time out of counts that can be added, windows of
//! an hour or a day, a trend, and the places where the time changed for good.
//!
//! No I/O and no clock. Where the counts are kept, and what changed at such a place, others know.

mod shift;
mod sketch;
mod trend;
mod window;

pub use shift::{LEAST_FACTOR, LEAST_RUNS, Shift, Stretch, shifts};
pub use sketch::{Bin, MOST_MICROS, RELATIVE_ERROR, Sketch};
pub use trend::{Direction, Trend, trend};
pub use window::{Span, Window};
