//! What asking may cost: time until an end, and tokens. It is spent by whoever asks, across several calls.

use std::ops::AddAssign;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// What calls have cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Requests that were sent, those that failed included.
    pub calls: u64,
    /// Tokens of questions; about as many, where the endpoint does not count.
    pub prompt_tokens: u64,
    /// Tokens of answers.
    pub completion_tokens: u64,
}

impl Usage {
    /// Tokens of both kinds.
    pub fn tokens(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.prompt_tokens = self.prompt_tokens.saturating_add(other.prompt_tokens);
        self.completion_tokens = self.completion_tokens.saturating_add(other.completion_tokens);
    }
}

/// What may still be spent.
#[derive(Debug, Clone)]
pub struct Budget {
    until: Instant,
    tokens: u64,
    used: Usage,
}

impl Budget {
    /// So much time from now on, and so many tokens.
    pub fn new(time: Duration, tokens: u64) -> Self {
        Self { until: Instant::now() + time, tokens, used: Usage::default() }
    }

    /// The time that is left.
    pub fn time(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// The tokens that are left.
    pub fn tokens(&self) -> u64 {
        self.tokens.saturating_sub(self.used.tokens())
    }

    /// What was spent.
    pub fn used(&self) -> Usage {
        self.used
    }

    /// Takes what a call has cost.
    pub(super) fn spend(&mut self, usage: Usage) {
        self.used += usage;
    }
}
