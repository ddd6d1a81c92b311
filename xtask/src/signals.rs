//! The signals that ask us to stop.

use tokio::signal::unix::{SignalKind, signal};

/// Returns the name of the signal once one has come. Where signals cannot be listened to, never.
pub async fn asked_to_stop() -> &'static str {
    let kinds = (SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup());
    match (signal(kinds.0), signal(kinds.1), signal(kinds.2)) {
        (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) => tokio::select! {
            _ = interrupt.recv() => "Ctrl-C",
            _ = terminate.recv() => "SIGTERM",
            _ = hangup.recv() => "SIGHUP",
        },
        _ => std::future::pending().await,
    }
}
