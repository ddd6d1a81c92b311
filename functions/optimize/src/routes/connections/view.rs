//! Connections as callers read them.

use jiff::Timestamp;
use serde::Serialize;
use sqm_domain::{ConnectionName, DatabaseEngine, SecretName, Subject, VersionNumber, WorkspaceId};
use sqm_http::{Caller, ETag, Reply};
use sqm_store::{Connection, Page};

/// A connection: where its secret lies, and never what it holds.
#[derive(Serialize)]
pub(super) struct ConnectionView<'a> {
    name: &'a ConnectionName,
    version: VersionNumber,
    engine: DatabaseEngine,
    secret: &'a SecretName,
    run: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    author: &'a Subject,
    links: Links,
}

#[derive(Serialize)]
struct Links {
    #[serde(rename = "self")]
    this: String,
}

#[derive(Serialize)]
struct PageView<'a> {
    items: Vec<ConnectionView<'a>>,
    next: Option<&'a str>,
}

impl<'a> From<&'a Connection> for ConnectionView<'a> {
    fn from(connection: &'a Connection) -> Self {
        Self {
            name: &connection.name,
            version: connection.version,
            engine: connection.engine,
            secret: &connection.secret,
            run: connection.run,
            created_at: connection.created,
            updated_at: connection.updated,
            author: &connection.author,
            links: Links { this: location(&connection.name) },
        }
    }
}

/// Where a connection is. Names may hold characters that a path cannot.
pub(super) fn location(name: &ConnectionName) -> String {
    let escaped: String = form_urlencoded::byte_serialize(name.as_str().as_bytes()).collect();
    format!("/v1/connections/{escaped}")
}

/// The tag of a connection at a version. It says whose it is, since the address does not.
pub(super) fn etag(workspace: &WorkspaceId, version: VersionNumber) -> ETag {
    ETag::new(format_args!("{workspace}:{version}"))
}

/// A page as an answer.
pub(super) fn page(caller: &Caller, page: &Page<Connection>, limit: usize) -> Reply {
    let next = page.next.as_ref().map(|position| caller.cursor(position));
    let items = page.items.iter().map(ConnectionView::from).collect();
    let reply = Reply::ok(&PageView { items, next: next.as_deref() });
    match &next {
        None => reply,
        Some(cursor) => reply.link(&format!("/v1/connections?limit={limit}&cursor={cursor}"), "next"),
    }
}
