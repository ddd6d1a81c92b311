//! The store on an embedded DynamoDB, made from the project's template.

mod catalogs;
mod deletion;
mod faults;
mod idempotency;
mod lists;
mod queries;
mod references;
mod restart;
mod setup;
