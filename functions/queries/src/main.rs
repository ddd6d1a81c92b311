//! The queries function.

use sqm_http::serve::Platform;
use sqm_queries::App;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let platform = Platform::from_env().await?;
    let store = platform.store();
    let (clock, entropy) = (platform.clock.clone(), platform.entropy.clone());
    platform.run(sqm_queries::routes(App { store, clock, entropy })).await
}
