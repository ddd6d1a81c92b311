//! Which rules speak, and how loudly.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::finding::Severity;

/// The level of a rule in a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The rule is not run.
    Off,
    /// The rule is run; its findings have the severity `info`.
    Info,
    /// The rule is run; its findings have the severity `warning`.
    Warning,
    /// The rule is run; its findings have the severity `error`.
    Error,
}

impl Level {
    fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Info => Some(Severity::Info),
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

/// What a user wants to hear: every rule at its own severity, unless said otherwise.
///
/// As in `sqm.toml`:
///
/// ```toml
/// [rules]
/// only = ["SQM0", "not-in-nullable"]   # nothing else; absent or empty: every rule
/// ignore = ["SQM4"]
/// levels = { SQM301 = "error", "order-by-ordinal" = "off" }
/// ```
///
/// A rule is named by its code, by the start of its code (a whole group) or by its name.
/// The longest match among `levels` wins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// If not empty, nothing else is run.
    pub only: Vec<String>,
    /// Not run.
    pub ignore: Vec<String>,
    /// Levels that differ from the rules' own.
    pub levels: BTreeMap<String, Level>,
}

impl Config {
    /// The severity of a rule's findings, or `None` when it is not to be run.
    pub(super) fn severity(&self, code: &str, name: &str, own: Severity) -> Option<Severity> {
        let is_named = |by: &String| matches(by, code, name);
        if !self.only.is_empty() && !self.only.iter().any(is_named) || self.ignore.iter().any(is_named) {
            return None;
        }
        self.level(code, name).map_or(Some(own), Level::severity)
    }

    /// Whether the severity of a rule's findings is configured.
    pub(super) fn has_level(&self, code: &str, name: &str) -> bool {
        self.level(code, name).is_some()
    }

    fn level(&self, code: &str, name: &str) -> Option<Level> {
        let named = self.levels.iter().filter(|(by, _)| matches(by, code, name));
        named.max_by_key(|(by, _)| by.len()).map(|(_, level)| *level)
    }
}

/// Whether this names the rule: its code or the start of it, or its name, in any case.
pub(super) fn matches(by: &str, code: &str, name: &str) -> bool {
    let is_start = by.len() >= 3 && code.get(..by.len()).is_some_and(|start| start.eq_ignore_ascii_case(by));
    is_start || by.eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: Option<Severity>) {
        let config: Config = serde_json::from_str(json).unwrap();
        assert_eq!(config.severity("SQM012", "not-in-nullable", Severity::Warning), expected, "{json}");
    }

    #[test]
    fn rules_are_named_by_code_group_or_name() {
        check("{}", Some(Severity::Warning));
        check(r#"{"only": ["SQM1"]}"#, None);
        check(r#"{"only": ["sqm0"]}"#, Some(Severity::Warning));
        check(r#"{"ignore": ["not-in-nullable"]}"#, None);
        check(r#"{"ignore": [""]}"#, Some(Severity::Warning));
        check(r#"{"levels": {"SQM0": "off", "SQM012": "error"}}"#, Some(Severity::Error));
    }
}
