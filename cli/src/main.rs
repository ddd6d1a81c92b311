//! sqm
fn main() {}
