//! `cargo xtask up`: the whole product on this machine, and its main job once.

mod ask;
mod check;
mod curl;
mod job;
mod rewrite;
mod sample;
mod token;

use std::path::PathBuf;
use std::pin::pin;
use std::time::Instant;

use anyhow::Result;
use sqm_local::sample::Sample;
use sqm_local::stack::{Event, Setup, Stack, Stage, free_port};

use crate::Ended;
use crate::checkout::Checkout;
use crate::signals::asked_to_stop;
use crate::terminal::{Progress, note, say};
use ask::Asker;
use job::Job;
use token::Token;

/// What `up` is told.
#[derive(clap::Args)]
pub struct Arguments {
    /// The port on 127.0.0.1; 0 for any that is free.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Do the main job once, check every answer, stop. Exit code 0 only if all of it was right.
    #[arg(long)]
    once: bool,
    /// The folder for everything that is kept, instead of .sqm in the checkout.
    #[arg(long, value_name = "FOLDER", hide = true)]
    home: Option<PathBuf>,
}

/// A product that runs, and what is done with it.
struct Running {
    stack: Stack,
    asker: Asker,
    token: Token,
    sample: Sample,
}

/// Runs it. A signal stops it in an orderly way, whatever it is at.
pub async fn run(checkout: &Checkout, arguments: &Arguments) -> Result<Ended> {
    let began = Instant::now();
    let mut signal = pin!(asked_to_stop());
    let progress = Progress::new();
    // Dropped before it is done, what it has started is stopped.
    let mut running = tokio::select! {
        running = start(checkout, arguments, &progress) => running?,
        signal = &mut signal => return Ok(Ended::Stopped(signal)),
    };
    let done = tokio::select! {
        done = work(&mut running, arguments.once, &progress) => done.map(|()| Ended::Well),
        signal = &mut signal => Ok(if arguments.once { Ended::Stopped(signal) } else { Ended::Well }),
    };
    progress.clear();
    running.stack.stop().await?;
    let done = done?;
    if arguments.once && matches!(done, Ended::Well) {
        say(&format!("All of it was right, in {:.1} s.", began.elapsed().as_secs_f64()));
    }
    Ok(done)
}

/// Starts everything, and sees to it that there is something to work with.
async fn start(checkout: &Checkout, arguments: &Arguments, progress: &Progress) -> Result<Running> {
    let sample = Sample::read(&checkout.root)?;
    let port = if arguments.port == 0 { free_port()? } else { arguments.port };
    let home = arguments.home.clone().unwrap_or_else(|| checkout.home());
    let setup = Setup { root: checkout.root.clone(), home: home.clone(), port, queue: None };
    let stack = Stack::start(&setup, &|stage| show(progress, &stage)).await?;
    let token = token::mint(stack.key(), &home)?;
    let asker = Asker::new(stack.base_url(), &token.text)?;
    sample::load(&asker, &sample, &home, progress).await?;
    Ok(Running { stack, asker, token, sample })
}

/// Does the main job and shows it; then checks everything, or goes on until it is dropped.
async fn work(running: &mut Running, once: bool, progress: &Progress) -> Result<()> {
    let Running { stack, asker, token, sample } = running;
    progress.stage("doing the main job");
    let showcase = sample.showcase()?;
    let job = Job::run(asker, showcase).await;
    progress.clear();

    say(&format!("SQL Query Manager answers at {}", stack.base_url()));
    say(&format!("Its token, until {}, which also lies in {}:", token.until, token.shown()));
    say(&format!("\n{}\n", token.text));
    match job {
        Ok(job) => {
            job.show().iter().for_each(|line| say(line));
            say("\nAgain, by hand:");
            let lines = curl::lines(stack.base_url(), &token.shown(), showcase, &job.id);
            lines.iter().for_each(|line| say(&format!("\n{line}")));
            say("");
            if once {
                let right = check::all(asker, sample, &job).await?;
                right.iter().for_each(|line| say(&format!("right: {line}")));
                return Ok(());
            }
        }
        Err(why) if once => return Err(why),
        // Whoever works on just that wants the rest to run.
        Err(why) => note(&format!("error: the main job failed: {why:#}")),
    }
    note(&format!(
        "Logs lie in {}. What you change in functions/ and shared/ is built and taken up.\n\
         Ctrl-C stops everything.",
        stack.logs().display()
    ));
    stack.supervise(&mut |event| tell(&event)).await
}

fn show(progress: &Progress, stage: &Stage) {
    match stage {
        Stage::Installing(tool) => progress.stage(&format!("installing {tool}")),
        Stage::Building { total: 0, at, .. } if at.is_empty() => progress.stage("building the functions"),
        Stage::Building { total: 0, at, .. } => progress.stage(&format!("building the functions: {at}")),
        Stage::Building { done, total, at } => progress.count("building the functions", *done, *total, at),
        Stage::Database => progress.stage("starting the database"),
        Stage::Starting { ready, total } => {
            progress.count("starting the functions", *ready as u64, *total as u64, "");
        }
    }
}

fn tell(event: &Event) {
    match event {
        Event::Ended(how) => note(&format!("{how}\nIt is started again.")),
        Event::Building => note("Something has changed; building …"),
        Event::Broken(why) => note(&format!("{why}\nWhat was built before goes on.")),
        Event::TakenUp(names) if names.is_empty() => note("Built; no function has changed."),
        Event::TakenUp(names) => note(&format!("Built and taken up: {}.", names.join(", "))),
    }
}
