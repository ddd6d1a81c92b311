//! `automatic-index`: SQLite makes an index for this query and throws it away, each time that it is run.

use super::{About, Code, Context, Finding, called};
use crate::lint::Severity;

pub(super) fn check(cx: &Context<'_>, at: usize) -> Option<Finding> {
    let node = cx.node(at);
    if !node.kind.ends_with("AUTOMATIC INDEX") {
        return None;
    }
    let about = About::of(node);
    let columns = about.predicates.first().copied().unwrap_or_default();
    let name = called(node, about.relation);
    let message = format!(
        "an index on {name} ({columns}) is made for this query alone and thrown away after it: one that stays costs that once"
    );
    Some(cx.finding(at, (Code::AutomaticIndex, Severity::Warning), about, message))
}
