//! The queries function.

use sqm_http::serve::Platform;
use sqm_queries::App;
use sqm_store::{Store, StoreConfig};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let platform = Platform::from_env().await?;
    let config = StoreConfig {
        table: platform.settings.table.clone(),
        endpoint: platform.settings.dynamodb_endpoint.clone(),
    };
    let store = Store::new(&config, &platform.aws);
    let (clock, entropy) = (platform.clock.clone(), platform.entropy.clone());
    platform.run(sqm_queries::routes(App { store, clock, entropy })).await
}
