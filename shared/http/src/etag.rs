//! Entity tags and the conditions that rest on them (RFC 9110, 8.8.3 and 13).

use std::fmt;

use axum::extract::FromRequestParts;
use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::problem::{Kind, Problem};
use crate::reply::Reply;

/// A strong entity tag: the same tag means the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ETag(String);

impl ETag {
    /// The tag of something whose state `opaque` names, such as a version or a hash. Characters that a tag
    /// cannot hold are left out.
    pub fn new(opaque: impl fmt::Display) -> Self {
        let mut tag = opaque.to_string();
        tag.retain(|c| c.is_ascii_graphic() && c != '"');
        Self(tag)
    }

    /// What stands between the quotes.
    pub fn opaque(&self) -> &str {
        &self.0
    }

    pub(crate) fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        HeaderValue::try_from(self.to_string()).ok().map(|value| (ETAG, value))
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// What a condition names: any state of the resource, or some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntityTags {
    /// `*`
    Any,
    /// A list, in which weak tags are marked.
    OneOf(Vec<(ETag, Weakness)>),
}

/// Whether a tag promises the same bytes or merely the same meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// The same bytes.
    Strong,
    /// The same meaning.
    Weak,
}

impl EntityTags {
    /// By strong comparison, as `If-Match` asks for: a weak tag agrees with nothing.
    pub fn agree_strongly(&self, current: &ETag) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|(tag, weak)| *weak == Weakness::Strong && tag == current),
        }
    }

    /// By weak comparison, as `If-None-Match` asks for.
    pub fn agree_weakly(&self, current: &ETag) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|(tag, _)| tag == current),
        }
    }

    fn read(text: &str) -> Option<Self> {
        if text.trim() == "*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        let mut rest = text.trim_matches([' ', '\t', ',']);
        while !rest.is_empty() {
            let (weak, quoted) = match rest.strip_prefix("W/") {
                Some(quoted) => (Weakness::Weak, quoted),
                None => (Weakness::Strong, rest),
            };
            let (tag, after) = quoted.strip_prefix('"')?.split_once('"')?;
            if tag.bytes().any(|byte| !byte.is_ascii_graphic()) {
                return None;
            }
            tags.push((ETag(tag.to_owned()), weak));
            let trimmed = after.trim_start_matches([' ', '\t']);
            if !trimmed.is_empty() && !trimmed.starts_with(',') {
                return None;
            }
            rest = trimmed.trim_start_matches([' ', '\t', ',']);
        }
        (!tags.is_empty()).then_some(Self::OneOf(tags))
    }
}

/// The conditions of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preconditions {
    if_match: Option<EntityTags>,
    if_none_match: Option<EntityTags>,
}

impl Preconditions {
    /// Whether the request sets no conditions.
    pub fn is_empty(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none()
    }

    /// The tags of `If-Match`; a problem where there are none, for changes that must not be made blindly.
    pub fn if_match(&self) -> Result<&EntityTags, Problem> {
        self.if_match.as_ref().ok_or_else(|| {
            Problem::new(Kind::PreconditionRequired)
                .detail("send the ETag of what you read as `If-Match`, or `If-Match: *`")
        })
    }

    /// Whether the change may be made to the resource in this state, `None` where there is none.
    pub fn hold(&self, current: Option<&ETag>) -> Result<(), Problem> {
        let failed = match (&self.if_match, &self.if_none_match, current) {
            (Some(tags), _, Some(current)) if !tags.agree_strongly(current) => "the resource has changed",
            (Some(_), _, None) => "there is no such resource",
            (_, Some(tags), Some(current)) if tags.agree_weakly(current) => "there is such a resource",
            _ => return Ok(()),
        };
        let problem = Problem::new(Kind::PreconditionFailed).detail(failed);
        Err(match current.and_then(ETag::header) {
            Some((name, value)) => problem.header(name, value),
            None => problem,
        })
    }

    /// The tags of the states that the caller has, where 304 may be the answer.
    pub fn known(&self) -> impl Iterator<Item = &ETag> {
        let listed = match &self.if_none_match {
            Some(EntityTags::OneOf(tags)) => tags.as_slice(),
            _ => &[],
        };
        listed.iter().map(|(tag, _)| tag)
    }

    /// 304, where the caller has the state already that `now` finds out. That is asked only of those who say what
    /// they have, and should cost no more than the read of a key; it is `None` where that does not suffice.
    ///
    /// # Errors
    /// Those of `now`.
    pub async fn unchanged<E>(
        &self,
        now: impl Future<Output = Result<Option<ETag>, E>>,
    ) -> Result<Option<Reply>, E> {
        if self.if_none_match.is_none() {
            return Ok(None);
        }
        Ok(now.await?.filter(|tag| self.not_modified(tag)).map(Reply::not_modified))
    }

    /// Whether the caller has this state already, so that 304 is the answer to a GET.
    pub fn not_modified(&self, current: &ETag) -> bool {
        self.if_none_match.as_ref().is_some_and(|tags| tags.agree_weakly(current))
    }

    /// The conditions that these headers set.
    ///
    /// # Errors
    /// One of them is no list of tags.
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let one = |name: HeaderName| {
            let values: Vec<_> = headers.get_all(&name).iter().map(HeaderValue::to_str).collect();
            if values.is_empty() {
                return Ok(None);
            }
            let joined = values.into_iter().collect::<Result<Vec<_>, _>>().ok().map(|all| all.join(","));
            match joined.as_deref().and_then(EntityTags::read) {
                Some(tags) => Ok(Some(tags)),
                None => Err(Problem::new(Kind::InvalidHeader)
                    .detail(format!("{name} takes * or a list of quoted entity tags"))
                    .with("header", name.as_str())),
            }
        };
        Ok(Self { if_match: one(IF_MATCH)?, if_none_match: one(IF_NONE_MATCH)? })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Preconditions {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Self::of(&parts.headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strong(tag: &str) -> (ETag, Weakness) {
        (ETag::new(tag), Weakness::Strong)
    }

    #[test]
    fn lists_of_tags() {
        let check = |text: &str, expected: Option<EntityTags>| {
            assert_eq!(EntityTags::read(text), expected, "{text}");
        };
        check("*", Some(EntityTags::Any));
        check("\"1\"", Some(EntityTags::OneOf(vec![strong("1")])));
        check("\"1\", W/\"2\"", Some(EntityTags::OneOf(vec![strong("1"), (ETag::new("2"), Weakness::Weak)])));
        check("\"a,b\" ,, \"c\"", Some(EntityTags::OneOf(vec![strong("a,b"), strong("c")])));
        check("", None);
        check("1", None);
        check("\"1", None);
        check("\"1\"\"2\"", None);
        check("\"1\" x", None);
    }

    #[test]
    fn conditions() {
        let read = |name: HeaderName, text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::try_from(text).unwrap());
            Preconditions::of(&headers).unwrap()
        };
        let (one, two) = (ETag::new(1), ETag::new(2));
        assert!(read(IF_MATCH, "\"1\"").hold(Some(&one)).is_ok());
        assert!(read(IF_MATCH, "\"1\"").hold(Some(&two)).is_err());
        assert!(read(IF_MATCH, "W/\"1\"").hold(Some(&one)).is_err());
        assert!(read(IF_MATCH, "*").hold(Some(&one)).is_ok());
        assert!(read(IF_MATCH, "*").hold(None).is_err());
        assert!(read(IF_NONE_MATCH, "*").hold(None).is_ok());
        assert!(read(IF_NONE_MATCH, "*").hold(Some(&one)).is_err());
        assert!(read(IF_NONE_MATCH, "W/\"1\"").not_modified(&one));
        assert!(!read(IF_NONE_MATCH, "\"1\"").not_modified(&two));
        assert_eq!(Preconditions::default().if_match().unwrap_err().kind(), Kind::PreconditionRequired);
    }

    #[test]
    fn a_tag_is_always_a_valid_header() {
        assert_eq!(ETag::new("a\"b\n ä").to_string(), "\"ab\"");
    }
}
