//! A token for whoever works on this machine.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::{Timestamp, ToSpan};
use sqm_http::auth::{Claims, Expected};
use sqm_local::stack::{AUDIENCE, ISSUER};

/// Whom it stands for, and the workspace that it opens.
const SUBJECT: &str = "developer@localhost";
const WORKSPACE: &str = "dev";

/// How long it is accepted, in hours: a week, so that a script written today still runs tomorrow.
const HOURS: i64 = 7 * 24;

/// A token, and where it lies.
pub struct Token {
    /// The token.
    pub text: String,
    /// Until when it is accepted, in UTC.
    pub until: String,
    path: PathBuf,
}

/// Signs a token with the key, and puts it into a file that only its owner reads.
pub fn mint(key: &str, home: &Path) -> Result<Token> {
    let until = Timestamp::now() + HOURS.hours();
    let expected = Expected { issuer: ISSUER.to_owned(), audience: AUDIENCE.to_owned() };
    let claims = Claims::everything(&expected, SUBJECT, WORKSPACE, until.as_second());
    let text = sqm_http::auth::mint(key.as_bytes(), &claims)?;
    let path = home.join("token");
    let _ = std::fs::remove_file(&path);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("writing {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(Token { text, until: until.strftime("%F %H:%M UTC").to_string(), path })
}

impl Token {
    /// Where it lies, as one writes it in the working directory.
    pub fn shown(&self) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        self.path.strip_prefix(here).unwrap_or(&self.path).display().to_string()
    }
}
