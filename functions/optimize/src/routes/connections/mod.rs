//! Connections to databases: stored under a name, read, listed and deleted. None of them ever holds a DSN.

mod delete;
mod get;
mod list;
mod put;
mod view;

pub(crate) use delete::delete;
pub(crate) use get::get;
pub(crate) use list::list;
pub(crate) use put::put;
