//! `sqm export`: all that is in a workspace, as lines of JSON.

use std::io::Write;

use anyhow::Result;
use clap::Args;

use super::runtime;
use crate::remote::Server;
use crate::status::Status;

/// The arguments.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    server: Server,
}

/// Exports, page by page.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub fn export(arguments: &Export, out: &mut impl Write) -> Result<Status> {
    let remote = arguments.server.remote()?;
    let runtime = runtime()?;
    let mut next = Some("/v1/exports".to_owned());
    while let Some(path) = next {
        let page;
        (page, next) = runtime.block_on(remote.page(&path))?;
        out.write_all(&page)?;
    }
    Ok(Status::Done)
}
