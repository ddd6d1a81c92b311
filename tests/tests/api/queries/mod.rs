//! `/v1/queries` and what is below it.

mod create;
mod delete;
mod diff;
mod get;
mod idempotency;
mod life;
mod list;
mod restore;
mod runs;
mod search;
mod update;
mod versions;
