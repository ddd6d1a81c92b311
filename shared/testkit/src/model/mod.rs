//! A model endpoint as a test wants it: it speaks the wire format of chat completions over a socket of its own,
//! and says what it is told to say, wrong and broken things included.

mod step;

pub use step::Step;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::faults::message;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request line and the headers, as they stood.
    pub head: String,
    /// The body.
    pub body: Value,
}

impl Asked {
    /// Everything that the messages say, one after the other.
    pub fn text(&self) -> String {
        let messages = self.body["messages"].as_array().cloned().unwrap_or_default();
        messages.iter().filter_map(|message| message["content"].as_str()).collect::<Vec<_>>().join("\n")
    }

    /// What the newest message says.
    pub fn last(&self) -> &str {
        let messages = self.body["messages"].as_array();
        messages.and_then(|all| all.last()?["content"].as_str()).unwrap_or_default()
    }
}

type Script = Box<dyn FnMut(&Asked) -> Step + Send>;

/// The endpoint.
pub struct FakeModel {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    connections: Arc<Mutex<usize>>,
    server: JoinHandle<()>,
}

impl FakeModel {
    /// Says these, one a request, and the last one from then on.
    pub async fn saying(steps: impl IntoIterator<Item = Step>) -> Self {
        let mut steps: VecDeque<Step> = steps.into_iter().collect();
        Self::answering(move |_| match steps.len() {
            0 => Step::status(500),
            1 => steps[0].clone(),
            _ => steps.pop_front().unwrap(),
        })
        .await
    }

    /// Says what depends on what it is asked.
    pub async fn answering(script: impl FnMut(&Asked) -> Step + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, connections) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::<Mutex<usize>>::default());
        let (seen, count) = (asked.clone(), connections.clone());
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(script)));
        let server = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                *count.lock().unwrap() += 1;
                tokio::spawn(serve(client, script.clone(), seen.clone()));
            }
        });
        Self { address, asked, connections, server }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

impl Drop for FakeModel {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(mut client: TcpStream, script: Arc<Mutex<Script>>, seen: Arc<Mutex<Vec<Asked>>>) {
    let mut rest = Vec::new();
    while let Ok(Some(request)) = message(&mut client, &mut rest).await {
        let end = request.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let asked = Asked {
            head: String::from_utf8_lossy(&request[..end]).into_owned(),
            body: serde_json::from_slice(&request[end..]).unwrap_or_default(),
        };
        let step = script.lock().unwrap()(&asked);
        seen.lock().unwrap().push(asked);
        // A client that goes away before the end is what some tests are about.
        if step.play(&mut client).await.is_err() || step.ends_the_connection() {
            return;
        }
    }
}
