//! The lineage function.
fn main() {}
