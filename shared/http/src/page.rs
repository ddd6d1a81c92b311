//! Tags of what is made of many states at once, such as a page of a list: what it says, and behind that in which state of
//! the workspace's lists it was found to say so. While they are in that state it need not be made to know that it holds.
//! A process remembers in which state it has found a page last, so that a change elsewhere costs making it once and not
//! each time.

use axum::extract::{FromRequestParts, OriginalUri};
use http::request::Parts;
use moka::future::Cache;
use sqm_domain::WorkspaceId;
use sqm_store::ListState;

use crate::caller::Caller;
use crate::etag::{ETag, Preconditions};
use crate::problem::Problem;
use crate::reply::Reply;

/// What is remembered, in bytes.
const BYTES: u64 = 4 << 20;

/// What an entry takes beside its texts, about.
const OVERHEAD: usize = 300;

/// Between what a page says and the state in which it does.
const STATE: char = '~';

/// Whose page, by the mark of the key of its cursors, and which.
type Place = (WorkspaceId, String, String);

/// The pages that this process remembers. Cloning is cheap and shares them; an extension of the router has them.
#[derive(Debug, Clone)]
pub struct Pages(Cache<Place, (ListState, String)>);

impl Default for Pages {
    fn default() -> Self {
        let weigh = |(workspace, mark, target): &Place, (_, content): &(ListState, String)| {
            let bytes = workspace.as_str().len() + mark.len() + target.len() + content.len() + OVERHEAD;
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(BYTES).weigher(weigh).build())
    }
}

/// A page that is asked for.
#[derive(Debug)]
pub struct PageAsked {
    pages: Pages,
    target: String,
    preconditions: Preconditions,
}

/// A page that is asked for while lists are in a state, or, where there is none, while they change.
#[derive(Debug)]
pub struct PageNow<'a> {
    asked: &'a PageAsked,
    place: Place,
    state: Option<ListState>,
}

impl<S: Send + Sync> FromRequestParts<S> for PageAsked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let uri = parts.extensions.get().map_or(&parts.uri, |OriginalUri(uri)| uri);
        let target = uri.path_and_query().map_or_else(|| uri.to_string(), ToString::to_string);
        Ok(Self {
            pages: parts.extensions.get().cloned().unwrap_or_default(),
            target,
            preconditions: Preconditions::of(&parts.headers)?,
        })
    }
}

impl PageAsked {
    /// What the caller has.
    pub fn preconditions(&self) -> &Preconditions {
        &self.preconditions
    }

    /// With the state that was read before the page is made: what is written in between makes its tag an old one.
    pub fn now(&self, caller: &Caller, state: Option<ListState>) -> PageNow<'_> {
        let place = (caller.workspace().clone(), caller.cursor_mark(), self.target.clone());
        PageNow { asked: self, place, state }
    }
}

impl PageNow<'_> {
    /// 304, where the lists alone tell that the caller has it: one that says what `is_of` accepts.
    pub async fn unchanged(&self, is_of: impl Fn(&str) -> bool) -> Option<Reply> {
        let state = self.state?;
        let remembered = self.asked.pages.0.get(&self.place).await;
        let remembered = remembered.filter(|(then, _)| *then == state).map(|(_, content)| content);
        let suffix = self.suffix(state);
        let holds = |tag: &&ETag| {
            let Some((content, found)) = tag.opaque().rsplit_once(STATE) else { return false };
            is_of(content) && (found == suffix || remembered.as_deref() == Some(content))
        };
        let tag = self.asked.preconditions.known().find(holds)?;
        Some(Reply::not_modified(tag.clone()))
    }

    /// The page that was made, with the tag of its bytes; 304 where the caller has the same.
    pub async fn made(self, reply: Reply) -> Reply {
        let Some(content) = reply.hash() else { return reply };
        match self.tag(content).await {
            Ok(tag) => reply.etag(tag).unless_known(&self.asked.preconditions),
            Err(unchanged) => unchanged,
        }
    }

    /// The tag of what a page says; 304 where the caller has the same.
    ///
    /// # Errors
    /// That 304.
    pub async fn tag(&self, content: String) -> Result<ETag, Reply> {
        let is_it = |tag: &&ETag| {
            let opaque = tag.opaque();
            opaque.rsplit_once(STATE).map_or(opaque, |(said, _)| said) == content
        };
        let known = self.asked.preconditions.known().find(is_it).cloned();
        let tag = match self.state {
            None => ETag::new(&content),
            Some(state) => {
                let tag = ETag::new(format_args!("{content}{STATE}{}", self.suffix(state)));
                self.asked.pages.0.insert(self.place.clone(), (state, content)).await;
                tag
            }
        };
        match known {
            // With the tag that the caller knows it by.
            Some(known) => Err(Reply::not_modified(known)),
            None if self.asked.preconditions.not_modified(&tag) => Err(Reply::not_modified(tag)),
            None => Ok(tag),
        }
    }

    /// A state, and the key of the cursors, which are a part of a page.
    fn suffix(&self, ListState { number, at }: ListState) -> String {
        format!("{number}.{at}-{}", self.place.1)
    }
}
