//! From text to statements, each with its tree or the reason why it has none.
//!
//! The text is tokenized once and cut into statements on the tokens, so one bad statement never loses
//! the others, and every place in a tree is a place in the user's text. Nothing here knows a catalog.
//! Trees are deep: `crate::guard` is the only way in.

mod attempt;
mod body;
mod bounded;
mod command;
mod declared;
mod error;
mod grammar;
mod lines;
mod mask;
mod mend;
mod multi;
mod rough;
mod script;
mod source;
mod split;
mod tokens;
mod variables;
mod view;

pub use command::{Command, Relation};
pub use error::ParseError;
pub use grammar::Grammar;
pub use lines::LineIndex;
pub use mend::{Mend, MendKind, SetSide};
pub(crate) use rough::rough_pieces;
pub(crate) use script::parse;
pub use script::{ParsedStatement, Script, Tree};
pub use tokens::span;
pub(crate) use tokens::{raw_tokens, tokenize};
pub(crate) use view::view_query;
