//! A wire to the database that fails where a test wants it to: before the database has heard of a request,
//! or after, with an answer of its own, or none.
//!
//! It speaks as much HTTP/1.1 as the client and the embedded database do: bodies with a length.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::units::Units;

/// What happens to a request on its way.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The connection breaks before the database has heard of it.
    Drop,
    /// The database does it, and the connection breaks before the answer arrives.
    LoseAnswer,
    /// Somebody on the way answers, with this status and this error code, and the database never hears of it.
    Answer(u16, &'static str),
    /// It waits until the test adds a permit.
    Hold(Arc<Semaphore>),
}

/// A fault and the operation that it strikes.
#[derive(Debug)]
struct Planned {
    operation: &'static str,
    fault: Fault,
    times: usize,
}

/// What is planned and what was seen.
#[derive(Debug, Default)]
struct State {
    planned: VecDeque<Planned>,
    seen: Vec<String>,
    spent: Units,
}

/// The wire. It passes everything unless something is planned.
#[derive(Debug)]
pub struct FaultyWire {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

impl FaultyWire {
    /// Starts one to the database at this address.
    pub(crate) async fn start(endpoint: &str) -> Self {
        let database: SocketAddr = endpoint.strip_prefix("http://").unwrap().parse().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        let server = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A connection that ends, by plan or not, is the client's business.
                tokio::spawn(serve(client, database, shared.clone()));
            }
        });
        Self { address, state, server }
    }

    /// Its address.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Plans a fault for the next requests of an operation, such as `TransactWriteItems`, so many times.
    pub fn plan(&self, operation: &'static str, fault: Fault, times: usize) {
        self.state.lock().unwrap().planned.push_back(Planned { operation, fault, times });
    }

    /// Plans nothing any more.
    pub fn mend(&self) {
        self.state.lock().unwrap().planned.clear();
    }

    /// What the requests since the last look have cost.
    pub fn spent(&self) -> Units {
        std::mem::take(&mut self.state.lock().unwrap().spent)
    }

    /// The operations that were asked for since the last look, in order.
    pub fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().seen)
    }
}

impl Drop for FaultyWire {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl State {
    /// The fault of a request of this operation.
    fn next(&mut self, operation: &str) -> Option<Fault> {
        self.seen.push(operation.to_owned());
        let at =
            self.planned.iter().position(|planned| planned.operation == operation && planned.times > 0)?;
        self.planned[at].times -= 1;
        Some(self.planned[at].fault.clone())
    }
}

async fn serve(mut client: TcpStream, database: SocketAddr, state: Arc<Mutex<State>>) -> io::Result<()> {
    let mut upstream = TcpStream::connect(database).await?;
    let mut rest = Vec::new();
    loop {
        let Some(request) = message(&mut client, &mut rest).await? else { return Ok(()) };
        let fault = state.lock().unwrap().next(&operation(&request));
        match &fault {
            Some(Fault::Drop) => return Ok(()),
            Some(Fault::Answer(status, code)) => {
                client.write_all(&answer(*status, code)).await?;
                continue;
            }
            Some(Fault::Hold(gate)) => gate.acquire().await.map_err(io::Error::other)?.forget(),
            Some(Fault::LoseAnswer) | None => {}
        }
        upstream.write_all(&request).await?;
        let Some(answer) = message(&mut upstream, &mut Vec::new()).await? else { return Ok(()) };
        state.lock().unwrap().spent += Units::of(&operation(&request), &body(&request), &body(&answer));
        if matches!(fault, Some(Fault::LoseAnswer)) {
            return Ok(());
        }
        client.write_all(&answer).await?;
    }
}

/// The next message with its body; `None` at the end. `rest` keeps what was read beyond it.
pub(crate) async fn message(stream: &mut TcpStream, rest: &mut Vec<u8>) -> io::Result<Option<Vec<u8>>> {
    loop {
        if let Some(head) = rest.windows(4).position(|four| four == b"\r\n\r\n") {
            let length = header(&rest[..head], "content-length").and_then(|value| value.parse().ok());
            let end = head + 4 + length.unwrap_or(0);
            if rest.len() >= end {
                let after = rest.split_off(end);
                return Ok(Some(std::mem::replace(rest, after)));
            }
        }
        if stream.read_buf(rest).await? == 0 {
            return Ok(None);
        }
    }
}

/// The body of a message, if it is JSON.
fn body(message: &[u8]) -> Value {
    let head = message.windows(4).position(|four| four == b"\r\n\r\n");
    head.and_then(|head| serde_json::from_slice(&message[head + 4..]).ok()).unwrap_or_default()
}

/// The operation that a request asks for, such as `GetItem`.
fn operation(request: &[u8]) -> String {
    let target = header(request, "x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default().to_owned()
}

pub(crate) fn header(message: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(message);
    let lines = text.lines().take_while(|line| !line.is_empty());
    let mut values = lines.filter_map(|line| line.split_once(':'));
    values.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
}

/// An error as DynamoDB writes it.
fn answer(status: u16, code: &str) -> Vec<u8> {
    let body = format!("{{\"__type\":\"com.amazonaws.dynamodb.v20120810#{code}\",\"message\":\"planned\"}}");
    let head = format!(
        "HTTP/1.1 {status} Planned\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_known_by_its_target() {
        let request = b"POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\n\r\n{\"a: b\"}";
        assert_eq!(operation(request), "GetItem");
        assert_eq!(header(request, "content-length"), None);
    }
}
