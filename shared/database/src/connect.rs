//! The way to a database: its host is looked up once, the address is checked, and the connection goes to the
//! address that was checked and to no other.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqm_reach::{Reach, Trust};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::{Instant, timeout};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::dsn::{Dsn, Encryption as Wanted, Host};
use crate::error::DatabaseError;
use crate::metered::{MOST_BYTES, Metered};
use crate::session::Session;
use crate::tls::Encryption;

/// Longest time until a login is done: host, connection, encryption and password together.
const CONNECT: Duration = Duration::from_secs(4);

/// Most addresses of a host that are tried.
const MOST_ADDRESSES: usize = 4;

/// Connects to databases.
#[derive(Clone)]
pub struct Connector {
    reach: Reach,
    trust: Arc<Trust>,
}

/// An address that was checked.
#[derive(Debug, Clone)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Socket(PathBuf),
}

impl Connector {
    /// For databases within this reach, with the certificates of the system.
    pub fn new(reach: Reach) -> Self {
        Self { reach, trust: Arc::default() }
    }

    /// Trusts the certificates of a PEM file besides.
    ///
    /// # Errors
    /// The file cannot be read, or holds none.
    pub fn trusting(self, file: &Path) -> io::Result<Self> {
        Ok(Self { trust: Arc::new(Trust::with_file(file)?), ..self })
    }

    /// A session that ends, with whatever runs in it, after `time`.
    ///
    /// # Errors
    /// The DSN leads where none may lead, nobody answers there, or the login is refused.
    pub async fn connect(&self, dsn: &Dsn, time: Duration) -> Result<Session, DatabaseError> {
        let begun = Instant::now();
        let given = CONNECT.min(time);
        let connected = timeout(given, self.login(dsn)).await;
        let (parts, address, encryption) = connected.map_err(|_| DatabaseError::Silent(given))??;
        Session::start(parts, address, encryption, begun + time).await
    }

    async fn login(&self, dsn: &Dsn) -> Result<(Parts, Address, Encryption), DatabaseError> {
        let mut last = DatabaseError::NoAddress;
        for address in self.addresses(dsn).await? {
            let encryption = self.encryption(dsn, &address)?;
            let wire = match address.open().await {
                Ok(wire) => wire,
                Err(error) => {
                    last = DatabaseError::Unreachable(error.kind().to_string());
                    continue;
                }
            };
            let mut config = Config::new();
            config.user(&dsn.user).dbname(&dsn.database).application_name("sqm");
            config.ssl_mode(if encryption.is_some() { SslMode::Require } else { SslMode::Disable });
            if let Some(password) = &dsn.password {
                config.password(password);
            }
            let parts = config.connect_raw(wire, encryption.clone()).await;
            return Ok((parts.map_err(|error| DatabaseError::of_login(&error))?, address, encryption));
        }
        Err(last)
    }

    /// Where the host is. One address that is not allowed is enough to refuse them all: whoever answers so
    /// is not to be trusted with the others.
    async fn addresses(&self, dsn: &Dsn) -> Result<Vec<Address>, DatabaseError> {
        let (name, found): (String, Vec<IpAddr>) = match &dsn.host {
            Host::Socket(folder) => {
                let socket = Address::Socket(folder.join(format!(".s.PGSQL.{}", dsn.port)));
                let allowed = self.reach.allows_socket(folder);
                return if allowed { Ok(vec![socket]) } else { Err(DatabaseError::Forbidden) };
            }
            Host::Address(address) => (address.to_string(), vec![*address]),
            Host::Name(name) => {
                let found = lookup_host((name.as_str(), dsn.port)).await;
                let found = found.map_err(|_| DatabaseError::NoAddress)?;
                (name.clone(), found.map(|address| address.ip()).collect())
            }
        };
        if found.iter().any(|address| !self.reach.allows(&name, *address)) {
            return Err(DatabaseError::Forbidden);
        }
        let sockets = found.into_iter().map(|address| Address::Tcp(SocketAddr::new(address, dsn.port)));
        Ok(sockets.take(MOST_ADDRESSES).collect())
    }

    fn encryption(&self, dsn: &Dsn, address: &Address) -> Result<Encryption, DatabaseError> {
        let is_here = match address {
            Address::Socket(_) => true,
            Address::Tcp(address) => address.ip().is_loopback(),
        };
        let name = match (&dsn.host, dsn.encryption) {
            (_, Wanted::Never) | (Host::Socket(_), _) => return Ok(Encryption::NONE),
            (_, Wanted::Default) if is_here => return Ok(Encryption::NONE),
            (Host::Address(address), _) => ServerName::from(*address),
            (Host::Name(name), _) => ServerName::try_from(name.clone())
                .map_err(|_| DatabaseError::Encryption("no certificate can be for this host".to_owned()))?,
        };
        Encryption::to(name, &self.trust).map_err(DatabaseError::Encryption)
    }
}

/// What a login gives.
pub(crate) type Parts = (tokio_postgres::Client, tokio_postgres::Connection<Metered, crate::tls::Encrypted>);

impl Address {
    /// A new connection to it.
    pub(crate) async fn open(&self) -> io::Result<Metered> {
        match self {
            Self::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Ok(Metered::new(stream, MOST_BYTES))
            }
            Self::Socket(path) => Ok(Metered::new(UnixStream::connect(path).await?, MOST_BYTES)),
        }
    }
}
