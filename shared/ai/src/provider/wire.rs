//! What goes to a chat endpoint, and what comes back, as far as it is read.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::form::{Form, Format, TokenField};

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// We, about what is to be done.
    System,
    /// We, about one query.
    User,
    /// The model.
    Assistant,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// By whom.
    pub role: Role,
    /// What.
    pub content: String,
}

impl Message {
    /// What is to be done.
    pub fn system(content: impl Into<String>) -> Self {
        Self { role: Role::System, content: content.into() }
    }

    /// About one query.
    pub fn user(content: impl Into<String>) -> Self {
        Self { role: Role::User, content: content.into() }
    }

    /// What the model has said before.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self { role: Role::Assistant, content: content.into() }
    }
}

/// A question.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What was said so far.
    pub messages: &'a [Message],
    /// What the answer is called, in letters and underscores.
    pub name: &'a str,
    /// The JSON schema that the answer has to keep.
    pub schema: &'a Value,
    /// Most tokens of the answer.
    pub answer_tokens: u64,
}

impl Question<'_> {
    /// About how many tokens the question has: three bytes each is more than models count, of English and SQL.
    pub(super) fn tokens(&self) -> u64 {
        let bytes: usize = self.messages.iter().map(|message| message.content.len() + 16).sum();
        let schema = self.schema.to_string().len();
        u64::try_from((bytes + schema) / 3 + 1).unwrap_or(u64::MAX)
    }

    /// The body of the request.
    pub(super) fn body(&self, model: &str, form: Form, answer_tokens: u64) -> Value {
        let mut body = json!({"model": model, "messages": self.messages, "stream": false});
        let tokens = match form.tokens {
            TokenField::MaxTokens => "max_tokens",
            TokenField::MaxCompletionTokens => "max_completion_tokens",
        };
        body[tokens] = answer_tokens.into();
        if form.temperature {
            body["temperature"] = 0.into();
        }
        match form.format {
            Format::Schema => {
                let schema = json!({"name": self.name, "strict": true, "schema": self.schema});
                body["response_format"] = json!({"type": "json_schema", "json_schema": schema});
            }
            Format::Object => body["response_format"] = json!({"type": "json_object"}),
            Format::None => {}
        }
        body
    }
}

/// An answer, or what is called one. Everything may be absent: endpoints differ.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    pub choices: Vec<Choice>,
    pub usage: Option<Counted>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Choice {
    /// In a stream there are deltas in its place.
    #[serde(alias = "delta")]
    pub message: Option<Said>,
    pub finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    pub content: Option<Content>,
    pub refusal: Option<String>,
    #[serde(default)]
    pub tool_calls: Option<Vec<ToolCall>>,
    pub function_call: Option<Function>,
}

/// A text, or parts of one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
pub(super) struct Part {
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub refusal: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToolCall {
    pub function: Option<Function>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Function {
    #[serde(default)]
    pub arguments: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Counted {
    #[serde(default)]
    pub prompt_tokens: u64,
    #[serde(default)]
    pub completion_tokens: u64,
}

/// What an endpoint says of a request that it does not take. Nothing of it is shown: it may quote the request.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    pub error: Value,
}

impl Refusal {
    /// Its code or type, where that is a plain word.
    pub(super) fn code(&self) -> Option<&str> {
        let is_plain = |text: &&str| {
            text.len() <= 64
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        };
        let field = |name: &str| self.error.get(name).and_then(Value::as_str).filter(is_plain);
        field("code").or_else(|| field("type"))
    }

    /// Everything that it says, in lower case.
    pub(super) fn text(&self) -> String {
        self.error.to_string().to_lowercase()
    }
}
