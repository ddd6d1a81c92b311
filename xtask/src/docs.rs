//! `cargo xtask docs`: the pages that are made from what stands beside the code.

use anyhow::Result;

use crate::checkout::Checkout;
use crate::terminal::say;
use crate::test::run_to_end;

/// The test that compares the pages with what they are made from, and writes them where it is told to.
const TEST: &str = "rules::tests::pages_are_up_to_date";

/// Writes docs/rules anew.
pub async fn run(checkout: &Checkout) -> Result<()> {
    let mut command = checkout.cargo(&["test", "--quiet", "--workspace", "--lib", TEST]);
    command.env("SQM_BLESS", "1");
    run_to_end(command).await?;
    say("docs/rules is up to date");
    Ok(())
}
