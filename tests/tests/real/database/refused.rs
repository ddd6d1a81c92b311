//! DSNs that lead nowhere, or where none may lead; servers that do not answer; logins that are refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqm_database::{Connector, DatabaseError, Dsn, Reach};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::server::{connector, dsn, dsn_by_socket};

async fn refused(connector: Connector, dsn: &str) -> DatabaseError {
    let dsn: Dsn = dsn.parse().unwrap();
    match connector.connect(&dsn, Duration::from_secs(5)).await {
        Ok(_) => panic!("{dsn:?} leads somewhere"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn neither_this_machine_nor_the_metadata_of_the_cloud() {
    let here = dsn("postgres").await;
    let by_name = here.replace("127.0.0.1", "localhost");
    let by_six = here.replace("127.0.0.1", "[::ffff:127.0.0.1]");
    let by_number = here.replace("127.0.0.1", "2130706433");
    for dsn in [
        here.as_str(),
        &by_name,
        &by_six,
        &by_number,
        &dsn_by_socket().await,
        "postgres://u:p@169.254.169.254/d",
        "postgres://u:p@[::ffff:169.254.169.254]/d",
        "postgres://u:p@[fd00:ec2::254]/d",
        "postgres://u:p@0.0.0.0/d",
    ] {
        let error = refused(Connector::new(Reach::Elsewhere), dsn).await;
        assert!(matches!(error, DatabaseError::Forbidden), "{dsn}: {error}");
    }
    let elsewhere: Reach = "10.0.0.0/8".parse().unwrap();
    assert!(matches!(refused(Connector::new(elsewhere), &here).await, DatabaseError::Forbidden));
}

#[tokio::test]
async fn a_socket_and_this_machine_for_whoever_is_at_it() {
    for dsn in [dsn_by_socket().await, dsn("postgres").await] {
        let dsn: Dsn = dsn.parse().unwrap();
        let session = Connector::new(Reach::Local).connect(&dsn, Duration::from_secs(5)).await.unwrap();
        session.close().await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_not_repeated() {
    let wrong = dsn("postgres").await.replace("hunter2", "hunter3");
    let error = refused(connector(), &wrong).await;
    assert!(matches!(error, DatabaseError::Login(_)), "{error}");
    for shown in [error.to_string(), format!("{error:?}")] {
        assert!(shown.contains("password authentication failed") && !shown.contains("hunter"), "{shown}");
    }
    let nobody = dsn("nowhere").await;
    assert!(refused(connector(), &nobody).await.to_string().contains("nowhere"));
}

#[tokio::test]
async fn encryption_is_not_done_without_where_it_is_asked_for() {
    let dsn = format!("{}?sslmode=require", dsn("postgres").await);
    let error = refused(connector(), &dsn).await;
    assert!(matches!(error, DatabaseError::Encryption(_)), "{error}");
}

#[tokio::test]
async fn nobody_is_there() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let error = refused(connector(), &format!("postgres://u:p@127.0.0.1:{port}/d")).await;
    assert!(matches!(error, DatabaseError::Unreachable(_)), "{error}");
    let error = refused(connector(), "postgres://u:p@nowhere.invalid/d").await;
    assert!(matches!(error, DatabaseError::NoAddress | DatabaseError::Silent(_)), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dsn: Dsn = format!("postgres://u:p@{}/d", silent.local_addr().unwrap()).parse().unwrap();
    let begun = Instant::now();
    let connected = connector().connect(&dsn, Duration::from_millis(300)).await;
    assert!(matches!(connected, Err(DatabaseError::Silent(_))));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_server_that_talks_too_much() {
    let chatty = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dsn: Dsn = format!("postgres://u:p@{}/d", chatty.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        let (mut wire, _) = chatty.accept().await.unwrap();
        // A notice of 1 GB that never ends.
        let mut message = vec![b'N', 0x3f, 0xff, 0xff, 0xff];
        message.resize(1 << 20, b'x');
        while wire.write_all(&message).await.is_ok() {}
    });
    let error = match connector().connect(&dsn, Duration::from_secs(10)).await {
        Ok(_) => panic!("it says nothing"),
        Err(error) => error,
    };
    assert!(
        error.to_string().contains("more than is taken") || matches!(error, DatabaseError::Silent(_)),
        "{error}"
    );
}

/// Passes on what is sent between a client and the server, until it is told to stop.
async fn passing(to: u16, stopped: Arc<AtomicBool>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
            let ((client_read, client_write), (server_read, server_write)) =
                (client.into_split(), server.into_split());
            tokio::spawn(pass(client_read, server_write, stopped.clone()));
            tokio::spawn(pass(server_read, client_write, stopped.clone()));
        }
    });
    port
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, stopped: Arc<AtomicBool>) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if stopped.load(Ordering::Relaxed) {
            return std::future::pending().await;
        }
        to.write_all(&buffer[..read]).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_in_a_session() {
    let here = dsn("postgres").await;
    let port = here.rsplit_once('/').unwrap().0.rsplit_once(':').unwrap().1;
    let stopped = Arc::new(AtomicBool::new(false));
    let between = passing(port.parse().unwrap(), stopped.clone()).await;
    let dsn: Dsn = here.replace(port, &between.to_string()).parse().unwrap();
    let mut session = connector().connect(&dsn, Duration::from_secs(20)).await.unwrap();
    assert!(session.explain("SELECT 1").await.is_ok());
    stopped.store(true, Ordering::Relaxed);
    session.end_within(Duration::from_millis(300));
    let begun = Instant::now();
    assert!(matches!(session.explain("SELECT 1").await, Err(DatabaseError::Silent(_))));
    assert!(session.explain("SELECT 1").await.is_err(), "the session is over");
    session.close().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
