//! What needs the real things outside of the process: moto's Secrets Manager, PostgreSQL, SAM, and the binaries
//! under `cargo lambda`. What is missing of them is installed.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod batch;
mod binaries;
mod database;
mod edge;
mod explain;
mod models;
mod nginx;
mod openlineage;
mod plans;
mod redis;
mod secrets;
mod template;
mod verdicts;
