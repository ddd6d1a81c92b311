//! nginx as a cache before an origin, from Debian's packages, configured from the table of routes
//! (`sqm_http::caching`): what another implementation makes of what caches are told.

use std::fmt::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sqm_http::caching::{Kept, RULES};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::debian;
use crate::passing::Passing;
use crate::process::Process;
use crate::tools::Tools;

/// Debian's packages.
const DEBIAN: [&str; 1] = ["nginx"];

/// How long it may take to start on a busy machine.
const START_WITHIN: Duration = Duration::from_secs(30);

/// A running nginx. Dropped, it ends and leaves nothing.
#[derive(Debug)]
pub struct Nginx {
    _process: Process,
    _folder: Passing,
    port: u16,
}

impl Nginx {
    /// Installs it where it is missing, and starts one before the port of an origin on this machine.
    ///
    /// # Errors
    /// It cannot be installed, or does not start.
    pub async fn start(tools: &Tools, origin: u16) -> Result<Self> {
        let root = debian::unpacked(tools, "nginx", &DEBIAN).await?;
        let folder = Passing::new("nginx");
        let at = folder.path().to_owned();
        std::fs::create_dir_all(at.join("logs")).with_context(|| format!("making {}", at.display()))?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        std::fs::write(at.join("nginx.conf"), configuration(port, origin))?;
        let mut command = Command::new(root.join("usr/sbin/nginx"));
        let libraries = format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH);
        command.env("LD_LIBRARY_PATH", root.join(libraries));
        command
            .arg("-p")
            .arg(&at)
            .arg("-c")
            .arg(at.join("nginx.conf"))
            .arg("-e")
            .arg(at.join("logs/error.log"));
        let mut process = Process::start("nginx", command, &at.join("logs/output"))?;
        let until = Instant::now() + START_WITHIN;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            process.not_yet(until).await?;
        }
        Ok(Self { _process: process, _folder: folder, port })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// The configuration. The token is in the key, as where an edge cannot verify it, since nginx by itself cannot; how long
/// something is kept is what the origin says.
fn configuration(port: u16, origin: u16) -> String {
    let mut text = format!(
        "daemon off;\nmaster_process off;\nerror_log logs/error.log;\npid nginx.pid;\n\
         events {{}}\nhttp {{\n  access_log off;\n  client_body_temp_path body;\n  proxy_temp_path proxy;\n\
         fastcgi_temp_path fastcgi;\n  uwsgi_temp_path uwsgi;\n  scgi_temp_path scgi;\n\
         proxy_cache_path cache keys_zone=answers:4m max_size=64m;\n\
         server {{\n    listen 127.0.0.1:{port};\n    proxy_http_version 1.1;\n    proxy_set_header Connection \"\";\n\
         location / {{ proxy_pass http://127.0.0.1:{origin}; add_header X-Cache passed always; }}\n"
    );
    for rule in RULES.iter().filter(|rule| rule.kept.is_kept_by_edges()) {
        let parts = rule
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { "[^/]+".to_owned() } else { part.replace('.', "\\.") });
        let pattern = parts.collect::<Vec<_>>().join("/");
        let key = if rule.kept == Kept::Open { "" } else { "$http_authorization" };
        // A String takes every text.
        let _ = write!(
            text,
            "    location ~ \"^{pattern}$\" {{\n      proxy_pass http://127.0.0.1:{origin};\n      proxy_cache answers;\n\
             proxy_cache_key \"{key}|$request_uri|$http_accept_encoding\";\n      proxy_cache_revalidate on;\n\
             proxy_cache_methods GET;\n      add_header X-Cache $upstream_cache_status always;\n    }}\n"
        );
    }
    text + "  }\n}\n"
}
