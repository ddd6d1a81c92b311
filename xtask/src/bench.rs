//! `cargo xtask bench`

use anyhow::Result;

use crate::checkout::Checkout;
use crate::test::run_to_end;

/// What `bench` is told.
#[derive(clap::Args)]
pub struct Arguments {
    /// What follows goes to `cargo bench`, such as `--bench lineage`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs the benchmarks of the whole workspace.
pub async fn run(checkout: &Checkout, arguments: &Arguments) -> Result<()> {
    let mut words = vec!["bench", "--workspace"];
    words.extend(arguments.rest.iter().map(String::as_str));
    run_to_end(checkout.cargo(&words)).await
}
