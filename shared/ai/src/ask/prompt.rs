//! The texts that models are asked with. They are versioned: what is stored of an answer names the version, and a
//! change of a text is a new folder.

/// The version of all of them together.
pub const PROMPT_VERSION: &str = "v2";

pub(crate) const SYSTEM: &str = include_str!("../../prompts/v2/system.md");
pub(crate) const REWRITE: &str = include_str!("../../prompts/v2/rewrite.md");
pub(crate) const OBJECTIONS: &str = include_str!("../../prompts/v2/objections.md");
pub(crate) const DESCRIBE: &str = include_str!("../../prompts/v2/describe.md");

/// A text with a value in the place of its only hole. The value comes last, so that nothing in it is taken for a hole.
pub(crate) fn filled(text: &str, value: &serde_json::Value) -> String {
    let before = text.split("{{").next().unwrap_or(text);
    format!("{before}{value}\n")
}
