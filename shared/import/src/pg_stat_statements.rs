//! The view `pg_stat_statements` of PostgreSQL, written with `COPY … TO … WITH (FORMAT csv, HEADER)` or `psql --csv`.
//!
//! Its counters grow from one dump to the next. What they say is what was counted so far; how much of it is new, only
//! who keeps the last dump knows.

use jiff::Timestamp;
use sqm_domain::{Dialect, RunId, Tag};

use crate::csv::{Header, Reader as Csv, Row};
use crate::record::{Kind, Origin, QueryRecord, Record, StatisticsRecord};
use crate::{Outcome, title};

/// Counters of one row that are larger than this are none: JSON would not tell them exactly.
const MOST_COUNTED: u64 = 1 << 53;

/// What goes with all rows.
#[derive(Debug, Clone)]
pub struct Options {
    /// When the counters were read.
    pub at: Timestamp,
    /// The catalog of the queries.
    pub catalog: Option<sqm_domain::CatalogName>,
    /// Tags of the queries.
    pub tags: Vec<Tag>,
}

/// Reads a dump from bytes as they come.
#[derive(Debug)]
pub struct Reader {
    options: Options,
    csv: Csv,
    columns: Columns,
}

#[derive(Debug)]
enum Columns {
    /// The header comes first.
    Unknown,
    Known(Places),
    /// The header was none.
    Wrong,
}

/// Where things stand. Older releases call the time `total_time`.
#[derive(Debug)]
struct Places {
    width: usize,
    query: usize,
    queryid: Option<usize>,
    calls: usize,
    total_ms: usize,
    rows: Option<usize>,
    apart: Vec<usize>,
}

impl Reader {
    /// A reader that has read nothing yet.
    pub fn new(options: Options) -> Self {
        Self { options, csv: Csv::default(), columns: Columns::Unknown }
    }

    /// Reads on.
    pub fn feed(&mut self, bytes: &[u8], out: &mut impl FnMut(Outcome)) {
        let Self { options, csv, columns } = self;
        csv.feed(bytes, &mut |row| read(options, columns, row, out));
    }

    /// The end.
    pub fn finish(mut self, out: &mut impl FnMut(Outcome)) {
        let (options, columns) = (&self.options, &mut self.columns);
        self.csv.finish(&mut |row| read(options, columns, row, out));
        if matches!(columns, Columns::Unknown) {
            out(Outcome::skipped(
                "line 1",
                "the file is empty: a header with the names of columns is expected",
            ));
        }
    }
}

fn read(options: &Options, columns: &mut Columns, row: Row, out: &mut impl FnMut(Outcome)) {
    let place = format!("line {}", row.line);
    let fields = match row.fields {
        Ok(fields) => fields,
        Err(why) => {
            if matches!(columns, Columns::Unknown) {
                *columns = Columns::Wrong;
            }
            return out(Outcome::skipped(place, why));
        }
    };
    match columns {
        Columns::Wrong => {}
        Columns::Unknown => match places(&Header::new(&fields)) {
            Ok(places) => *columns = Columns::Known(places),
            Err(missing) => {
                *columns = Columns::Wrong;
                let why = format!("no column {missing}: a header as `psql --csv` writes it is expected");
                out(Outcome::skipped(place, why));
            }
        },
        Columns::Known(places) => match records(options, places, &fields) {
            Ok(records) => records.into_iter().for_each(|record| out(record.into())),
            Err(why) => out(Outcome::skipped(place, why)),
        },
    }
}

fn places(header: &Header) -> Result<Places, &'static str> {
    let apart = ["dbid", "userid", "datname", "toplevel"];
    Ok(Places {
        width: header.width(),
        query: header.column(&["query"]).ok_or("query")?,
        queryid: header.column(&["queryid"]),
        calls: header.column(&["calls"]).ok_or("calls")?,
        total_ms: header.column(&["total_exec_time", "total_time"]).ok_or("total_exec_time")?,
        rows: header.column(&["rows"]),
        apart: apart.iter().filter_map(|name| header.column(&[*name])).collect(),
    })
}

fn records(options: &Options, places: &Places, fields: &[String]) -> Result<Vec<Record>, String> {
    if fields.len() != places.width {
        return Err(format!("{} fields, where the header has {}", fields.len(), places.width));
    }
    let sql = fields[places.query].trim();
    if sql.is_empty() || sql == "<insufficient privilege>" {
        return Err("no text: whoever wrote the dump may not see it".to_owned());
    }
    let number = |at: usize, what: &str| {
        let value: f64 = fields[at].trim().parse().map_err(|_| format!("{what} is no number"))?;
        let most = 9_007_199_254_740_992.0;
        if (0.0..=most).contains(&value) { Ok(value) } else { Err(format!("{what} is from 0 to 2^53")) }
    };
    let whole = |at: usize, what: &str| {
        let value: u64 = fields[at].trim().parse().map_err(|_| format!("{what} is no whole number"))?;
        if value <= MOST_COUNTED { Ok(value) } else { Err(format!("{what} is more than 2^53")) }
    };
    let (calls, total_ms) = (whole(places.calls, "calls")?, number(places.total_ms, "total_exec_time")?);
    let rows = places.rows.map(|at| whole(at, "rows")).transpose()?;
    let mut titled = title::of_sql(sql);
    titled = titled.or_else(|| title::title(sql));
    let title = titled.ok_or("no text")?;
    // The text of a query is its name: `queryid` differs between releases and databases.
    let origin = Origin::try_from(format!("pg_stat_statements:{}", short_hash(sql)))?;
    let id = places.queryid.map_or(String::new(), |at| fields[at].trim().to_owned());
    let apart: Vec<&str> = places.apart.iter().map(|at| fields[*at].trim()).chain([id.as_str()]).collect();
    let source = format!("pg_stat_statements:{}", short_hash(&apart.join("\n")));
    let source: RunId = source.parse().map_err(|error: sqm_domain::InvalidName| error.to_string())?;
    let query = QueryRecord {
        catalog: options.catalog.clone(),
        tags: options.tags.clone(),
        ..QueryRecord::new(origin.clone(), title, sql.to_owned(), Dialect::Postgres)
    };
    let statistics =
        StatisticsRecord { kind: Kind::Statistics, origin, source, at: options.at, calls, total_ms, rows };
    Ok(vec![Record::Query(query), Record::Statistics(statistics)])
}

pub(crate) fn short_hash(text: &str) -> String {
    use sha2::{Digest, Sha256};
    format!("{:x}", Sha256::digest(text))[..24].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Record>, Vec<(String, String)>) {
        let options = Options { at: Timestamp::UNIX_EPOCH, catalog: None, tags: Vec::new() };
        let (mut reader, mut records, mut skipped) = (Reader::new(options), Vec::new(), Vec::new());
        let mut out = |outcome| match outcome {
            Outcome::Record(record) => records.push(*record),
            Outcome::Skipped(it) => skipped.push((it.place, it.why)),
        };
        reader.feed(text.as_bytes(), &mut out);
        reader.finish(&mut out);
        (records, skipped)
    }

    #[test]
    fn a_row_is_a_query_and_its_counters() {
        let (records, skipped) = read(
            "userid,dbid,queryid,query,calls,total_exec_time,rows\n\
             10,5,77,\"SELECT a, b\nFROM t WHERE c = $1\",12,34.5,60\n",
        );
        assert_eq!(skipped, []);
        let [Record::Query(query), Record::Statistics(statistics)] = records.as_slice() else { panic!() };
        assert_eq!(query.sql, "SELECT a, b\nFROM t WHERE c = $1");
        assert_eq!(query.title.as_str(), "SELECT a, b FROM t WHERE c = $1");
        assert_eq!((statistics.calls, statistics.total_ms, statistics.rows), (12, 34.5, Some(60)));
        assert_eq!(query.origin.as_ref(), Some(&statistics.origin));
    }

    #[test]
    fn a_bad_row_costs_itself() {
        let (records, skipped) = read(
            "query,calls,total_time\nSELECT 1,x,1\nSELECT 2,1,-1\nSELECT 3,1\n<insufficient privilege>,1,1\n\
             \"SELECT 4\"4,1,1\nSELECT 5,1,1.5\n",
        );
        assert_eq!(records.len(), 2);
        let told: Vec<_> = skipped.iter().map(|(place, why)| format!("{place}: {why}")).collect();
        assert_eq!(
            told,
            [
                "line 2: calls is no whole number",
                "line 3: total_exec_time is from 0 to 2^53",
                "line 4: 2 fields, where the header has 3",
                "line 5: no text: whoever wrote the dump may not see it",
                "line 6: text behind the quote that ends a field",
            ]
        );
    }

    #[test]
    fn without_its_header_nothing_is_read() {
        let (records, skipped) = read("SELECT 1,2,3\nSELECT 2,3,4\n");
        assert_eq!(records, []);
        assert_eq!(skipped.len(), 1);
        assert!(skipped[0].1.contains("no column query"), "{skipped:?}");
        assert!(read("").1[0].1.contains("empty"));
    }
}
