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
/// The queries in words.
const WHICH: [&str; 2] = ["the first query", "the second query"];
/// What the engine says where a query has no value, or none that is looked at: of a scalar subquery of two rows, of a
/// division by zero in dialects to which it is an error, and of a text that is too long to be made.
const NO_VALUE: [&str; 3] = ["more than one row", "ivide by zero", "makes texts of more than"];
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
    /// How many differences may be none to the dialect, and why the first of them.
    doubts: usize,
    doubt: Option<String>,
    /// How often each query failed where the other one did not, and why at first.
    alone: [(usize, Option<String>); 2],
    disagreements: usize,
    /// How often the second engine was asked about an agreement.
    opinions: usize,
    /// Whether it contradicted one.
    is_contradicted: bool,
    /// Whether on some database one query has one result and the other several.
    is_one_sided: bool,
    /// Rows of the longest result.
    longest: usize,
    /// Of each table whether it had a row on some database.
    filled: Vec<bool>,
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
            doubts: 0,
            doubt: None,
            alone: Default::default(),
            disagreements: 0,
            opinions: 0,
            is_contradicted: false,
            is_one_sided: false,
            longest: 0,
            filled: vec![false; pair.schema.relations.len()],
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
            for (filled, rows) in self.filled.iter_mut().zip(&database.tables) {
                *filled |= !rows.is_empty();
            }
            match self.pair.see(&database) {
                Seen::Failed(failure) => {
                    self.coverage.errors += 1;
                    if let Some(which) = failure.alone {
                        let (times, message) = &mut self.alone[which];
                        *times += 1;
                        message.get_or_insert_with(|| failure.message.clone());
                    }
                    self.failure.get_or_insert(failure.message);
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
                        Some(counterexample)
                            if let Some((one, other)) = counterexample::rests_on_case(
                                &counterexample,
                                [self.first, self.second],
                                self.pair.schema,
                                self.pair.dialect,
                            ) =>
                        {
                            self.doubts += 1;
                            self.doubt.get_or_insert_with(|| {
                                format!("a difference was seen where '{one}' and '{other}' meet, which may be one text to {}", self.pair.dialect)
                            });
                            if self.doubts >= MOST_DISAGREEMENTS {
                                return Some(Verdict::Unknown {
                                    reason: self.doubt.clone().unwrap_or_default(),
                                });
                            }
                        }
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

    /// Where one query alone fails as it would elsewhere: it has no value there, and the other one has.
    fn no_value(&self, compared: usize) -> Option<String> {
        let sentences = self.alone.iter().zip(WHICH).filter_map(|((times, message), which)| {
            let message = message.as_deref().filter(|message| NO_VALUE.iter().any(|known| message.contains(known)))?;
            Some(format!("on {times} databases {which} fails where the other one does not ({message}), beside {compared} on which both agree"))
        });
        sentences.reduce(|all, next| format!("{all}; {next}"))
    }

    /// Where one query failed alone, in words.
    fn failures(&self) -> Vec<String> {
        let sentence = |((times, message), which): (&(usize, Option<String>), &str)| {
            let message = message.as_deref()?;
            Some(format!("{which} failed on {times} databases on which the other one did not: {message}"))
        };
        self.alone.iter().zip(WHICH).filter_map(sentence).collect()
    }

    /// The tables of which no row was made: what they declare may contradict itself.
    fn empty_tables(&self) -> Option<String> {
        let names: Vec<String> = (self.pair.schema.relations.iter().zip(&self.filled))
            .filter(|(_, is_filled)| !**is_filled)
            .map(|(relation, _)| relation.dotted())
            .collect();
        let all = names.join(", ");
        (!names.is_empty() && self.tried >= self.asked).then(|| {
            format!("no row of {all} was found that keeps its constraints, which may contradict each other")
        })
    }

    /// What can be said when no difference was found.
    pub fn conclude(mut self) -> Verdict {
        let looseness = self.looseness();
        let unreached_limit = self.unreached_limit();
        let coverage = std::mem::take(&mut self.coverage);
        let reason = if let Some(doubt) = &self.doubt {
            doubt.clone()
        } else if self.disagreements > 0 {
            DISAGREEMENT.to_owned()
        } else if self.is_contradicted {
            ONE_SIDED.to_owned()
        } else if self.first.keyed.is_some() && self.pair.keyed.is_none() {
            "the order by what is no output cannot be compared".to_owned()
        } else if self.first.traits.cuts != self.second.traits.cuts {
            "a LIMIT, OFFSET, LAG, frame or rank is larger than any database that is tried".to_owned()
        } else if let Some(limit) = unreached_limit {
            format!("a LIMIT of {limit} cut nothing: no result had more than {} rows", self.longest)
        } else if self.is_one_sided || self.first.traits.picks != self.second.traits.picks {
            format!("one query has several results where the other has one: {}", looseness)
        } else if coverage.compared == 0 && coverage.undetermined > 0 {
            format!("not comparable: {}", looseness)
        } else if coverage.compared == 0 {
            match &self.failure {
                Some(message) => format!("the queries fail on every database: {message}"),
                None => "no database was tried within the time allowed".to_owned(),
            }
        } else if coverage.first_returned_rows == 0 || coverage.second_returned_rows == 0 {
            let which = match (coverage.first_returned_rows, coverage.second_returned_rows) {
                (0, 0) => "both queries",
                (0, _) => "the first query",
                _ => "the second query",
            };
            let why = self.empty_tables().map(|why| format!(": {why}")).unwrap_or_default();
            format!("not exercised: on {} databases {which} never returned a row{why}", coverage.compared)
        } else if let Some(reason) = self.no_value(coverage.compared) {
            reason
        } else if coverage.compared < FEWEST.min(self.asked) {
            format!(
                "too little was tried: {} of {} databases could be compared",
                coverage.compared, self.tried
            )
        } else {
            let mut coverage = coverage;
            coverage.gaps.extend(self.failures());
            return Verdict::Tested { coverage: Box::new(coverage) };
        };
        Verdict::Unknown { reason }
    }
}
