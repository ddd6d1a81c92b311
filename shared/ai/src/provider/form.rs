//! The form of a request that an endpoint takes. All speak one protocol, and each leaves something of it out:
//! what one refuses is left out from then on.

use super::wire::Refusal;

/// The form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub format: Format,
    pub tokens: TokenField,
    pub temperature: bool,
}

/// How JSON is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// By its schema.
    Schema,
    /// As any object.
    Object,
    /// In words alone.
    None,
}

/// What the field is called that bounds an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenField {
    /// As most have it.
    MaxTokens,
    /// As models that reason have it.
    MaxCompletionTokens,
}

impl Default for Form {
    fn default() -> Self {
        Self { format: Format::Schema, tokens: TokenField::MaxTokens, temperature: true }
    }
}

impl Form {
    /// Without what the endpoint did not take; `None` where nothing is left to leave out.
    pub(super) fn without(self, refusal: &Refusal) -> Option<Self> {
        let said = refusal.text();
        if said.contains("max_tokens") && self.tokens == TokenField::MaxTokens {
            return Some(Self { tokens: TokenField::MaxCompletionTokens, ..self });
        }
        if said.contains("temperature") && self.temperature {
            return Some(Self { temperature: false, ..self });
        }
        match self.format {
            Format::Schema => Some(Self { format: Format::Object, ..self }),
            Format::Object => Some(Self { format: Format::None, ..self }),
            Format::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_refused_is_left_out() {
        let refusal = |message: &str| Refusal { error: json!({"message": message}) };
        let form = Form::default();
        let tokens = form.without(&refusal("Use 'max_completion_tokens' instead of max_tokens")).unwrap();
        assert_eq!(tokens.tokens, TokenField::MaxCompletionTokens);
        assert!(!form.without(&refusal("temperature is not supported")).unwrap().temperature);
        let object = form.without(&refusal("response_format json_schema is not supported")).unwrap();
        assert_eq!(object.format, Format::Object);
        let none = object.without(&refusal("no")).unwrap();
        assert_eq!((none.format, none.without(&refusal("no"))), (Format::None, None));
    }
}
