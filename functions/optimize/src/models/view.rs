//! What an answer says of the model: whether it was asked, what that cost, and what of its words was not taken.

use serde::Serialize;
use sqm_ai::provider::Usage;
use sqm_ai::{PROMPT_VERSION, Rejected};

use super::Configured;
use super::once::Obtained;

/// Whether a model was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// There is none.
    NotConfigured,
    /// There is no point in asking.
    NotAsked,
    /// It was, and has answered.
    Answered,
    /// It was asked before, about the same.
    Remembered,
    /// It was, and has not answered to the end.
    Failed,
    /// Another request is asking it about the same.
    Busy,
    /// The quota of the workspace is used up for today.
    OverQuota,
}

/// What is said of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ModelView<'a> {
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompts: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected: Option<&'a [Rejected]>,
}

/// What came of the wish to have a model asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub status: Status,
    pub id: Option<String>,
    pub reason: Option<String>,
    pub usage: Option<Usage>,
}

impl Asked {
    /// There is none to ask.
    pub(super) fn not_configured() -> Self {
        Self { status: Status::NotConfigured, id: None, reason: None, usage: None }
    }

    /// There is no point in asking this one.
    pub(super) fn not_asked(model: &Configured, reason: String) -> Self {
        Self { reason: Some(reason), ..Self::of(model, Status::NotAsked) }
    }

    /// How something was come by.
    pub(super) fn obtained<T, E>(model: &Configured, obtained: &Obtained<T, E>) -> Self {
        match obtained {
            Obtained::Before(_) => Self::of(model, Status::Remembered),
            Obtained::Elsewhere => Self {
                reason: Some("another request is asking about the same; ask again in a moment".to_owned()),
                ..Self::of(model, Status::Busy)
            },
            Obtained::OverQuota => Self {
                reason: Some("the quota of the workspace is used up until midnight UTC".to_owned()),
                ..Self::of(model, Status::OverQuota)
            },
            Obtained::NotStored => Self {
                reason: Some("the store did not answer".to_owned()),
                ..Self::of(model, Status::Failed)
            },
            Obtained::Now { usage, broken_off, .. } => {
                let status = if broken_off.is_none() { Status::Answered } else { Status::Failed };
                let reason = broken_off.as_ref().map(ToString::to_string);
                Self { reason, usage: Some(*usage), ..Self::of(model, status) }
            }
        }
    }

    fn of(model: &Configured, status: Status) -> Self {
        Self { status, id: Some(model.id().to_owned()), reason: None, usage: None }
    }

    /// As it is shown.
    pub(crate) fn view(&self) -> ModelView<'_> {
        ModelView {
            status: self.status,
            id: self.id.as_deref(),
            prompts: self.id.is_some().then_some(PROMPT_VERSION),
            reason: self.reason.as_deref(),
            rounds: None,
            usage: self.usage,
            rejected_count: None,
            rejected: None,
        }
    }
}
