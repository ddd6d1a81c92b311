//! Which answers may be kept, by whom and for how long: the one table of it. Handlers give a state its tag and say
//! nothing of caches; the router looks up here what is said for them. `docs/caching.md` explains each row.

use http::{HeaderValue, Method, StatusCode};

/// Who may keep the answers of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kept {
    /// By nobody.
    Never,
    /// By the browser, which asks each time whether it still holds.
    Private,
    /// By the browser and by the edge, which ask each time. Nobody shows what is older than that.
    Revalidated,
    /// The state at this address never changes, but it can be deleted: for ever by the browser, whose user has seen it;
    /// by the edge as long as the origin says that it is there.
    Fixed,
    /// The address is a hash of what the answer is made from: for ever by both.
    Addressed,
    /// The same for everybody, and no secret: for minutes, and longer where the origin does not answer.
    Open,
}

/// What stands between us and those who ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Edge {
    /// Nothing that we know of. No shared cache is told that it may keep what is one caller's.
    #[default]
    Unknown,
    /// An edge that has verified the token and keeps the answers of each workspace and set of scopes apart
    /// (`infra/edge`).
    KnowsTenants,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The path, parameters in braces.
    pub path: &'static str,
    /// Who may keep the answers.
    pub kept: Kept,
    /// The parameter of the query string that makes a fixed state of it.
    pub fixed_by: Option<&'static str>,
}

const fn rule(path: &'static str, kept: Kept) -> Rule {
    Rule { path, kept, fixed_by: None }
}

/// Every path that answers GET.
pub const RULES: &[Rule] = &[
    rule("/v1/health", Kept::Never),
    rule("/v1/openapi.yaml", Kept::Open),
    rule("/v1/queries", Kept::Revalidated),
    rule("/v1/queries/{id}", Kept::Revalidated),
    rule("/v1/queries/{id}/versions", Kept::Revalidated),
    rule("/v1/queries/{id}/versions/{n}", Kept::Fixed),
    rule("/v1/queries/{id}/versions/{n}/diff", Kept::Fixed),
    rule("/v1/queries/{id}/runs", Kept::Never),
    rule("/v1/queries/{id}/lineage", Kept::Revalidated),
    rule("/v1/analyses/{hash}", Kept::Addressed),
    rule("/v1/graph/tables/{name}", Kept::Revalidated),
    rule("/v1/graph/columns/{name}", Kept::Revalidated),
    rule("/v1/catalogs", Kept::Revalidated),
    Rule { fixed_by: Some("version"), ..rule("/v1/catalogs/{name}", Kept::Revalidated) },
    rule("/v1/connections", Kept::Never),
    rule("/v1/connections/{name}", Kept::Private),
    rule("/v1/exports", Kept::Never),
    rule("/v1/jobs", Kept::Never),
    rule("/v1/jobs/{id}", Kept::Never),
    rule("/v1/reports/latest", Kept::Never),
    rule("/v1/usage", Kept::Never),
];

impl Kept {
    /// Its name in `docs/caching.md`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Private => "private",
            Self::Revalidated => "revalidated",
            Self::Fixed => "fixed",
            Self::Addressed => "addressed",
            Self::Open => "open",
        }
    }

    /// Whether an edge that knows tenants keeps it.
    pub fn is_kept_by_edges(self) -> bool {
        !matches!(self, Self::Never | Self::Private)
    }

    /// What caches are told. CloudFront shows what is stale where the origin fails unless it is told not to, so that is said
    /// as well.
    pub fn directives(self, edge: Edge) -> &'static str {
        match (self, edge) {
            (Self::Never, _) => "no-store",
            (Self::Open, _) => "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800",
            (Self::Private, _) | (Self::Revalidated, Edge::Unknown) => "private, no-cache",
            (Self::Fixed | Self::Addressed, Edge::Unknown) => "private, max-age=31536000, immutable",
            (Self::Revalidated, Edge::KnowsTenants) => {
                "public, max-age=0, s-maxage=0, must-revalidate, stale-if-error=0"
            }
            (Self::Fixed, Edge::KnowsTenants) => {
                "public, max-age=31536000, s-maxage=0, immutable, stale-if-error=3600"
            }
            (Self::Addressed, Edge::KnowsTenants) => {
                "public, max-age=31536000, s-maxage=31536000, immutable, stale-if-error=31536000"
            }
        }
    }
}

impl Rule {
    /// The rule of the route with this path.
    pub fn of(path: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.path == path)
    }

    /// Who may keep the answer to this query string.
    pub fn kept(&self, query: Option<&str>) -> Kept {
        let has =
            |name| form_urlencoded::parse(query.unwrap_or_default().as_bytes()).any(|(key, _)| key == name);
        if self.fixed_by.is_some_and(has) { Kept::Fixed } else { self.kept }
    }
}

/// What caches are told of an answer. Whatever is no state with a tag is kept by nobody: problems, answers to other
/// methods, and routes that the table does not have.
pub(crate) fn told(
    edge: Edge,
    method: &Method,
    route: Option<&str>,
    query: Option<&str>,
    (status, has_tag): (StatusCode, bool),
) -> HeaderValue {
    let is_state = matches!(status, StatusCode::OK | StatusCode::NOT_MODIFIED) && has_tag;
    let rule = route.filter(|_| is_state && matches!(*method, Method::GET | Method::HEAD)).and_then(Rule::of);
    let kept = rule.map_or(Kept::Never, |rule| rule.kept(query));
    HeaderValue::from_static(kept.directives(edge))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ALL: [Kept; 6] =
        [Kept::Never, Kept::Private, Kept::Revalidated, Kept::Fixed, Kept::Addressed, Kept::Open];

    #[test]
    fn a_path_has_one_row() {
        let paths: BTreeSet<_> = RULES.iter().map(|rule| rule.path).collect();
        assert_eq!(paths.len(), RULES.len());
    }

    #[test]
    fn what_is_one_caller_s_is_public_only_behind_an_edge_that_knows_tenants() {
        for kept in ALL.into_iter().filter(|kept| *kept != Kept::Open) {
            let directives = kept.directives(Edge::Unknown);
            assert!(!directives.contains("public") && !directives.contains("s-maxage"), "{directives}");
        }
        for kept in ALL {
            let is_public = kept.directives(Edge::KnowsTenants).contains("public");
            assert_eq!(is_public, kept.is_kept_by_edges(), "{kept:?}");
        }
    }

    #[test]
    fn only_states_with_a_tag_are_kept() {
        let check =
            |method: Method, route: &str, query: Option<&str>, answer: (u16, bool), expected: Kept| {
                let answer = (StatusCode::from_u16(answer.0).unwrap(), answer.1);
                let told = told(Edge::KnowsTenants, &method, Some(route), query, answer);
                assert_eq!(
                    told,
                    expected.directives(Edge::KnowsTenants),
                    "{method} {route} {query:?} {answer:?}"
                );
            };
        let (head, catalog) = ("/v1/queries/{id}", "/v1/catalogs/{name}");
        check(Method::GET, head, None, (200, true), Kept::Revalidated);
        check(Method::HEAD, head, None, (304, true), Kept::Revalidated);
        check(Method::GET, head, None, (200, false), Kept::Never);
        check(Method::GET, head, None, (404, true), Kept::Never);
        check(Method::PATCH, head, None, (200, true), Kept::Never);
        check(Method::GET, "/v1/elsewhere", None, (200, true), Kept::Never);
        check(Method::GET, catalog, None, (200, true), Kept::Revalidated);
        check(Method::GET, catalog, Some("version=2"), (200, true), Kept::Fixed);
        check(Method::GET, catalog, Some("%76ersion=2"), (200, true), Kept::Fixed);
        check(Method::GET, catalog, Some("versions=2"), (200, true), Kept::Revalidated);
    }
}
