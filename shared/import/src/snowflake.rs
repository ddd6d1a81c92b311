//! Snowflake's `QUERY_HISTORY` (of `INFORMATION_SCHEMA` or `ACCOUNT_USAGE`) as CSV: executions, each with its text.
//!
//! Texts that differ by literals alone are one query, whose text is the first that comes; an execution names it by where
//! it comes from.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sqm_domain::{CatalogName, Dialect, ParametersHash, RunId, Tag};
use sqm_sql::placeholders;

use crate::csv::{Header, Reader as Csv, Row};
use crate::pg_stat_statements::short_hash;
use crate::record::{Execution, Kind, Origin, QueryRecord, Record, RunsRecord};
use crate::{Outcome, title};

/// Most executions of one record.
const MOST_RUNS: usize = 200;

/// Executions that are held before they are given out, of all queries together: what bounds memory.
const MOST_HELD: usize = 5_000;

/// Queries whose text was given out already, by a hash of 12 bytes. Beyond, a text may come again, which changes
/// nothing.
const MOST_KNOWN: usize = 200_000;

/// What goes with all rows.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The catalog of the queries.
    pub catalog: Option<CatalogName>,
    /// Tags of the queries.
    pub tags: Vec<Tag>,
}

/// Reads a history from bytes as they come.
#[derive(Debug)]
pub struct Reader {
    csv: Csv,
    state: State,
}

#[derive(Debug)]
struct State {
    options: Options,
    columns: Option<Result<Places, ()>>,
    known: BTreeSet<Origin>,
    held: Vec<(Origin, Execution)>,
}

/// Where things stand.
#[derive(Debug)]
struct Places {
    width: usize,
    id: usize,
    text: usize,
    start: usize,
    elapsed_ms: usize,
    status: Option<usize>,
    rows: Option<usize>,
    bytes: Option<usize>,
    hash: Option<usize>,
    parameterized: Option<usize>,
}

impl Reader {
    /// A reader that has read nothing yet.
    pub fn new(options: Options) -> Self {
        let state = State { options, columns: None, known: BTreeSet::new(), held: Vec::new() };
        Self { csv: Csv::default(), state }
    }

    /// Reads on.
    pub fn feed(&mut self, bytes: &[u8], out: &mut impl FnMut(Outcome)) {
        let Self { csv, state } = self;
        csv.feed(bytes, &mut |row| state.read(row, out));
    }

    /// The end.
    pub fn finish(mut self, out: &mut impl FnMut(Outcome)) {
        let state = &mut self.state;
        self.csv.finish(&mut |row| state.read(row, out));
        if self.state.columns.is_none() {
            out(Outcome::skipped(
                "line 1",
                "the file is empty: a header with the names of columns is expected",
            ));
        }
        self.state.give_out(out);
    }
}

impl State {
    fn read(&mut self, row: Row, out: &mut impl FnMut(Outcome)) {
        let place = format!("line {}", row.line);
        let fields = match row.fields {
            Ok(fields) => fields,
            Err(why) => {
                self.columns.get_or_insert(Err(()));
                return out(Outcome::skipped(place, why));
            }
        };
        match &self.columns {
            Some(Err(())) => {}
            None => {
                let places = places(&Header::new(&fields));
                if let Err(missing) = &places {
                    let why = format!("no column {missing}: the columns of QUERY_HISTORY are expected");
                    out(Outcome::skipped(place, why));
                }
                self.columns = Some(places.map_err(|_| ()));
            }
            Some(Ok(places)) => match self.row(places, &fields) {
                Ok((query, origin, execution)) => {
                    if self.known.insert(origin.clone()) {
                        out(Record::Query(query).into());
                    }
                    if self.known.len() > MOST_KNOWN {
                        self.known.clear();
                    }
                    self.held.push((origin, execution));
                    if self.held.len() >= MOST_HELD {
                        self.give_out(out);
                    }
                }
                Err(why) => out(Outcome::skipped(place, why)),
            },
        }
    }

    fn row(&self, places: &Places, fields: &[String]) -> Result<(QueryRecord, Origin, Execution), String> {
        if fields.len() != places.width {
            return Err(format!("{} fields, where the header has {}", fields.len(), places.width));
        }
        let text = |at: usize| fields[at].trim();
        let status = places.status.map(text).unwrap_or_default();
        if !status.is_empty() && !status.eq_ignore_ascii_case("success") {
            return Err(format!("it did not succeed ({})", status.to_lowercase()));
        }
        let sql = text(places.text);
        let title = title::of_sql(sql).or_else(|| title::title(sql)).ok_or("no text")?;
        let given = [places.parameterized, places.hash].into_iter().flatten().map(text);
        let name = match given.into_iter().find(|hash| !hash.is_empty()) {
            Some(hash) => hash.to_owned(),
            None => short_hash(&without_literals(sql)),
        };
        let origin = Origin::try_from(format!("snowflake:{name}"))?;
        let id: RunId = text(places.id).parse().map_err(|error| format!("query_id: {error}"))?;
        let whole = |at: usize, what: &str| match text(at) {
            "" => Ok(None),
            number => number.parse::<u64>().map(Some).map_err(|_| format!("{what} is no whole number")),
        };
        let elapsed: f64 =
            text(places.elapsed_ms).parse().map_err(|_| "total_elapsed_time is no number".to_owned())?;
        let parameters: Option<ParametersHash> = format!("sha256:{}", short_hash(sql)).parse().ok();
        let execution = Execution {
            id: Some(id),
            at: moment(text(places.start)).ok_or("start_time is no time")?,
            duration_ms: elapsed,
            calls: None,
            rows: places.rows.map(|at| whole(at, "rows_produced")).transpose()?.flatten(),
            bytes: places.bytes.map(|at| whole(at, "bytes_scanned")).transpose()?.flatten(),
            engine: "Snowflake".parse().ok(),
            parameters_hash: parameters,
            plan: None,
            plan_outline: None,
        };
        let query = QueryRecord {
            catalog: self.options.catalog.clone(),
            tags: self.options.tags.clone(),
            ..QueryRecord::new(origin.clone(), title, sql.to_owned(), Dialect::Snowflake)
        };
        Ok((query, origin, execution))
    }

    fn give_out(&mut self, out: &mut impl FnMut(Outcome)) {
        let mut held = std::mem::take(&mut self.held);
        held.sort_by(|(one, _), (other, _)| one.cmp(other));
        for of_query in held.chunk_by(|(one, _), (other, _)| one == other) {
            for runs in of_query.chunks(MOST_RUNS) {
                let origin = Some(runs[0].0.clone());
                let runs = runs.iter().map(|(_, execution)| execution.clone()).collect();
                out(Record::Runs(RunsRecord { kind: Kind::Runs, query: None, origin, runs }).into());
            }
        }
    }
}

fn places(header: &Header) -> Result<Places, &'static str> {
    Ok(Places {
        width: header.width(),
        id: header.column(&["query_id"]).ok_or("query_id")?,
        text: header.column(&["query_text"]).ok_or("query_text")?,
        start: header.column(&["start_time"]).ok_or("start_time")?,
        elapsed_ms: header.column(&["total_elapsed_time"]).ok_or("total_elapsed_time")?,
        status: header.column(&["execution_status"]),
        rows: header.column(&["rows_produced"]),
        bytes: header.column(&["bytes_scanned"]),
        hash: header.column(&["query_hash"]),
        parameterized: header.column(&["query_parameterized_hash"]),
    })
}

/// The text with placeholders, or as it is where it does not parse. Zero and one stay: they say what a query does more
/// often than for whom.
fn without_literals(sql: &str) -> String {
    placeholders::hide(sql, Dialect::Snowflake).map_or_else(|_| sql.to_owned(), |hidden| hidden.sql)
}

/// A moment in the forms in which Snowflake prints one: `2026-11-02 03:04:05.678 -0800`, `… Z`, RFC 3339.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    for form in ["%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%d %H:%M:%S%.f %:z"] {
        if let Ok(at) = Timestamp::strptime(form, text) {
            return Some(at);
        }
    }
    // Without an offset it is that of the session, which the file does not tell: UTC is as good as any.
    let local = text.trim_end_matches(['Z', ' ']).parse::<DateTime>().ok()?;
    local.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Record>, Vec<String>) {
        let (mut reader, mut records, mut skipped) =
            (Reader::new(Options::default()), Vec::new(), Vec::new());
        let mut out = |outcome| match outcome {
            Outcome::Record(record) => records.push(*record),
            Outcome::Skipped(it) => skipped.push(format!("{}: {}", it.place, it.why)),
        };
        reader.feed(text.as_bytes(), &mut out);
        reader.finish(&mut out);
        (records, skipped)
    }

    const HEADER: &str = "QUERY_ID,QUERY_TEXT,START_TIME,TOTAL_ELAPSED_TIME,EXECUTION_STATUS,ROWS_PRODUCED\n";

    #[test]
    fn texts_that_differ_by_literals_are_one_query() {
        let (records, skipped) = read(&format!(
            "{HEADER}01-a,SELECT a FROM t WHERE b = 11,2026-11-02 03:04:05.678 -0800,12,SUCCESS,3\n\
             01-b,SELECT a FROM t WHERE b = 22,2026-11-02T11:05:05Z,14,SUCCESS,\n\
             01-c,SELECT c FROM t,2026-11-02 11:05:05,7,SUCCESS,1\n"
        ));
        assert_eq!(skipped, [""; 0]);
        let queries: Vec<_> = records.iter().filter(|it| matches!(it, Record::Query(_))).collect();
        assert_eq!(queries.len(), 2);
        let runs: Vec<&RunsRecord> = records
            .iter()
            .filter_map(|record| match record {
                Record::Runs(runs) => Some(runs),
                _ => None,
            })
            .collect();
        let mut counts: Vec<usize> = runs.iter().map(|runs| runs.runs.len()).collect();
        counts.sort_unstable();
        assert_eq!(counts, [1, 2]);
        let two = runs.iter().find(|runs| runs.runs.len() == 2).unwrap();
        assert_eq!(two.runs[0].at, "2026-11-02T11:04:05.678Z".parse().unwrap());
        assert_eq!((two.runs[0].rows, two.runs[1].rows), (Some(3), None));
        assert_ne!(two.runs[0].parameters_hash, two.runs[1].parameters_hash);
    }

    #[test]
    fn a_bad_row_costs_itself() {
        let (records, skipped) = read(&format!(
            "{HEADER}01-a,SELECT 1,yesterday,1,SUCCESS,1\n01-b,SELECT 1,2026-11-02T11:05:05Z,1,FAIL,1\n\
             01-c,,2026-11-02T11:05:05Z,1,SUCCESS,1\n01 d,SELECT 1,2026-11-02T11:05:05Z,1,SUCCESS,1\n\
             01-e,SELECT 1,2026-11-02T11:05:05Z,x,SUCCESS,1\n01-f,SELECT 1,2026-11-02T11:05:05Z,1,SUCCESS,-1\n"
        ));
        assert_eq!(records, []);
        assert_eq!(
            skipped,
            [
                "line 2: start_time is no time",
                "line 3: it did not succeed (fail)",
                "line 4: no text",
                "line 5: query_id: run id: only letters, digits and - _ . : / @ +",
                "line 6: total_elapsed_time is no number",
                "line 7: rows_produced is no whole number",
            ]
        );
        assert!(read("a,b\n1,2\n").1[0].contains("no column query_id"));
    }
}
