//! The real binary, from the outside: one test binary, since linking it takes long.

#![allow(clippy::unwrap_used)] // Nothing to be handled here: what fails is the test.

mod bad_input;
mod counterexample;
mod database;
mod exit_codes;
mod files;
mod import;
mod import_real;
mod indexes;
mod job;
mod lineage;
mod model;
mod ndjson;
mod pipes;
mod sqm;
mod text;
