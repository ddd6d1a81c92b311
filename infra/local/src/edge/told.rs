//! What a caller is told of what became of its request (RFC 9211).

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

/// The header.
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Answered without the origin.
    Hit,
    /// The origin says that what is kept holds.
    Revalidated,
    /// Answered by the origin.
    Missed { is_kept: bool },
    /// Answered with what another request went for that was equal.
    Collapsed,
    /// Answered with what is kept, since the origin does not answer.
    Stale,
    /// Answered with what is kept, while the origin is asked whether it holds.
    Meanwhile,
    /// Kept by nobody.
    Passed,
}

impl Told {
    pub(super) fn on(self, mut answer: Response) -> Response {
        let said = match self {
            Self::Hit => "sqm-edge; hit",
            Self::Revalidated => "sqm-edge; hit; fwd=stale; fwd-status=304",
            Self::Missed { is_kept: true } => "sqm-edge; fwd=miss; stored",
            Self::Missed { is_kept: false } => "sqm-edge; fwd=miss",
            Self::Collapsed => "sqm-edge; fwd=miss; collapsed",
            Self::Meanwhile => "sqm-edge; hit; detail=stale-while-revalidate",
            Self::Stale => "sqm-edge; hit; detail=stale-if-error",
            Self::Passed => "sqm-edge; fwd=bypass",
        };
        answer.headers_mut().append(CACHE_STATUS, HeaderValue::from_static(said));
        answer
    }
}
