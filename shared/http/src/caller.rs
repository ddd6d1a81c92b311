//! Who calls, and what they may do. A [`Caller`] is a proof: [`crate::auth`] alone makes one, out of a
//! token that it has verified.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;
use http::request::Parts;
use sqm_domain::{Subject, VersionNumber, WorkspaceId};
use sqm_store::Position;

use crate::auth::Verified;
use crate::cursor::CursorKeys;
use crate::etag::ETag;
use crate::problem::{Kind, Problem};

macro_rules! scopes {
    ($($(#[$doc:meta])* $scope:ident = $name:literal,)*) => {
        /// Something that a token may allow.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Scope {
            $($(#[$doc])* $scope,)*
        }

        impl Scope {
            /// Every scope.
            pub const ALL: &[Scope] = &[$(Scope::$scope),*];

            /// Its name in a token.
            pub fn name(self) -> &'static str {
                match self { $(Scope::$scope => $name,)* }
            }
        }
    };
}

scopes! {
    /// Read queries and their versions.
    QueriesRead = "queries:read",
    /// Create, change and delete queries.
    QueriesWrite = "queries:write",
    /// Record executions of queries: for what collects them.
    RunsWrite = "runs:write",
    /// Bring in what was exported, with its ids, times and authors: for those who administer a workspace.
    WorkspaceRestore = "workspace:restore",
    /// Read catalogs.
    CatalogsRead = "catalogs:read",
    /// Store and delete catalogs.
    CatalogsWrite = "catalogs:write",
    /// Trace lineage.
    LineageRead = "lineage:read",
    /// See connections to databases, and ask what queries cost there.
    ConnectionsRead = "connections:read",
    /// Store and delete connections: for those who administer a workspace.
    ConnectionsWrite = "connections:write",
    /// Ask for optimizations and verifications, which cost computing time.
    OptimizationsRun = "optimizations:run",
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No scope has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope")]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|scope| scope.name() == name).ok_or(UnknownScope)
    }
}

/// Who calls, for which workspace, and what they may do there.
#[derive(Debug, Clone)]
pub struct Caller {
    workspace: WorkspaceId,
    subject: Subject,
    scopes: BTreeSet<Scope>,
    cursors: CursorKeys,
}

impl Caller {
    /// For [`crate::auth`] alone.
    pub(crate) fn new(verified: Verified, cursors: CursorKeys) -> Self {
        let Verified { workspace, subject, scopes } = verified;
        Self { workspace, subject, scopes, cursors }
    }

    /// The workspace, outside of which nothing exists for this caller.
    pub fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    /// All that two callers must have in common to be shown the same answer: the workspace, and what they may do there.
    pub fn tenant(&self) -> String {
        let scopes: Vec<&str> = self.scopes.iter().map(|scope| scope.name()).collect();
        format!("{} {}", self.workspace, scopes.join(" "))
    }

    /// A position as the caller may hold it.
    pub fn cursor(&self, position: &Position) -> String {
        self.cursors.seal(position)
    }

    /// What tells apart by which key cursors are signed, which are a part of a page.
    pub(crate) fn cursor_mark(&self) -> String {
        self.cursors.mark()
    }

    /// The tag of a page of what a version ends with.
    pub fn history_tag(&self, newest: VersionNumber) -> ETag {
        ETag::new(format_args!("{newest}-{}", self.cursors.mark()))
    }

    /// The position that a cursor holds, where there is one.
    pub fn position(&self, cursor: Option<&str>) -> Result<Option<Position>, Problem> {
        cursor.map(|cursor| self.cursors.open(cursor)).transpose()
    }

    /// Who it is, as the issuer of the token writes it.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Goes on if the token allows `scope`; the problem names it otherwise.
    pub fn may(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        let challenge = format!("Bearer realm=\"sqm\", error=\"insufficient_scope\", scope=\"{scope}\"");
        let mut problem = Problem::new(Kind::MissingScope)
            .detail(format!("the token lacks the scope {scope}"))
            .with("scope", scope.name());
        if let Ok(challenge) = HeaderValue::try_from(challenge) {
            problem = problem.header(WWW_AUTHENTICATE, challenge);
        }
        Err(problem)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    /// The caller that authentication has put into the request. A router that was not passed through
    /// [`crate::finish`] has none: that is our fault and lets nobody in.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts
            .extensions
            .get::<Caller>()
            .cloned()
            .ok_or_else(|| Problem::internal("a route is served without authentication"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::CursorKey;

    #[test]
    fn scopes_read_their_own_names() {
        for scope in Scope::ALL {
            assert_eq!(scope.name().parse(), Ok(*scope));
        }
        assert_eq!("queries:*".parse::<Scope>(), Err(UnknownScope));
    }

    #[test]
    fn a_missing_scope_is_named() {
        let verified = Verified {
            workspace: "acme".parse().unwrap(),
            subject: "ada".parse().unwrap(),
            scopes: BTreeSet::from([Scope::QueriesRead]),
        };
        let key = CursorKey::new(b"secret");
        let caller = Caller::new(verified, CursorKeys { signing: key.clone(), accepted: vec![key] });
        assert!(caller.may(Scope::QueriesRead).is_ok());
        let problem = caller.may(Scope::QueriesWrite).unwrap_err();
        assert_eq!(problem.kind(), Kind::MissingScope);
    }
}
