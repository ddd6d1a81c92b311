//! The store on an embedded DynamoDB, made from the project's template.

#![allow(clippy::unwrap_used)] // Clippy takes functions that tests share for no tests.

mod analyses;
mod catalogs;
mod changes;
mod connections;
mod deletion;
mod faults;
mod idempotency;
mod jobs;
mod lists;
mod models;
mod queries;
mod references;
mod restart;
mod runs;
mod setup;
