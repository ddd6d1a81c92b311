//! Encryption to databases: with the certificates of the system and, where a file names them, further ones.
//! A certificate is always looked at.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::metered::Metered;

/// Whom we trust, read when it is needed first: that takes longer than all the rest of a cold start.
#[derive(Default)]
pub(crate) struct Trust {
    further: Vec<CertificateDer<'static>>,
    config: OnceLock<Result<Arc<ClientConfig>, String>>,
}

impl Trust {
    /// With the certificates of a PEM file besides those of the system.
    pub(crate) fn with_file(path: &Path) -> io::Result<Self> {
        let wrong = |error| io::Error::other(format!("{}: {error:?}", path.display()));
        let read = CertificateDer::pem_file_iter(path).map_err(wrong)?;
        let further: Vec<_> = read.collect::<Result<_, _>>().map_err(wrong)?;
        if further.is_empty() {
            return Err(io::Error::other(format!("{} holds no certificate", path.display())));
        }
        Ok(Self { further, config: OnceLock::new() })
    }

    /// What encrypts a connection to this host.
    pub(crate) fn encryption(&self, host: ServerName<'static>) -> Result<Encryption, String> {
        let config = self.config.get_or_init(|| self.load()).clone()?;
        Ok(Encryption(Some((TlsConnector::from(config), host))))
    }

    fn load(&self) -> Result<Arc<ClientConfig>, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.add_parsable_certificates(self.further.iter().cloned());
        if roots.is_empty() {
            return Err("this machine has no certificates to trust".to_owned());
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
    }
}

/// What encrypts one connection, or nothing.
#[derive(Clone)]
pub(crate) struct Encryption(Option<(TlsConnector, ServerName<'static>)>);

impl Encryption {
    /// None.
    pub(crate) const NONE: Self = Self(None);

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
