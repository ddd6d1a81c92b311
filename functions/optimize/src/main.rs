//! The optimize function.
fn main() {}
