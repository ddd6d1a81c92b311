use std::time::Duration;

/// Why there is no answer of a model, or none that can be used. No text of it quotes a request or an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// The client cannot be built.
    #[error("the client of the model cannot be built: {0}")]
    Client(String),
    /// The host leads where none may lead.
    #[error(
        "the host of the model leads to an address that is not allowed; SQM_MODEL_HOSTS says which are, and without \
         it all but this machine and the metadata of the cloud"
    )]
    Forbidden,
    /// Nothing answers there, or the connection broke off.
    #[error("the model cannot be reached")]
    Unreachable,
    /// No answer, or no end of one, in the time that there was.
    #[error("the model did not answer within {} ms", .0.as_millis())]
    Silent(Duration),
    /// It has failed so often that it is left alone for a while.
    #[error("the model has failed several times and is not asked for {} seconds", .0.as_secs() + 1)]
    Resting(Duration),
    /// It asks for more patience than there is time.
    #[error("the model takes no more requests for {} seconds", .0.as_secs() + 1)]
    RateLimited(Duration),
    /// There is no key to ask with.
    #[error("the key of the model cannot be read")]
    NoKey,
    /// The key is not taken.
    #[error("the model does not take the key")]
    Unauthorized,
    /// It wants to lead elsewhere.
    #[error("the model answers with a redirect ({0}), which is not followed")]
    Redirect(u16),
    /// It answers with another status than 200.
    #[error("the model answers with the status {status}{}", code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default())]
    Status {
        /// The status.
        status: u16,
        /// The code of the error, where it is a plain word.
        code: Option<String>,
    },
    /// The answer is longer than is taken.
    #[error("the answer of the model is longer than {0} bytes")]
    TooLong(usize),
    /// The answer is none of a chat endpoint.
    #[error("the answer of the model is not understood: {0}")]
    NotUnderstood(&'static str),
    /// The model refuses.
    #[error("the model refuses to answer")]
    Refused,
    /// A filter took the question or the answer.
    #[error("a content filter of the model's took the question or the answer")]
    Filtered,
    /// The answer was cut off.
    #[error("the answer of the model was cut off")]
    CutOff,
    /// The question is too long for the model.
    #[error("the question is too long for the model")]
    TooMuchAsked,
    /// There are not enough tokens left for a question and its answer.
    #[error("the tokens for this request are used up")]
    NoTokens,
    /// There is no time left to ask.
    #[error("there is no time left to ask the model")]
    NoTime,
}

impl ProviderError {
    /// Whether the same question may do better in a moment.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable => true,
            Self::Status { status, .. } => matches!(status, 408 | 409 | 425 | 429 | 500..=599),
            _ => false,
        }
    }

    /// Whether it says that the endpoint is not well, as against what it says of one question.
    pub(super) fn is_failure(&self) -> bool {
        match self {
            Self::Unreachable | Self::Silent(_) | Self::TooLong(_) | Self::NotUnderstood(_) => true,
            Self::Status { status, .. } => *status >= 500,
            _ => false,
        }
    }
}
