//! From the body of an answer to the text that the model has said, or why there is none.

use super::budget::Usage;
use super::error::ProviderError;
use super::events;
use super::wire::{Answer, Choice, Content, Said};

/// What a model has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// Its text.
    pub text: String,
    /// What this answer cost, attempts that failed before it left out.
    pub usage: Usage,
    /// How the endpoint calls the request, for its operator.
    pub request_id: Option<String>,
}

/// Reads an answer; what it cost, where the endpoint counts, whatever came of it.
pub(super) fn read(body: &[u8], is_stream: bool) -> (Option<Usage>, Result<String, ProviderError>) {
    let wrong = |why| (None, Err(ProviderError::NotUnderstood(why)));
    let Ok(text) = std::str::from_utf8(body) else { return wrong("it is no text") };
    let answer = if is_stream { events::joined(text) } else { serde_json::from_str(text) };
    let Ok(answer) = answer else { return wrong("it is no JSON of a chat endpoint") };
    let usage = answer.usage.map(|counted| Usage {
        calls: 1,
        prompt_tokens: counted.prompt_tokens,
        completion_tokens: counted.completion_tokens,
    });
    (usage, said(answer))
}

fn said(answer: Answer) -> Result<String, ProviderError> {
    // One answer was asked for.
    let Some(Choice { message, finish_reason }) = answer.choices.into_iter().next() else {
        return Err(ProviderError::NotUnderstood("it holds no choice"));
    };
    match finish_reason.as_deref() {
        Some("length" | "max_tokens") => return Err(ProviderError::CutOff),
        Some("content_filter") => return Err(ProviderError::Filtered),
        _ => {}
    }
    let Some(message) = message else { return Err(ProviderError::NotUnderstood("it holds no message")) };
    if message.refusal.as_deref().is_some_and(|refusal| !refusal.trim().is_empty()) {
        return Err(ProviderError::Refused);
    }
    text(message)
}

fn text(message: Said) -> Result<String, ProviderError> {
    let text = match message.content {
        Some(Content::Text(text)) => text,
        Some(Content::Parts(parts)) => {
            if parts.iter().any(|part| part.refusal.is_some()) {
                return Err(ProviderError::Refused);
            }
            parts.into_iter().filter_map(|part| part.text).collect()
        }
        None => String::new(),
    };
    if !text.trim().is_empty() {
        return Ok(text);
    }
    // No tool was offered. Some models call one all the same, by the name of the schema.
    let calls = message.tool_calls.into_iter().flatten().filter_map(|call| call.function);
    let mut arguments = calls.chain(message.function_call).filter_map(|function| function.arguments);
    arguments.next().ok_or(ProviderError::NotUnderstood("the model has said nothing"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(message: Value, finish: &str, expected: Result<&str, ProviderError>) {
        let body = json!({"choices": [{"message": message, "finish_reason": finish}],
                          "usage": {"prompt_tokens": 5, "completion_tokens": 7}});
        let (usage, text) = read(body.to_string().as_bytes(), false);
        assert_eq!(usage.unwrap().tokens(), 12, "what was refused was paid for as well");
        assert_eq!(text, expected.map(str::to_owned), "{message}");
    }

    #[test]
    fn answers_in_their_shapes() {
        check(json!({"content": "{}"}), "stop", Ok("{}"));
        check(
            json!({"content": [{"type": "text", "text": "{"}, {"type": "text", "text": "}"}]}),
            "stop",
            Ok("{}"),
        );
        let call = json!({"type": "function", "function": {"name": "x", "arguments": "{\"a\":1}"}});
        check(json!({"content": null, "tool_calls": [call]}), "tool_calls", Ok("{\"a\":1}"));
        check(json!({"content": "", "function_call": {"arguments": "{}"}}), "function_call", Ok("{}"));
        check(json!({"content": "{\"a", "refusal": null}), "length", Err(ProviderError::CutOff));
        check(json!({"content": null, "refusal": "I cannot"}), "stop", Err(ProviderError::Refused));
        check(json!({"content": null}), "content_filter", Err(ProviderError::Filtered));
        check(
            json!({"content": null, "tool_calls": null}),
            "stop",
            Err(ProviderError::NotUnderstood("the model has said nothing")),
        );
    }

    #[test]
    fn what_is_no_answer() {
        for body in
            [&b"<html>"[..], b"", b"[]", b"null", b"\xff", b"{\"choices\": []}", b"{\"choices\": [{}]}"]
        {
            let (_, text) = read(body, false);
            assert!(matches!(text, Err(ProviderError::NotUnderstood(_))), "{body:?}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(deep.as_bytes(), false).1.is_err());
    }

    #[test]
    fn a_stream_is_put_together() {
        let events = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"{\"}}]}\n\n: alive\n\n\
                      data: {\"choices\":[{\"delta\":{\"content\":\"}\"},\"finish_reason\":\"stop\"}]}\n\n\
                      data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n";
        let (usage, text) = read(events.as_bytes(), true);
        assert_eq!((usage.unwrap().tokens(), text), (3, Ok("{}".to_owned())));
    }
}
