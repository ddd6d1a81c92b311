//! Answers that come as a stream of events though none was asked for: the pieces are put together.

use super::wire::{Answer, Choice, Content, Said};

/// The one answer that the events make.
pub(super) fn joined(body: &str) -> Result<Answer, serde_json::Error> {
    let (mut text, mut refusal) = (String::new(), String::new());
    let mut whole = Answer::default();
    let mut finish_reason = None;
    for data in body.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim) {
        if data == "[DONE]" {
            break;
        }
        let piece: Answer = serde_json::from_str(data)?;
        whole.usage = piece.usage.or(whole.usage);
        // Of several answers the first one is read, as without a stream.
        let Some(Choice { message, finish_reason: finish }) = piece.choices.into_iter().next() else {
            continue;
        };
        finish_reason = finish.or(finish_reason);
        let Some(said) = message else { continue };
        match said.content {
            Some(Content::Text(piece)) => text.push_str(&piece),
            Some(Content::Parts(parts)) => {
                parts.iter().for_each(|p| text.push_str(p.text.as_deref().unwrap_or("")))
            }
            None => {}
        }
        refusal.push_str(said.refusal.as_deref().unwrap_or_default());
        for call in said.tool_calls.into_iter().flatten() {
            text.push_str(call.function.and_then(|function| function.arguments).as_deref().unwrap_or(""));
        }
    }
    let message = Said {
        content: (!text.is_empty()).then_some(Content::Text(text)),
        refusal: (!refusal.is_empty()).then_some(refusal),
        ..Said::default()
    };
    whole.choices = vec![Choice { message: Some(message), finish_reason }];
    Ok(whole)
}
