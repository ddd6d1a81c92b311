//! The worker function.

use lambda_runtime::{LambdaEvent, service_fn};
use sqm_http::background::{Background, until};
use sqm_worker::{App, Batch, work};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let background = Background::from_env().await?;
    let settings = &background.settings;
    let store = background.store();
    let levels = background.levels(&store)?;
    let clock = background.clock.clone();
    let app = App { store, clock, levels, most_receives: settings.queue_receives };
    let handle = |event: LambdaEvent<Batch>| {
        let app = app.clone();
        async move {
            let (given, begun) = (event.payload.records.len(), std::time::Instant::now());
            let response = work(&app, event.payload, until(event.context.deadline)).await;
            let (failed, duration_ms) = (response.batch_item_failures.len(), begun.elapsed().as_millis());
            tracing::info!(given, failed, duration_ms, "batch");
            Ok::<_, std::convert::Infallible>(response)
        }
    };
    lambda_runtime::run(service_fn(handle)).await.map_err(|error| anyhow::anyhow!(error))
}
