//! `cargo xtask redrive`: sends dead letters again.

use anyhow::Result;
use aws_config::BehaviorVersion;
use sqm_queue::{Queue, redrive};

use crate::terminal::say;

/// What `redrive` is told.
#[derive(clap::Args)]
pub struct Arguments {
    /// The URL of the queue of dead letters: the stack's output `AnalysisDeadLettersUrl`.
    #[arg(long, value_name = "URL")]
    from: String,
    /// The URL of the queue that they go to: the stack's output `AnalysisQueueUrl`.
    #[arg(long, value_name = "URL")]
    to: String,
    /// Where SQS answers, if not in the region.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
}

/// Sends them, with the credentials and the region of the environment.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let aws = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let queue = |url: &str| Queue::new(&aws, url, arguments.endpoint.as_deref());
    let sent = redrive(&queue(&arguments.from), &queue(&arguments.to)).await?;
    say(&format!("{sent} messages were sent again."));
    Ok(())
}
