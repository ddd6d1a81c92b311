//! The lineage function.

use sqm_http::serve::Platform;
use sqm_lineage::App;
use sqm_store::{Store, StoreConfig};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let platform = Platform::from_env().await?;
    let config = StoreConfig {
        table: platform.settings.table.clone(),
        endpoint: platform.settings.dynamodb_endpoint.clone(),
    };
    let store = Store::new(&config, &platform.aws);
    let levels = platform.levels(&store)?;
    let clock = platform.clock.clone();
    platform.run(sqm_lineage::routes(App { store, clock, levels })).await
}
