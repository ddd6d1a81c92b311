//! Behaviour over HTTP: the real routers, behind the gateway's routes, on an embedded DynamoDB. The files
//! mirror the routes; what holds of all of them has files of its own.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod analyses;
mod auth;
mod caching;
mod catalogs;
mod concurrency;
mod connections;
mod corpora;
mod costs;
mod edge;
mod faults;
mod graph;
mod hostile;
mod imports;
mod indexes;
mod limits;
mod lineage;
mod models;
mod optimizations;
mod plans;
mod problems;
mod queries;
mod routes;
mod sample;
mod verifications;
mod walk;
