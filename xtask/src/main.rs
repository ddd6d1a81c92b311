//! The chores of this repository: run the product on one machine, run every test, keep the house in order.
//!
//! What they call lies in `infra/local`; here is what people see of it.

mod bench;
mod checkout;
mod docs;
mod measure;
mod new_rule;
mod redrive;
mod shell;
mod signals;
mod terminal;
mod test;
mod tidy;
mod up;

use std::pin::Pin;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use checkout::Checkout;

/// The chores of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run the whole product on this machine until Ctrl-C, and show what it does.
    Up(up::Arguments),
    /// Run every test there is, installing what it needs. Stops at the first failure.
    Test(test::Arguments),
    /// Check the rules of the house alone.
    Tidy,
    /// Write the pages of docs/rules anew, from the documentation on the rules.
    Docs,
    /// Begin a new rule: its file, its code, its place in the list.
    NewRule(new_rule::Arguments),
    /// Run the benchmarks.
    Bench(bench::Arguments),
    /// Send the messages again whose analysis has failed for good.
    Redrive(redrive::Arguments),
    /// Print the size of each function, its memory, and the time from exec to its first answer.
    Measure(measure::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().chore).await {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Stopped(signal)) => {
            terminal::note(&format!("stopped by {signal}"));
            ExitCode::from(130)
        }
        Err(why) => {
            terminal::note(&format!("error: {why:#}"));
            ExitCode::FAILURE
        }
    }
}

/// How a chore ended that did not fail.
pub enum Ended {
    /// It came to its end.
    Well,
    /// A signal stopped it.
    Stopped(&'static str),
}

async fn run(chore: Chore) -> Result<Ended> {
    let checkout = Checkout::find()?;
    let chore: Pin<Box<dyn Future<Output = Result<()>>>> = match &chore {
        // It has more to do than to be dropped.
        Chore::Up(arguments) => return up::run(&checkout, arguments).await,
        Chore::Test(arguments) => Box::pin(test::run(&checkout, arguments)),
        Chore::Tidy => Box::pin(tidy::run(&checkout)),
        Chore::Docs => Box::pin(docs::run(&checkout)),
        Chore::NewRule(arguments) => Box::pin(std::future::ready(new_rule::run(&checkout, arguments))),
        Chore::Bench(arguments) => Box::pin(bench::run(&checkout, arguments)),
        Chore::Redrive(arguments) => Box::pin(redrive::run(arguments)),
        Chore::Measure(arguments) => Box::pin(measure::run(&checkout, arguments)),
    };
    tokio::select! {
        ended = chore => ended.map(|()| Ended::Well),
        // Whatever runs is stopped by being dropped.
        signal = signals::asked_to_stop() => Ok(Ended::Stopped(signal)),
    }
}
