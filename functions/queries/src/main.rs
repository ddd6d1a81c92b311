//! The queries function.
fn main() {}
