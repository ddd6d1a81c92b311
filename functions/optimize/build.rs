//! Names the sources that the documents of this function are made by, beside the engine's own version.

#[path = "../../shared/sources.rs"]
mod sources;

fn main() -> std::io::Result<()> {
    sources::name("SQM_SOURCES", "", &["src", "../../shared/verify/src", "../../Cargo.lock"])
}
