//! A request for something that may be kept: as it came, and as the cache looks at it.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, COOKIE, HOST, HeaderName, HeaderValue, IF_MATCH,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, PRAGMA, RANGE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request};
use sqm_http::Preconditions;

use super::stored::Key;

/// What may be said of parts or states of an answer: what is kept is asked for whole.
const ABOUT_STATES: [HeaderName; 6] =
    [IF_NONE_MATCH, IF_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, IF_RANGE, RANGE];

/// What a caller may ask of a cache: to look again. Not to be shown what is stale.
const OF_CACHES: [&str; 4] = ["no-cache", "no-store", "max-age=", "min-fresh="];

/// A request.
pub(super) struct Asked {
    /// What the caller has.
    pub conditions: Preconditions,
    /// As the cache sees it.
    pub keyed: Request<()>,
    parts: Parts,
}

impl Asked {
    pub(super) fn of(mut parts: Parts, conditions: Preconditions, key: &Key) -> Self {
        for name in ABOUT_STATES.iter().chain([&COOKIE, &ACCEPT_ENCODING]) {
            parts.headers.remove(name);
        }
        if key.gzip {
            parts.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let mut keyed = Request::new(());
        *keyed.uri_mut() = parts.uri.clone();
        *keyed.headers_mut() = looked_at(&parts.headers, key);
        Self { conditions, keyed, parts }
    }

    /// Whether the caller says itself how fresh it has to be.
    pub(super) fn is_particular(&self) -> bool {
        [CACHE_CONTROL, PRAGMA].iter().any(|name| self.keyed.headers().contains_key(name))
    }

    /// The request to the origin, with the tag of what is kept.
    pub(super) fn request(&self, tag: Option<&HeaderValue>) -> Request<Body> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = self.parts.uri.clone();
        *request.headers_mut() = self.parts.headers.clone();
        request.headers_mut().extend(tag.map(|tag| (IF_NONE_MATCH, tag.clone())));
        request
    }
}

/// The headers that the cache looks at: those that answers may depend on, with whose answer it is in the place of the
/// token, and what is asked of caches.
fn looked_at(headers: &HeaderMap, key: &Key) -> HeaderMap {
    let said = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let said = said.flat_map(|value| value.split(',')).map(|one| one.trim().to_ascii_lowercase());
    let said: Vec<String> = said.filter(|one| OF_CACHES.iter().any(|name| one.starts_with(name))).collect();
    let mut looked_at = HeaderMap::new();
    looked_at.insert(HOST, HeaderValue::from_static("edge"));
    let same = [ACCEPT_ENCODING, PRAGMA].map(|name| (headers.get(&name).cloned(), name));
    looked_at.extend(same.into_iter().filter_map(|(value, name)| Some((name, value?))));
    let written = [(CACHE_CONTROL, said.join(", ")), (AUTHORIZATION, key.tenant.clone())];
    let written = written.into_iter().filter(|(_, value)| !value.is_empty());
    looked_at.extend(written.filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?))));
    looked_at
}

/// Whether gzip is among what a caller takes: as CloudFront does, that is brought to one form.
pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.replace(' ', "");
        let is_refused =
            weight.strip_prefix("q=0").is_some_and(|rest| rest.chars().all(|c| c == '.' || c == '0'));
        name.trim().eq_ignore_ascii_case("gzip") && !is_refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_gzip() {
        for (value, expected) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0.05", true),
            ("gzip; q=0.000", false),
            ("*", false),
            ("xgzip", false),
            ("", false),
        ] {
            let headers = [(ACCEPT_ENCODING, HeaderValue::from_static(value))].into_iter().collect();
            assert_eq!(takes_gzip(&headers), expected, "{value}");
        }
    }

    #[test]
    fn a_caller_may_ask_for_more_and_not_for_less() {
        let headers =
            |said: &'static str| [(CACHE_CONTROL, HeaderValue::from_static(said))].into_iter().collect();
        let key = Key { target: "/".to_owned(), tenant: "acme".to_owned(), gzip: false };
        let seen = |said| looked_at(&headers(said), &key).get(CACHE_CONTROL).cloned();
        assert_eq!(seen("No-Cache"), Some(HeaderValue::from_static("no-cache")));
        assert_eq!(
            seen("max-stale=9, max-age=0, only-if-cached"),
            Some(HeaderValue::from_static("max-age=0"))
        );
        assert_eq!(seen("max-stale"), None);
        assert_eq!(looked_at(&headers(""), &key)[AUTHORIZATION], "acme");
    }
}
