//! `sqm job`: how far the analysis of a workspace is, until it is finished.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use tokio::runtime::Builder;

use crate::remote::{Remote, Server};
use crate::status::Status;

/// How often one asks.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// The arguments.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The id of the job; the newest one without it.
    id: Option<String>,
    #[command(flatten)]
    server: Server,
    /// Say how far it is by now, and do not wait for its end.
    #[arg(long)]
    no_wait: bool,
}

/// Follows a job.
///
/// # Errors
/// The server cannot be reached, or has no such job.
pub fn follow(arguments: &Arguments, out: &mut impl Write) -> Result<Status> {
    let remote = arguments.server.remote()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let job = runtime.block_on(finished(&remote, arguments))?;
    let (done, failed) = (count(&job, "done")?, count(&job, "failed")?);
    let (total, state) = (count(&job, "total")?, job["state"].as_str().unwrap_or_default());
    writeln!(out, "{}: {state}; of {total} queries {done} are done, {failed} failed", id(&job)?)?;
    let failures = job["failures"].as_array().map(Vec::as_slice).unwrap_or_default();
    for failure in failures {
        let text = |name: &str| failure[name].as_str().unwrap_or_default();
        writeln!(out, "{}: {}", text("query"), text("reason"))?;
    }
    if failed > failures.len() as u64 {
        writeln!(out, "… and {} more", failed - failures.len() as u64)?;
    }
    Ok(if failed > 0 { Status::Found } else { Status::Done })
}

/// The job as it is in the end, or now.
async fn finished(remote: &Remote, arguments: &Arguments) -> Result<Value> {
    let path = match &arguments.id {
        Some(id) if id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') => {
            format!("/v1/jobs/{id}")
        }
        Some(_) => bail!("the id of a job is a UUID"),
        None => {
            let jobs = remote.json("/v1/jobs?limit=1").await?;
            let newest = jobs["items"].get(0).context("there is no job yet: nothing was written")?;
            format!("/v1/jobs/{}", id(newest)?)
        }
    };
    // On a terminal alone.
    let bar = ProgressBar::no_length();
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}")?);
    loop {
        let job = remote.json(&path).await?;
        if arguments.no_wait || job["state"] == "finished" {
            bar.finish_and_clear();
            return Ok(job);
        }
        let failed = count(&job, "failed")?;
        bar.set_length(count(&job, "total")?);
        bar.set_position(count(&job, "done")? + failed);
        bar.set_message(if failed > 0 { format!("{failed} failed") } else { String::new() });
        tokio::time::sleep(ASK_EVERY).await;
    }
}

fn id(job: &Value) -> Result<&str> {
    job["id"].as_str().context("the server answers something else than a job")
}

fn count(job: &Value, name: &str) -> Result<u64> {
    job[name].as_u64().context("the server answers something else than a job")
}
