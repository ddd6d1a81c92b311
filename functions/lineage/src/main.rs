//! The lineage function.

use sqm_http::serve::Platform;
use sqm_lineage::App;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let platform = Platform::from_env().await?;
    let store = platform.store();
    let levels = platform.levels(&store)?;
    let clock = platform.clock.clone();
    platform.run(sqm_lineage::routes(App { store, clock, levels })).await
}
