//! The schedule function.

use lambda_runtime::{LambdaEvent, service_fn};
use sqm_http::background::{Background, until};
use sqm_queue::Queue;
use sqm_schedule::{App, Event, run};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let background = Background::from_env().await?;
    let settings = &background.settings;
    let store = background.store();
    let queue = Queue::new(&background.aws, &settings.queue_url, settings.queue_endpoint.as_deref());
    let app = App { store, queue, clock: background.clock.clone() };
    let handle = |event: LambdaEvent<Event>| {
        let app = app.clone();
        async move {
            let done = run(&app, &event.payload, until(event.context.deadline)).await;
            match &done {
                Ok(done) => tracing::info!(?done, "looked through all workspaces"),
                Err(error) => tracing::error!(%error, "not all workspaces were looked through"),
            }
            done.map_err(|error| -> Box<dyn std::error::Error + Send + Sync> { Box::new(error) })
        }
    };
    lambda_runtime::run(service_fn(handle)).await.map_err(|error| anyhow::anyhow!(error))
}
