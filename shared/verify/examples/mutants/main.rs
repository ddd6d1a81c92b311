//! Changes queries as people and programs get them wrong, and prints which changes the verifier does not
//! refute, and why: `proved` is an equivalent mutant or a wrong proof, `tested` one that databases do not
//! tell apart. What is proved is run on many more databases, in DataFusion and in SQLite.
//!
//! Arguments: sets of queries, `sample tpch tpcds` if there are none; any other name is a file of pairs in
//! `../shared/corpora/equivalence`. `--sites N` takes at most so many places of an operator in a query (3),
//! `--seed N` chooses others (1), `--seconds N` ends early.

mod corpora;
mod operators;
#[path = "../witness/mod.rs"]
mod witness;
mod workspace;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use operators::OPERATORS;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;
use sqm_verify::{Options, verify};
use witness::{Found, examine};
use workspace::Item;

/// Databases for each mutant that is proved.
const DATABASES: u64 = 300;

struct Settings {
    sets: Vec<String>,
    sites: usize,
    seed: u64,
    until: Instant,
}

/// How often which verdict was given.
#[derive(Default)]
struct Counts {
    of: BTreeMap<(&'static str, &'static str), usize>,
    wrongly_proved: usize,
    times: Vec<f64>,
}

fn settings() -> Settings {
    let (mut sets, mut sites, mut seed, mut seconds) = (Vec::new(), 3, 1, 86_400);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse::<u64>().ok());
        match argument.as_str() {
            "--sites" => sites = number().and_then(|n| n.try_into().ok()).unwrap_or(sites),
            "--seed" => seed = number().unwrap_or(seed),
            "--seconds" => seconds = number().unwrap_or(seconds),
            _ => sets.push(argument),
        }
    }
    if sets.is_empty() {
        sets = ["sample", "tpch", "tpcds"].map(str::to_owned).to_vec();
    }
    Settings { sets, sites, seed, until: Instant::now() + Duration::from_secs(seconds) }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = settings();
    let catalogs = corpora::catalogs();
    let (schema, queries) = workspace::sample()?;
    let (sample, _) = Catalog::from_ddl(&schema, Dialect::Postgres)?;
    let mut out = io::stdout().lock();
    for set in &settings.sets {
        let items = match set.as_str() {
            "sample" => queries
                .iter()
                .map(|(name, sql)| {
                    let dialect = workspace::named_dialect(sql);
                    Item { name: name.clone(), sql: sql.clone(), dialect, catalog: &sample }
                })
                .collect(),
            _ => corpora::queries(set, &catalogs),
        };
        let mut counts = Counts::default();
        for item in &items {
            if Instant::now() < settings.until {
                mutate(item, &settings, &mut counts, &mut out)?;
            }
        }
        summary(set, items.len(), counts, &mut out)?;
    }
    Ok(())
}

/// All mutants of a query that are taken, each with its verdict.
fn mutate(
    item: &Item<'_>,
    settings: &Settings,
    counts: &mut Counts,
    out: &mut impl Write,
) -> Result<(), Box<dyn std::error::Error>> {
    let Some((original, made)) = workspace::mutants(item, settings.sites, settings.seed) else {
        return Ok(());
    };
    for (operator, mutant) in made {
        if Instant::now() >= settings.until {
            continue;
        }
        let found = verify(&original, &mutant, item.dialect, item.catalog, &Options::default());
        let verdict = found.verdict.name();
        let reason = found.verdict.reason();
        if reason.contains("cannot be verified") {
            // Such as a column that is no key of the groups any more: no query.
            *counts.of.entry((operator, "not bound")).or_default() += 1;
            continue;
        }
        *counts.of.entry((operator, verdict)).or_default() += 1;
        counts.times.push(found.ms);
        if verdict == "refuted" {
            continue;
        }
        writeln!(out, "{verdict} {operator} {}: {reason}", item.name)?;
        for gap in gaps(&found.verdict) {
            writeln!(out, "    {gap}")?;
        }
        writeln!(out, "  - {original}\n  + {mutant}")?;
        if verdict == "proved" {
            let seed = settings.seed + 4242;
            let again = guard::on_large_stack(|| {
                examine(&original, &mutant, item.dialect, item.catalog, seed, DATABASES)
            });
            match again? {
                Found::Contradiction(how) => {
                    counts.wrongly_proved += 1;
                    writeln!(out, "WRONGLY PROVED\n  {how}")?;
                }
                Found::Unproved(reason) => writeln!(out, "  not proved again: {reason}")?,
                Found::Proved | Found::Nothing => {}
            }
        }
        out.flush()?;
    }
    Ok(())
}

fn gaps(verdict: &sqm_verify::Verdict) -> &[String] {
    match verdict {
        sqm_verify::Verdict::Tested { coverage } => &coverage.gaps,
        _ => &[],
    }
}

fn summary(set: &str, queries: usize, mut counts: Counts, out: &mut impl Write) -> io::Result<()> {
    let verdicts = ["refuted", "proved", "tested", "unknown", "not bound"];
    let mut totals = [0; 5];
    writeln!(
        out,
        "\n{set}: {queries} queries\n{:14} {}",
        "operator",
        verdicts.map(|v| format!("{v:>9}")).concat()
    )?;
    for operator in OPERATORS {
        let of = verdicts.map(|verdict| counts.of.get(&(operator.name, verdict)).copied().unwrap_or(0));
        totals.iter_mut().zip(of).for_each(|(total, count)| *total += count);
        writeln!(out, "{:14} {}", operator.name, of.map(|count| format!("{count:>9}")).concat())?;
    }
    writeln!(out, "{:14} {}", "all", totals.map(|count| format!("{count:>9}")).concat())?;
    counts.times.sort_by(f64::total_cmp);
    let at = |percent: usize| counts.times.get(counts.times.len() * percent / 100).copied().unwrap_or(0.0);
    writeln!(
        out,
        "wrongly proved: {}; median {:.1} ms, p99 {:.1} ms\n",
        counts.wrongly_proved,
        at(50),
        at(99)
    )
}
