//! What every function shares on the way from a request to an answer: who calls, what the body says,
//! how an answer or a problem looks, what is logged, and how a router becomes a Lambda function.
//!
//! Of SQL and the store it knows what can go wrong there and what an analysis rests on, and does nothing
//! with them. Only [`auth`] can make a [`Caller`].

mod answer;
pub mod auth;
pub mod background;
mod basis;
mod body;
pub mod caching;
mod caller;
mod clock;
mod compute;
mod cursor;
mod etag;
mod json;
pub mod log;
mod open;
mod page;
mod parameters;
mod plain;
mod problem;
mod reply;
mod router;
mod secrets;
pub mod serve;
pub mod settings;

pub use answer::json;
pub use basis::{Basis, CatalogUsed};
pub use body::{Body, MediaType};
pub use caller::{Caller, Scope};
pub use clock::{Clock, Entropy, SystemClock, SystemEntropy, new_query_id};
pub use compute::{REQUEST, compute};
pub use etag::{ETag, EntityTags, Preconditions};
pub use json::{Json, from_json};
pub use page::{PageAsked, PageNow, Pages};
pub use parameters::{NoParameters, Path, QueryString};
pub use problem::{Kind, Problem, sql_text};
pub use reply::Reply;
pub use router::finish;
pub use secrets::{SecretError, Secrets};
