//! Where a database is and who asks: `postgres://user:password@host:port/database?sslmode=…`.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use url::Url;

const DEFAULT_PORT: u16 = 5432;

/// Parameters that PostgreSQL's own programs take and we do not. Only these are named in an error: what
/// looks like any other one may be a piece of the password.
const NOT_TAKEN: &[&str] = &[
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssencmode",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "load_balance_hosts",
    "options",
    "passfile",
    "password",
    "port",
    "replication",
    "service",
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslnegotiation",
    "sslrootcert",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// Why a text is no DSN that is taken. It repeats nothing of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the DSN is not usable: {0}; expected postgres://user:password@host:port/database")]
pub struct InvalidDsn(pub(crate) String);

/// A DSN that was understood. Neither its `Debug` nor an error shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Dsn {
    pub(crate) host: Host,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    pub(crate) database: String,
    pub(crate) encryption: Encryption,
}

/// Where it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    Name(String),
    Address(IpAddr),
    /// The folder of a socket, whose slashes a DSN writes as `%2F`.
    Socket(PathBuf),
}

/// Whether the way there is encrypted. There is no way to encrypt without looking at the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// Not said: needed, unless the database is on this machine.
    Default,
    /// `sslmode=disable`.
    Never,
    /// `sslmode=require`, `verify-ca` or `verify-full`, which are the same here.
    Always,
}

impl fmt::Debug for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dsn").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

impl FromStr for Dsn {
    type Err = InvalidDsn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |why: &str| InvalidDsn(why.to_owned());
        let url = Url::parse(text.trim()).map_err(|error| InvalidDsn(error.to_string()))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(wrong("it does not begin with postgres://"));
        }
        if url.fragment().is_some() {
            return Err(wrong("it holds a #, which a password holds as %23"));
        }
        let host = named(&decoded(url.host_str().unwrap_or_default())?)?;
        let mut encryption = Encryption::Default;
        for (name, value) in url.query_pairs() {
            match (&*name, &*value) {
                ("sslmode", "disable") => encryption = Encryption::Never,
                ("sslmode", "require" | "verify-ca" | "verify-full") => encryption = Encryption::Always,
                ("sslmode", _) => {
                    return Err(wrong("sslmode is one of disable, require, verify-ca and verify-full"));
                }
                (name, _) if NOT_TAKEN.contains(&name) => {
                    return Err(InvalidDsn(format!("the parameter {name} is not taken")));
                }
                _ => return Err(wrong("it has a parameter that is not known")),
            }
        }
        let database = decoded(url.path().strip_prefix('/').unwrap_or_default())?;
        let user = decoded(url.username())?;
        if user.is_empty() || database.is_empty() {
            return Err(wrong("it names no user or no database"));
        }
        Ok(Self {
            host,
            port: url.port().unwrap_or(DEFAULT_PORT),
            user,
            password: url.password().map(decoded).transpose()?,
            database,
            encryption,
        })
    }
}

fn decoded(text: &str) -> Result<String, InvalidDsn> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) if !text.contains('\0') => Ok(text.into_owned()),
        _ => Err(InvalidDsn("a part of it is no text".to_owned())),
    }
}

fn named(host: &str) -> Result<Host, InvalidDsn> {
    if host.starts_with('/') {
        return Ok(Host::Socket(PathBuf::from(host)));
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse() {
        return Ok(Host::Address(address));
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if host.is_empty() || host.len() > 253 || !host.chars().all(is_name) {
        return Err(InvalidDsn("the host is no name and no address, or there are several".to_owned()));
    }
    Ok(Host::Name(host.trim_end_matches('.').to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Dsn {
        text.parse().unwrap()
    }

    #[test]
    fn parts() {
        let dsn = parse("postgresql://ro%40x:p%2Fw%23@DB.example.com:6432/sales?sslmode=verify-full");
        assert_eq!(dsn.host, Host::Name("db.example.com".to_owned()));
        assert_eq!((dsn.port, &*dsn.user, &*dsn.database), (6432, "ro@x", "sales"));
        assert_eq!(dsn.password.as_deref(), Some("p/w#"));
        assert_eq!(dsn.encryption, Encryption::Always);
        assert_eq!(parse("postgres://u@[::1]/d").host, Host::Address("::1".parse().unwrap()));
        assert_eq!(parse("postgres://u@10.0.0.7/d").host, Host::Address("10.0.0.7".parse().unwrap()));
        assert_eq!(parse("postgres://u@%2Frun%2Fpg/d").host, Host::Socket("/run/pg".into()));
    }

    #[test]
    fn what_is_wrong_is_told_without_the_secret() {
        for (text, why) in [
            ("host=h user=u password=hunter2", "relative URL"),
            ("mysql://u:hunter2@h/d", "postgres://"),
            ("postgres://u:hunter2@h/", "no database"),
            ("postgres://:hunter2@h/d", "no user"),
            ("postgres://u:hunter2@/d", ""),
            ("postgres://u:hunter2@h,i/d", "several"),
            ("postgres://u:hunter2@h:99999/d", "port"),
            ("postgres://u:x#hunter2@h/d", ""),
            ("postgres://u:x?hunter2@h/d", ""),
            ("postgres://u@h/d?hunter2=1", "not known"),
            ("postgres://u@h/d?sslmode=prefer", "sslmode"),
            ("postgres://u:hunter2@h/d?options=-c%20x", "parameter options"),
            ("postgres://u:hunter2@h/d?sslrootcert=/etc/passwd", "parameter sslrootcert"),
            ("postgres://u:%ff%fehunter2@h/d", "no text"),
            ("", ""),
        ] {
            let error = text.parse::<Dsn>().unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("hunter2"), "{text}: {error}");
        }
        assert!(!format!("{:?}", parse("postgres://u:hunter2@h/d")).contains("hunter2"));
    }
}
