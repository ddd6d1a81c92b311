//! What queries and rewrites cost on a real PostgreSQL: Debian's, which has hypopg.

mod advised;
mod ours;
mod over_http;
mod refused;
mod server;
mod weighed;
