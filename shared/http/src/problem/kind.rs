//! The one table of problems: what can go wrong, with its status, its name in URIs and its title.

use http::StatusCode;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $status:ident, $slug:literal, $title:literal;)*) => {
        /// What went wrong, as a caller can tell it apart. Clients may rely on the name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &[Kind] = &[$(Kind::$kind),*];

            /// The HTTP status.
            pub fn status(self) -> StatusCode {
                match self { $(Kind::$kind => StatusCode::$status,)* }
            }

            /// The last part of the type URI.
            pub fn slug(self) -> &'static str {
                match self { $(Kind::$kind => $slug,)* }
            }

            /// One line for a person, the same for every occurrence.
            pub fn title(self) -> &'static str {
                match self { $(Kind::$kind => $title,)* }
            }
        }
    };
}

kinds! {
    /// The body, or a text in it, is not UTF-8.
    InvalidEncoding, BAD_REQUEST, "invalid-encoding", "The body is not valid UTF-8";
    /// The body is no JSON: `line` and `column` say where.
    MalformedJson, BAD_REQUEST, "malformed-json", "The body is not well-formed JSON";
    /// A parameter of the path or the query string is unknown or wrong: `parameter` says which.
    InvalidParameter, BAD_REQUEST, "invalid-parameter", "A parameter is not valid";
    /// A header is wrong: `header` says which.
    InvalidHeader, BAD_REQUEST, "invalid-header", "A header is not valid";
    /// A cursor that was not made here, or for another list.
    InvalidCursor, BAD_REQUEST, "invalid-cursor", "The cursor is not valid";
    /// No token, or one that is not accepted.
    Unauthenticated, UNAUTHORIZED, "unauthenticated", "A valid bearer token is required";
    /// The token lacks a scope: `scope` says which.
    MissingScope, FORBIDDEN, "missing-scope", "The token does not allow this";
    /// There is no such thing, or none that the caller may see.
    NotFound, NOT_FOUND, "not-found", "There is no such resource";
    /// The resource has no such method: the `Allow` header says which it has.
    MethodNotAllowed, METHOD_NOT_ALLOWED, "method-not-allowed", "The method is not allowed here";
    /// The state of the resource forbids it.
    Conflict, CONFLICT, "conflict", "The request conflicts with what is stored";
    /// The resource has changed since the caller read it.
    PreconditionFailed, PRECONDITION_FAILED, "precondition-failed", "The resource has changed";
    /// The body is too long: `limit` says what is taken, in bytes.
    BodyTooLarge, PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large";
    /// The body has a type that this resource does not read.
    UnsupportedMediaType, UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "The media type is not supported";
    /// The body is JSON, but not what is expected: `field` says where.
    InvalidField, UNPROCESSABLE_ENTITY, "invalid-field", "A field of the body is not valid";
    /// A text is no SQL that is taken: `field`, and where it is known `line` and `column` in the SQL.
    InvalidSql, UNPROCESSABLE_ENTITY, "invalid-sql", "The SQL is not valid";
    /// The analysis of this text would take more time than there is for an answer.
    TooExpensive, UNPROCESSABLE_ENTITY, "too-expensive", "The analysis takes too long";
    /// The answer would be longer than one may be: `limit` says how long, in bytes.
    AnswerTooLarge, UNPROCESSABLE_ENTITY, "answer-too-large", "The answer would be too large";
    /// An `Idempotency-Key` that came with another request before.
    IdempotencyKeyReused, UNPROCESSABLE_ENTITY, "idempotency-key-reused", "The idempotency key was used before";
    /// A change must say which state it changes, by `If-Match`.
    PreconditionRequired, PRECONDITION_REQUIRED, "precondition-required", "An If-Match header is required";
    /// Too much at once; `Retry-After` says when to come again.
    TooManyRequests, TOO_MANY_REQUESTS, "too-many-requests", "Too many requests";
    /// Our fault. The log says what, under the same request id.
    Internal, INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side";
    /// A service that we rely on does not answer; `Retry-After` says when to come again.
    Unavailable, SERVICE_UNAVAILABLE, "unavailable", "The service is unavailable for the moment";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_fit_in_a_uri() {
        let slugs: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
        assert_eq!(slugs.len(), Kind::ALL.len());
        assert!(slugs.iter().all(|slug| slug.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
        assert!(
            Kind::ALL.iter().all(|kind| kind.status().is_client_error() || kind.status().is_server_error())
        );
    }
}
