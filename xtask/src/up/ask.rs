//! Asks over HTTP, as any other caller would, and takes nothing but the expected answer.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

/// Longest wait for one answer: longer than any function takes.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A caller with a token.
pub struct Asker {
    client: reqwest::Client,
    base_url: String,
    token: String,
}

/// An answer.
pub struct Answer {
    /// Its entity tag.
    pub etag: Option<String>,
    /// Its body; null where there is none.
    pub body: Value,
}

impl Asker {
    pub fn new(base_url: &str, token: &str) -> Result<Self> {
        // No proxy: what is asked is on this machine.
        let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
        Ok(Self { client, base_url: base_url.to_owned(), token: token.to_owned() })
    }

    /// A request with the token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.without_token(method, path).bearer_auth(&self.token)
    }

    /// A request of somebody who has no token.
    pub fn without_token(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base_url))
    }

    /// The body that a path has.
    pub async fn get(&self, path: &str) -> Result<Value> {
        Ok(expect(self.request(Method::GET, path), &[StatusCode::OK]).await?.body)
    }

    /// The text that a path has.
    pub async fn get_text(&self, path: &str) -> Result<String> {
        let answer = self.request(Method::GET, path).send().await.with_context(|| format!("GET {path}"))?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status == StatusCode::OK, "GET {path} answers {status}: {text}");
        Ok(text)
    }
}

/// Sends a request; another status than these is an error with what the answer says.
pub async fn expect(request: RequestBuilder, wanted: &[StatusCode]) -> Result<Answer> {
    let (client, request) = request.build_split();
    let request = request?;
    let what = format!("{} {}", request.method(), request.url().path());
    let answer = client.execute(request).await.with_context(|| what.clone())?;
    let status = answer.status();
    let etag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let text = answer.text().await.with_context(|| what.clone())?;
    if !wanted.contains(&status) {
        bail!("{what} answers {status}: {text}");
    }
    let body = if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).with_context(|| format!("{what} answers no JSON"))?
    };
    Ok(Answer { etag, body })
}
