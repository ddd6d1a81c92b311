//! `cargo xtask test`: every test there is, one step after the other, up to the first that fails.

mod step;

use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use sqm_local::process::{Group, own_group};
use sqm_local::{Tool, Tools};
use tokio::process::Command;

use crate::checkout::Checkout;
use crate::terminal::note;
use crate::tidy;
use step::{Step, Work};

/// What `test` is told.
#[derive(clap::Args)]
pub struct Arguments {
    /// Only the step of this name.
    #[arg(long, value_name = "STEP")]
    only: Option<String>,
}

/// Runs every step.
pub async fn run(checkout: &Checkout, arguments: &Arguments) -> Result<()> {
    let began = Instant::now();
    let mut took = Vec::new();
    let steps = step::all();
    if let Some(only) = &arguments.only
        && !steps.iter().any(|step| step.name == only)
    {
        let names: Vec<_> = steps.iter().map(|step| step.name).collect();
        bail!("there is no step {only}; there are {}", names.join(", "));
    }
    for step in steps {
        if arguments.only.as_ref().is_some_and(|only| only != step.name) {
            continue;
        }
        note(&format!("\n=== {}: {}", step.name, step.title));
        let start = Instant::now();
        perform(checkout, &step)
            .await
            .with_context(|| format!("{} failed; to repeat it: {}", step.title, step.repeat()))?;
        let seconds = start.elapsed().as_secs_f64();
        note(&format!("=== {}: right, in {seconds:.1} s", step.name));
        took.push((step.name, seconds));
    }
    note("");
    for (name, seconds) in took {
        note(&format!("{name:<14} {seconds:>7.1} s"));
    }
    note(&format!("All of it is right, in {:.0} s.", began.elapsed().as_secs_f64()));
    Ok(())
}

async fn perform(checkout: &Checkout, step: &Step) -> Result<()> {
    let tools = Tools::of_checkout(&checkout.root);
    match &step.work {
        Work::Install => {
            for tool in
                [Tool::CargoLambda, Tool::CargoDeny, Tool::Moto, Tool::Postgres, Tool::Sam, Tool::SmolLm]
            {
                if tools.installed(tool).is_none() {
                    note(&format!("installing {}", tool.name()));
                }
                tools.install(tool).await?;
            }
            Ok(())
        }
        Work::Tidy => tidy::run(checkout).await,
        Work::Cargo { arguments, environment } => {
            let mut command = checkout.cargo(arguments);
            command.envs(environment.iter().copied());
            run_to_end(command).await
        }
        Work::Program { tool, arguments } => {
            let mut command = Command::new(tools.install(*tool).await?);
            command.args(*arguments).current_dir(&checkout.root);
            run_to_end(command).await
        }
        Work::Up => {
            let home = tempfile::tempdir()?;
            let mut command = checkout.cargo(&["run", "--bin", "xtask", "--", "up", "--once", "--port", "0"]);
            command.arg("--home").arg(home.path());
            run_to_end(command).await
        }
    }
}

/// Runs a command whose output is ours, to its end. It has a process group of its own. Dropped, it is
/// stopped with everything that it started.
pub async fn run_to_end(mut command: Command) -> Result<()> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null());
    own_group(&mut command);
    let mut child = command.spawn().with_context(|| format!("starting {program}"))?;
    let group = Group::of(&child)?;
    let status = child.wait().await?;
    group.forget();
    if !status.success() {
        bail!("{status}");
    }
    Ok(())
}
