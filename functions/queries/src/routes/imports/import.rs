//! `POST /v1/imports`

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use sqm_http::{Body, Caller, Kind, MediaType, NoParameters, Problem, Reply, Scope};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::apply::Import;
use super::line::{self, Line};
use super::report::{Done, Report};
use crate::App;

/// Most lines of one request.
const MOST_LINES: usize = 2_000;

/// How many queries are written at once.
const ABREAST: usize = 8;

/// After this time no further line is begun: what is left is told, and comes in another request. The longest analysis
/// ends before the gateway does.
const BUDGET: Duration = Duration::from_secs(12);

/// Import records, one JSON object a line. Each succeeds or fails alone, and the same again changes nothing.
pub(crate) async fn import(
    caller: Caller,
    _: NoParameters,
    State(app): State<App>,
    body: Body,
) -> Result<Reply, Problem> {
    caller.may(Scope::QueriesWrite)?;
    if body.media_type != MediaType::Lines {
        return Err(Problem::new(Kind::UnsupportedMediaType).detail("send application/x-ndjson"));
    }
    let lines: Vec<(usize, &str)> =
        (1..).zip(body.text.lines()).filter(|(_, line)| !line.trim().is_empty()).collect();
    if lines.len() > MOST_LINES {
        let detail = format!("at most {MOST_LINES} lines at once; send the others in another request");
        return Err(Problem::new(Kind::BodyTooLarge).detail(detail).with("limit", MOST_LINES));
    }
    let mut report = Report::new(lines.len());
    let mut catalogs = Lines::new();
    let mut others = Lines::new();
    for (number, text) in lines {
        match line::read(text) {
            Ok(line) if line.is_catalog() => catalogs.entry(line.about()).or_default().push((number, line)),
            Ok(line) => others.entry(line.about()).or_default().push((number, line)),
            Err(problem) => report.add(number, Err(problem)),
        }
    }
    let until = Instant::now() + BUDGET;
    let import = Arc::new(Import::new(app, caller));
    // What describes tables comes before what reads them, wherever it stands.
    for lines in [catalogs, others] {
        at_once(&import, lines, until, &mut report).await?;
    }
    report.reply()
}

/// Lines by what they are about, with their numbers: those about the same thing keep their order.
type Lines = BTreeMap<String, Vec<(usize, Line)>>;

async fn at_once(
    import: &Arc<Import>,
    lines: Lines,
    until: Instant,
    report: &mut Report,
) -> Result<(), Problem> {
    let turns = Arc::new(Semaphore::new(ABREAST));
    let mut working = JoinSet::new();
    for (_, lines) in lines {
        let (import, turns) = (import.clone(), turns.clone());
        working.spawn(async move {
            let _turn = turns.acquire_owned().await;
            let mut outcomes = Vec::with_capacity(lines.len());
            for (number, line) in lines {
                let outcome = match Instant::now() < until {
                    true => Some(import.apply(line).await),
                    false => None,
                };
                outcomes.push((number, outcome));
            }
            outcomes
        });
    }
    while let Some(outcomes) = working.join_next().await {
        // What the panic said may quote the SQL; where it was is in the log.
        let outcomes: Vec<(usize, Option<Result<Done, Problem>>)> =
            outcomes.map_err(|_| Problem::internal("an import panicked; the line before says where"))?;
        for (number, outcome) in outcomes {
            match outcome {
                Some(outcome) => report.add(number, outcome),
                None => report.left(number),
            }
        }
    }
    Ok(())
}
