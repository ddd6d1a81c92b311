//! Which addresses a name may lead to. Somebody else writes a DSN and answers for a name, and what it names is
//! reached from inside of our network: so not this machine, not the metadata of the cloud, and nothing that is
//! no single host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a connection may lead.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reach {
    /// Any host but this machine; in private networks too, since that is where databases and models live.
    #[default]
    Elsewhere,
    /// These alone. This machine where they name it: `localhost`, or addresses of its loopback.
    Listed(Vec<Entry>),
    /// Anywhere, this machine and its sockets included: for whoever is at it.
    Local,
}

/// What a list names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A host by name.
    Name(String),
    /// A range of addresses: `10.0.0.0/8`, or one address.
    Range(IpAddr, u8),
    /// A folder of sockets.
    Sockets(PathBuf),
}

/// A list that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no host name, address, range such as 10.0.0.0/8, or folder of sockets")]
pub struct InvalidReach(String);

impl FromStr for Reach {
    type Err = InvalidReach;

    /// Entries, divided by commas.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(entry).collect::<Result<_, _>>().map(Self::Listed)
    }
}

fn entry(text: &str) -> Result<Entry, InvalidReach> {
    let wrong = || InvalidReach(text.to_owned());
    if text.starts_with('/') {
        return Ok(Entry::Sockets(PathBuf::from(text)));
    }
    let (address, length) =
        text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    if let Ok(address) = address.parse::<IpAddr>() {
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(most), |length| length.parse().map_err(|_| wrong()))?;
        return if length <= most { Ok(Entry::Range(address, length)) } else { Err(wrong()) };
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match length {
        None if text.chars().all(is_name) => Ok(Entry::Name(text.to_ascii_lowercase())),
        _ => Err(wrong()),
    }
}

impl Reach {
    /// Whether this address may be connected to, to which the host has led: a name in lower case, or the address
    /// itself.
    pub fn allows(&self, host: &str, address: IpAddr) -> bool {
        let address = plain(address);
        match self {
            Self::Local => !is_no_host(address),
            Self::Elsewhere => !is_here(address) && !is_no_host(address),
            Self::Listed(entries) => {
                !is_no_host(address) && entries.iter().any(|entry| entry.names(host, address))
            }
        }
    }

    /// Whether the sockets in this folder may be used.
    pub fn allows_socket(&self, folder: &Path) -> bool {
        match self {
            Self::Local => true,
            Self::Elsewhere => false,
            Self::Listed(entries) => {
                entries.iter().any(|entry| matches!(entry, Entry::Sockets(named) if named == folder))
            }
        }
    }
}

impl Entry {
    fn names(&self, host: &str, address: IpAddr) -> bool {
        match self {
            // A name that leads to this machine does so by somebody's mistake or intent.
            Self::Name(name) => host == name && (!is_here(address) || name == "localhost"),
            // A range that holds this machine among others does not mean it.
            Self::Range(first, length) => {
                contains(*first, *length, address) && (!is_here(address) || is_here(plain(*first)))
            }
            Self::Sockets(_) => false,
        }
    }
}

fn contains(first: IpAddr, length: u8, address: IpAddr) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let ((first, width), (address, other)) = (bits(plain(first)), bits(address));
    let shift = 128 - u32::from(length);
    width == other && (length == 0 || first >> shift == address >> shift)
}

/// The address of version 4 that one of version 6 stands for, if it does: mapped, compatible, translated
/// (RFC 6052), or 6to4 (RFC 3056).
fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else { return address };
    let [a, b, c, d, e, f, g, h] = six.segments();
    let four = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] => four(g, h),
        [0, 0, 0, 0, 0, 0] if g != 0 => four(g, h),
        [0x64, 0xff9b, 0, 0, 0, 0] => four(g, h),
        [0x2002, high, low, ..] => four(high, low),
        _ => address,
    }
}

/// This machine.
fn is_here(address: IpAddr) -> bool {
    address.is_loopback()
}

/// What is no host of a server by any reading: the link, where clouds keep credentials; many hosts; none.
fn is_no_host(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            four.is_link_local()
                || four.is_multicast()
                || four.is_broadcast()
                || matches!(four.octets()[0], 0 | 240..)
        }
        IpAddr::V6(six) => {
            let is_metadata = six.segments()[..2] == [0xfd00, 0xec2];
            six.is_unicast_link_local() || six.is_multicast() || is_metadata || six == Ipv6Addr::UNSPECIFIED
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(reach: &Reach, host: &str, address: &str) -> bool {
        reach.allows(host, address.parse().unwrap())
    }

    #[test]
    fn neither_this_machine_nor_the_metadata_of_the_cloud() {
        for refused in [
            "127.0.0.1",
            "127.8.9.10",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::",
            "169.254.170.2",
            "fe80::1",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "0.0.0.0",
            "::",
            "::ffff:0.0.0.0",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
            "240.0.0.1",
            "0.1.2.3",
        ] {
            assert!(!allows(&Reach::Elsewhere, "db", refused), "{refused}");
        }
        for allowed in [
            "10.1.2.3",
            "172.16.0.9",
            "192.168.1.1",
            "52.1.2.3",
            "fd12:3456::7",
            "2600:1f18::9",
            "::ffff:10.0.0.1",
        ] {
            assert!(allows(&Reach::Elsewhere, "db", allowed), "{allowed}");
        }
        assert!(!Reach::Elsewhere.allows_socket(Path::new("/run/postgresql")));
    }

    #[test]
    fn a_list_names_all_there_is() {
        let reach: Reach = "db.example.com, 10.0.0.0/8, 2600:1f18::/32,/run/pg".parse().unwrap();
        assert!(allows(&reach, "db.example.com", "52.1.2.3"));
        assert!(allows(&reach, "other", "10.9.9.9") && allows(&reach, "other", "2600:1f18::1"));
        assert!(!allows(&reach, "other", "11.0.0.1") && !allows(&reach, "other", "2600:1f19::1"));
        assert!(!allows(&reach, "db.example.com", "127.0.0.1"), "a name may be led here by others");
        assert!(!allows(&reach, "db.example.com", "169.254.169.254"));
        assert!(reach.allows_socket(Path::new("/run/pg")) && !reach.allows_socket(Path::new("/run")));
    }

    #[test]
    fn this_machine_only_where_it_is_named() {
        for (list, expected) in [
            ("127.0.0.1", true),
            ("127.0.0.0/8", true),
            ("localhost", true),
            ("0.0.0.0/0", false),
            ("10.0.0.0/8", false),
        ] {
            let reach: Reach = list.parse().unwrap();
            assert_eq!(allows(&reach, "localhost", "127.0.0.1"), expected, "{list}");
            assert_eq!(allows(&reach, "localhost", "::ffff:127.0.0.1"), expected, "{list}");
            assert!(!allows(&reach, "localhost", "169.254.169.254"), "{list}");
        }
        assert!(allows(&Reach::Local, "localhost", "::1") && !allows(&Reach::Local, "x", "169.254.169.254"));
    }

    #[test]
    fn lists_that_cannot_be_read() {
        for wrong in ["10.0.0.0/33", "10.0.0.0/x", "a b", "db/24", "::/129", "http://x"] {
            assert!(wrong.parse::<Reach>().is_err(), "{wrong}");
        }
        assert_eq!("".parse::<Reach>(), Ok(Reach::Listed(Vec::new())));
    }
}
