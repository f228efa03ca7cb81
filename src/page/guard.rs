//! Who gets the page: which requests are answered, and as whom.
//!
//! Any website can have a browser send requests to a port of this machine, and any local program can send them itself. A
//! request passes if its Host is a name of the page, so that no foreign name leads here (DNS rebinding). What shows or
//! changes anything needs a cookie too, which the page gets for the token in its URL, and an Origin that is the page's own:
//! cookies are shared by all ports of a host, so that they alone would let in the pages of other servers on it.

use std::net::{IpAddr, SocketAddr};

use serde::Deserialize;
use url::Host;

use crate::protocol::handshake::are_equal;
use crate::protocol::head::{Head, HeaderLine, RequestLine};

mod route;
#[cfg(test)]
mod tests;

pub use route::{Denied, Route};
use route::{path, route};

/// The length of a body that can hold the token, in bytes.
pub const MAX_BODY: usize = 256;

/// A secret of 128 random bits, in hexadecimal digits.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// From random bits.
    pub fn new(bits: u128) -> Self {
        Self(format!("{bits:032x}"))
    }

    /// The digits.
    pub fn digits(&self) -> &str {
        &self.0
    }

    fn is(&self, given: &str) -> bool {
        are_equal(self.0.as_bytes(), given.as_bytes())
    }
}

/// Does not show the secret.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// What requests are judged by.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The values of Host, as browsers write them.
    names: Vec<String>,
    /// The socket has no address of its own: it is reached by each of the machine.
    is_unspecified: bool,
    port: u16,
    token: Secret,
    session: Secret,
}

/// A request that is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted<'a> {
    /// What it asks for.
    pub route: Route<'a>,
    /// The value of its Host.
    pub host: String,
}

/// The body of `POST /session`.
#[derive(Deserialize)]
struct Login<'a> {
    #[serde(borrow)]
    token: &'a str,
}

/// The most cookies of our name that are looked at. Another server on the host may add some; ours comes along all the same.
const MAX_COOKIES: usize = 16;

impl Guard {
    /// For a socket with this address, which the user has called `hosts`. `token` is that of the URL, `session` that of the
    /// cookie.
    pub fn new(address: SocketAddr, hosts: &[Host], token: Secret, session: Secret) -> Self {
        let (ip, port) = (address.ip().to_canonical(), address.port());
        let own = ["127.0.0.1", "localhost", "[::1]"].map(str::to_owned);
        let given = hosts.iter().map(Host::to_string);
        let mut names: Vec<_> = own.into_iter().chain(given).collect();
        names.dedup();
        let names = names.into_iter().map(|host| with_port(&host, port)).collect();
        Self { names, is_unspecified: ip.is_unspecified(), port, token, session }
    }

    /// The token of the URL.
    pub fn token(&self) -> &str {
        self.token.digits()
    }

    /// Judges a request on a connection to the address `local`.
    ///
    /// # Errors
    /// With the status of the answer, and the reason.
    pub fn judge<'a>(
        &self,
        local: Option<IpAddr>,
        line: &'a RequestLine,
        head: &Head,
    ) -> Result<Admitted<'a>, Denied> {
        if !head.malformed_lines().is_empty() {
            return Err(Denied::new(400, "there is a line that is not a header field"));
        }
        let path = path(line)?;
        let host = self.host(local, head)?;
        let route = route(line, path, head)?;
        match &route {
            Route::Index | Route::Asset(_) => {}
            Route::Session { .. } => check_origin(&host, head)?,
            Route::Socket => {
                check_origin(&host, head)?;
                self.check_cookie(head)?;
            }
            Route::Save(_) => {
                if head.value("Origin").is_some() {
                    check_origin(&host, head)?; // browsers leave it out where a page fetches its own download
                }
                self.check_cookie(head)?;
            }
        }
        if route != Route::Index {
            check_site(head)?;
        }
        Ok(Admitted { route, host })
    }

    /// Whether the body of `POST /session` has the token.
    pub fn accepts(&self, body: &[u8]) -> bool {
        let login = serde_json::from_slice::<Login<'_>>(body);
        login.is_ok_and(|login| self.token.is(login.token))
    }

    /// The value of Set-Cookie for a page that has shown the token. The name has the port: the cookies of all ports of a
    /// host go to each of them.
    pub fn cookie(&self) -> String {
        let (name, value) = (self.cookie_name(), self.session.digits());
        format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/")
    }

    fn cookie_name(&self) -> String {
        format!("wscope-{}", self.port)
    }

    /// The value of Host, if it is one of the page's names.
    fn host(&self, local: Option<IpAddr>, head: &Head) -> Result<String, Denied> {
        let mut values = head.values("Host");
        let (Some(host), None) = (values.next(), values.next()) else {
            return Err(Denied::new(400, "one Host header is needed"));
        };
        let local = local.filter(|_| self.is_unspecified).map(|ip| match ip.to_canonical() {
            IpAddr::V4(ip) => with_port(&ip.to_string(), self.port),
            IpAddr::V6(ip) => with_port(&format!("[{ip}]"), self.port),
        });
        if self.names.contains(&host) || local.as_ref() == Some(&host) {
            return Ok(host);
        }
        Err(Denied::new(403, "the Host header is not a name of this page"))
    }

    fn check_cookie(&self, head: &Head) -> Result<(), Denied> {
        let name = self.cookie_name();
        let lines: Vec<_> = head.values("Cookie").collect();
        let pairs = lines.iter().flat_map(|line| line.split(';'));
        let mut own = pairs
            .filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
            .filter(|(key, _)| *key == name)
            .take(MAX_COOKIES);
        match own.any(|(_, value)| self.session.is(value)) {
            true => Ok(()),
            false => Err(Denied::new(403, "open the URL that wscope has printed")),
        }
    }
}

/// As browsers write it in Host and Origin: without the default port.
fn with_port(host: &str, port: u16) -> String {
    if port == DEFAULT_PORT { host.to_owned() } else { format!("{host}:{port}") }
}

/// That of HTTP.
const DEFAULT_PORT: u16 = 80;

/// The request is that of a page of this server. A request without Origin is not: browsers send it for WebSockets and for
/// POST.
fn check_origin(host: &str, head: &Head) -> Result<(), Denied> {
    let mut values = head.values("Origin");
    let origin = (values.next(), values.next());
    match origin {
        (Some(origin), None) if origin.strip_prefix("http://") == Some(host) => Ok(()),
        (Some(_), None) => Err(Denied::new(403, "the Origin header is not that of this page")),
        _ => Err(Denied::new(403, "one Origin header is needed")),
    }
}

/// Browsers that send Sec-Fetch-Site say whose page asks (W3C Fetch Metadata). `none` is the user.
fn check_site(head: &Head) -> Result<(), Denied> {
    match head.values("Sec-Fetch-Site").all(|site| matches!(&*site, "same-origin" | "none")) {
        true => Ok(()),
        false => Err(Denied::new(403, "another page has made this request")),
    }
}

/// What all answers have. `host`: the value of Host, if it is valid.
pub fn headers(host: Option<&str>) -> Vec<HeaderLine> {
    let socket = host.map(|host| format!(" ws://{host}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'{socket}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    );
    vec![
        HeaderLine::new("Content-Security-Policy", &policy),
        HeaderLine::new("Referrer-Policy", "no-referrer"),
        HeaderLine::new("Cache-Control", "no-store"),
        HeaderLine::new("Cross-Origin-Resource-Policy", "same-origin"),
        // Not Cross-Origin-Opener-Policy: the browser would start another process for the page before its first paint. A
        // page that opens this one gets no session with it (`Sec-Fetch-Site`), and nothing of it by its window.
        HeaderLine::new("Origin-Agent-Cluster", "?1"),
    ]
}
