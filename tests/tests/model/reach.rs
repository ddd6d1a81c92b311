//! Where the client does not go: what a name or a redirect leads to is looked at before anything is sent.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use sqm_ai::provider::{Looking, Lookup, ProviderError};
use sqm_reach::Reach;
use sqm_testkit::{FakeModel, Step};

use crate::asking::{ask, provider, provider_at};

/// Names that lead to these addresses, one look-up after the other; to the last one from then on.
struct Names(Mutex<Vec<Vec<&'static str>>>);

impl Names {
    fn new(answers: &[&[&'static str]]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(answers.iter().map(|answer| answer.to_vec()).collect())))
    }
}

impl Lookup for Names {
    fn lookup(&self, _: &str) -> Looking {
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        let found = answer.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect();
        Box::pin(async move { io::Result::Ok(found) })
    }
}

#[tokio::test]
async fn a_name_that_leads_here_or_to_metadata_is_not_followed() {
    let model = FakeModel::saying([Step::say("{}")]).await;
    for address in [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "0.0.0.0",
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "fd00:ec2::254",
        "169.254.170.2",
        "fe80::1",
    ] {
        let url = format!("http://model.example:{}/v1", model.port());
        for reach in ["model.example", "model.example, 10.0.0.0/8", "0.0.0.0/0, ::/0"] {
            let provider =
                provider_at(&url, reach.parse().unwrap()).looking_up(Names::new(&[&["10.0.0.7", address]]));
            assert_eq!(ask(&provider).await, Err(ProviderError::Forbidden), "{address} for {reach}");
        }
        let provider =
            provider_at("https://model.example/v1", Reach::Elsewhere).looking_up(Names::new(&[&[address]]));
        assert_eq!(ask(&provider).await, Err(ProviderError::Forbidden), "{address}");
    }
    assert_eq!(model.connections(), 0, "no request leaves");
}

#[tokio::test]
async fn a_host_that_is_not_listed_is_not_asked() {
    let model = FakeModel::saying([Step::say("{}")]).await;
    let url = format!("http://model.example:{}/v1", model.port());
    let provider = provider_at(&url, "other.example, 10.0.0.0/8".parse().unwrap())
        .looking_up(Names::new(&[&["52.1.2.3"]]));
    assert_eq!(ask(&provider).await, Err(ProviderError::Forbidden));
    assert_eq!(model.connections(), 0);
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_later_is_looked_at_again() {
    // Each answer ends the connection, so that the second question needs a new one.
    let model = FakeModel::saying([Step::say("{}").with("connection", "close")]).await;
    let url = format!("http://localhost:{}/v1", model.port());
    let names = Names::new(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let provider = provider_at(&url, "localhost".parse().unwrap()).looking_up(names);
    assert!(ask(&provider).await.is_ok());
    assert_eq!(ask(&provider).await, Err(ProviderError::Forbidden));
    assert_eq!(model.connections(), 1);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = FakeModel::saying([Step::say("{}")]).await;
    for status in [301, 302, 303, 307, 308] {
        let step = Step::status(status).with("location", format!("{}/chat/completions", elsewhere.url()));
        let model = FakeModel::saying([step]).await;
        assert_eq!(ask(&provider(&model)).await, Err(ProviderError::Redirect(status)));
        assert_eq!(model.asked().len(), 1);
    }
    assert_eq!(elsewhere.connections(), 0);
}
