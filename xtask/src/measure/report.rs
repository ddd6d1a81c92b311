//! The figures as a table.

use std::time::Duration;

use super::Start;
use super::size::Size;

/// A function and a request to it.
pub struct Row {
    /// The function.
    pub function: &'static str,
    /// The request.
    pub request: &'static str,
    /// How large the function is.
    pub size: Size,
    /// Its starts.
    pub starts: Vec<Start>,
}

/// The lines of the report.
pub fn lines(profile: &str, runs: u32, rows: &[Row]) -> Vec<String> {
    let mut lines = vec![
        format!("Profile {profile}; each line is {runs} starts, one after the other, after one that does not count."),
        "exec → answer: from exec until the runtime interface has the answer; memory: resident, at that time.".to_owned(),
        String::new(),
        format!(
            "{:<10} {:<24} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "function", "request", "built", "stripped", "minimum", "median", "maximum", "memory"
        ),
    ];
    for row in rows {
        let mut times: Vec<_> = row.starts.iter().map(|start| start.answered).collect();
        times.sort();
        let memory = row.starts.iter().map(|start| start.rss_kb).max().unwrap_or(0);
        lines.push(format!(
            "{:<10} {:<24} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
            row.function,
            row.request,
            megabytes(row.size.built),
            row.size.stripped.map_or_else(|| "?".to_owned(), megabytes),
            milliseconds(times.first()),
            milliseconds(times.get(times.len() / 2)),
            milliseconds(times.last()),
            megabytes(memory * 1024),
        ));
    }
    lines
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn milliseconds(time: Option<&Duration>) -> String {
    time.map_or_else(|| "?".to_owned(), |time| format!("{:.1} ms", time.as_secs_f64() * 1e3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_between() {
        let start = |ms| Start { answered: Duration::from_millis(ms), rss_kb: 1000 * ms };
        let row = Row {
            function: "queries",
            request: "GET /",
            size: Size { built: 12_345_678, stripped: None },
            starts: vec![start(30), start(10), start(20)],
        };
        let line = lines("dev", 3, &[row]).pop().unwrap();
        let words: Vec<_> = line.split_whitespace().collect();
        assert_eq!(words[3..], ["12.3", "MB", "?", "10.0", "ms", "20.0", "ms", "30.0", "ms", "30.7", "MB"]);
    }
}
