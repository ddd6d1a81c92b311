//! Encryption to databases, in the form that the protocol asks for it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use sqm_reach::Trust;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::metered::Metered;

/// What encrypts one connection, or nothing.
#[derive(Clone)]
pub(crate) struct Encryption(Option<(TlsConnector, ServerName<'static>)>);

impl Encryption {
    /// None.
    pub(crate) const NONE: Self = Self(None);

    /// For a connection to this host.
    pub(crate) fn to(host: ServerName<'static>, trust: &Trust) -> Result<Self, String> {
        Ok(Self(Some((TlsConnector::from(trust.config()?), host))))
    }

    pub(crate) fn is_some(&self) -> bool {
        self.0.is_some()
    }
}

impl TlsConnect<Metered> for Encryption {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, stream: Metered) -> Self::Future {
        Box::pin(async move {
            let (connector, host) = self.0.ok_or_else(|| io::Error::other("no encryption was asked for"))?;
            connector.connect(host, stream).await.map(Box::new).map(Encrypted)
        })
    }
}

/// A stream that is encrypted.
pub(crate) struct Encrypted(Box<tokio_rustls::client::TlsStream<Metered>>);

impl TlsStream for Encrypted {
    /// The certificate was looked at: binding the login to it would say the same once more.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(cx)
    }
}
