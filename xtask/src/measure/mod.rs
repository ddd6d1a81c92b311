//! `cargo xtask measure`: how large each function is, how much memory it takes, and how long it is from
//! exec to its first answer: what a cold start of Lambda costs apart from Lambda itself.
//!
//! The functions run as they do in the cloud: they fetch a request from a runtime interface, which is
//! ours ([`runtime`]), and give it their answer. Their database is the embedded one.

mod report;
mod requests;
mod runtime;
mod size;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use sqm_local::{Data, DynamoDb, Options, Template};

use crate::checkout::Checkout;
use crate::terminal::{Progress, say};
use crate::test::run_to_end;
use requests::Request;

/// What `measure` is told.
#[derive(clap::Args)]
pub struct Arguments {
    /// The profile to build: `release`, or `dev` to try this out.
    #[arg(long, default_value = "release")]
    profile: String,
    /// Settings of cargo on top of the profile; by default those of a deployment, where it is `release`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How often each function is started.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
}

/// One start of a function.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// From exec until its answer is there.
    pub answered: Duration,
    /// Its memory at that time, in kilobytes; 0 where the system does not tell.
    pub rss_kb: u64,
}

/// Builds, starts, prints.
pub async fn run(checkout: &Checkout, arguments: &Arguments) -> Result<()> {
    let folder = build(checkout, arguments).await?;
    let keys = tempfile::tempdir()?;
    let key = "measured".repeat(8);
    let key_file = keys.path().join("key");
    std::fs::write(&key_file, &key)?;
    let database = DynamoDb::start(Options {
        template: Template::path_from(&checkout.root)?,
        table: "sqm".to_owned(),
        data: Data::Memory,
        port: 0,
    })
    .await?;
    let settings = runtime::Settings { endpoint: database.endpoint(), key_file };

    let progress = Progress::new();
    let mut rows = Vec::new();
    let requests = requests::all(&key)?;
    for (done, Request { function, name, event }) in requests.iter().enumerate() {
        progress.count("starting", done as u64, requests.len() as u64, function);
        let program = folder.join(function);
        let mut starts = Vec::new();
        // The first brings the program into the system's cache, and does not count.
        for run in 0..=arguments.runs {
            let (program, event, settings) = (program.clone(), event.clone(), settings.clone());
            let start =
                tokio::task::spawn_blocking(move || runtime::start(&program, &event, &settings)).await?;
            let start = start.with_context(|| format!("{function}, {name}"))?;
            if run > 0 {
                starts.push(start);
            }
        }
        rows.push(report::Row { function, request: name, size: size::of(&program)?, starts });
    }
    progress.clear();
    for line in report::lines(&arguments.profile, arguments.runs, &rows) {
        say(&line);
    }
    database.stop().await
}

/// Builds the functions, and returns the folder that they are in.
async fn build(checkout: &Checkout, arguments: &Arguments) -> Result<PathBuf> {
    let deployment = (arguments.profile == "release").then(|| checkout.root.join("infra/deploy.toml"));
    let config = arguments.config.clone().or(deployment);
    let mut command = checkout.cargo(&["build", "--locked", "--profile", &arguments.profile]);
    for function in requests::FUNCTIONS {
        command.args(["--bin", function]);
    }
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    run_to_end(command).await.context("building the functions")?;
    let profile = if arguments.profile == "dev" { "debug" } else { &arguments.profile };
    Ok(target(checkout).await?.join(profile))
}

async fn target(checkout: &Checkout) -> Result<PathBuf> {
    let output = checkout.cargo(&["metadata", "--no-deps", "--format-version", "1"]).output().await?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    Ok(metadata["target_directory"].as_str().context("cargo names no target directory")?.into())
}
