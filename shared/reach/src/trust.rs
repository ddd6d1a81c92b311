//! Whom an encrypted connection trusts: the certificates of the system and, where a file names them, further
//! ones. A certificate is always looked at.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Whom we trust, read when it is needed first: that takes longer than all the rest of a cold start.
#[derive(Default)]
pub struct Trust {
    further: Vec<CertificateDer<'static>>,
    config: OnceLock<Result<Arc<ClientConfig>, String>>,
}

impl Trust {
    /// With the certificates of a PEM file besides those of the system.
    ///
    /// # Errors
    /// The file cannot be read, or holds none.
    pub fn with_file(path: &Path) -> io::Result<Self> {
        let wrong = |error| io::Error::other(format!("{}: {error:?}", path.display()));
        let read = CertificateDer::pem_file_iter(path).map_err(wrong)?;
        let further: Vec<_> = read.collect::<Result<_, _>>().map_err(wrong)?;
        if further.is_empty() {
            return Err(io::Error::other(format!("{} holds no certificate", path.display())));
        }
        Ok(Self { further, config: OnceLock::new() })
    }

    /// How an encrypted connection is made.
    ///
    /// # Errors
    /// This machine has no certificates to trust.
    pub fn config(&self) -> Result<Arc<ClientConfig>, String> {
        self.config.get_or_init(|| self.load()).clone()
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
