//! A server of ours, as the command line reaches it: its address, a token, and requests that are sent again where the
//! server asks for patience.
//!
//! Where it is and with which token stands in the environment or in a file: an argument would stand in the list of
//! processes, for everybody on the machine.

mod import;

pub use import::Importer;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, LINK, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, StatusCode, Url};
use serde_json::Value;
use sqm_reach::Trust;

/// The variable that holds the address.
const SERVER: &str = "SQM_SERVER";
/// The variable that holds the token.
const TOKEN: &str = "SQM_TOKEN";

/// Longest time for one request: the gateway gives up after 30 seconds.
const REQUEST: Duration = Duration::from_secs(40);
/// Longest time until a connection is there.
const CONNECT: Duration = Duration::from_secs(10);
/// Attempts of a request, and the longest wait between two.
const ATTEMPTS: u32 = 6;
const MOST_WAIT: Duration = Duration::from_secs(30);
/// Longest answer that is read.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Which server.
#[derive(Debug, Clone, Args)]
pub struct Server {
    /// The base URL of the API; without it the one in the environment variable SQM_SERVER.
    #[arg(long, value_name = "URL", help_heading = "Server", global = true)]
    server: Option<String>,
    /// A file whose first line is the token; without it, the environment variable SQM_TOKEN holds it.
    #[arg(long, value_name = "FILE", help_heading = "Server", global = true)]
    token_file: Option<PathBuf>,
    /// A PEM file with certificates that the server is trusted by besides the system's.
    #[arg(long, value_name = "FILE", help_heading = "Server", global = true)]
    ca: Option<PathBuf>,
}

/// A server that can be asked.
pub struct Remote {
    client: Client,
    base: Url,
    token: String,
}

impl Server {
    /// The server that the arguments and the environment name. Nothing is sent.
    ///
    /// # Errors
    /// They name none, or one that a token must not be sent to.
    pub fn remote(&self) -> Result<Remote> {
        let given = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let url = self.server.clone().or_else(|| given(SERVER));
        let url = url.with_context(|| format!("name the server with --server, or in {SERVER}"))?;
        let base: Url = url.trim_end_matches('/').parse().with_context(|| format!("--server {url:?}"))?;
        let host = base.host_str().unwrap_or_default();
        let is_near = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        ensure!(
            base.scheme() == "https" || base.scheme() == "http" && is_near,
            "--server: the token goes only to https, or to this machine"
        );
        let token = match &self.token_file {
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
                text.lines().next().unwrap_or_default().trim().to_owned()
            }
            None => {
                given(TOKEN).with_context(|| format!("put a token into {TOKEN}, or name --token-file"))?
            }
        };
        ensure!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()), "the token is none");
        let trust = match &self.ca {
            Some(path) => Trust::with_file(path).context("--ca")?,
            None => Trust::default(),
        };
        // A redirect would lead the token where nobody has looked.
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .timeout(REQUEST)
            .user_agent(concat!("sqm/", env!("CARGO_PKG_VERSION")));
        if base.scheme() == "https" {
            let config = trust.config().map_err(anyhow::Error::msg)?;
            builder = builder.tls_backend_preconfigured((*config).clone());
        }
        Ok(Remote { client: builder.build()?, base, token })
    }
}

impl Remote {
    /// Sends lines of JSON and reads the JSON that is answered.
    async fn post_lines(&self, path: &str, lines: String) -> Result<Value> {
        let response = self.send(Method::POST, path, Some(lines)).await?;
        Ok(serde_json::from_slice(&read(response).await?)?)
    }

    /// The JSON that is answered at a path.
    pub async fn json(&self, path: &str) -> Result<Value> {
        let response = self.send(Method::GET, path, None).await?;
        Ok(serde_json::from_slice(&read(response).await?)?)
    }

    /// A page of lines, and the path of the next one.
    pub async fn page(&self, path: &str) -> Result<(Vec<u8>, Option<String>)> {
        let response = self.send(Method::GET, path, None).await?;
        let next = response.headers().get(LINK).and_then(|link| link.to_str().ok()).and_then(next);
        Ok((read(response).await?, next))
    }

    /// The answer, where it is a good one. Where the server is busy or cannot be reached, it is asked again.
    async fn send(&self, method: Method, path: &str, lines: Option<String>) -> Result<Response> {
        let url = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        let mut attempt = 0;
        loop {
            let mut request = self.client.request(method.clone(), &url).bearer_auth(&self.token);
            request = request.header(ACCEPT_ENCODING, "identity");
            if let Some(lines) = &lines {
                request = request.header(CONTENT_TYPE, "application/x-ndjson").body(lines.clone());
            }
            attempt += 1;
            let (told, wait) = match request.send().await {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) => {
                    let status = response.status();
                    let patience = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                    let patience = patience.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
                    let told = problem(status, &read(response).await.unwrap_or_default());
                    if !is_passing(status) {
                        bail!("{told}");
                    }
                    (told, patience)
                }
                Err(error) if error.is_builder() => return Err(error.into()),
                Err(error) => (format!("{:#}", anyhow::Error::from(error.without_url())), None),
            };
            if attempt >= ATTEMPTS {
                bail!("{told}; given up after {attempt} attempts");
            }
            let backoff = Duration::from_millis(250 << attempt);
            tokio::time::sleep(wait.unwrap_or(backoff).min(MOST_WAIT)).await;
        }
    }
}

fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// What a problem document says in one line.
fn problem(status: StatusCode, body: &[u8]) -> String {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| document[name].as_str().map(str::to_owned);
    match (text("title"), text("detail")) {
        (Some(title), Some(detail)) => format!("{status}: {title}: {detail}"),
        (Some(title), None) => format!("{status}: {title}"),
        _ => format!("the server answers {status}"),
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        ensure!(bytes.len() + chunk.len() <= MAX_BYTES, "the answer is longer than {MAX_BYTES} bytes");
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The target of the link to the next page (RFC 8288), which has to be a path.
fn next(link: &str) -> Option<String> {
    let (target, rest) = link.strip_prefix('<')?.split_once('>')?;
    (rest.contains("rel=\"next\"") && target.starts_with('/')).then(|| target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> Result<Remote> {
        let file = std::env::temp_dir().join(format!("sqm-token-{}", std::process::id()));
        std::fs::write(&file, "abc.def\n").unwrap();
        Server { server: Some(url.to_owned()), token_file: Some(file), ca: None }.remote()
    }

    #[test]
    fn a_token_goes_nowhere_in_the_clear() {
        assert!(server("http://127.0.0.1:8080/").is_ok());
        assert!(server("http://localhost").is_ok());
        for bad in ["http://example.com", "ftp://localhost", "localhost:8080", ""] {
            assert!(server(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_a_path_is_a_next_page() {
        assert_eq!(next("</v1/exports?cursor=x>; rel=\"next\"").as_deref(), Some("/v1/exports?cursor=x"));
        assert_eq!(next("<https://elsewhere.example/>; rel=\"next\""), None);
        assert_eq!(next("</v1/x>; rel=\"prev\""), None);
    }
}
