//! Names the sources that the documents of this crate are made by, beside the engine's own version.

#[path = "../sources.rs"]
mod sources;

fn main() -> std::io::Result<()> {
    sources::name("SQM_SOURCES", "", &["src"])
}
