//! Tries one database after another and keeps count of what they reached.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::bind::Bound;
use crate::counterexample;
use crate::coverage::Coverage;
use crate::generate::Generator;
use crate::pair::{Pair, Seen};
use crate::verdict::Verdict;

/// So many databases on which the two engines disagree end the search.
const MOST_DISAGREEMENTS: usize = 3;
/// On so many databases two queries have to agree, or on all that were asked for, before they count as
/// tested.
const FEWEST: usize = 20;
/// On so many databases where the queries agree the second engine is asked as well: an engine that is wrong
/// about one of them may find them equal.
const SECOND_OPINIONS: usize = 10;
/// Why an agreement that one engine shows is none.
const ONE_SIDED: &str = "the engines disagree: SQLite shows a difference that DataFusion does not";
/// Why a difference that one engine shows is no refutation.
const DISAGREEMENT: &str = "the engines disagree: DataFusion shows a difference that SQLite does not";

/// A search for a database on which two queries differ.
pub struct Search<'a> {
    pair: &'a Pair<'a>,
    generator: &'a Generator<'a>,
    first: &'a Bound,
    second: &'a Bound,
    coverage: Coverage,
    failure: Option<String>,
    disagreements: usize,
    /// How often the second engine was asked about an agreement.
    opinions: usize,
    /// Whether it contradicted one.
    is_contradicted: bool,
    /// Whether on some database one query has one result and the other several.
    is_one_sided: bool,
    /// Rows of the longest result.
    longest: usize,
    /// How many databases were tried.
    pub tried: usize,
    /// How many were to be tried.
    asked: usize,
    /// When a verdict has to be there.
    deadline: Instant,
}

impl<'a> Search<'a> {
    /// One that has tried nothing yet.
    pub fn new(
        pair: &'a Pair<'a>,
        generator: &'a Generator<'a>,
        first: &'a Bound,
        second: &'a Bound,
        deadline: Instant,
    ) -> Self {
        Self {
            pair,
            generator,
            first,
            second,
            coverage: Coverage::default(),
            failure: None,
            disagreements: 0,
            opinions: 0,
            is_contradicted: false,
            is_one_sided: false,
            longest: 0,
            tried: 0,
            asked: 0,
            deadline,
        }
    }

    /// Goes on until so many databases are tried or the time is over; the verdict, where one is reached.
    pub fn run(&mut self, databases: usize, until: Instant) -> Option<Verdict> {
        self.asked = databases;
        while self.tried < databases && (self.tried == 0 || Instant::now() < until) {
            let database = self.generator.database(self.tried as u64);
            self.tried += 1;
            match self.pair.see(&database) {
                Seen::Failed(message) => {
                    self.coverage.errors += 1;
                    self.failure.get_or_insert(message);
                }
                Seen::Undetermined { one_sided } => {
                    self.coverage.undetermined += 1;
                    self.is_one_sided |= one_sided;
                }
                Seen::Same { first, second } => {
                    self.coverage.compared += 1;
                    self.coverage.first_returned_rows += usize::from(first > 0);
                    self.coverage.second_returned_rows += usize::from(second > 0);
                    self.longest = self.longest.max(first).max(second);
                    let rows = database.tables.iter().map(Vec::len).max().unwrap_or(0);
                    self.coverage.largest_table = self.coverage.largest_table.max(rows);
                    if self.opinions < SECOND_OPINIONS && rows > 0 && !self.is_loose() {
                        self.opinions += 1;
                        self.is_contradicted |=
                            counterexample::differ_in_sqlite(self.pair, &database, self.first, self.second)
                                == Some(true);
                    }
                }
                Seen::Different(_) => {
                    match counterexample::establish(
                        self.pair,
                        database,
                        self.first,
                        self.second,
                        self.deadline,
                    ) {
                        Some(counterexample) => {
                            return Some(Verdict::Refuted { counterexample: Box::new(counterexample) });
                        }
                        None => {
                            self.disagreements += 1;
                            if self.disagreements >= MOST_DISAGREEMENTS {
                                return Some(Verdict::Unknown { reason: DISAGREEMENT.into() });
                            }
                        }
                    }
                }
            }
        }
        None
    }

    /// What lets the queries return one of several results, in words.
    fn looseness(&self) -> String {
        let loose = self.first.traits.loose.iter().chain(&self.second.traits.loose);
        let names: BTreeSet<&str> = loose.map(|looseness| looseness.name()).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    }

    fn is_loose(&self) -> bool {
        self.pair.loose.contains(&true)
    }

    /// The LIMIT at the end of one query alone, where no result was so long that it cut anything.
    fn unreached_limit(&self) -> Option<usize> {
        let (first, second) = (self.first.traits.most, self.second.traits.most);
        let least = [first, second].into_iter().flatten().min()?;
        (first != second && self.longest < least).then_some(least)
    }

    /// What can be said when no difference was found.
    pub fn conclude(self) -> Verdict {
        let looseness = self.looseness();
        let unreached_limit = self.unreached_limit();
        let coverage = self.coverage;
        let reason = if self.disagreements > 0 {
            DISAGREEMENT.to_owned()
        } else if self.is_contradicted {
            ONE_SIDED.to_owned()
        } else if self.first.keyed.is_some() && self.pair.keyed.is_none() {
            "the order by what is no output cannot be compared".to_owned()
        } else if self.first.traits.cuts != self.second.traits.cuts {
            "a LIMIT, OFFSET, LAG, frame or rank is larger than any database that is tried".to_owned()
        } else if let Some(limit) = unreached_limit {
            format!("a LIMIT of {limit} cut nothing: no result had more than {} rows", self.longest)
        } else if self.is_one_sided {
            format!("one query has several results where the other has one: {}", looseness)
        } else if coverage.compared == 0 && coverage.undetermined > 0 {
            format!("not comparable: {}", looseness)
        } else if coverage.compared == 0 {
            match self.failure {
                Some(message) => format!("the queries fail on every database: {message}"),
                None => "no database was tried within the time allowed".to_owned(),
            }
        } else if coverage.first_returned_rows == 0 || coverage.second_returned_rows == 0 {
            format!(
                "not exercised: on {} databases {} never returned a row",
                coverage.compared,
                match (coverage.first_returned_rows, coverage.second_returned_rows) {
                    (0, 0) => "both queries",
                    (0, _) => "the first query",
                    _ => "the second query",
                }
            )
        } else if coverage.compared < FEWEST.min(self.asked) {
            format!(
                "too little was tried: {} of {} databases could be compared",
                coverage.compared, self.tried
            )
        } else {
            return Verdict::Tested { coverage: Box::new(coverage) };
        };
        Verdict::Unknown { reason }
    }
}
