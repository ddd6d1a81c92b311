//! Gives the engine a version that changes whenever its sources do, so that an answer of an older one is
//! never taken for that of a newer one.

#[path = "../sources.rs"]
mod sources;

fn main() -> std::io::Result<()> {
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    sources::name("SQM_ENGINE_VERSION", &format!("{version}-"), &["src"])
}
