//! Where a model answers: a base URL that only the deployment sets, and the hosts that it may lead to.

use std::fmt;
use std::net::IpAddr;

use http::HeaderValue;
use sqm_reach::Reach;
use url::{Host, Url};

/// What Azure calls its hosts: there a key has a header of its own.
const AZURE: &str = ".openai.azure.com";

/// Why a base URL is not taken. It repeats nothing of the URL, which may hold a secret by mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEndpoint {
    /// It is no URL.
    #[error("the base URL of the model is no URL: {0}")]
    Url(String),
    /// It has a part that is not taken.
    #[error("the base URL of the model {0}; expected https://host/v1")]
    Part(&'static str),
    /// It leads where none may lead.
    #[error(
        "the base URL of the model leads to an address that is not allowed; SQM_MODEL_HOSTS says which are, and \
         without it all but this machine and the metadata of the cloud"
    )]
    Forbidden,
    /// Plain HTTP to a host that is not named.
    #[error("the base URL of the model is not encrypted; plain http is for hosts that SQM_MODEL_HOSTS names")]
    Plain,
    /// The name of the model cannot be sent.
    #[error("the name of the model has to be 1 to 200 visible ASCII characters")]
    Model,
}

/// A key of an endpoint. It is never shown.
#[derive(Clone)]
pub struct Key(HeaderValue, HeaderValue);

impl Key {
    /// Out of a secret; `None` where it holds what no header holds.
    pub fn new(secret: &str) -> Option<Self> {
        let sensitive = |text: &str| {
            let mut value = HeaderValue::from_str(text).ok()?;
            value.set_sensitive(true);
            Some(value)
        };
        let secret = secret.trim();
        Some(Self(sensitive(secret)?, sensitive(&format!("Bearer {secret}"))?))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// A model at an address.
#[derive(Clone)]
pub struct Endpoint {
    url: Url,
    model: String,
    reach: Reach,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("host", &self.url.host_str()).field("model", &self.model).finish()
    }
}

impl Endpoint {
    /// The chat completions below a base URL, such as `https://api.openai.com/v1`. A query, as Azure's
    /// `api-version`, stays.
    ///
    /// # Errors
    /// The URL is none, or leads where none may lead.
    pub fn new(base: &str, model: &str, reach: Reach) -> Result<Self, InvalidEndpoint> {
        let mut url = Url::parse(base.trim()).map_err(|error| InvalidEndpoint::Url(error.to_string()))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(InvalidEndpoint::Part("begins with neither https:// nor http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidEndpoint::Part("holds a user or a password"));
        }
        if url.fragment().is_some() {
            return Err(InvalidEndpoint::Part("holds a #"));
        }
        if model.is_empty() || model.len() > 200 || !model.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidEndpoint::Model);
        }
        // What is written as a number in any form is an address here; names are looked at when they are looked up.
        let address = match url.host() {
            None => return Err(InvalidEndpoint::Part("names no host")),
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        };
        if address.is_some_and(|address| !reach.allows(&address.to_string(), address)) {
            return Err(InvalidEndpoint::Forbidden);
        }
        if url.scheme() == "http" && reach == Reach::Elsewhere {
            return Err(InvalidEndpoint::Plain);
        }
        let path = format!("{}/chat/completions", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(Self { url, model: model.to_owned(), reach })
    }

    /// The name of the model.
    pub fn model(&self) -> &str {
        &self.model
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn reach(&self) -> &Reach {
        &self.reach
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The header that carries the key.
    pub(super) fn authorization(&self, key: &Key) -> (&'static str, HeaderValue) {
        let is_azure = self.url.host_str().is_some_and(|host| host.ends_with(AZURE));
        if is_azure { ("api-key", key.0.clone()) } else { ("authorization", key.1.clone()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elsewhere(base: &str) -> Result<Endpoint, InvalidEndpoint> {
        Endpoint::new(base, "m", Reach::Elsewhere)
    }

    #[test]
    fn the_path_is_added_and_a_query_stays() {
        let url = |base: &str| elsewhere(base).unwrap().url().to_string();
        assert_eq!(url("https://api.example/v1"), "https://api.example/v1/chat/completions");
        assert_eq!(url("https://api.example/v1/"), "https://api.example/v1/chat/completions");
        assert_eq!(
            url("https://x.openai.azure.com/openai/deployments/d?api-version=1"),
            "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=1"
        );
    }

    #[test]
    fn addresses_in_every_form_that_lead_to_this_machine_or_to_metadata() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::7f00:1]",
            "0.0.0.0",
            "0",
            "[::]",
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "0251.0376.0251.0376",
            "169.254.43518",
            "[::ffff:169.254.169.254]",
            "[::ffff:a9fe:a9fe]",
            "[fd00:ec2::254]",
            "169.254.170.2",
            "①②⑦.⓪.⓪.①",
            "127。0。0。1",
        ] {
            let refused = elsewhere(&format!("https://{host}/v1")).map(|_| ());
            assert_eq!(refused, Err(InvalidEndpoint::Forbidden), "{host}");
        }
        assert!(elsewhere("https://10.0.0.7/v1").is_ok());
    }

    #[test]
    fn what_is_no_base_url_is_told_without_the_secret() {
        for (base, why) in [
            ("hunter2", "no URL"),
            ("file:///etc/hunter2", "neither"),
            ("gopher://h/hunter2", "neither"),
            ("https://me:hunter2@api.example/v1", "password"),
            ("https://hunter2@api.example/v1", "user"),
            ("https://api.example/#hunter2", "#"),
            ("http://api.example/hunter2", "not encrypted"),
        ] {
            let error = elsewhere(base).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("hunter2"), "{base}: {error}");
        }
        let listed = "localhost".parse().unwrap();
        assert!(Endpoint::new("http://localhost:11434/v1", "llama3.2:3b", listed).is_ok());
        assert_eq!(
            Endpoint::new("https://h/", "a b", Reach::Elsewhere).map(|_| ()),
            Err(InvalidEndpoint::Model)
        );
    }

    #[test]
    fn a_key_is_never_shown() {
        let key = Key::new(" hunter2\n").unwrap();
        let endpoint = elsewhere("https://api.example/v1").unwrap();
        let (name, value) = endpoint.authorization(&key);
        assert_eq!((name, value.as_bytes()), ("authorization", &b"Bearer hunter2"[..]));
        assert!(!format!("{key:?} {value:?} {endpoint:?}").contains("hunter2"));
        let azure = elsewhere("https://x.openai.azure.com/openai/v1").unwrap();
        assert_eq!(azure.authorization(&key).0, "api-key");
        assert!(Key::new("a\nb").is_none());
    }
}
