//! Lambda's runtime interface for one start of one function: it hands out one event, takes the answer, and
//! stops the clock.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use sqm_local::stack::{AUDIENCE, ISSUER};

use super::Start;

/// Longest wait for a function.
const WITHIN: Duration = Duration::from_secs(60);

/// What functions are told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where DynamoDB answers.
    pub endpoint: String,
    /// Where the key lies that signs tokens.
    pub key_file: PathBuf,
}

/// A child that does not outlive its measurement.
struct Function(Child);

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the program, and returns when it has answered the event with a status of 200.
pub fn start(program: &Path, event: &str, settings: &Settings) -> Result<Start> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "measured")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "measured")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "measured")
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("SQM_TABLE", "sqm")
        .env("SQM_DYNAMODB_ENDPOINT", &settings.endpoint)
        .env("SQM_TOKEN_KEY_FILE", &settings.key_file)
        .env("SQM_TOKEN_ISSUER", ISSUER)
        .env("SQM_TOKEN_AUDIENCE", AUDIENCE)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    let began = Instant::now();
    let mut function = Function(command.spawn().with_context(|| format!("starting {}", program.display()))?);
    let (tell, told) = mpsc::channel();
    loop {
        match listener.accept() {
            // The function may keep one connection open and ask on another.
            Ok((stream, _)) => {
                let (event, tell) = (event.to_owned(), tell.clone());
                std::thread::spawn(move || {
                    if let Some(told) = serve(stream, &event).transpose() {
                        // Nobody listens once the function has answered.
                        let _ = tell.send(told);
                    }
                });
            }
            Err(why) if why.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(why) => return Err(why.into()),
        }
        if let Ok(answer) = told.try_recv() {
            let (at, body) = answer?;
            let rss_kb = rss(function.0.id());
            let answer: Value = serde_json::from_slice(&body).context("the answer is no JSON")?;
            ensure!(answer["statusCode"] == 200, "the answer is {answer}");
            return Ok(Start { answered: at - began, rss_kb });
        }
        if let Some(status) = function.0.try_wait()? {
            bail!("it ended before it answered ({status})");
        }
        ensure!(began.elapsed() < WITHIN, "it gives no answer within {} s", WITHIN.as_secs());
        // Short against what is measured, long enough to leave it a processor.
        std::thread::sleep(Duration::from_micros(50));
    }
}

/// Answers the requests of one connection until the function's own answer comes; that, and when it came.
fn serve(stream: TcpStream, event: &str) -> Result<Option<(Instant, Vec<u8>)>> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(WITHIN))?;
    let mut connection = BufReader::new(stream);
    while let Some((line, body)) = read_request(&mut connection)? {
        if line.contains("/invocation/next") {
            hand_out(connection.get_mut(), event)?;
        } else if line.contains("/response") {
            return Ok(Some((Instant::now(), body)));
        } else {
            bail!("the function says {line}: {}", String::from_utf8_lossy(&body));
        }
    }
    Ok(None)
}

/// The first line and the body of a request; none once the connection is closed.
fn read_request(connection: &mut BufReader<TcpStream>) -> Result<Option<(String, Vec<u8>)>> {
    let mut first = String::new();
    if connection.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let (mut length, mut chunked) = (0, false);
    loop {
        let mut line = String::new();
        ensure!(connection.read_line(&mut line)? > 0, "a request broke off");
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        chunked |= line.starts_with("transfer-encoding:") && line.contains("chunked");
    }
    let body = if chunked { read_chunks(connection)? } else { read_exactly(connection, length)? };
    Ok(Some((first.trim().to_owned(), body)))
}

fn read_exactly(connection: &mut BufReader<TcpStream>, length: usize) -> Result<Vec<u8>> {
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok(body)
}

fn read_chunks(connection: &mut BufReader<TcpStream>) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        connection.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim().split(';').next().unwrap_or_default(), 16)?;
        body.extend(read_exactly(connection, length)?);
        connection.read_line(&mut line)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

fn hand_out(stream: &mut TcpStream, event: &str) -> Result<()> {
    // The deadline is far: what is measured must not be cut off.
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
         Lambda-Runtime-Deadline-Ms: 4102444800000\r\n\
         Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-central-1:123456789012:function:measured\r\n\
         Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n\
         \r\n{event}",
        event.len()
    )?;
    Ok(stream.flush()?)
}

/// The memory of a process, in kilobytes; 0 where the system does not tell.
fn rss(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
