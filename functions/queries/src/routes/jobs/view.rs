//! Jobs as callers read them.

use jiff::Timestamp;
use serde::Serialize;
use sqm_domain::{JobId, QueryId};
use sqm_http::{Caller, Reply};
use sqm_store::{Failure, Job, Page, Position, Progress};

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// More queries may come to it.
    Planning,
    /// All of its queries are known, and some have no outcome yet.
    Running,
    /// All of its queries have an outcome.
    Finished,
}

/// A job without its failures.
#[derive(Serialize)]
pub(super) struct JobView {
    id: JobId,
    kind: &'static str,
    state: State,
    opened_at: Timestamp,
    updated_at: Timestamp,
    total: u64,
    done: u64,
    failed: u64,
    links: Links,
}

#[derive(Serialize)]
struct Links {
    #[serde(rename = "self")]
    this: String,
}

#[derive(Serialize)]
struct WithFailures<'a> {
    #[serde(flatten)]
    job: &'a JobView,
    failures: Vec<FailureView<'a>>,
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct FailureView<'a> {
    query: QueryId,
    reason: &'a str,
}

#[derive(Serialize)]
struct PageView<'a> {
    items: Vec<JobView>,
    next: Option<&'a str>,
}

impl JobView {
    pub(super) fn new(job: &Job, progress: &Progress) -> Self {
        let state = match (job.is_planned, progress.left()) {
            (false, _) => State::Planning,
            (true, 0) => State::Finished,
            (true, _) => State::Running,
        };
        Self {
            id: job.id,
            kind: "analysis",
            state,
            opened_at: job.opened,
            updated_at: progress.at.unwrap_or(job.opened),
            total: progress.total,
            done: progress.done,
            failed: progress.failed,
            links: Links { this: format!("/v1/jobs/{}", job.id) },
        }
    }
}

/// A job with a page of its failures as an answer.
pub(super) fn of_job(caller: &Caller, job: &JobView, failures: &Page<Failure>) -> Reply {
    let next = failures.next.as_ref().map(|position| caller.cursor(position));
    let failures = failures.items.iter();
    let failures =
        failures.map(|Failure { query, why }| FailureView { query: *query, reason: why }).collect();
    let reply = Reply::ok(&WithFailures { job, failures, next: next.as_deref() });
    match &next {
        None => reply,
        Some(cursor) => reply.link(&format!("{}?cursor={cursor}", job.links.this), "next"),
    }
}

/// A page of jobs as an answer.
pub(super) fn page(caller: &Caller, items: Vec<JobView>, next: Option<&Position>, limit: usize) -> Reply {
    let next = next.map(|position| caller.cursor(position));
    let reply = Reply::ok(&PageView { items, next: next.as_deref() });
    match &next {
        None => reply,
        Some(cursor) => reply.link(&format!("/v1/jobs?limit={limit}&cursor={cursor}"), "next"),
    }
}
