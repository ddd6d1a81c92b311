//! The rules of the house as a test: what neither the compiler nor clippy sees.
//!
//! A rule is a file here. It gets what is to be looked at as values and returns what is wrong, so that each
//! of them is tested on bad examples.

mod features;
mod files;
mod headers;
mod layers;
mod manifests;
mod names;
mod parser;
mod places;
mod purity;
mod versions;
mod workspace;

use anyhow::{Result, bail};

use crate::checkout::Checkout;
use crate::terminal::note;
use files::Files;
use workspace::Workspace;

/// Checks every rule. All that is wrong is told at once.
pub async fn run(checkout: &Checkout) -> Result<()> {
    let workspace = Workspace::read(checkout).await?;
    let files = Files::read(&checkout.root)?;
    let rules: [(&str, Vec<String>); 9] = [
        ("arrows between crates point down", layers::check(&workspace)),
        ("the inner crates are pure", purity::check(&workspace)),
        ("one version of what must agree", versions::check(&workspace)),
        ("one set of features", features::check(checkout).await?),
        ("every package takes the lints of the workspace", manifests::check(&files)),
        ("the grammar is called behind the guard", parser::check(&files)),
        ("every file says its duty", headers::check(&files)),
        ("names say something", names::check(&files)),
        ("no host of a registry and no path of a machine", places::check(&files)),
    ];
    let mut wrong = 0;
    for (rule, found) in &rules {
        for line in found {
            note(&format!("{rule}: {line}"));
        }
        wrong += found.len();
    }
    if wrong > 0 {
        bail!("{wrong} places break a rule of the house");
    }
    note(&format!("{} rules are kept by {} files", rules.len(), files.len()));
    Ok(())
}
