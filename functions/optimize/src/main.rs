//! The optimize function.

use sqm_http::Secrets;
use sqm_http::serve::{Platform, secrets_client};
use sqm_optimize::{App, Databases, Models};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let platform = Platform::from_env().await?;
    let store = platform.store();
    let client = secrets_client(&platform.aws, platform.settings.secrets_endpoint.as_deref());
    let secrets = Secrets::new(client, platform.clock.clone());
    let models = Models::new(platform.settings.model.as_ref(), secrets.clone())?;
    let databases = Databases::new(&platform.settings, secrets)?;
    let levels = platform.levels(&store)?;
    let clock = platform.clock.clone();
    platform.run(sqm_optimize::routes(App { store, clock, databases, models, levels })).await
}
