//! The services that stand in for AWS on one machine, and the sample workspace.

pub mod sample;
