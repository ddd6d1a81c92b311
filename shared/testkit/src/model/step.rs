//! One answer of the endpoint, as it goes over the wire.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// What is said to one request.
#[derive(Debug, Clone)]
pub enum Step {
    /// Status, headers, body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// A body that never ends before so many bytes, without a length.
    Endless(usize),
    /// A body of which one byte comes at a time, with so long between two.
    Drip(String, Duration),
    /// Another step, after so long.
    After(Duration, Box<Step>),
    /// The connection breaks before an answer.
    Drop,
    /// The connection breaks in the middle of one.
    Tear,
}

impl Step {
    /// The model says this.
    pub fn say(text: impl Into<String>) -> Self {
        Self::message(json!({"role": "assistant", "content": text.into(), "refusal": null}), "stop")
    }

    /// The model says this value as JSON.
    pub fn json(value: &Value) -> Self {
        Self::say(value.to_string())
    }

    /// A choice with this message and this end.
    pub fn message(message: Value, finish_reason: &str) -> Self {
        let choice =
            json!({"index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason});
        let body = json!({
            "id": "chatcmpl-fake", "object": "chat.completion", "created": 1_790_000_000, "model": "fake-1",
            "choices": [choice], "system_fingerprint": "fp_fake",
            "usage": {"prompt_tokens": 300, "completion_tokens": 40, "total_tokens": 340},
        });
        Self::Answer(200, vec![("x-request-id", "req-fake".to_owned())], body.to_string())
    }

    /// The model refuses.
    pub fn refusal() -> Self {
        Self::message(
            json!({"role": "assistant", "content": null, "refusal": "I cannot help with that."}),
            "stop",
        )
    }

    /// A filter took the answer.
    pub fn filtered() -> Self {
        Self::message(json!({"role": "assistant", "content": null}), "content_filter")
    }

    /// The answer is cut off where it stands.
    pub fn cut_off(text: &str) -> Self {
        Self::message(json!({"role": "assistant", "content": text}), "length")
    }

    /// The answer is the call of a tool.
    pub fn tool_call(value: &Value) -> Self {
        let function = json!({"name": "answer", "arguments": value.to_string()});
        let call = json!({"id": "call_1", "type": "function", "function": function});
        Self::message(json!({"role": "assistant", "content": null, "tool_calls": [call]}), "tool_calls")
    }

    /// The answer comes as events, in pieces.
    pub fn streamed(text: &str) -> Self {
        let mut body = String::new();
        let characters: Vec<char> = text.chars().collect();
        for piece in characters.chunks(7) {
            let delta = json!({"content": piece.iter().collect::<String>()});
            let event = json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]});
            body.push_str(&format!("data: {event}\n\n"));
        }
        body.push_str(
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        );
        Self::Answer(200, vec![("content-type", "text/event-stream".to_owned())], body)
    }

    /// This status with an error as the protocol has it.
    pub fn status(status: u16) -> Self {
        Self::error(status, "server_error", "planned")
    }

    /// This status with an error of this code and message.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = json!({"error": {"message": message, "type": code, "param": null, "code": code}});
        Self::Answer(status, Vec::new(), body.to_string())
    }

    /// The same with a header.
    pub fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        match self {
            Self::Answer(status, mut headers, body) => {
                headers.push((name, value.into()));
                Self::Answer(status, headers, body)
            }
            other => other,
        }
    }

    /// After so long.
    pub fn after(self, time: Duration) -> Self {
        Self::After(time, Box::new(self))
    }

    pub(super) fn ends_the_connection(&self) -> bool {
        !matches!(self, Self::Answer(..) | Self::After(..))
    }

    pub(super) async fn play(&self, client: &mut TcpStream) -> io::Result<()> {
        match self {
            Self::Answer(status, headers, body) => client.write_all(&answer(*status, headers, body)).await,
            Self::Endless(bytes) => {
                client.write_all(OPEN).await?;
                let piece = vec![b'x'; 64 * 1024];
                for _ in 0..bytes / piece.len() {
                    client.write_all(&piece).await?;
                }
                Ok(())
            }
            Self::Drip(text, pause) => {
                client.write_all(OPEN).await?;
                for byte in text.bytes() {
                    client.write_all(&[byte]).await?;
                    tokio::time::sleep(*pause).await;
                }
                Ok(())
            }
            Self::After(time, step) => {
                tokio::time::sleep(*time).await;
                Box::pin(step.play(client)).await
            }
            Self::Drop => Ok(()),
            Self::Tear => {
                client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"choices\":").await
            }
        }
    }
}

/// The head of an answer that ends where the connection does.
const OPEN: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";

fn answer(status: u16, headers: &[(&'static str, String)], body: &str) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Planned\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        head.push_str("content-type: application/json\r\n");
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    (head + "\r\n" + body).into_bytes()
}
